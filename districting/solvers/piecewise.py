"""Sub-districts of many atoms: joins and splits of whole communities, or pieces solved by themselves.

What breaks a rule is broken in one community and mended among its neighbours. So two plans are made, and the
better one counts: that of whole communities (`exact.whole`), which is quick on any land and as legal here; and
that of pieces, each some whole communities side by side, solved in the mode asked for and joined again. A piece
without a plan is solved once more together with a neighbour. Either plan is legal on the whole, for every part of
it lies in one piece. The exact methods of `adjust` and `redraw` grow faster than the land: 10,000 atoms have no
other plan in any time that people wait. What is proved holds for every plan of the whole: it is what no division
can avoid (`_at_least`), not what the pieces prove of themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from districting.plans.problem import Floats, Ints, Problem
from districting.progress import Progress, Step, Stop
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.bounds import moved_at_least
from districting.solvers.exact.parts.restriction import restrict
from districting.solvers.exact.whole.whole import solve_whole
from districting.solvers.params import Params
from districting.solvers.profile import Profile, Stage
from districting.solvers.redraw.numbers import number_range
from districting.solvers.redraw.redraw import successors
from districting.solvers.result import Chosen, Result, Solution, Status, Term

#: Land of more atoms is divided.
LARGE = 600
#: Atoms of a piece, as many as the exact methods settle within seconds; a much smaller one joins a neighbour.
ATOMS, _RATHER_SMALL = 80, 0.4
#: Share of the time for the plan of whole communities; shares of the rest in which pieces are solved for the first
#: stage alone, all of them and then those that are still open; the other stages have what is left.
_WHOLE, _ALL, _OPEN = 0.3, 0.4, 0.45
#: A piece without a plan is joined to neighbours so many times.
_JOINS = 4

Solve = Callable[[Problem, Params], Result]


def divides(problem: Problem) -> bool:
    """Whether the land is large, and nothing is asked that only the whole can answer."""
    return problem.n > LARGE and problem.number is None and not problem.unlike


def solve_large(
    problem: Problem, mode: str, profile: Profile, params: Params, solve: Solve, *, progress: Progress, stop: Stop
) -> Result:
    """The better of the plan of whole communities and the plan of pieces; ``unknown`` without either.

    Nothing is tried on the whole land after that: its models alone would outlast any limit.

    Parameters
    ----------
    problem
        One that `divides`.
    mode, profile
        ``adjust`` or ``redraw``, and what is wanted, in order.
    params
        Its time is shared out: to the whole communities, then to pieces by their atoms.
    solve
        Solves one piece in the mode.
    progress, stop
        Told of every piece; asked between pieces.
    """
    began = time.monotonic()
    within = replace(params, time_limit_s=_WHOLE * params.time_limit_s, profile=profile)
    whole = solve_whole(problem, within, progress=progress, stop=stop).solution
    if whole is not None and mode == "redraw":
        heirs = successors(problem, whole.part, len(whole.chosen)).tolist()
        named = zip(whole.chosen, heirs, strict=True)
        whole = Solution(whole.part, tuple(replace(one, community_pos=heir) for one, heir in named))
    left = params.time_limit_s - (time.monotonic() - began)
    pieced = _by_pieces(problem, profile, replace(params, time_limit_s=left), solve, progress, stop)
    plans = [plan for plan in (whole, pieced) if plan is not None]
    seconds = time.monotonic() - began
    if not plans:
        least, none = _at_least(problem, profile.stages[0]), float("inf")
        notes = {"profile": profile.profile_id, "divided": True}
        return Result(problem.name, mode, "unknown", None, none, least, (), seconds, params.seed, notes=notes)
    best = min(plans, key=partial(_worth, problem, profile))
    return _result(problem, mode, profile, params, best, seconds)


@dataclass(frozen=True)
class _Piece:
    """The plan of a piece: its atoms and communities in the whole problem, and itself; ``open``: not proved."""

    atoms: Ints
    owners: list[int]
    problem: Problem
    plan: Solution
    open: bool


def _by_pieces(
    problem: Problem, profile: Profile, params: Params, solve: Solve, progress: Progress, stop: Stop
) -> Solution | None:
    """A plan made of the plans of pieces; None where some piece has none, alone or with its neighbours.

    The first stage comes first in all of them, and the pieces that it leaves open get what the others did not
    need. Then each is solved for all stages. The best of its plans counts.
    """
    began = time.monotonic()
    total, first = params.time_limit_s, replace(profile, stages=profile.stages[:1])
    plans = _first_plans(problem, replace(params, time_limit_s=_ALL * total, profile=first), solve, progress, stop)
    if plans is None:
        return None
    rounds = [(first, (_ALL + _OPEN) * total, [piece for piece, one in plans.items() if one.open])]
    if len(profile.stages) > 1:
        rounds.append((profile, total, list(plans)))
    for wanted, until, todo in rounds:
        for at, piece in enumerate(todo):
            one, left = plans[piece], until - (time.monotonic() - began)
            if stop() or left <= 0.0:
                break
            progress(Step("stage.solve", at, len(todo), problem.name))
            waiting = sum(plans[other].problem.n for other in todo[at:])
            share = _share_of(
                replace(params, time_limit_s=left, profile=wanted), one.problem.n, waiting, problem.n
            )
            again = solve(one.problem, share).solution
            if again is not None:
                plans[piece] = replace(one, plan=min((one.plan, again), key=partial(_worth, one.problem, profile)))
    return _joined(problem, plans)


def _first_plans(
    problem: Problem, params: Params, solve: Solve, progress: Progress, stop: Stop
) -> dict[int, _Piece] | None:
    """A plan of every piece, some of them joined to a neighbour; None where some piece has none."""
    began = time.monotonic()
    label = pieces_of(problem)
    todo = list(range(int(label.max()) + 1))
    plans: dict[int, _Piece] = {}
    joins, total = 0, len(todo)
    while todo:
        left = params.time_limit_s - (time.monotonic() - began)
        if stop() or left <= 0.0:
            return None
        piece = todo.pop(0)
        atoms = np.flatnonzero(label == piece)
        waiting = len(atoms) + int(np.isin(label, todo).sum())
        progress(Step("stage.solve", len(plans), total, problem.name))
        owners = np.unique(problem.today[atoms])
        owners = owners[owners >= 0].tolist()
        part = restrict(problem, atoms.tolist(), owners)
        result = solve(part, _share_of(replace(params, time_limit_s=left), len(atoms), waiting, problem.n))
        if result.solution is not None:
            plans[piece] = _Piece(atoms, owners, part, result.solution, result.status != "optimal")
            continue
        other = _nearest(problem, label, piece)
        joins += 1
        if other is None or joins > _JOINS + total // 4 or len(atoms) > _JOINS * ATOMS:
            return None
        # the two are one from here on, under the other's label
        label = np.where(label == piece, other, label)
        plans.pop(other, None)
        todo = [other, *(one for one in todo if one != other)]
    return dict(sorted(plans.items()))


def _share_of(params: Params, atoms: int, waiting: int, total: int) -> Params:
    """Time by the atoms of a piece among those that wait, and its share of the gap asked of all."""
    time_limit_s = max(params.time_limit_s * atoms / waiting, 0.2)
    return replace(params, time_limit_s=time_limit_s, gap_households=params.gap_households * atoms / total)


def _worth(problem: Problem, profile: Profile, plan: Solution) -> list[float]:
    """What a plan is worth in each stage."""
    return [terms.worth(problem, stage, plan) for stage in profile.stages]


def pieces_of(problem: Problem, atoms: int = ATOMS) -> Ints:
    """Piece of each atom, shape (n,): connected sets of whole communities, about ``atoms`` large."""
    unit = _units(problem)
    many = int(unit.max()) + 1
    size = np.bincount(unit, minlength=many)
    borders = _borders(problem, unit, many)
    centre = np.zeros((many, 2))
    np.add.at(centre, unit, problem.xy)
    centre /= size[:, None]
    label = np.full(many, -1, dtype=np.int64)
    amounts: list[int] = []
    for first in np.lexsort((centre[:, 1], centre[:, 0])).tolist():
        if label[first] >= 0:
            continue
        piece, amount = len(amounts), int(size[first])
        label[first] = piece
        shared = borders[[first]].toarray()[0]
        while amount < atoms:
            open_to = np.where(label < 0, shared, 0)
            if not open_to.any():
                break
            # of the neighbours the nearest: pieces stay round
            near = np.flatnonzero(open_to > 0)
            away = np.hypot(*(centre[near] - centre[label == piece].mean(axis=0)).T)
            chosen = int(near[np.argmin(away)])
            label[chosen] = piece
            amount += int(size[chosen])
            shared = shared + borders[[chosen]].toarray()[0]
        amounts.append(amount)
    return _without_small(problem, label[unit], atoms)


def _without_small(problem: Problem, label: Ints, atoms: int) -> Ints:
    """The same with every small piece joined to the neighbour that it has most borders with."""
    for piece in np.argsort(np.bincount(label), kind="stable").tolist():
        if np.count_nonzero(label == piece) >= _RATHER_SMALL * atoms:
            break
        other = _nearest(problem, label, piece)
        if other is not None:
            label = np.where(label == piece, other, label)
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _nearest(problem: Problem, label: Ints, piece: int) -> int | None:
    """The piece with most borders in common; None without a neighbour."""
    ends = label[_ways(problem)]
    beside = np.concatenate((ends[ends[:, 0] == piece, 1], ends[ends[:, 1] == piece, 0]))
    beside = beside[beside != piece]
    return int(np.bincount(beside).argmax()) if len(beside) else None


def _ways(problem: Problem) -> Ints:
    """Borders and gaps, shape (·, 2)."""
    return np.concatenate((problem.edges, np.array(problem.gaps, dtype=np.int64).reshape(-1, 2)))


def _borders(problem: Problem, unit: Ints, many: int) -> sparse.csr_array:
    """Borders and gaps between units, both ways."""
    ends = unit[_ways(problem)]
    ends = ends[ends[:, 0] != ends[:, 1]]
    both = np.concatenate((ends, ends[:, ::-1]))
    return sparse.csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(many, many))


def _units(problem: Problem) -> Ints:
    """What no piece may part, shape (n,): communities, land in none with a neighbour, what locks and gaps tie."""
    n, parts = problem.n, len(problem.community_ids)
    # node n + c is community c, which holds its atoms and is tied by locks
    owned = np.flatnonzero(problem.today >= 0)
    ties = [np.column_stack((owned, n + problem.today[owned])), np.array(problem.gaps).reshape(-1, 2)]
    loose = (problem.today < 0)[problem.edges]
    ties.append(problem.edges[loose.all(axis=1)])
    mixed = problem.edges[loose.any(axis=1) & ~loose.all(axis=1)]
    # each atom in no community goes with its first neighbour in one
    outside = np.where(problem.today[mixed[:, 0]] < 0, mixed[:, 0], mixed[:, 1])
    ties.append(mixed[np.unique(outside, return_index=True)[1]])
    held: list[Sequence[int]] = list(problem.compounds)
    held += [
        (*lock.atoms, *(n + pos for pos in lock.communities)) for lock in problem.locks if lock.kind != "keep"
    ]
    held += [(seat.atom_pos, n + seat.community_pos) for seat in problem.seats if seat.community_pos >= 0]
    ties += [np.column_stack((np.full(len(tied), tied[0]), tied)) for tied in held if tied]
    pairs = np.concatenate([one.astype(np.int64).reshape(-1, 2) for one in ties])
    net = sparse.csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n + parts, n + parts))
    label = csgraph.connected_components(net, directed=False)[1][:n]
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _joined(problem: Problem, plans: Mapping[int, _Piece]) -> Solution:
    """The plans of all pieces as one."""
    part = np.full(problem.n, -1, dtype=np.int64)
    chosen: list[Chosen] = []
    for one in plans.values():
        part[one.atoms] = one.plan.part + len(chosen)
        for place in one.plan.chosen:
            owner = one.owners[place.community_pos] if place.community_pos >= 0 else -1
            chosen.append(replace(place, atom_pos=int(one.atoms[place.atom_pos]), community_pos=owner))
    return Solution(part, tuple(chosen))


def _at_least(problem: Problem, stage: Stage) -> float:
    """What no plan of the whole can avoid in a stage, term by term."""

    def ways() -> Floats:
        near: Floats = problem.site_distance_m.min(axis=1)
        if len(problem.seats):
            near = np.minimum(near, problem.seat_distance_m.min(axis=1))
        return near

    least: Mapping[str, Callable[[], float]] = {
        # a plan from scratch may fill its parts: no room to grow is taken off
        "moved_households": lambda: moved_at_least(replace(problem, headroom=0.0)),
        "communities": lambda: float(number_range(problem)[0]),
        "distance_m_households": lambda: float((problem.households + 1.0) @ ways()),
        "open_border_km": lambda: float(np.minimum(problem.open_km, problem.crossing_km).sum()),
        "deviation_households": lambda: 0.0,
    }
    return sum(weight * least[term]() for term, weight in stage.weights.items() if weight > 0)


def _result(
    problem: Problem, mode: str, profile: Profile, params: Params, solution: Solution, seconds: float
) -> Result:
    """The plan with what it is worth and what is proved of every plan."""
    values = _worth(problem, profile, solution)
    bounds = [min(_at_least(problem, stage), value) for stage, value in zip(profile.stages, values, strict=True)]
    first = profile.stages[0]
    gap = max(terms.tolerance(problem, params, first), terms.share_of_value(params, first) * values[0])
    names = [stage.name for stage in profile.stages]
    notes = {
        "profile": profile.profile_id,
        "divided": True,
        "bound_covers": dict.fromkeys(names, "all sites"),
        "stages": [
            {"name": name, "settled_at": value, "lower_bound": bound, "ceiling": value}
            for name, value, bound in zip(names, values, bounds, strict=True)
        ],
    }
    found = tuple(Term(*one) for one in zip(names, values, bounds, strict=True))
    status: Status = "optimal" if values[0] - bounds[0] <= gap else "feasible"
    return Result(
        problem.name, mode, status, solution, values[0], bounds[0], found, seconds, params.seed, notes=notes
    )
