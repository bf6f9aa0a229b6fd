"""How long work tells where it stands. Nothing here prints; the door decides what to show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Step:
    """One sign of life.

    Parameters
    ----------
    stage
        What runs, as a key of the sentences (``stage.*``), e.g. ``"stage.cut"``.
    done, total
        Work units; ``total`` 0 means unknown.
    where
        Sub-district, file or instance at work; empty for the whole.
    incumbent, bound
        While solving: value of the best plan so far and the proved lower bound, in the objective's unit.
    term
        While solving: which term of the objective ``incumbent`` and ``bound`` measure; empty for the first.
    ended
        True where ``where`` is finished with this step.
    """

    stage: str
    done: int = 0
    total: int = 0
    where: str = ""
    incumbent: float | None = None
    bound: float | None = None
    term: str = ""
    ended: bool = False


class Progress(Protocol):
    """Whoever listens. Called often; must be quick and must not raise."""

    def __call__(self, step: Step, /) -> None:
        """Take notice of one sign of life."""


def silent(step: Step, /) -> None:
    """Listen to nothing."""


class Stop(Protocol):
    """Asked often by long work: True once the user wants it to end with the best plan so far."""

    def __call__(self) -> bool:
        """Whether to end."""
        ...


def never() -> bool:
    """Go on to the end."""
    return False


class Figures:
    """What one search has told last: solvers tell in pieces (a plan now, a bound then), listeners want both.

    A new ``term`` begins anew: its figures are in another unit.
    """

    def __init__(self) -> None:
        self.term = ""
        self.incumbent: float | None = None
        self.bound: float | None = None

    @property
    def gap(self) -> float | None:
        """(incumbent − bound) / max(incumbent, 1), at least 0; None while either is unknown."""
        if self.incumbent is None or self.bound is None:
            return None
        return max(self.incumbent - self.bound, 0.0) / max(abs(self.incumbent), 1.0)

    def take(self, step: Step) -> bool:
        """Take in one sign of life; True if it changed the best plan, the bound or the term."""
        if step.incumbent is None and step.bound is None:
            return False
        before = (self.term, self.incumbent, self.bound)
        if step.term != self.term:
            self.term, self.incumbent, self.bound = step.term, None, None
        self.incumbent = _known(step.incumbent, self.incumbent)
        self.bound = _known(step.bound, self.bound)
        return before != (self.term, self.incumbent, self.bound)


def _known(told: float | None, before: float | None) -> float | None:
    """A finite figure that was told, as a plain number, or the one before."""
    return before if told is None or not math.isfinite(told) else float(told)
