"""A problem with its names taken away for `redraw`: nodes, seats as columns of a cost table, and the way back.

Kept communities leave with their land; what stays together is one node; locks become ties and forbidden pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Bools, Floats, Ints, Problem, Window
from districting.solvers.columns import BORDER, DEVIATION, DISTANCE, NUMBER, TERMS, Measured
from districting.solvers.exact.contiguity import components, neighbour_lists
from districting.solvers.exact.parts.sites import groups, kept, kept_seat
from districting.solvers.ground import Ground


@dataclass(frozen=True)
class Posed:
    """A ground with the way back.

    Parameters
    ----------
    measured
        What the search sees. ``moved_households`` of its columns is −(retained).
    node
        Node of each atom, −1 where kept.
    seat, atom, owner
        For each seat its position in ``problem.seats``, −1 for a site; the atom where it stands; the community of
        today whose it is, −1 for none.
    places
        For each kept community, ascending: its seat as (atom, position in seats or −1).
    aside
        Shape (5,): what lies outside the choice, in the order of `TERMS`: the share of kept communities, and
        everyone who could be retained.
    """

    measured: Measured
    node: Ints
    seat: Ints
    atom: Ints
    owner: Ints
    places: tuple[tuple[int, int], ...]
    aside: Floats


def frozen_atoms(problem: Problem) -> Bools:
    """Atoms of kept communities."""
    return np.isin(problem.today, sorted(kept(problem))) & (problem.today >= 0)


def pose_redraw(problem: Problem, *, numbers: tuple[int, int]) -> Posed:
    """Take the names away.

    Parameters
    ----------
    problem
        What is asked. A seat lock of a community without a centre names one atom at most (`alternatives`).
    numbers
        Fewest and most communities, kept ones included.
    """
    frozen = kept(problem)
    free = ~frozen_atoms(problem)
    links = _links(problem)
    links = links[free[links].all(axis=1)]
    node, loose = _nodes(problem, free, links)
    n = int(node.max()) + 1
    served = (
        _served(problem, problem.site_distance_m, problem.site_reach_m),
        _served(problem, problem.seat_distance_m, problem.seat_reach_m),
    )
    cost = np.concatenate(served, axis=1)
    atom = np.concatenate((np.arange(problem.n), [seat.atom_pos for seat in problem.seats])).astype(np.int64)
    seat = np.concatenate((np.full(problem.n, -1), np.arange(len(problem.seats)))).astype(np.int64)
    centre = {one.community_pos: at for at, one in enumerate(problem.seats) if one.community_pos >= 0}
    home = np.full(len(problem.community_ids), -1, dtype=np.int64)
    for pos, at in centre.items():
        home[pos] = node[problem.seats[at].atom_pos]
    locked, held = _lock_seats(problem, node, home, cost, seat, atom, centre)
    usable = free[atom] & np.array([s < 0 or problem.seats[s].community_pos not in frozen for s in seat])
    cost, atom, seat = cost[:, usable], atom[usable], seat[usable]
    joined = np.zeros((n, len(atom)))
    np.add.at(joined, node[free], cost[free])
    edges, border, crossing = _edges(problem, node, links, n)
    apart = [
        (int(node[a]), int(node[b]))
        for lock in problem.locks
        if lock.kind == "apart"
        for at, a in enumerate(lock.atoms)
        for b in lock.atoms[at + 1 :]
        if free[a] and free[b]
    ]
    alive = np.flatnonzero(locked & (home >= 0)).tolist()
    apart += [(int(home[a]), int(home[b])) for at, a in enumerate(alive) for b in alive[at + 1 :]]
    broken = tuple(
        tuple(np.unique(node[(problem.today == pos) & (problem.households > 0)]).tolist())
        for lock in problem.locks
        if lock.kind == "split"
        for pos in lock.communities
        if pos not in frozen
    )
    ground = Ground(
        cost=joined,
        host=node[atom],
        edges=edges,
        border=border,
        windows=tuple(_on_nodes(w, node, free, n) for w in problem.windows),
        number=max(1, numbers[0] - len(frozen)),
        horizon=tuple(_on_nodes(w, node, free, n) for w in problem.horizon),
        apart=np.array(apart, dtype=np.int64).reshape(-1, 2),
        together=np.concatenate((loose, np.array(held, dtype=np.int64).reshape(-1, 2))),
        broken=broken,
    )
    own = np.zeros((n, len(home)))
    lives = free & (problem.today >= 0)
    np.add.at(own, (node[lives], problem.today[lives]), problem.households[lives])
    everyone = float(own.sum())
    # a centre on kept land goes to whom it is kept for: its own community ends
    lost = [pos for pos, at in centre.items() if node[problem.seats[at].atom_pos] < 0]
    own[:, lost] = 0.0
    measured = Measured(
        ground,
        (numbers[0] - len(frozen), numbers[1] - len(frozen)),
        own,
        home,
        locked,
        crossing,
        ground.windows[0].weights,
        problem.target,
        _whole(problem, node, links),
    )
    places, aside = _set_aside(problem, sorted(frozen), node)
    aside[TERMS.index("moved_households")] = everyone
    owner = np.array([-1 if s < 0 else problem.seats[s].community_pos for s in seat], dtype=np.int64)
    return Posed(measured, node, seat, atom, owner, places, aside)


def alternatives(problem: Problem) -> list[Problem]:
    """The problem, once for each atom where the lock of a community without a centre may put its seat.

    The best plan of all is the best plan asked for, and the least of their bounds its bound.
    """
    with_centre, frozen = {one.community_pos for one in problem.seats}, kept(problem)
    found = [problem]
    for at, lock in enumerate(problem.locks):
        if lock.kind == "seat" and len(lock.atoms) > 1 and not with_centre.issuperset(lock.communities):
            barred = frozen_atoms(problem)  # on kept land only a kept community may have its seat
            own = frozen.issuperset(lock.communities)
            places = [atom for atom in lock.atoms if own or not barred[atom]]
            found = [
                replace(one, locks=(*one.locks[:at], replace(lock, atoms=(atom,)), *one.locks[at + 1 :]))
                for one in found
                for atom in places
            ]
    return found


def _links(problem: Problem) -> Ints:
    """Edges, and one gap for each pair of pieces, the first given."""
    links = [problem.edges.reshape(-1, 2)]
    joined = set()
    for a, b in problem.gaps:
        pair = (min(problem.piece[a], problem.piece[b]), max(problem.piece[a], problem.piece[b]))
        if pair[0] != pair[1] and pair not in joined:
            joined.add(pair)
            links.append(np.array([[a, b]], dtype=np.int64))
    return np.concatenate(links)


def _whole(problem: Problem, node: Ints, links: Ints) -> Callable[[Ints], bool] | None:
    """Whether a region holds together inside each piece; None where no ring of gaps can hide that it does not."""
    pieces = problem.piece[links]
    gaps = pieces[pieces[:, 0] != pieces[:, 1]].tolist()
    root = list(range(int(problem.piece.max(initial=0)) + 1))

    def find(piece: int) -> int:
        while root[piece] != piece:
            piece = root[piece]
        return piece

    ring = False
    for a, b in gaps:
        ring = ring or find(a) == find(b)
        root[find(a)] = find(b)
    if not ring:
        return None
    near = neighbour_lists(problem.n, problem.edges.tolist())

    def whole(nodes: Ints) -> bool:
        atoms = np.flatnonzero(np.isin(node, nodes))
        return len(components(near, atoms.tolist())) == len(np.unique(problem.piece[atoms]))

    return whole


def _served(problem: Problem, mean_m: Floats, reach_m: Floats) -> Floats:
    """(households + 1) · distance; inf beyond the reach limit. Land where nobody lives may be anywhere."""
    lived = problem.households > 0
    far = float(mean_m[np.isfinite(mean_m)].max(initial=0.0))
    mean = np.where(np.isfinite(mean_m) | lived[:, None], mean_m, far)
    cost: Floats = mean * (problem.households[:, None] + 1.0)
    if problem.reach_limit_m is not None:
        cost = np.where(lived[:, None] & (reach_m > problem.reach_limit_m), np.inf, cost)
    return cost


def _lock_seats(
    problem: Problem, node: Ints, home: Ints, cost: Floats, seat: Ints, atom: Ints, centre: dict[int, int]
) -> tuple[Bools, list[tuple[int, int]]]:
    """Communities that live on, and pairs of nodes that this ties; forbids seats in ``cost``, sets ``home``.

    Whoever holds the old centre sits where the lock says; without a centre, whoever holds the atom named.
    """
    locked = np.zeros(len(home), dtype=np.bool_)
    held = []
    for lock in problem.locks:
        if lock.kind != "seat":
            continue
        there = np.isin(atom, lock.atoms)
        for pos in lock.communities:
            locked[pos] = True
            if pos in centre:
                old = problem.seats[centre[pos]].atom_pos
                cost[old, ~(there if lock.atoms else seat == centre[pos])] = np.inf
                if len(lock.atoms) == 1 and min(node[lock.atoms[0]], node[old]) >= 0:
                    held.append((int(node[lock.atoms[0]]), int(node[old])))
            elif lock.atoms:
                home[pos] = node[lock.atoms[0]]
        if len(lock.atoms) == 1:
            cost[lock.atoms[0], ~there] = np.inf
    return locked, [pair for pair in held if pair[0] != pair[1]]


def _edges(problem: Problem, node: Ints, links: Ints, n: int) -> tuple[Ints, Floats, Floats]:
    """Edges between nodes, with the km of open border and of main road on each."""
    place = {(int(a), int(b)): at for at, (a, b) in enumerate(problem.edges)}
    at = np.array([place.get((int(a), int(b)), -1) for a, b in links], dtype=np.int64)
    pairs = np.sort(node[links], axis=1)
    between = pairs[:, 0] != pairs[:, 1]
    found, spot = np.unique(pairs[between, 0] * n + pairs[between, 1], return_inverse=True)

    def summed(km: Floats) -> Floats:
        values = np.append(km, 0.0)[at][between]  # a gap has no border
        return np.bincount(spot.ravel(), weights=values, minlength=len(found)).astype(np.float64)

    edges = np.column_stack((found // n, found % n)).astype(np.int64).reshape(-1, 2)
    return edges, summed(problem.open_km), summed(problem.crossing_km)


def _on_nodes(window: Window, node: Ints, free: Bools, n: int) -> Window:
    """The window with the weights of joined atoms."""
    weights = np.bincount(node[free], weights=window.weights[free], minlength=n).astype(np.float64)
    return replace(window, weights=weights)


def _nodes(problem: Problem, free: Bools, links: Ints) -> tuple[Ints, Ints]:
    """Node of each atom, −1 where kept, and pairs of nodes that belong together without touching."""
    near = neighbour_lists(problem.n, links.tolist())
    label = np.array(groups(problem))
    node = np.full(problem.n, -1, dtype=np.int64)
    loose = []
    count = 0
    for first in np.unique(label[free]):
        pieces = components(near, np.flatnonzero((label == first) & free).tolist())
        for position, piece in enumerate(pieces):
            node[piece] = count
            if position:
                loose.append((count - 1, count))
            count += 1
    return node, np.array(loose, dtype=np.int64).reshape(-1, 2)


def _set_aside(problem: Problem, frozen: list[int], node: Ints) -> tuple[tuple[tuple[int, int], ...], Floats]:
    """Seats of kept communities; what they, and the land inside nodes, add to each term. Nobody moves there."""
    aside = np.zeros(len(TERMS))
    places = []
    sizes = problem.windows[0].weights
    for pos in frozen:
        own = problem.today == pos
        place, cost = _kept_seat(problem, pos, own)
        places.append(place)
        aside[DISTANCE] += cost
        aside[DEVIATION] += abs(float(sizes[own].sum()) - problem.target)
    aside[NUMBER] = len(frozen)
    ends = problem.edges
    fenced = (node[ends] < 0).any(axis=1)
    same = np.where(
        fenced, problem.today[ends[:, 0]] == problem.today[ends[:, 1]], node[ends[:, 0]] == node[ends[:, 1]]
    )
    aside[BORDER] = float(problem.open_km[fenced & ~same].sum() + problem.crossing_km[same].sum())
    return tuple(places), aside


def _kept_seat(problem: Problem, pos: int, own: Bools) -> tuple[tuple[int, int], float]:
    """Seat of a kept community, (atom, position in seats or −1), and its share of the distance."""
    atom, seat = kept_seat(problem, pos)
    ways = problem.site_distance_m[own, atom] if seat < 0 else problem.seat_distance_m[own, seat]
    return (atom, seat), float((problem.households[own] + 1.0) @ ways)


def locked_places(problem: Problem) -> dict[int, int]:
    """For each community without a centre that a seat lock names with one atom: that atom."""
    with_centre = {one.community_pos for one in problem.seats}
    places: dict[int, int] = {}
    for lock in problem.locks:
        if lock.kind == "seat" and len(lock.atoms) == 1:
            places |= {pos: lock.atoms[0] for pos in lock.communities if pos not in with_centre}
    return places
