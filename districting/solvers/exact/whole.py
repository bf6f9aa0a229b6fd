"""`whole`: communities are joined as wholes or split by themselves. Exact: it decomposes (method §6).

Every legal union of whole communities is enumerated; each community that must split is a problem of its own,
solved by `adjust` on its own land; a set partitioning picks. What cannot be covered is named with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pulp

from districting.plans.problem import Ints, Lock, Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.exact.adjust import solve_adjust
from districting.solvers.exact.backend import solve_model
from districting.solvers.exact.contiguity import neighbours_of
from districting.solvers.exact.cutting import Clock
from districting.solvers.exact.restriction import restrict
from districting.solvers.exact.sites import kept
from districting.solvers.exact.unions import MOST_UNIONS, Column, Judge, connected_sets, must_split, units_of
from districting.solvers.params import Params
from districting.solvers.result import Chosen, Conflict, Result, Solution, Status, Term


@dataclass(frozen=True)
class Picked:
    """Columns picked, units left uncovered, the bound on a full cover, and whether there is proved to be none.

    ``shared``: the cheapest cover uses some open land twice; picked is one that does not.
    """

    columns: tuple[Column, ...]
    uncovered: tuple[int, ...]
    bound: float
    closed: bool = False
    shared: bool = False


def solve_whole(problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never) -> Result:
    """The plan of whole communities that moves the fewest households, then has the fewest communities.

    Parameters
    ----------
    problem
        One sub-district.
    params
        ``whole_may_join`` lets a community without a legal union join a part of an oversized neighbour.
    progress, stop
        Whom to tell and to ask.

    Returns
    -------
    Result
        Status ``infeasible`` with a conflict for each community that no union covers.
    """
    clock = Clock(params.time_limit_s, params.threads, params.seed, progress, stop, problem.name)
    units, neighbours = units_of(problem)
    judge = Judge(problem, units)
    splitting = must_split(problem)
    plain = [pos for pos, unit in enumerate(units) if unit.community_pos not in splitting]
    sets = list(islice(connected_sets(neighbours, plain, judge.fits), MOST_UNIONS))
    # A kept community stands alone whatever its size.
    sets += [(pos,) for pos, unit in enumerate(units) if unit.community_pos in kept(problem)]
    found = [judge.columns(members) for members in dict.fromkeys(sets)]
    columns = [column for columns in found if not isinstance(columns, str) for column in columns]

    todo = [pos for pos, unit in enumerate(units) if unit.community_pos in splitting]
    splits, open_splits, failed = _split(judge, [(pos,) for pos in todo], params, clock)
    columns += splits
    picked = _pick(problem, len(units), columns, clock)
    if picked.uncovered and params.whole_may_join:
        pairs = _hybrids(judge, neighbours, picked.uncovered, todo)
        joined, more_open, _ = _split(judge, pairs, params, clock)
        open_splits, columns = open_splits or more_open, columns + joined
        picked = _pick(problem, len(units), columns, clock)
    if picked.uncovered or not picked.columns:
        covered = not picked.uncovered and not picked.closed
        proved = not (covered or picked.shared or open_splits) and len(sets) < MOST_UNIONS
        conflicts = tuple(_why_uncovered(judge, neighbours, columns, pos, failed) for pos in picked.uncovered)
        if picked.closed and not picked.shared and problem.number is not None:
            fewest, most = problem.number
            conflicts = (Conflict("number", (), (), float(fewest), float(most), "communities"),)
        status: Status = "infeasible" if proved and not stop() else "unknown"
        return Result(problem.name, "whole", status, None, np.inf, 0.0, (), clock.seconds, params.seed, conflicts)
    return _result(problem, picked, len(columns), params, clock)


def _split(
    judge: Judge, groups: Sequence[tuple[int, ...]], params: Params, clock: Clock
) -> tuple[list[Column], bool, dict[int, Result]]:
    """Columns that split each group of units on its own land; whether one stayed open; those proved impossible."""
    columns, still_open, failed = [], False, {}
    for number, group in enumerate(groups):
        until = clock.seconds + clock.left_s / (len(groups) - number)
        lands: tuple[int, ...] = ()
        result = _split_on(judge, group, lands, params, clock, until=until)
        around = tuple(judge.touching(judge.atoms(group)))
        if result.status == "infeasible" and around:
            lands = around
            result = _split_on(judge, group, lands, params, clock, until=until)
        if result.solution is None:
            still_open |= result.status != "infeasible"
            failed[group[0]] = result
            continue
        atoms, owners = judge.with_land(judge.atoms(group), lands), _owners(judge, group)
        parts: list[tuple[tuple[int, ...], Chosen]] = []
        for pos, chosen in enumerate(result.solution.chosen):
            mine = tuple(atoms[atom] for atom in np.flatnonzero(result.solution.part == pos).tolist())
            owner = owners[chosen.community_pos] if chosen.community_pos >= 0 else -1
            parts.append((mine, replace(chosen, atom_pos=atoms[chosen.atom_pos], community_pos=owner)))
        columns.append(Column(group, tuple(parts), result.objective, result.lower_bound, lands))
    return columns, still_open, failed


def _owners(judge: Judge, group: Sequence[int]) -> list[int]:
    """Communities of a group of units."""
    return sorted(judge.units[unit].community_pos for unit in group if judge.units[unit].community_pos >= 0)


def _split_on(
    judge: Judge, group: tuple[int, ...], lands: tuple[int, ...], params: Params, clock: Clock, *, until: float
) -> Result:
    """`adjust` on the land of a group of units, and on the components ``lands`` of open land."""
    atoms, owners = judge.with_land(judge.atoms(group), lands), _owners(judge, group)
    part = restrict(judge.problem, atoms, owners)
    rank = {pos: place for place, pos in enumerate(owners)}
    place = {atom: pos for pos, atom in enumerate(atoms)}
    seated = [rank[pos] for pos in owners if pos in judge.seat_of and pos in judge.splitting]
    whole = [judge.units[unit] for unit in group if judge.units[unit].community_pos not in judge.splitting]
    locks = [
        *(Lock("seat", communities=(pos,)) for pos in seated),
        *(Lock("together", atoms=tuple(place[atom] for atom in unit.atoms)) for unit in whole),
    ]
    share = replace(params, time_limit_s=max(until - clock.seconds, 0.1))
    return solve_adjust(
        replace(part, locks=(*part.locks, *locks)), share, progress=clock.progress, stop=clock.stop
    )


def _hybrids(
    judge: Judge, neighbours: Sequence[Sequence[int]], uncovered: Sequence[int], splitting: Sequence[int]
) -> list[tuple[int, ...]]:
    """Each uncovered community together with each oversized neighbour, and all of one neighbour's together."""
    beside = {big: [unit for unit in uncovered if big in neighbours[unit]] for big in splitting}
    pairs: list[tuple[int, ...]] = [(unit, big) for big in splitting for unit in beside[big]]
    pairs += [(*together, big) for big, together in beside.items() if len(together) > 1]
    return [pair for pair in pairs if not set(pair[:-1]) & set(splitting)]


def _pick(problem: Problem, n_units: int, columns: Sequence[Column], clock: Clock) -> Picked:
    """Set partitioning: every unit in one column, least moved, then fewest communities.

    First with slack and without the number of communities, which names the units that nothing covers; then the
    number is asked too.
    """
    picked = _partition(problem, n_units, columns, clock, number=None)
    if not picked.uncovered and problem.number is not None:
        picked = _partition(problem, n_units, columns, clock, number=problem.number)
    used = Counter(land for column in picked.columns for land in column.land)
    if picked.uncovered or max(used.values(), default=0) < 2:
        return picked
    # Two unions may well share a component of open land between them; how is not sought, so the bound stays.
    apart = _partition(problem, n_units, columns, clock, number=problem.number, share_land=False)
    return replace(apart, bound=picked.bound, shared=True)


def _partition(
    problem: Problem,
    n_units: int,
    columns: Sequence[Column],
    clock: Clock,
    *,
    number: tuple[int, int] | None,
    share_land: bool = True,
) -> Picked:
    """One set partitioning; slack only while the number is free."""
    total, light = float(problem.households.sum()), 1.0 / (problem.n + 1)
    model = pulp.LpProblem("whole")
    z = [model.add_variable(f"z{pos:06d}", 0, 1, cat=pulp.LpInteger) for pos in range(len(columns))]
    most = 1 if number is None else 0
    slack = [model.add_variable(f"u{pos:04d}", 0, most, cat=pulp.LpInteger) for pos in range(n_units)]
    cost = [(z[pos], column.moved + light * len(column.parts)) for pos, column in enumerate(columns)]
    model += pulp.LpAffineExpression([*cost, *((variable, total + 1.0) for variable in slack)])
    rows: list[list[tuple[pulp.LpVariable, float]]] = [[(variable, 1.0)] for variable in slack]
    for variable, column in zip(z, columns, strict=True):
        for unit in column.units:
            rows[unit].append((variable, 1.0))
    for row in rows:
        model += pulp.LpAffineExpression(row) == 1
    if not share_land:
        for land in sorted({land for column in columns for land in column.land}):
            using = [(z[pos], 1.0) for pos, column in enumerate(columns) if land in column.land]
            model += pulp.LpAffineExpression(using) <= 1
    if number is not None:
        count = pulp.LpAffineExpression([(z[pos], float(len(column.parts))) for pos, column in enumerate(columns)])
        model += count >= number[0]
        model += count <= number[1]
    solved = solve_model(model, time_limit_s=clock.left_s, threads=clock.threads, seed=clock.seed, stop=clock.stop)
    if not solved.found:
        return Picked((), (), 0.0, closed=solved.status == "infeasible")
    chosen = tuple(column for pos, column in enumerate(columns) if solved.values[z[pos].name] > 0.5)
    left = tuple(unit for unit in range(n_units) if solved.values[slack[unit].name] > 0.5)
    # Splits that stopped early may still save as much as their own gaps say.
    open_gap = sum(column.moved - column.moved_bound for column in columns)
    return Picked(chosen, left, max(float(np.floor(solved.bound + 1e-6)) - open_gap, 0.0))


def _result(problem: Problem, picked: Picked, n_columns: int, params: Params, clock: Clock) -> Result:
    """The plan, with land that nobody lives on joined to any neighbour."""
    part = np.full(problem.n, -1, dtype=np.int64)
    chosen: list[Chosen] = []
    for column in picked.columns:
        for atoms, place in column.parts:
            part[list(atoms)] = len(chosen)
            chosen.append(place)
    _absorb(problem, part)
    moved = sum(column.moved for column in picked.columns)
    bound = min(picked.bound, moved)
    gap = max(params.gap_households, params.gap_share * float(problem.households.sum()))
    terms = (
        Term("moved_households", moved, bound),
        Term(
            "communities", float(len(chosen)), float(len(chosen)) if bound == moved and not picked.shared else 1.0
        ),
    )
    status: Status = "optimal" if moved - bound <= gap else "feasible"
    notes = {"unions": n_columns, "bound_covers": {"moved_households": "all unions", "communities": "all unions"}}
    solution = Solution(part, tuple(chosen))
    return Result(
        problem.name, "whole", status, solution, moved, bound, terms, clock.seconds, params.seed, notes=notes
    )


def _absorb(problem: Problem, part: Ints) -> None:
    """Give land in no part to the part with which it shares most borders, from the edge inwards."""
    frozen = kept(problem)
    neighbours = neighbours_of(problem)
    while (part < 0).any():
        joined = {}
        for atom in np.flatnonzero(part < 0).tolist():
            near = [other for other in neighbours[atom] if part[other] >= 0]
            near = [other for other in near if int(problem.today[other]) not in frozen] or near
            if near:
                count = Counter(int(part[other]) for other in near)
                joined[atom] = min(count, key=lambda pos, count=count: (-count[pos], pos))  # type: ignore[misc]
        if not joined:
            part[part < 0] = 0  # an island that nobody lives on
            return
        for atom, pos in joined.items():
            part[atom] = pos


def _why_uncovered(
    judge: Judge,
    neighbours: Sequence[Sequence[int]],
    columns: Sequence[Column],
    unit: int,
    failed: dict[int, Result],
) -> Conflict:
    """Why no column covers a unit, read from the union that came nearest."""
    problem = judge.problem
    window = problem.windows[0]
    own = judge.units[unit]

    def name(pos: int) -> str:
        community = judge.units[pos].community_pos
        return problem.community_ids[community] if community >= 0 else problem.atom_ids[judge.units[pos].atoms[0]]

    ids = (name(unit),) if own.community_pos >= 0 else ()
    size = float(judge.sums((unit,))[0])
    unit_of_measure = window.measure
    if unit in failed or own.community_pos in judge.splitting:
        return Conflict("split_impossible", (), ids, size, window.high, unit_of_measure, {"community": name(unit)})
    if any(unit in column.units for column in columns):
        return Conflict("no_union_choice", (), ids, size, window.high, unit_of_measure, {"size": size})
    tried = []
    for near in neighbours[unit]:
        reason = judge.columns((unit, near))
        if isinstance(reason, str):
            tried.append((reason, float(judge.sums((unit, near))[0]), near))
    order = ("over_max", "reach", "oversized", "below_min", "kept", "lock", "pieces")
    tried.sort(key=lambda entry: (order.index(entry[0]), entry[1], entry[2]))
    if not tried:
        cause = "no_union_alone"
        return Conflict(cause, (), ids, size, window.low, unit_of_measure, {"community": name(unit)})
    reason, total, near = tried[0]
    allowed = {"over_max": window.high, "oversized": window.high, "reach": problem.reach_limit_m or 0.0}
    detail = {"community": name(unit), "size": size, "neighbour": name(near), "tried": len(tried)}
    return Conflict(f"no_union_{reason}", (), ids, total, allowed.get(reason, window.low), unit_of_measure, detail)
