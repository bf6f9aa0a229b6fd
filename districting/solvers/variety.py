"""Plans that truly differ: how far apart two plans are, and what a further alternative is asked.

Two plans may give the same community another shape or another name; what counts is who is put together with whom.
So the parts of one are matched with those of the other as well as can be, and everybody outside the overlap is
placed differently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from districting.plans.problem import Floats, Ints


@dataclass(frozen=True)
class Unlike:
    """What a further alternative is asked.

    Parameters
    ----------
    parts
        Plans that it must differ from, each of shape (n,): part of each atom.
    differ_share
        Least share of the households that are placed differently from each of them.
    within_share
        The first stage of the profile may be worse than the best by this share of its value.
    best
        Value of the first stage in the best plan known.
    """

    parts: tuple[Ints, ...]
    differ_share: float
    within_share: float
    best: float

    def ceiling(self, gap: float) -> float:
        """How large the first stage may be; ``gap`` (absolute) is what the search leaves open anyway."""
        return self.best + max(self.within_share * abs(self.best), gap)

    def least_households(self, households: Ints) -> float:
        """Households that must be placed differently from each plan."""
        return self.differ_share * float(households.sum())

    def kept_by(self, part: Ints, households: Ints) -> bool:
        """Whether a plan differs enough from every one of them."""
        least = self.least_households(households)
        return all(placed_differently(part, other, households) >= least - 1e-9 for other in self.parts)


def overlap(part: Ints, other: Ints, households: Ints) -> Floats:
    """Households that each part of one plan shares with each part of the other, shape (parts, other's parts)."""
    shared = np.zeros((int(part.max()) + 1, int(other.max()) + 1))
    np.add.at(shared, (part, other), households)
    return shared


def placed_differently(part: Ints, other: Ints, households: Ints) -> float:
    """Households outside the best matching of one plan's parts with the other's; 0 for the same plan."""
    shared = overlap(part, other, households)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return float(households.sum() - shared[rows, columns].sum())
