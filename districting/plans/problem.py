"""What a solver is asked, for one sub-district: numbers by position, no geometry, no policy text.

The atom ↔ position index lives here only. `pose` translates territory, policy and the case's settings; a
solver reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LockKind = Literal["keep", "together", "apart", "seat", "split", "merge"]


@dataclass(frozen=True, eq=False)
class Window:
    """Bounds on one measure of a community: ``low`` ≤ sum of ``weights`` ≤ ``high``; weights shape (n,)."""

    measure: str
    weights: Floats
    low: float
    high: float


@dataclass(frozen=True)
class Seat:
    """Where a community's service centre stands (``community_pos`` its owner, −1 for a candidate)."""

    atom_pos: int
    x: float
    y: float
    community_pos: int = -1


@dataclass(frozen=True)
class Lock:
    """What the case fixes. ``atoms`` and ``communities`` are positions.

    ``keep``: these communities stay exactly as they are. ``together``: these atoms lie in one community.
    ``apart``: no two of these atoms lie in one community. ``seat``: these communities live on, with their seat
    in the atom given (or where it is). ``split``: the community ends in at least two. ``merge``: the
    communities end in one.
    """

    kind: LockKind
    atoms: tuple[int, ...] = ()
    communities: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Unlike:
    """A plan that the one asked for must differ from, so that reviewers choose between plans that truly differ.

    Parameters
    ----------
    part
        Shape (n,), part of each atom in that plan.
    owner
        Shape (parts,): community of today that each part succeeds, −1 for a new one.
    households
        So many must be placed differently: outside the overlap of the parts that correspond
        (`solvers.variety.placed_differently`).
    """

    part: Ints
    owner: Ints
    households: float


@dataclass(frozen=True, eq=False)
class Problem:
    """One sub-district, n atoms, c communities of today, e crossable borders.

    Parameters
    ----------
    name
        The sub-district.
    atom_ids, community_ids
        Position → id; both sorted.
    households
        Shape (n,), today.
    xy
        Shape (n, 2), household-weighted centre of each atom, m.
    today
        Shape (n,), position of today's community, −1 on land in no community.
    edges
        Shape (e, 2), pairs of atom positions that people can walk between. Contiguity is asked on these.
    open_km
        Shape (e,), km of each border that is not on a line of the policy's border classes.
    crossing_km
        Shape (e,), km of main road or barrier that runs along the border: charged when both sides are one
        community.
    windows
        Size bounds. The first is the policy's measure; with two, either suffices (design: *"X households or
        Y people"*).
    horizon
        The same windows with horizon weights, or empty; where given, both must hold.
    target
        Ideal sum of the first window's weights.
    seats
        Existing seats; at most one per community of today. Communities without an entry have no centre.
    seat_distance_m, seat_reach_m
        Shape (n, len(seats)): household-weighted mean and farthest inhabited building from seat to atom, m.
        0 for reach where nobody lives.
    site_distance_m, site_reach_m
        Shape (n, n): the same for a seat placed at the centre of the atom of the column.
    reach_limit_m
        Farthest building allowed, or None where reach is no must.
    piece
        Shape (n,), label of the connected piece of the sub-district (on crossable borders). Contiguity is asked
        inside each.
    gaps
        Shortest gaps between pieces that a community may be joined across (代管): (atom_pos, atom_pos) pairs,
        only for pieces that cannot stand alone.
    headroom
        Parts made by a split stay under (1 − headroom) × maximum; 0 where horizon windows are given.
    number
        (fewest, most) communities, or None.
    locks
        What the case fixes.
    compounds
        Sets of atoms that form one compound and must stay together; compounds above the maximum are left out.
    unlike
        Plans that this one must differ from.
    may_stay
        Where there is no plan otherwise, communities of the wrong size may stay exactly as they are: the policy
        asks less of what a plan leaves alone.
    """

    name: str
    atom_ids: tuple[str, ...]
    community_ids: tuple[str, ...]
    households: Ints
    xy: Floats
    today: Ints
    edges: Ints
    open_km: Floats
    crossing_km: Floats
    windows: tuple[Window, ...]
    target: float
    seats: tuple[Seat, ...]
    seat_distance_m: Floats
    seat_reach_m: Floats
    site_distance_m: Floats
    site_reach_m: Floats
    reach_limit_m: float | None = None
    horizon: tuple[Window, ...] = ()
    piece: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    gaps: tuple[tuple[int, int], ...] = ()
    headroom: float = 0.05
    number: tuple[int, int] | None = None
    locks: tuple[Lock, ...] = ()
    compounds: tuple[tuple[int, ...], ...] = ()
    unlike: tuple[Unlike, ...] = ()
    may_stay: bool = False

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit: a bug of ours, never an input fault."""
        n, e, s = len(self.atom_ids), len(self.edges), len(self.seats)
        shapes = {
            "households": (self.households, (n,)),
            "xy": (self.xy, (n, 2)),
            "today": (self.today, (n,)),
            "edges": (self.edges, (e, 2)),
            "open_km": (self.open_km, (e,)),
            "crossing_km": (self.crossing_km, (e,)),
            "seat_distance_m": (self.seat_distance_m, (n, s)),
            "seat_reach_m": (self.seat_reach_m, (n, s)),
            "site_distance_m": (self.site_distance_m, (n, n)),
            "site_reach_m": (self.site_reach_m, (n, n)),
            "piece": (self.piece, (n,)),
        }
        wrong = [
            f"{name} {array.shape}, wants {shape}"
            for name, (array, shape) in shapes.items()
            if array.shape != shape
        ]
        if wrong or not self.windows:
            raise ValueError(f"problem {self.name!r}: {'; '.join(wrong) or 'no size window'}")

    @property
    def n(self) -> int:
        """Number of atoms."""
        return len(self.atom_ids)
