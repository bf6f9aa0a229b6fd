"""A plan: which atom belongs to which community, and where each community's seat stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

Mode = Literal["today", "whole", "adjust", "redraw", "hand"]


@dataclass(frozen=True)
class Plan:
    """An immutable map atom → community.

    Parameters
    ----------
    plan_id
        Name of the plan and of its folder, e.g. ``"adjust"``.
    mode
        How it was made; ``"today"`` for the division as it stands, ``"hand"`` for one drawn by people.
    assignment
        Index ``atom_id`` (every atom of the case, sorted), value ``community_id``. The id says the identity: a
        community that carries the id of one of today's is its successor (design: *Identity*).
    communities
        Index ``community_id`` (sorted). Columns ``name``, ``subdistrict_id``, ``origin`` (id of the community of
        today that it succeeds, None for a new one), ``seat_x``, ``seat_y`` (m; NaN without a seat),
        ``seat_kind`` (``"existing"``, ``"candidate"`` or None).
    unresolved
        Sub-districts that keep today's communities because the mode has no legal plan for them.
    """

    plan_id: str
    mode: Mode
    assignment: pd.Series[str]
    communities: pd.DataFrame
    unresolved: tuple[str, ...] = ()

    def described(self, outlines: pd.DataFrame) -> Plan:
        """The same plan with the names and seats of a division's outlines."""
        known = outlines.reindex(self.communities.index)
        columns = ["name", "seat_x", "seat_y", "seat_kind"]
        there = self.communities.index.isin(outlines.index)
        told = {column: self.communities[column].where(~there, known[column]) for column in columns}
        return replace(self, communities=self.communities.assign(**told))
