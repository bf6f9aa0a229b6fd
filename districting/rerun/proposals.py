"""How the search of a rerun ended, sub-district by sub-district, and how far that is from what is proved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from districting.language import Language, say
from districting.reports.open_gaps import listed


@dataclass(frozen=True)
class SubdistrictProposal:
    """How the search ended in a sub-district that was solved.

    Parameters
    ----------
    subdistrict_id, name
        Which.
    status
        Of its certificate: ``optimal``, ``feasible``, ``infeasible``, ``unknown``.
    households_moved
        That change community.
    changed
        Communities that do not stay as they are.
    communities_before, communities_after
        How many.
    lower_bound
        Households that move in every plan; None without one.
    """

    subdistrict_id: str
    name: str
    status: str
    households_moved: int
    changed: int
    communities_before: int
    communities_after: int
    lower_bound: float | None

    @property
    def resolved(self) -> bool:
        """Whether a plan was found."""
        return self.status in ("optimal", "feasible")

    @property
    def proved(self) -> bool:
        """Whether the search came to its end: no better plan exists, or none at all."""
        return self.status in ("optimal", "infeasible")

    @property
    def open(self) -> bool:
        """Whether a change is proposed and the search was cut off: a smaller one may exist."""
        return self.status == "feasible" and self.changed > 0


def open_gap(proposals: Iterable[SubdistrictProposal], language: Language) -> dict[str, Any] | None:
    """How far proposals are from what is proved, where a search was cut off; None where none was.

    Returns
    -------
    dict or None
        ``subdistricts``: their ids; ``households_moved`` and ``lower_bound`` of them together; the ``sentence``.
    """
    cut_off = [one for one in proposals if one.open]
    if not cut_off:
        return None
    moved = sum(one.households_moved for one in cut_off)
    bound = sum(one.lower_bound or 0.0 for one in cut_off)
    names = listed([one.name for one in cut_off], language)
    return {
        "subdistricts": [one.subdistrict_id for one in cut_off],
        "households_moved": moved,
        "lower_bound": bound,
        "sentence": say("rerun.open_gap", language, names=names, moved=f"{moved:,}", bound=f"{bound:,.0f}"),
    }
