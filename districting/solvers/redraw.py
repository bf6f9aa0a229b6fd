"""`redraw`: the best communities from scratch, as if none stood today; who succeeds whom is settled afterwards.

min Σ (households + 1) · distance to the seat, exactly k communities. A seat may stand at the centre of any atom,
or be a service centre of today. The border term has its place in `Ground.border`; it is not charged yet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from districting.plans.problem import Bools, Floats, Ints, Problem, Window
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.exact.contiguity import components, neighbour_lists
from districting.solvers.exact.sites import groups, kept
from districting.solvers.ground import Ground
from districting.solvers.params import Params
from districting.solvers.recipe import SMALL_PAIRS, Answer, solve_ground, warm_up
from districting.solvers.result import Chosen, Conflict, Result, Solution, Status, Term


@dataclass(frozen=True)
class _Posed:
    """A ground with the way back: ``node`` of each atom (−1: kept), and for each seat its index in the problem.

    ``seat`` holds the position in ``problem.seats``, or −1 for a site; ``atom`` where it stands.
    """

    ground: Ground
    node: Ints
    seat: Ints
    atom: Ints


def solve_redraw(problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never) -> Result:
    """Draw a sub-district anew and prove the plan, as far as time goes.

    Parameters
    ----------
    problem
        What is asked. Windows, horizon, reach (where it is a must), compounds and locks hold; headroom is for what
        ``adjust`` splits. Kept communities leave the problem with their land.
    params
        Time, seed, gap. Small problems are proved to the end whatever the gap.
    progress, stop
        Told and asked on the way.

    Returns
    -------
    Result
        Terms ``distance_m_households`` (with its bound), then reported only: ``communities``,
        ``moved_households``, ``open_border_km``. ``notes``: ``number``, ``number_asked``,
        ``regions`` in the pool, ``pairs`` left to the proof.
    """
    warm_up()
    began = time.monotonic()
    conflicts = _precheck(problem)
    asked = _number_asked(problem)
    answer: Answer | None = None
    posed: _Posed | None = None
    number, tried = asked, 0
    proved_none = bool(conflicts)
    for number in [] if conflicts else _numbers(problem, asked):
        left = params.time_limit_s - (time.monotonic() - began)
        if tried and (left <= 0.5 or stop()):
            proved_none = False
            break
        tried += 1
        posed = _pose(problem, number)
        progress(Step("stage.solve", where=problem.name))
        answer = solve_ground(
            posed.ground,
            time_limit_s=left,
            seed=params.seed,
            gap_share=params.gap_share,
            threads=params.threads,
            progress=progress,
            stop=stop,
        )
        if answer.part is not None:
            break
        proved_none = np.isinf(answer.bound) and (tried == 1 or proved_none)
    seconds = time.monotonic() - began
    notes = {"number": number, "number_asked": asked}
    if posed is None or answer is None or answer.part is None:
        if not conflicts and not tried:
            low, high = _number_range(problem)
            conflicts, proved_none = (Conflict("number", measured=low, allowed=high, unit="communities"),), True
        status: Status = "infeasible" if proved_none else "unknown"
        none = float("inf")
        return Result(problem.name, "redraw", status, None, none, 0.0, (), seconds, params.seed, conflicts, notes)
    return _report(problem, params, posed, answer, notes, seconds)


def _frozen(problem: Problem) -> Bools:
    """Atoms of kept communities."""
    return np.isin(problem.today, sorted(kept(problem))) & (problem.today >= 0)


def _number_range(problem: Problem) -> tuple[int, int]:
    """Fewest and most communities that the windows and the case allow, kept ones included."""
    free, frozen = ~_frozen(problem), len(kept(problem))
    fewest, most = problem.n, 0
    for window in problem.windows:
        total = float(window.weights[free].sum())
        fewest = min(fewest, int(np.ceil(total / window.high - 1e-9)))
        most = max(most, int(total // window.low) if window.low > 0 else int(free.sum()))
    low, high = max(1 if free.any() else 0, fewest) + frozen, min(most, int(free.sum())) + frozen
    if problem.number is not None:
        low, high = max(low, problem.number[0]), min(high, problem.number[1])
    return low, high


def _number_asked(problem: Problem) -> int:
    """The case's number, or the sub-district's size over the target."""
    number = int(np.floor(problem.windows[0].weights.sum() / problem.target + 0.5))
    if problem.number is not None:
        number = min(max(number, problem.number[0]), problem.number[1])
    return max(1, number)


def _numbers(problem: Problem, asked: int) -> list[int]:
    """Numbers worth trying, the one asked for first, then its neighbours."""
    low, high = _number_range(problem)
    return sorted(range(low, high + 1), key=lambda k: (abs(k - asked), k))[:5]


def _precheck(problem: Problem) -> tuple[Conflict, ...]:
    """What no plan can mend, said before anything is searched."""
    found = []
    free = ~_frozen(problem)
    over: Bools = np.all([w.weights > w.high for w in problem.windows], axis=0) & free
    first = problem.windows[0]
    unit = first.measure
    for atom in np.flatnonzero(over):
        ids = (problem.atom_ids[atom],)
        found.append(Conflict("atom_over_max", ids, (), float(first.weights[atom]), first.high, unit))
    if free.any() and all(w.weights[free].sum() < w.low for w in problem.windows):
        total = float(first.weights[free].sum())
        found.append(Conflict("total_below_min", (), (), total, first.low, unit))
    if problem.reach_limit_m is not None:
        nearest = np.minimum(problem.site_reach_m.min(axis=1), problem.seat_reach_m.min(axis=1, initial=np.inf))
        for atom in np.flatnonzero((nearest > problem.reach_limit_m) & (problem.households > 0) & free):
            ids = (problem.atom_ids[atom],)
            found.append(Conflict("atom_out_of_reach", ids, (), float(nearest[atom]), problem.reach_limit_m, "m"))
    return tuple(found)


def _links(problem: Problem) -> Ints:
    """Edges, and those gaps that join pieces not yet joined: a second way over would let a piece fall apart."""
    piece = problem.piece.copy()
    links = [problem.edges.reshape(-1, 2)]
    for a, b in problem.gaps:
        if piece[a] != piece[b]:
            piece[piece == piece[b]] = piece[a]
            links.append(np.array([[a, b]], dtype=np.int64))
    return np.concatenate(links)


def _served(problem: Problem, mean_m: Floats, reach_m: Floats) -> Floats:
    """(households + 1) · distance; inf beyond the reach limit. Land where nobody lives may be anywhere."""
    lived = problem.households > 0
    far = float(mean_m[np.isfinite(mean_m)].max(initial=0.0))
    cost: Floats = np.where(np.isfinite(mean_m) | lived[:, None], mean_m, far) * (
        problem.households[:, None] + 1.0
    )
    if problem.reach_limit_m is not None:
        cost = np.where(lived[:, None] & (reach_m > problem.reach_limit_m), np.inf, cost)
    return cost


def _pose(problem: Problem, number: int) -> _Posed:
    """Take the names away: kept land out, what stays together joined, seats as columns."""
    frozen = kept(problem)
    free = ~_frozen(problem)
    links = _links(problem)
    links = links[free[links].all(axis=1)]
    node, loose = _nodes(problem, free, links)
    n = int(node.max()) + 1
    cost = np.concatenate(
        (
            _served(problem, problem.site_distance_m, problem.site_reach_m),
            _served(problem, problem.seat_distance_m, problem.seat_reach_m),
        ),
        axis=1,
    )
    atom = np.concatenate((np.arange(problem.n), [seat.atom_pos for seat in problem.seats])).astype(np.int64)
    seat = np.concatenate((np.full(problem.n, -1), np.arange(len(problem.seats)))).astype(np.int64)
    for lock in problem.locks:
        if lock.kind == "seat":
            for place, own in _locked_seats(problem, lock.atoms, lock.communities, seat, atom):
                cost[place, ~own] = np.inf
    usable = free[atom] & np.array([s < 0 or problem.seats[s].community_pos not in frozen for s in seat])
    cost, atom, seat = cost[:, usable], atom[usable], seat[usable]
    joined = np.zeros((n, len(atom)))
    np.add.at(joined, node[free], cost[free])
    edges = node[links]
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0).reshape(-1, 2)
    apart = [
        (int(node[a]), int(node[b]))
        for lock in problem.locks
        if lock.kind == "apart"
        for at, a in enumerate(lock.atoms)
        for b in lock.atoms[at + 1 :]
        if free[a] and free[b]
    ]
    broken = tuple(
        tuple(np.unique(node[(problem.today == pos) & (problem.households > 0)]).tolist())
        for lock in problem.locks
        if lock.kind == "split"
        for pos in lock.communities
        if pos not in frozen
    )
    held = [
        (int(node[lock.atoms[0]]), int(node[s.atom_pos]))
        for lock in problem.locks
        if lock.kind == "seat" and len(lock.atoms) == 1 and free[lock.atoms[0]]
        for s in problem.seats
        if s.community_pos in lock.communities and free[s.atom_pos] and node[s.atom_pos] != node[lock.atoms[0]]
    ]  # a seat that a lock moves: whoever sits there still holds the old centre
    ground = Ground(
        cost=joined,
        host=node[atom],
        edges=edges,
        border=np.zeros(len(edges)),
        windows=tuple(_on_nodes(w, node, free, n) for w in problem.windows),
        number=number - len(frozen),
        horizon=tuple(_on_nodes(w, node, free, n) for w in problem.horizon),
        apart=np.array(apart, dtype=np.int64).reshape(-1, 2),
        together=np.concatenate((loose, np.array(held, dtype=np.int64).reshape(-1, 2))),
        broken=broken,
    )
    return _Posed(ground, node, seat, atom)


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


def _locked_seats(
    problem: Problem, atoms: tuple[int, ...], communities: tuple[int, ...], seat: Ints, atom: Ints
) -> list[tuple[int, Bools]]:
    """Atoms that only a seat of their own may serve, with those seats."""
    if atoms:
        return [(a, atom == a) for a in atoms]
    return [
        (problem.seats[s].atom_pos, seat == s)
        for s in range(len(problem.seats))
        if problem.seats[s].community_pos in communities
    ]


def successors(problem: Problem, part: Ints, parts: int) -> Ints:
    """Community of today that each part succeeds, −1 for a new one, shape (parts,).

    A community goes on in the part that holds its seat, or without a seat in the part with most of its households;
    where several go on in one part, the one that a ``seat`` lock names does, then the one with most households
    there (design: *Identity*).
    """
    locked = {pos for lock in problem.locks if lock.kind == "seat" for pos in lock.communities}
    seat_atom = {seat.community_pos: seat.atom_pos for seat in problem.seats if seat.community_pos >= 0}
    claims = []
    for pos in range(len(problem.community_ids)):
        own = problem.today == pos
        if not own.any() and pos not in seat_atom:
            continue
        shares = np.bincount(part[own], weights=problem.households[own], minlength=parts)
        if pos in seat_atom:
            target = int(part[seat_atom[pos]])
        elif shares.max() > 0:
            target = int(shares.argmax())
        else:
            continue  # nobody lives there and no centre stands there: absorbed freely
        claims.append((pos not in locked, -float(shares[target]), pos, target))
    heir = np.full(parts, -1, dtype=np.int64)
    for _, _, pos, target in sorted(claims):
        if heir[target] < 0:
            heir[target] = pos
    return heir


def _report(
    problem: Problem, params: Params, posed: _Posed, answer: Answer, notes: dict[str, int], seconds: float
) -> Result:
    """Back to atoms and communities, with what was proved."""
    assert answer.part is not None
    frozen = sorted(kept(problem))
    free = posed.node >= 0
    part = np.full(problem.n, -1, dtype=np.int64)
    part[free] = answer.part[posed.node[free]]
    number = len(answer.seats)
    places: list[tuple[int, int]] = [(int(posed.atom[s]), int(posed.seat[s])) for s in answer.seats]
    aside = 0.0
    for position, pos in enumerate(frozen):
        own = problem.today == pos
        part[own] = number + position
        place, cost = _kept_seat(problem, pos, own)
        places.append(place)
        aside += cost
    heir = successors(problem, part, len(places))
    heir[number:] = frozen
    chosen = []
    for district, (atom, seat) in enumerate(places):
        x, y = problem.xy[atom] if seat < 0 else (problem.seats[seat].x, problem.seats[seat].y)
        chosen.append(Chosen(atom, float(x), float(y), int(heir[district]), seat >= 0))
    stayed = (problem.today >= 0) & (heir[part] == problem.today)
    moved = float(problem.households[(problem.today >= 0) & ~stayed].sum())
    cut = part[problem.edges[:, 0]] != part[problem.edges[:, 1]]
    # A search that was stopped early has no better bound than that everyone is served from the nearest seat.
    trivial = float(posed.ground.cost.min(axis=1).sum())
    value, bound = answer.cost + aside, max(answer.bound, min(trivial, answer.cost)) + aside
    terms = (
        Term("distance_m_households", value, bound),
        Term("communities", float(len(places)), float(len(places))),
        Term("moved_households", moved, 0.0),
        Term("open_border_km", float(problem.open_km[cut].sum()), 0.0),
    )
    enough = 1e-6 if answer.pairs <= SMALL_PAIRS else max(params.gap_share, 1e-6)
    status: Status = "optimal" if value - bound <= enough * max(value, 1.0) else "feasible"
    more = {**notes, "regions": answer.regions, "pairs": answer.pairs}
    return Result(
        problem.name, "redraw", status, Solution(part, tuple(chosen)), value, bound, terms, seconds, params.seed,
        (), more,
    )  # fmt: skip


def _kept_seat(problem: Problem, pos: int, own: Bools) -> tuple[tuple[int, int], float]:
    """Seat of a kept community, (atom, position in seats or −1), and its share of the objective."""
    weight = problem.households[own] + 1.0
    for s, seat in enumerate(problem.seats):
        if seat.community_pos == pos:
            return (seat.atom_pos, s), float(weight @ problem.seat_distance_m[own, s])
    atoms = np.flatnonzero(own)
    sums = weight @ problem.site_distance_m[np.ix_(atoms, atoms)]
    return (int(atoms[sums.argmin()]), -1), float(sums.min())
