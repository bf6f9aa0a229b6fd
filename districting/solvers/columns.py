"""Regions as columns of a master that knows every term: ways, borders, names, number and size, counted apart.

A column costs what the stage at hand makes of its terms. Names: a community of today with a centre goes on in
the region that holds it, so what such a region retains is its own affair; one without a centre may go on in any
region, in one at most, so its columns carry a label (method §4, *Identity*).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from districting.plans.problem import Bools, Floats, Ints
from districting.solvers.annealing.pool import price_regions
from districting.solvers.annealing.search import Regions
from districting.solvers.ground import Ground
from districting.solvers.profile import TermName

#: Order of the columns of every array of terms.
TERMS: tuple[TermName, ...] = (
    "distance_m_households", "open_border_km", "moved_households", "communities", "deviation_households",
)  # fmt: skip
DISTANCE, BORDER, MOVED, NUMBER, DEVIATION = range(len(TERMS))


def weights_of(weights: Mapping[TermName, float]) -> Floats:
    """Weights by name in the order of `TERMS`."""
    return np.array([weights.get(term, 0.0) for term in TERMS])


@dataclass(frozen=True)
class Measured:
    """A ground whose terms are counted apart.

    Parameters
    ----------
    ground
        ``cost`` is the distance term, ``border`` the border term.
    numbers
        Fewest and most districts; replaces ``ground.number``.
    own
        Shape (n, c): households of each community of today in each node.
    home
        Shape (c,): node with the centre that its successor holds, −1 without one.
    locked
        Shape (c,): True where a lock says that it lives on: it takes the name of the region with its home.
    crossing
        Shape (e,): part of the border term where both ends of an edge lie in one district.
    size, target
        Shape (n,), and the size wished for.
    due
        Communities whose label some region must carry.
    whole
        Told the nodes of a connected region, says whether it counts as one; None where connected is enough. (Two
        gaps in a ring can join what lies apart within one piece.)
    """

    ground: Ground
    numbers: tuple[int, int]
    own: Floats
    home: Ints
    locked: Bools
    crossing: Floats
    size: Floats
    target: float = 0.0
    whole: Callable[[Ints], bool] | None = None
    due: frozenset[int] = frozenset()

    @classmethod
    def bare(cls, ground: Ground) -> Measured:
        """A ground without names: its cost and its border are all there is."""
        nobody = np.zeros(0, dtype=np.int64)
        return cls(
            ground, (ground.number, ground.number), np.zeros((ground.n, 0)), nobody, nobody.astype(np.bool_),
            np.zeros(len(ground.edges)),
            ground.windows[0].weights,
        )  # fmt: skip

    @cached_property
    def homeless(self) -> Ints:
        """Communities without a centre that have households, and those that are due: they need labels."""
        due = np.isin(np.arange(len(self.home)), sorted(self.due))
        return np.flatnonzero(((self.home < 0) & (self.own.sum(axis=0) > 0)) | due)

    @property
    def households(self) -> float:
        """Everyone who has a community today."""
        return float(self.own.sum())


@dataclass(frozen=True)
class Columns:
    """Columns of a master.

    Parameters
    ----------
    regions
        Members of each.
    seat
        Shape (r,): nearest seat.
    label
        Shape (r,): community without a centre that goes on there, −1 for none.
    terms
        Shape (r, 5), in the order of `TERMS`; ``moved_households`` as −(households retained).
    """

    regions: Regions
    seat: Ints
    label: Ints
    terms: Floats

    def __len__(self) -> int:
        return len(self.seat)

    @cached_property
    def inside(self) -> sparse.csr_array:
        """Shape (r, n): 1 where the node lies in the region."""
        return indicator(self.regions, int(self.regions.members.max(initial=-1)) + 1)

    def region(self, position: int) -> Ints:
        """Nodes of one column, ascending."""
        return self.regions.members[self.regions.pointers[position] : self.regions.pointers[position + 1]]

    def keys(self) -> list[tuple[bytes, int]]:
        """What makes each column itself: members and label."""
        return [(self.region(r).tobytes(), int(self.label[r])) for r in range(len(self))]

    def taken(self, positions: Ints) -> Columns:
        """Some of the columns, in the order given."""
        return Columns(
            taken_regions(self.regions, positions), self.seat[positions], self.label[positions],
            self.terms[positions],
        )  # fmt: skip


def no_columns() -> Columns:
    """None at all."""
    nothing = np.zeros(0, dtype=np.int64)
    return Columns(Regions(np.zeros(1, dtype=np.int64), nothing), nothing, nothing, np.zeros((0, len(TERMS))))


def taken_regions(regions: Regions, positions: Ints) -> Regions:
    """Some regions, in the order given."""
    size = np.diff(regions.pointers)[positions]
    pointers = np.concatenate(([0], np.cumsum(size))).astype(np.int64)
    shift = np.repeat(regions.pointers[positions] - pointers[:-1], size)
    return Regions(pointers, regions.members[np.arange(pointers[-1]) + shift])


def together(first: Columns, second: Columns) -> Columns:
    """Columns of both, in order; copies stay."""
    return Columns(
        Regions(
            np.concatenate((first.regions.pointers, second.regions.pointers[1:] + first.regions.pointers[-1])),
            np.concatenate((first.regions.members, second.regions.members)),
        ),
        np.concatenate((first.seat, second.seat)),
        np.concatenate((first.label, second.label)),
        np.concatenate((first.terms, second.terms)),
    )


def indicator(regions: Regions, n: int) -> sparse.csr_array:
    """Region × node."""
    many = len(regions)
    return sparse.csr_array((np.ones(len(regions.members)), regions.members, regions.pointers), shape=(many, n))


def border_terms(measured: Measured, inside: sparse.csr_array) -> Floats:
    """Border term of each region: half of what leaves it, and what crosses it; ``inside`` is region × node."""
    ground = measured.ground
    if not (ground.border.any() or measured.crossing.any()):
        return np.zeros(inside.shape[0])
    around = np.bincount(ground.edges.ravel(), weights=np.repeat(ground.border, 2), minlength=ground.n)
    columns = inside.tocsc()
    within = columns[:, ground.edges[:, 0]].multiply(columns[:, ground.edges[:, 1]])
    return np.asarray(0.5 * (inside @ around) + within @ (measured.crossing - ground.border), dtype=np.float64)


def count_terms(measured: Measured, regions: Regions) -> Columns:
    """Columns of some regions, each term counted; further ones where a community without a centre may go on.

    Regions without a legal seat, in a set to be broken, or with the homes of two locked communities drop out.
    """
    ground = measured.ground
    if not len(regions):
        return no_columns()
    pool = price_regions(replace(ground, border=np.zeros(len(ground.border))), regions)
    inside = indicator(pool.regions, ground.n)
    seated = np.flatnonzero(measured.home >= 0)
    holds = inside[:, measured.home[seated]].toarray() > 0.5 if len(seated) else np.zeros((len(pool), 0), bool)
    names = np.count_nonzero(holds & measured.locked[seated], axis=1)
    fits = names <= 1
    if measured.whole is not None:
        fits &= np.array([measured.whole(pool.region(r)) for r in range(len(pool))], dtype=np.bool_)
    legal = np.flatnonzero(fits)
    pool, inside, holds, names = pool.taken(legal), inside[legal], holds[legal], names[legal]
    kept = np.asarray(inside @ measured.own)  # (r, c)
    goes_on = holds & ((names == 0)[:, None] | measured.locked[seated])
    retained = np.where(goes_on, kept[:, seated], 0.0).max(axis=1, initial=0.0)
    border = border_terms(measured, inside)
    sizes = inside @ measured.size
    terms = np.column_stack((pool.cost, border, -retained, np.ones(len(pool)), np.abs(sizes - measured.target)))
    plain = Columns(pool.regions, pool.seat, np.full(len(pool), -1, dtype=np.int64), terms)
    for community in measured.homeless:
        better = np.flatnonzero((kept[:, community] > retained) & (names == 0))
        more = plain.taken(better)
        changed = more.terms.copy()
        changed[:, MOVED] = -kept[better, community]
        plain = together(plain, replace(more, label=np.full(len(better), community), terms=changed))
    return plain
