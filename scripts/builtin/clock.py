"""The time that a training run has had, over all its continuations, and the learning rate that follows from it."""

import math
import time


class Budget:
    def __init__(self, minutes, spent=0.0):
        self.minutes, self.before, self.began = minutes, spent, time.monotonic()

    @property
    def spent(self):
        return self.before + (time.monotonic() - self.began) / 60

    @property
    def share(self):
        return min(1.0, self.spent / self.minutes)

    def rate(self, peak, step, warmup=100):
        """A straight warm-up over the first steps, then half a cosine down to a fiftieth."""
        return peak * min(1, (step + 1) / warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.share)))
