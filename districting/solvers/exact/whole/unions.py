"""`whole`: which whole communities may become one, every one of them, and why the others may not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from districting.plans.problem import Problem
from districting.solvers.exact.contiguity import Neighbours, components, neighbour_lists, neighbours_of, reachable
from districting.solvers.exact.parts.sites import community_households, kept, oversized
from districting.solvers.exact.separations import Minimum
from districting.solvers.exact.whole.union_worth import UnionMeasure
from districting.solvers.profile import Stage
from districting.solvers.result import Chosen

#: Up to so many inhabited atoms in no community, each chooses for itself; beyond, connected land stays together.
FREE_ATOMS = 8
#: More unions than this are not enumerated; the result then says so and claims no proof of impossibility.
MOST_UNIONS = 200_000
#: Around a union in pieces, up to so many components of open land are tried in every combination.
MANY_JOINTS = 8


@dataclass(frozen=True)
class Unit:
    """What moves as a whole: a community of today, or inhabited land in none (``community_pos`` −1)."""

    atoms: tuple[int, ...]
    community_pos: int


@dataclass(frozen=True)
class Column:
    """One way to cover ``units``: the parts that they become, and what this is worth in each stage.

    ``lower`` is below ``worth`` where a split was not solved to the end. ``land`` are the components of open land
    that it needs to hold together. ``ask``: which question of `splits.Splits` it answers, −1 for a union.
    """

    units: tuple[int, ...]
    parts: tuple[tuple[tuple[int, ...], Chosen], ...]
    worth: tuple[float, ...]
    lower: tuple[float, ...]
    land: tuple[int, ...] = ()
    ask: int = -1


def units_of(problem: Problem) -> tuple[tuple[Unit, ...], tuple[tuple[int, ...], ...]]:
    """What moves as a whole, and their neighbours; communities that must split come last and touch nobody.

    Empty communities without a centre, and land without households in no community, are no units but open land,
    and so is a piece of a community, apart from the rest of it, where nobody lives: it joins units that touch it,
    or any neighbour afterwards. What a lock names is a unit.
    """
    households = community_households(problem)
    seated = {seat.community_pos for seat in problem.seats}
    seated |= {pos for lock in problem.locks if lock.kind in ("seat", "keep") for pos in lock.communities}
    asked = {atom for lock in problem.locks if lock.kind in ("together", "apart") for atom in lock.atoms}
    neighbours = neighbours_of(problem)
    # Where somebody lives, or will by the horizon: it counts in the size of whoever takes it.
    counted = np.any([window.weights > 0 for window in problem.windows + problem.horizon], axis=0)
    needed = set(np.flatnonzero(counted | (problem.households > 0)).tolist()) | asked
    needed |= {seat.atom_pos for seat in problem.seats if problem.today[seat.atom_pos] == seat.community_pos >= 0}
    units = []
    for pos in range(len(households)):
        own = np.flatnonzero(problem.today == pos).tolist()
        if len(own) and (households[pos] > 0 or pos in seated):
            pieces = components(neighbours, own)
            lived = [atom for piece in pieces if needed & set(piece) for atom in piece]
            units.append(Unit(tuple(own if pos in kept(problem) or not lived else sorted(lived)), pos))
    living = {unit.community_pos for unit in units}
    free = [a for a in range(problem.n) if int(problem.today[a]) not in living and a in needed]
    if len(free) <= FREE_ATOMS:
        units += [Unit((atom,), -1) for atom in free]
    else:
        left = set(free)
        for atom in free:
            if atom in left:
                together = reachable(neighbours, atom, left)
                left -= together
                units.append(Unit(tuple(sorted(together)), -1))
    return tuple(units), unit_neighbours(problem, units, neighbours)


def open_land(problem: Problem, units: Sequence[Unit]) -> tuple[tuple[int, ...], ...]:
    """Connected components of the atoms in no unit."""
    taken = {atom for unit in units for atom in unit.atoms}
    left = [atom for atom in range(problem.n) if atom not in taken]
    return tuple(tuple(component) for component in components(neighbours_of(problem), left))


def unit_neighbours(
    problem: Problem, units: Sequence[Unit], neighbours: Neighbours
) -> tuple[tuple[int, ...], ...]:
    """Which units touch, or touch the same open land."""
    unit_at = np.full(problem.n, -1, dtype=np.int64)
    for pos, unit in enumerate(units):
        unit_at[list(unit.atoms)] = pos
    pairs = [
        (int(unit_at[atom]), int(unit_at[near]))
        for atom in range(problem.n)
        for near in neighbours[atom]
        if unit_at[atom] >= 0 and unit_at[near] >= 0 and unit_at[atom] != unit_at[near]
    ]
    for land in open_land(problem, units):
        around = sorted({int(unit_at[near]) for atom in land for near in neighbours[atom]} - {-1})
        pairs += combinations(around, 2)
    return neighbour_lists(len(units), pairs)


def must_split(problem: Problem) -> frozenset[int]:
    """Communities of today that can only be split: oversized ones and those that a lock splits."""
    locked = {pos for lock in problem.locks if lock.kind == "split" for pos in lock.communities}
    return frozenset((oversized(problem) | locked) - kept(problem))


def connected_sets(
    neighbours: Neighbours, allowed: Collection[int], fits: Callable[[tuple[int, ...]], bool]
) -> Iterator[tuple[int, ...]]:
    """Every connected set of ``allowed`` that ``fits``, once, where fitting sets have fitting subsets.

    Enumerated from the smallest member (ESU, Wernicke 2006, doi:10.1109/TCBB.2006.51).
    """

    def extend(members: tuple[int, ...], frontier: list[int], seen: frozenset[int]) -> Iterator[tuple[int, ...]]:
        yield members
        for pos, unit in enumerate(frontier):
            larger = (*members, unit)
            if not fits(larger):
                continue
            fresh = [
                near for near in neighbours[unit] if near > members[0] and near in inside and near not in seen
            ]
            yield from extend(larger, frontier[pos + 1 :] + fresh, seen | set(fresh))

    inside = set(allowed)
    for first in sorted(inside):
        if fits((first,)):
            frontier = [near for near in neighbours[first] if near > first and near in inside]
            yield from extend((first,), frontier, frozenset([first, *frontier]))


class Judge:
    """Which unions are legal, and why not."""

    def __init__(self, problem: Problem, units: Sequence[Unit], stages: Sequence[Stage]) -> None:
        self.problem, self.units = problem, units
        self.measure = UnionMeasure.of(problem, stages, open_land(problem, units))
        self.neighbours = neighbours_of(problem)
        self.land = open_land(problem, units)
        self._land_at = {atom: pos for pos, land in enumerate(self.land) for atom in land}
        self.minimum = Minimum.of(problem)
        self.households = community_households(problem)
        self.living = {unit.community_pos for unit in units if unit.community_pos >= 0}
        self.frozen = kept(problem)
        self.splitting = must_split(problem)
        self.seat_of = {seat.community_pos: pos for pos, seat in enumerate(problem.seats)}
        windows = problem.windows + problem.horizon
        self._highs = [window.high for window in windows]
        self._sums = np.array([self.minimum.weights[list(unit.atoms)].sum(axis=0) for unit in units])
        self._families = self.minimum.families

    def sums(self, members: Sequence[int]) -> np.ndarray:
        """Sum of each window over a union."""
        total: np.ndarray = self._sums[list(members)].sum(axis=0)
        return total

    def fits(self, members: Sequence[int]) -> bool:
        """Within the maximum, in one window of today and one of the horizon."""
        sums = self.sums(members)
        return all(any(sums[w] <= self._highs[w] for w in family) for family in self._families)

    def in_bounds(self, members: Sequence[int]) -> bool:
        """Within minimum and maximum of one and the same window, today and at the horizon."""
        sums, lows = self.sums(members), self.minimum.lows
        return all(any(lows[w] <= sums[w] <= self._highs[w] for w in family) for family in self._families)

    def atoms(self, members: Sequence[int]) -> list[int]:
        """Atoms of a union."""
        return sorted(atom for unit in members for atom in self.units[unit].atoms)

    def columns(self, members: Sequence[int]) -> tuple[Column, ...] | str:
        """The union as columns, one for each least choice of open land that joins it, or the reason against it.

        Reasons: ``kept``, ``oversized``, ``over_max``, ``below_min``, ``pieces``, ``lock``, ``reach``.
        """
        owners = [self.units[unit].community_pos for unit in members if self.units[unit].community_pos >= 0]
        atoms = self.atoms(members)
        if self.frozen & set(owners):
            if len(members) > 1:
                return "kept"
            place = self._place(owners[0], atoms, limit=None)
            return self._made(members, atoms, [place] if place is not None else [], [()])
        for reason, wrong in (
            ("oversized", bool(self.splitting & set(owners))),
            ("over_max", not self.fits(members)),
            ("below_min", not self.in_bounds(members)),
        ):
            if wrong:
                return reason
        joints = self.joints(atoms)
        if not joints:
            return "pieces"
        if not self._locks_allow(owners, set(atoms)):
            return "lock"
        places = [place for place in self._places(owners, atoms) if place is not None]
        return self._made(members, atoms, places, joints) if places else "reach"

    def touching(self, atoms: Collection[int]) -> list[int]:
        """Components of open land that touch some of ``atoms``."""
        return sorted({self._land_at[near] for a in atoms for near in self.neighbours[a] if near in self._land_at})

    def joints(self, atoms: list[int]) -> list[tuple[int, ...]]:
        """Least sets of components of open land that join ``atoms``; one empty set if they hold by themselves.

        Of many components around only one least set is found: enough for the bound, which lets unions share land.
        """

        def joins(lands: Collection[int]) -> bool:
            inside = {*atoms, *(atom for land in lands for atom in self.land[land])}
            return len(reachable(self.neighbours, atoms[0], inside)) == len(inside)

        if joins(()):
            return [()]
        around = self.touching(atoms)
        if not joins(around):
            return []
        if len(around) > MANY_JOINTS:
            least = list(around)
            for land in around:
                if joins([other for other in least if other != land]):
                    least.remove(land)
            return [tuple(least)]
        found: list[tuple[int, ...]] = []
        for size in range(1, len(around) + 1):
            for lands in combinations(around, size):
                if not any(set(smaller) <= set(lands) for smaller in found) and joins(lands):
                    found.append(lands)
        return found

    def _made(
        self, members: Sequence[int], atoms: list[int], places: list[Chosen], joints: Sequence[tuple[int, ...]]
    ) -> tuple[Column, ...]:
        """The columns of a legal union: under every successor that is in some stage better than the others."""
        columns = []
        ranked = sorted(
            places, key=lambda place: (-self._kept(place), not place.existing_seat, place.community_pos)
        )
        for lands in joints:
            found: list[Column] = []
            for place in ranked:
                parts = ((self.with_land(atoms, lands), place),)
                worth = self.measure.worth(parts)
                if not any(all(a <= b for a, b in zip(one.worth, worth, strict=True)) for one in found):
                    found.append(Column(tuple(members), parts, worth, worth, lands))
            columns += found
        return tuple(columns)

    def with_land(self, atoms: Sequence[int], lands: Collection[int]) -> tuple[int, ...]:
        """Atoms and the open land that joins them."""
        return tuple(sorted([*atoms, *(atom for land in lands for atom in self.land[land])]))

    def _kept(self, place: Chosen) -> float:
        return float(self.households[place.community_pos]) if place.community_pos >= 0 else 0.0

    def _locks_allow(self, owners: Sequence[int], atoms: set[int]) -> bool:
        """Whether the locks on atoms and mergers allow a union; seats are asked in `_places`."""
        for lock in self.problem.locks:
            here = atoms & set(lock.atoms)
            if lock.kind == "together" and here and len(here) < len(set(lock.atoms)):
                return False
            if lock.kind == "apart" and len(here) > 1:
                return False
            merging = set(lock.communities) & self.living
            if lock.kind == "merge" and 0 < len(set(owners) & merging) < len(merging):
                return False
        return True

    def _places(self, owners: Sequence[int], atoms: list[int]) -> list[Chosen | None]:
        """Where the union's seat may stand: at a community's centre; for one without, at the best atom."""
        locked = {pos for lock in self.problem.locks if lock.kind == "seat" for pos in lock.communities} & set(
            owners
        )
        if len(locked) > 1:
            return []
        candidates = sorted(locked) or list(owners) or [-1]
        return [self._place(owner, atoms, limit=self.problem.reach_limit_m) for owner in candidates]

    def _place(self, owner: int, atoms: list[int], *, limit: float | None) -> Chosen | None:
        """The seat of one successor; None if somebody lives beyond ``limit``."""
        problem, where = self.problem, np.array(atoms)
        inhabited = where[problem.households[where] > 0]
        asked = [
            lock.atoms
            for lock in problem.locks
            if lock.kind == "seat" and owner in lock.communities and lock.atoms
        ]
        seat = self.seat_of.get(owner)
        if seat is not None and (not asked or problem.seats[seat].atom_pos in asked[0]):
            if limit is not None and (problem.seat_reach_m[inhabited, seat] > limit).any():
                return None
            place = problem.seats[seat]
            return Chosen(place.atom_pos, place.x, place.y, owner, True)
        sites = np.array([atom for atom in atoms if not asked or atom in asked[0]], dtype=np.int64)
        if limit is not None:
            sites = sites[(problem.site_reach_m[np.ix_(inhabited, sites)] <= limit).all(axis=0)]
        if not len(sites):
            return None
        ways = (problem.households[where] + 1.0) @ problem.site_distance_m[np.ix_(where, sites)]
        atom = int(sites[np.argmin(ways)])
        return Chosen(atom, float(problem.xy[atom, 0]), float(problem.xy[atom, 1]), owner, False)
