"""Communities and their figures as columns of whole numbers: a plan tells what differs from the first.

Most communities of a plan are today's, unchanged; as differences they are zeros, which compress to nothing.
Opened again by ``assets/payload.js``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from districting.reports.payload import Payload

Ints = npt.NDArray[np.int64]

#: Stands for a missing number; a column with larger figures is told number by number.
MISSING = 1 << 29

#: id, name, sub-district, whether the page is about it.
Community = tuple[str, str, str, bool]


@dataclass(frozen=True)
class KnownCommunities:
    """Every community of every plan once, by position."""

    position: dict[Community, int] = field(default_factory=dict)

    def add(self, rows: Sequence[Community]) -> Ints:
        """Positions of communities, in their order; those not met before come last."""
        return np.asarray([self.position.setdefault(row, len(self.position)) for row in rows], dtype=np.int64)

    def letter(self, colours: Mapping[str, int]) -> dict[str, list[Any]]:
        """The communities column by column, with the position of each one's colour."""
        called = sorted({subdistrict for _, _, subdistrict, _ in self.position})
        place = {name: at for at, name in enumerate(called)}
        return {
            "id": [one[0] for one in self.position],
            "name": [one[1] for one in self.position],
            "subdistricts": called,
            "subdistrict": [place[one[2]] for one in self.position],
            "listed": [int(one[3]) for one in self.position],
            "colour": [int(colours[one[0]]) for one in self.position],
        }


@dataclass
class Columns:
    """Columns of plan after plan; of each name, the first is told as it is, the others as differences from it."""

    payload: Payload
    first: dict[str, Ints] = field(default_factory=dict)

    def put(
        self, name: str, values: npt.ArrayLike, who: Ints, *, scale: float = 1.0
    ) -> dict[str, Any] | list[Any]:
        """Slip of a column, one number for each community of ``who`` (positions among all communities).

        Values are told times ``scale`` and rounded; NaN is missing. Numbers too large for a slip are a plain list.
        """
        numbers = np.asarray(values, dtype=np.float64) * scale
        told = np.isfinite(numbers)
        if told.any() and np.abs(numbers[told]).max() >= MISSING:
            return [round(float(value)) if known else None for value, known in zip(numbers, told, strict=True)]
        stored = np.where(told, np.rint(np.where(told, numbers, 0)), MISSING).astype(np.int64)
        before = self.first.get(name)
        if before is None:
            self.first[name] = _spread(stored, who)
            return self.payload.put(stored)
        return self.payload.put(stored - np.where(who < len(before), before[np.minimum(who, len(before) - 1)], 0))


def _spread(values: Ints, who: Ints) -> Ints:
    """Values by position among all communities, 0 where there is none."""
    spread = np.zeros(int(who.max(initial=0)) + 1, dtype=np.int64)
    spread[who] = values
    return spread
