"""The parts that may be: whose successor, where the seat, which atoms, how large; impossible pairs are left out.

A site is not yet a community; the model opens some. Nothing here knows PuLP.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Floats, Problem, Window
from districting.solvers.exact.contiguity import Neighbours, neighbours_of

#: Sizes closer than this share are the same.
HAIR = 1e-9


@dataclass(frozen=True)
class Site:
    """One part that may be.

    Parameters
    ----------
    community_pos
        Whose successor, −1 for a new community.
    atom_pos
        Atom of the seat: the root of the part.
    x, y
        The seat, m.
    existing
        True if a service centre stands there today.
    atoms
        Atoms that may lie in the part.
    room
        Part of the maximum that may be filled: 1, or 1 − headroom for what a split makes.
    must_open
        True where a lock asks for it.
    frozen
        True for a kept community: exactly these atoms, whatever their size.
    distance_m
        Shape (n,), household-weighted mean distance from each atom, m.
    holds
        Further atoms that lie in the part if it opens: the old centre, where a lock puts the seat elsewhere.
    """

    community_pos: int
    atom_pos: int
    x: float
    y: float
    existing: bool
    atoms: frozenset[int]
    room: float
    must_open: bool
    frozen: bool
    distance_m: Floats
    holds: tuple[int, ...] = ()


def community_households(problem: Problem) -> Floats:
    """Households of each community of today, shape (c,)."""
    known = problem.today >= 0
    weights = problem.households[known].astype(np.float64)
    sums = np.bincount(problem.today[known], weights=weights, minlength=len(problem.community_ids))
    return sums.astype(np.float64)


def oversized(problem: Problem) -> frozenset[int]:
    """Communities of today above the maximum in every window."""
    over = np.ones(len(problem.community_ids), dtype=bool)
    known = problem.today >= 0
    for window in problem.windows:
        sums = np.bincount(problem.today[known], weights=window.weights[known], minlength=len(over))
        over &= sums > window.high
    return frozenset(np.flatnonzero(over).tolist())


def kept(problem: Problem) -> frozenset[int]:
    """Communities that a lock keeps exactly as they are."""
    return frozenset(pos for lock in problem.locks if lock.kind == "keep" for pos in lock.communities)


def locked_to_live(problem: Problem) -> frozenset[int]:
    """Communities that a ``seat`` lock asks to live on."""
    return frozenset(pos for lock in problem.locks if lock.kind == "seat" for pos in lock.communities)


def kept_seat(problem: Problem, pos: int) -> tuple[int, int]:
    """Where a kept community has its seat, (atom, position in seats or −1): its centre, else nearest to all."""
    for at, seat in enumerate(problem.seats):
        if seat.community_pos == pos:
            return seat.atom_pos, at
    atoms = np.flatnonzero(problem.today == pos)
    ways = (problem.households[atoms] + 1.0) @ problem.site_distance_m[np.ix_(atoms, atoms)]
    return int(atoms[ways.argmin()]), -1


def groups(problem: Problem) -> tuple[int, ...]:
    """First atom of the group that each atom must stay together with: compounds, ``together``, ``merge``.

    A compound of which a kept community holds only a part stays as it is.
    """
    first = list(range(problem.n))

    def find(atom: int) -> int:
        while first[atom] != atom:
            first[atom] = first[first[atom]]
            atom = first[atom]
        return atom

    frozen = kept(problem)
    bound: list[Sequence[int]] = [
        [atom for atom in compound if problem.today[atom] not in frozen] for compound in problem.compounds
    ]
    for lock in problem.locks:
        if lock.kind == "together":
            bound.append(lock.atoms)
        if lock.kind == "merge":
            members = np.isin(problem.today, lock.communities) & (problem.households > 0)
            bound.append(np.flatnonzero(members).tolist())
    for atoms in bound:
        for atom in atoms[1:]:
            a, b = find(int(atoms[0])), find(int(atom))
            first[max(a, b)] = min(a, b)
    return tuple(find(atom) for atom in range(problem.n))


def companions(problem: Problem) -> list[frozenset[int]]:
    """For each atom, all atoms that must stay together with it, itself included."""
    group = groups(problem)
    members: dict[int, set[int]] = {}
    for atom, first in enumerate(group):
        members.setdefault(first, set()).add(atom)
    return [frozenset(members[first]) for first in group]


def owned_sites(problem: Problem, *, any_seat: bool = False) -> list[Site]:
    """What may become of the communities of today: at their seat, or without one wherever it may stand.

    ``any_seat``: it matters where that is, as it does where reach is a rule.
    """
    any_seat = any_seat or problem.reach_limit_m is not None
    neighbours = neighbours_of(problem)
    over, frozen = oversized(problem), kept(problem)
    locked = {lock_pos: lock for lock in problem.locks if lock.kind == "seat" for lock_pos in lock.communities}
    seat_of = {seat.community_pos: pos for pos, seat in enumerate(problem.seats) if seat.community_pos >= 0}
    households = community_households(problem)
    together = companions(problem)
    inhabited = problem.households > 0
    lived = [set(np.flatnonzero((problem.today == pos) & inhabited).tolist()) for pos in range(len(households))]
    sites = []
    for pos in range(len(problem.community_ids)):
        own = np.flatnonzero(problem.today == pos)
        room = 1.0 - problem.headroom if pos in over else 1.0
        must = pos in locked or pos in frozen
        places = _places(problem, pos, own, seat_of.get(pos), locked[pos].atoms if pos in locked else (), any_seat)
        if pos not in seat_of and households[pos] == 0 and not must:
            continue  # nobody lives there and nothing stands there: absorbed freely
        if pos in frozen and pos not in seat_of and len(own):
            places = [place for place in places if place[0] == kept_seat(problem, pos)[0]] or places
        earlier: set[int] = set()
        for atom, x, y, existing, distance, reach in places:
            if atom in earlier:
                continue
            old = {problem.seats[seat_of[pos]].atom_pos} - {atom} if pos in seat_of else set()
            site = Site(
                pos, atom, x, y, existing, frozenset(), room, must, pos in frozen, distance, tuple(sorted(old))
            )
            if site.frozen:
                sites.append(replace(site, atoms=frozenset(own.tolist())))
                break  # one place is enough: nothing about it is chosen
            allowed = _allowed(problem, neighbours, site, reach, frozen, without=earlier)
            if not must and problem.today[atom] != pos and not lived[pos] & allowed:
                continue  # none of its households could be there: that would be no successor
            if together[atom] | old <= allowed:
                sites.append(replace(site, atoms=allowed))
            if not any_seat and pos not in locked:
                # Any atom of the part would do as its root; let it be the most populous one of the old community.
                earlier |= together[atom]
    return sites


def new_sites(problem: Problem, atoms: Iterable[int]) -> list[Site]:
    """A new community's seat at the centre of each of ``atoms``."""
    neighbours, frozen, together = neighbours_of(problem), kept(problem), companions(problem)
    sites = []
    for atom in sorted(atoms):
        x, y = problem.xy[atom]
        room, distance = 1.0 - problem.headroom, problem.site_distance_m[:, atom]
        site = Site(-1, atom, float(x), float(y), False, frozenset(), room, False, False, distance)
        allowed = _allowed(problem, neighbours, site, problem.site_reach_m[:, atom], frozen)
        if together[atom] <= allowed:
            sites.append(replace(site, atoms=allowed))
    return sites


Place = tuple[int, float, float, bool, Floats, Floats]


def _places(
    problem: Problem, pos: int, own: np.ndarray, seat: int | None, locked: tuple[int, ...], any_seat: bool
) -> list[Place]:
    """Where the successor's seat may stand: (atom, x, y, existing, distance, reach).

    Without a centre, where the seat is a mere root, its own atoms suffice: a successor has most of its households.
    With ``any_seat`` (reach, distance) the best place may lie on other land.
    """
    if seat is not None and (not locked or problem.seats[seat].atom_pos in locked):
        place = problem.seats[seat]
        distance, reach = problem.seat_distance_m[:, seat], problem.seat_reach_m[:, seat]
        return [(place.atom_pos, place.x, place.y, True, distance, reach)]
    atoms = list(locked) or sorted(own.tolist(), key=lambda atom: (-problem.households[atom], atom))
    inhabited = [atom for atom in atoms if problem.households[atom] > 0]
    if inhabited and not locked:
        atoms = inhabited
    if any_seat and not locked:
        own_first = set(atoms)
        atoms = [*atoms, *(atom for atom in range(problem.n) if atom not in own_first)]
    return [
        (
            atom,
            float(problem.xy[atom, 0]),
            float(problem.xy[atom, 1]),
            False,
            problem.site_distance_m[:, atom],
            problem.site_reach_m[:, atom],
        )
        for atom in atoms
    ]


def _allowed(
    problem: Problem,
    neighbours: Neighbours,
    site: Site,
    reach: Floats,
    frozen: Collection[int],
    *,
    without: Collection[int] = (),
) -> frozenset[int]:
    """Atoms within reach that connect to the seat inside the maximum (U-reach): no other can be in the part."""
    free = ~np.isin(problem.today, list(frozen)) if frozen else np.ones(problem.n, dtype=bool)
    if problem.reach_limit_m is not None:
        free &= (problem.households == 0) | (reach <= problem.reach_limit_m)
    inside = set(np.flatnonzero(free).tolist()) - set(without)
    found: set[int] = set()
    for window in problem.windows:
        found |= within_maximum(neighbours, window, site.atom_pos, inside, window.high * site.room)
    return frozenset(found)


def within_maximum(
    neighbours: Neighbours, window: Window, root: int, inside: Collection[int], high: float
) -> set[int]:
    """Atoms with a path from ``root`` inside ``inside`` whose atoms together weigh at most ``high``."""
    weights = window.weights
    high += HAIR * max(1.0, high)  # a maximum less its headroom is no round number
    if root not in inside or weights[root] > high:
        return set()
    best = {root: float(weights[root])}
    queue = [(best[root], root)]
    while queue:
        sum_, atom = heapq.heappop(queue)
        if sum_ > best[atom]:
            continue
        for other in neighbours[atom]:
            if other not in inside:
                continue
            longer = sum_ + float(weights[other])
            if longer <= high and longer < best.get(other, np.inf):
                best[other] = longer
                heapq.heappush(queue, (longer, other))
    return set(best)


def nearest_only(
    problem: Problem, sites: Sequence[Site], near: int, also: Mapping[tuple[int, int], Collection[int]]
) -> list[Site]:
    """Sites with the atoms that are their own today, or for which they are among the ``near`` nearest.

    ``also`` holds atoms to keep by (community_pos, atom_pos) of a site. A restriction: for finding plans.
    """
    rank = np.argsort(np.argsort([site.distance_m for site in sites], axis=0, kind="stable"), axis=0)
    together = companions(problem)
    narrowed = []
    for pos, site in enumerate(sites):
        likely = (rank[pos] < near) | ((problem.today == site.community_pos) & (problem.today >= 0))
        keep = {*np.flatnonzero(likely).tolist(), *also.get((site.community_pos, site.atom_pos), ())}
        narrowed.append(replace(site, atoms=site.atoms & (keep | together[site.atom_pos].union(site.holds))))
    return narrowed


def medoids(problem: Problem, atoms: Sequence[int], k: int) -> list[int]:
    """``k`` atoms that lie well among ``atoms``: greedy, then swapped while that shortens the way (k-medoids)."""
    atoms = sorted(atoms)
    if k >= len(atoms):
        return atoms
    weight = problem.households[atoms] + 1.0
    distance = problem.site_distance_m[np.ix_(atoms, atoms)] * weight[:, None]
    chosen: list[int] = []
    nearest = np.full(len(atoms), np.inf)
    for _ in range(k):
        best = int(np.argmin(np.minimum(distance, nearest[:, None]).sum(axis=0)))
        chosen.append(best)
        nearest = np.minimum(nearest, distance[:, best])
    improved = True
    while improved:
        improved = False
        for place in range(k):
            others = np.delete(np.array(chosen), place)
            rest = distance[:, others].min(axis=1) if k > 1 else np.full(len(atoms), np.inf)
            totals = np.minimum(distance, rest[:, None]).sum(axis=0)
            best = int(np.argmin(totals))
            if totals[best] < totals[chosen[place]] - 1e-6:
                chosen[place], improved = best, True
    return sorted({atoms[pos] for pos in chosen})
