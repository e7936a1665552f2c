"""The learning rate's plateau, as Keras has it, but as a state that can be kept and resumed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Plateau:
    """Lowers the learning rate when the validation loss no longer falls.

    The rule of Keras' `ReduceLROnPlateau`. (Keras takes its ``restore_best_weights`` without a word and does
    nothing with it: our `fit` restores the best weights itself.)

    Parameters
    ----------
    factor
        Of the learning rate, each time.
    patience
        Epochs without a better loss before that.
    cooldown
        Epochs after it that do not count.
    min_delta
        How much lower a loss must be to be better.
    min_rate
        Lowest learning rate.
    """

    factor: float = 0.5
    patience: int = 5
    cooldown: int = 5
    min_delta: float = 1e-4
    min_rate: float = 0.0
    best: float = float("inf")
    wait: int = 0
    resting: int = 0

    def next_rate(self, loss: float, rate: float) -> float:
        """Give the learning rate for the next epoch, after one that ended with a validation loss."""
        if self.resting > 0:
            self.resting -= 1
            self.wait = 0
        if loss < self.best - self.min_delta:
            self.best, self.wait = loss, 0
        elif self.resting <= 0:
            self.wait += 1
            if self.wait >= self.patience:
                self.resting, self.wait = self.cooldown, 0
                return max(rate * self.factor, self.min_rate)
        return rate
