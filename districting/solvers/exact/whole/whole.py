"""`whole`: communities are joined as wholes or split by themselves. Exact: it decomposes (method §6).

Every legal union of whole communities is enumerated; each community that must split is a problem of its own,
solved by `adjust` on its own land under the same profile; set partitioning picks, stage by stage (`covers`). What
cannot be covered is named with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.exact.adjust.named import compile_first
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.parts.sites import kept
from districting.solvers.exact.whole.covers import Cover, Covers
from districting.solvers.exact.whole.giving import give_open_land
from districting.solvers.exact.whole.splits import Splits
from districting.solvers.exact.whole.uncovered import why_uncovered
from districting.solvers.exact.whole.union_worth import UnionMeasure
from districting.solvers.exact.whole.unions import MOST_UNIONS, Column, Judge, connected_sets, must_split, units_of
from districting.solvers.params import Params
from districting.solvers.profile import DEFAULTS, Profile, preset
from districting.solvers.redraw.numbers import number_asked
from districting.solvers.result import Chosen, Conflict, Result, Solution, Status, Term


def solve_whole(problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never) -> Result:
    """The plan of whole communities that is best by the profile, stage by stage.

    Parameters
    ----------
    problem
        One sub-district.
    params
        ``whole_may_join`` lets a community without a legal union join a part of an oversized neighbour.
        ``profile`` None: least-change. A target number means the nearest number that unions and splits can give.
    progress, stop
        Whom to tell and to ask.

    Returns
    -------
    Result
        Status ``infeasible`` with a conflict for each community that no union covers.
    """
    profile = params.profile or preset(DEFAULTS["whole"])
    if must_split(problem):
        compile_first()  # splits are made by `adjust`: on a fresh machine compiling would eat their time
    clock = Clock(params.time_limit_s, params.threads, params.seed, progress, stop, problem.name)
    units, neighbours = units_of(problem)
    judge = Judge(problem, units, profile.stages)
    splitting = must_split(problem)
    plain = [pos for pos, unit in enumerate(units) if unit.community_pos not in splitting]
    sets = list(islice(connected_sets(neighbours, plain, judge.fits), MOST_UNIONS))
    # A kept community stands alone whatever its size.
    sets += [(pos,) for pos, unit in enumerate(units) if unit.community_pos in kept(problem)]
    found = [judge.columns(members) for members in dict.fromkeys(sets)]
    columns = [column for columns in found if not isinstance(columns, str) for column in columns]

    todo = [pos for pos, unit in enumerate(units) if unit.community_pos in splitting]
    counted = problem.number is not None or profile.number == "target"
    splits = Splits(judge, params, profile, clock, counted)
    columns += splits.made([(pos,) for pos in todo])
    cover = _cover(problem, len(units), columns, judge, params, profile, clock, splits)
    # Another choice of whom to leave uncovered may have a join that works: before there is none, all are tried.
    joined: set[tuple[int, ...]] = set()
    for wanted in (cover.uncovered, plain) if params.whole_may_join else ():
        pairs = [pair for pair in _hybrids(judge, neighbours, wanted, todo) if pair not in joined]
        if not cover.uncovered or not pairs:
            continue
        joined |= set(pairs)
        columns += splits.made(pairs)
        cover = _cover(problem, len(units), columns, judge, params, profile, clock, splits)
    if cover.uncovered or not cover.columns:
        covered = not cover.uncovered and not cover.closed
        # A number that the splits tried do not give might come from others.
        numbers_left = cover.closed and splits.partial
        proved = not (covered or cover.shared or splits.still_open or numbers_left) and len(sets) < MOST_UNIONS
        conflicts = tuple(why_uncovered(judge, neighbours, columns, pos) for pos in cover.uncovered)
        if cover.closed and not cover.shared and problem.number is not None:
            fewest, most = problem.number
            conflicts = (Conflict("number", (), (), float(fewest), float(most), "communities"),)
        status: Status = "infeasible" if proved and not stop() else "unknown"
        return Result(problem.name, "whole", status, None, np.inf, 0.0, (), clock.seconds, params.seed, conflicts)
    clock.tell(incumbent=cover.settled_at[0], bound=cover.bounds[0])
    return _result(problem, cover, len(columns), judge.measure, params, profile, clock)


def _cover(
    problem: Problem,
    n_units: int,
    columns: Sequence[Column],
    judge: Judge,
    params: Params,
    profile: Profile,
    clock: Clock,
    splits: Splits,
) -> Cover:
    """The best cover of all units by these columns."""
    asked = number_asked(problem) if profile.number == "target" else None
    covers = Covers(problem, n_units, columns, judge.measure, params, clock, splits.wider)
    return covers.best(asked=asked, partial=splits.partial)


def _hybrids(
    judge: Judge, neighbours: Sequence[Sequence[int]], uncovered: Sequence[int], splitting: Sequence[int]
) -> list[tuple[int, ...]]:
    """Each uncovered community together with each oversized neighbour, and all of one neighbour's together."""
    beside = {big: [unit for unit in uncovered if big in neighbours[unit]] for big in splitting}
    pairs: list[tuple[int, ...]] = [(unit, big) for big in splitting for unit in beside[big]]
    pairs += [(*together, big) for big, together in beside.items() if len(together) > 1]
    return [pair for pair in pairs if not set(pair[:-1]) & set(splitting)]


def _result(
    problem: Problem, cover: Cover, n_columns: int, measure: UnionMeasure, params: Params, profile: Profile,
    clock: Clock,
) -> Result:  # fmt: skip
    """The plan, open land given away."""
    part = np.full(problem.n, -1, dtype=np.int64)
    chosen: list[Chosen] = []
    for column in cover.columns:
        for atoms, place in column.parts:
            part[list(atoms)] = len(chosen)
            chosen.append(place)
    solution = Solution(give_open_land(problem, part, chosen, profile.stages), tuple(chosen))
    values = [terms.worth(problem, stage, solution) for stage in profile.stages]
    found = tuple(
        Term(stage.name, value, min(bound, value))
        for stage, value, bound in zip(profile.stages, values, cover.bounds, strict=True)
    )
    first = profile.stages[0]
    gap = max(terms.tolerance(problem, params, first), terms.share_of_value(params, first) * cover.settled_at[0])
    # what open land adds to the plan was not weighed: it counts against the proof
    weighed = sum(column.worth[0] for column in cover.columns) + measure.constant[0]
    ended_at = cover.settled_at[0] + max(values[0] - weighed, 0.0)
    proved = ended_at - cover.bounds[0] <= gap + 1e-9 * max(abs(ended_at), 1.0)
    notes = {
        "profile": profile.profile_id,
        "unions": n_columns,
        "bound_covers": dict(zip((stage.name for stage in profile.stages), cover.covers, strict=True)),
        "stages": [
            {"name": stage.name, "settled_at": settled, "lower_bound": term.lower_bound, "ceiling": ceiling}
            for stage, settled, term, ceiling in zip(
                profile.stages, cover.settled_at, found, cover.ceilings, strict=True
            )
        ],
    }
    if profile.number == "target":
        notes |= {"number": len(chosen), "number_asked": number_asked(problem)}
    return Result(
        problem.name, "whole", "optimal" if proved else "feasible", solution, found[0].value, found[0].lower_bound,
        found, clock.seconds, params.seed, notes=notes,
    )  # fmt: skip
