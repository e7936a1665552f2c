"""The tools beside which images are measured, each a script that runs in an environment of its own."""
