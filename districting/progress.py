"""How long work tells where it stands. Nothing here prints; the door decides what to show."""

from __future__ import annotations

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
    """

    stage: str
    done: int = 0
    total: int = 0
    where: str = ""
    incumbent: float | None = None
    bound: float | None = None


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
