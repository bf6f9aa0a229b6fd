"""How one sub-district is solved in one mode: look, solve, explain."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.conflicts.explanation import explain
from districting.solvers.conflicts.prechecks import prechecks
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.whole.whole import solve_whole
from districting.solvers.left_alone import with_left_alone
from districting.solvers.params import Params
from districting.solvers.piecewise import divides, solve_large
from districting.solvers.profile import DEFAULTS, preset
from districting.solvers.redraw.ground import frozen_atoms
from districting.solvers.redraw.redraw import solve_redraw
from districting.solvers.result import Result

#: What a search for a new division may be asked for.
SolveMode = Literal["whole", "adjust", "redraw"]

_SOLVERS = {"whole": solve_whole, "adjust": solve_adjust, "redraw": solve_redraw}


def solve(
    problem: Problem, mode: SolveMode, params: Params, *, progress: Progress = silent, stop: Stop = never
) -> Result:
    """The best plan of one mode, or why there is none.

    Parameters
    ----------
    problem
        One sub-district.
    mode
        ``whole``: communities are joined or split as wholes. ``adjust``: today's communities keep their seats
        and as few households as possible move. ``redraw``: from scratch.
    params
        Time limit, gaps, seed.
    progress, stop
        Whom to tell and to ask; after a stop the best plan so far comes back.
    """
    result = _solve(problem, mode, params, progress, stop)
    ordered = None if result.solution is None else result.solution.in_order()
    return replace(result, solution=ordered)


def _solve(problem: Problem, mode: SolveMode, params: Params, progress: Progress, stop: Stop) -> Result:
    """The best plan, or why there is none."""
    began = time.monotonic()
    if mode == "whole":  # a compound across communities stays divided as they are
        problem = replace(problem, compounds=tuple(filter(_of_one_community(problem), problem.compounds)))
    result = _seen_or_solved(problem, mode, params, progress, stop)
    if problem.unlike:  # that no plan differs so much needs no explanation
        return result if mode == "redraw" else _unproved(result)
    if result.status != "infeasible":
        return result
    # What the mode itself has seen is nearer to the ground: it comes first.
    found = (
        result.conflicts if _SEEN in result.notes else explain(problem, mode, params, progress=progress, stop=stop)
    )
    if not found:  # a plan turned up that the search had not come to
        return replace(result, status="unknown", conflicts=(), seconds=time.monotonic() - began)
    if _SEEN not in result.notes:
        result = replace(result, conflicts=(*result.conflicts, *found))
    if problem.may_stay and not stop():

        def solve_within(asked: Problem, limit_s: float) -> Result:
            within = replace(params, time_limit_s=limit_s)
            return _seen_or_solved(asked, mode, within, progress, stop)

        result = with_left_alone(problem, result, solve_within, params.time_limit_s)
    return replace(result, seconds=time.monotonic() - began)


def _unproved(result: Result) -> Result:
    """A further plan without bounds: the models ask more of it than that it differs, so others may be better."""
    if result.solution is None:
        return replace(result, status="unknown")
    steps = [{**step, "lower_bound": 0.0} for step in result.notes["stages"]]
    found = tuple(replace(term, lower_bound=0.0) for term in result.terms)
    return replace(
        result, status="feasible", lower_bound=0.0, terms=found, notes={**result.notes, "stages": steps}
    )


def _of_one_community(problem: Problem) -> Callable[[tuple[int, ...]], bool]:
    """Whether a compound lies in one community of today."""
    return lambda atoms: len(set(problem.today[list(atoms)].tolist())) == 1


#: Note on a result that was seen at first sight: nothing more is to be said of it.
_SEEN = "seen"


def _seen_or_solved(
    problem: Problem, mode: SolveMode, params: Params, progress: Progress, stop: Stop, *, divided: bool = False
) -> Result:
    """What is seen at first sight, else what the mode's own solver says; large land is divided first."""
    began = time.monotonic()
    seen = prechecks(problem)
    if seen:
        none, seconds = float("inf"), time.monotonic() - began
        return Result(
            problem.name, mode, "infeasible", None, none, 0.0, (), seconds, params.seed, seen, {_SEEN: True}
        )
    profile = params.profile or preset(DEFAULTS[mode])
    if mode == "redraw" and frozen_atoms(problem).all():
        # there is nothing to draw: what stands is measured by the same aims
        aims = replace(profile, number="free")
        return replace(solve_adjust(problem, replace(params, profile=aims)), mode=mode)
    # `whole` divides any land by itself
    if mode != "whole" and not divided and divides(problem):

        def solve_piece(piece: Problem, share: Params) -> Result:
            return _seen_or_solved(piece, mode, share, silent, stop, divided=True)

        return solve_large(problem, mode, profile, params, solve_piece, progress=progress, stop=stop)
    return _SOLVERS[mode](problem, params, progress=progress, stop=stop)
