"""What the suite of the latents' map needs: tools, their environments, and the hand that drives them."""
