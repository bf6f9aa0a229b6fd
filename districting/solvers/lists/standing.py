"""What is known of a ground while it is being proved: plan, prices, bound, and the time that is left."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from districting.plans.problem import Floats, Ints
from districting.progress import Progress, Step, Stop

#: Share of the cost below which a gap is none.
LITTLE = 1e-9


class Clock:
    """Time left, and whether somebody wants an end."""

    def __init__(self, time_limit_s: float, stop: Stop) -> None:
        self._end, self.stop = time.monotonic() + time_limit_s, stop

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()

    def over(self) -> bool:
        """Whether to end."""
        return self.left <= 0.0 or self.stop()


@dataclass
class Standing:
    """The best plan, and the best prices with what they prove.

    Parameters
    ----------
    part, upper
        The plan and its cost.
    duals, number, floor
        π, σ, and for each seat a bound on min(v_j, σ) at these prices.
    base
        What the prices prove.
    bound
        The best bound of all; it may have risen above ``base``.
    progress
        Told of every change.
    gap_share
        Enough once plan and bound are within this share.
    """

    part: Ints
    upper: float
    duals: Floats
    number: float
    floor: Floats
    progress: Progress
    gap_share: float = 0.0
    base: float = -np.inf
    bound: float = -np.inf

    @property
    def done(self) -> bool:
        """Whether the proof is closed."""
        return self.upper - self.bound <= max(self.gap_share, LITTLE) * abs(self.upper)

    def tell(self) -> None:
        """Say where the work stands."""
        bound = min(self.bound, self.upper)
        self.progress(Step("stage.solve", incumbent=self.upper, bound=bound if np.isfinite(bound) else None))

    def raise_bound(self, bound: float) -> None:
        """Take over a better bound."""
        if bound > self.bound:
            self.bound = bound
            self.tell()

    def better(self, part: Ints, cost: float) -> bool:
        """Take over a cheaper plan."""
        if cost >= self.upper - LITTLE * abs(self.upper):
            return False
        self.part, self.upper = part, cost
        self.tell()
        return True
