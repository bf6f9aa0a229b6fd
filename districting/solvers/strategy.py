"""How one sub-district is solved in one mode: look, solve, explain."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal

from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.conflicts.explanation import explain
from districting.solvers.conflicts.prechecks import prechecks
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.whole.whole import solve_whole
from districting.solvers.params import Params
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
    began = time.monotonic()
    seen = prechecks(problem)
    if seen:
        seconds = time.monotonic() - began
        return Result(
            problem.name, mode, "infeasible", None, float("inf"), 0.0, (), seconds, params.seed, conflicts=seen
        )
    result = _SOLVERS[mode](problem, params, progress=progress, stop=stop)
    if result.status != "infeasible" or problem.unlike:  # that no plan differs so much needs no explanation
        return result
    found = explain(problem, mode, params, progress=progress, stop=stop)
    if not found:  # a plan turned up that the search had not come to
        return replace(result, status="unknown", conflicts=(), seconds=time.monotonic() - began)
    # What the mode itself has seen is nearer to the ground: it comes first.
    return replace(result, conflicts=(*result.conflicts, *found), seconds=time.monotonic() - began)
