"""How a search ended: a plan or none, the objective term by term, and what was proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from districting.plans.problem import Ints

Status = Literal["optimal", "feasible", "infeasible", "unknown"]


@dataclass(frozen=True)
class Term:
    """One term of a lexicographic objective: its value in the plan and its proved lower bound at that step.

    ``name``: ``moved_households``, ``communities``, ``distance_m_households``, ``open_border_km`` …
    """

    name: str
    value: float
    lower_bound: float


@dataclass(frozen=True)
class Conflict:
    """One cause why no plan exists, with figures: sentence ``conflict.<cause>`` says it and what would mend it.

    Parameters
    ----------
    cause
        ``atom_over_max``, ``total_below_min``, ``atom_out_of_reach``, ``piece_below_min``, ``no_union``,
        ``number``, ``lock`` …
    atoms, communities
        Ids that it concerns.
    measured, allowed, unit
        What would have to give, and by how much.
    detail
        Further names and figures for the sentence.
    """

    cause: str
    atoms: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    measured: float = 0.0
    allowed: float = 0.0
    unit: str = "households"
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Chosen:
    """One community of a solution.

    Parameters
    ----------
    atom_pos
        Atom in which its seat stands.
    x, y
        The seat, m.
    community_pos
        Position of the community of today that it succeeds, −1 for a new one.
    existing_seat
        True if the seat is a service centre of today.
    """

    atom_pos: int
    x: float
    y: float
    community_pos: int
    existing_seat: bool


@dataclass(frozen=True)
class Solution:
    """A plan by positions: ``part`` shape (n,) holds positions into ``chosen``; every atom has one."""

    part: Ints
    chosen: tuple[Chosen, ...]

    def in_order(self) -> Solution:
        """The same plan with its parts in the order of their first atoms: no trace of how it was found."""
        _, first = np.unique(self.part, return_index=True)
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return Solution(rank[self.part], tuple(self.chosen[at] for at in order))


@dataclass(frozen=True)
class Result:
    """How the search for one sub-district and mode ended.

    Parameters
    ----------
    status
        ``optimal`` (proved within the gap), ``feasible`` (stopped earlier; the bound stands), ``infeasible``
        (proved; see ``conflicts``), ``unknown`` (nothing found in time).
    solution
        None without a plan.
    objective, lower_bound
        Of the first stage, in its unit (households moved in ``adjust`` and ``whole``): the value at which it was
        settled, and what is proved. Later stages may have used its slack: ``terms`` has what the plan is worth.
    terms
        Of the plan, in their order.
    seconds
        Wall time.
    seed
        Of everything random in the search.
    conflicts
        Why there is no plan.
    notes
        Machine-readable remarks for the report: which seats were candidates, restrictions of the bound …
    """

    name: str
    mode: str
    status: Status
    solution: Solution | None
    objective: float
    lower_bound: float
    terms: tuple[Term, ...]
    seconds: float
    seed: int
    conflicts: tuple[Conflict, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gap_abs(self) -> float:
        """Objective − lower bound, in the objective's unit; inf without a plan."""
        return self.objective - self.lower_bound if self.solution is not None else float("inf")

    @property
    def gap_proved(self) -> float:
        """gap_abs / max(objective, 1)."""
        return self.gap_abs / max(self.objective, 1.0) if self.solution is not None else float("inf")
