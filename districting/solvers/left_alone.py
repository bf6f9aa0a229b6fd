"""Communities that no plan can mend are left as they are, so that the rest of the sub-district gets its plan.

A policy may ask less of a community that a plan leaves alone ("in principle", "generally"). Then one of the wrong
size may stay exactly as it is (`Problem.may_stay`). Which ones: a set that leaves fewest households out of bounds
among those with which a plan exists. What is left alone takes its land out of the search and gives nobody
anything, so a set without a plan tells who must be left alone besides: whoever cannot be covered, split or placed
stays so whatever else is left alone. Only where a conflict names nobody, every community of the wrong size is
tried in turn.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from districting.plans.problem import Floats, Lock, Problem, Window
from districting.solvers.exact.contiguity import components, neighbours_of
from districting.solvers.result import Conflict, Result

#: Causes that name whom no plan can cover, whoever else is left alone.
_HOPELESS = frozenset(
    {
        "atom_over_max",
        "atom_over_max_horizon",
        "no_union_alone",
        "no_union_below_min",
        "no_union_kept",
        "no_union_lock",
        "no_union_over_max",
        "no_union_oversized",
        "no_union_pieces",
        "no_union_reach",
        "split_impossible",
    }
)
#: So many sets are tried at most; then all that are of the wrong size are left alone.
MOST_SETS = 40


def amiss(problem: Problem) -> Floats:
    """Households (or what the first window counts) that each community of today is out of bounds; shape (c,).

    0 for one that any window allows, today and at the horizon.
    """
    known, count = problem.today >= 0, len(problem.community_ids)

    def excess(windows: tuple[Window, ...]) -> Floats:
        outs = []
        for window in windows:
            sums = np.bincount(problem.today[known], weights=window.weights[known], minlength=count)
            outs.append(np.maximum(np.maximum(sums - window.high, window.low - sums), 0.0))
        return np.where(np.min(outs, axis=0) == 0.0, 0.0, outs[0])

    lived = np.bincount(problem.today[known], weights=problem.households[known], minlength=count) > 0
    out = excess(problem.windows)
    if problem.horizon:
        out = np.maximum(out, excess(problem.horizon))
    return np.where(lived, out, 0.0)


def with_left_alone(
    problem: Problem, first: Result, solve: Callable[[Problem, float], Result], limit_s: float
) -> Result:
    """The result of a problem without a plan, once communities of the wrong size may stay.

    Parameters
    ----------
    problem
        Of which ``first`` says that it has no plan.
    first
        That answer; its conflicts stay, as the reason.
    solve
        Solves a problem within so many seconds, and explains nothing beyond what it sees itself.
    limit_s
        For all tries together.

    Returns
    -------
    Result
        With a plan: a conflict ``left_alone`` for each community that stays, then the reasons; ``notes`` have
        ``left_alone`` (ids), ``left_alone_out`` (households out of bounds that stay, with ``left_alone_least``: no
        set with fewer has a plan). The bounds hold among the plans that leave just these alone. Without one:
        ``first``.
    """
    began, out = time.monotonic(), amiss(problem)
    wrong = frozenset(np.flatnonzero(out > 0).tolist()) - _locked(problem) - _otherwise_wrong(problem)
    if not wrong:
        return first
    queue: list[tuple[float, tuple[int, ...]]] = []
    seen: set[frozenset[int]] = {frozenset()}
    for more in _next(problem, frozenset(), first, wrong):
        _push(queue, seen, more, out)
    proved, tried = True, 0
    while queue:
        left = limit_s - (time.monotonic() - began)
        if tried >= MOST_SETS or left <= 0.2 * limit_s:
            proved = False
            queue = [(float(out[sorted(wrong)].sum()), tuple(sorted(wrong)))]
        cost, alone = heapq.heappop(queue)
        result = solve(_staying(problem, alone), max(left, 1.0))
        tried += 1
        if result.solution is not None:
            return _told(problem, first, result, alone, cost, out, least=proved)
        if result.status != "infeasible":
            proved = False
        if tried > MOST_SETS or left <= 0.2 * limit_s:
            break
        for more in _next(problem, frozenset(alone), result, wrong):
            _push(queue, seen, more, out)
    return first


def _locked(problem: Problem) -> frozenset[int]:
    """Communities that a lock names: they are the planner's to settle."""
    return frozenset(pos for lock in problem.locks for pos in lock.communities)


def _otherwise_wrong(problem: Problem) -> frozenset[int]:
    """Communities that break more than a size as they stand: out of reach of their centre, or in pieces.

    The policy lets sizes stay, and nothing else.
    """
    limit, neighbours = problem.reach_limit_m, neighbours_of(problem)
    seats = {seat.community_pos: position for position, seat in enumerate(problem.seats)}
    found = set()
    for pos in range(len(problem.community_ids)):
        atoms = np.flatnonzero(problem.today == pos)
        lived = atoms[problem.households[atoms] > 0]
        if len(components(neighbours, atoms.tolist())) > max(len(np.unique(problem.piece[lived])), 1):
            found.add(pos)
        if limit is None or not len(lived):
            continue
        if pos in seats:
            reaches = bool((problem.seat_reach_m[lived, seats[pos]] <= limit).all())
        else:
            reaches = bool((problem.site_reach_m[np.ix_(lived, atoms)].max(axis=0) <= limit).any())
        if not reaches:
            found.add(pos)
    return frozenset(found)


def _next(
    problem: Problem, alone: frozenset[int], result: Result, wrong: frozenset[int]
) -> Iterator[frozenset[int]]:
    """Larger sets to try: with all who are known to be hopeless, else with one more, each in turn."""
    index = {name: pos for pos, name in enumerate(problem.community_ids)}
    named = {
        index[name]
        for conflict in result.conflicts
        if conflict.cause in _HOPELESS and len(conflict.communities) == 1
        for name in conflict.communities
    }
    hopeless = (named & wrong) - alone
    if hopeless:
        yield alone | hopeless
        return
    for pos in sorted(wrong - alone):
        yield alone | {pos}


def _push(
    queue: list[tuple[float, tuple[int, ...]]], seen: set[frozenset[int]], more: frozenset[int], out: Floats
) -> None:
    """Queue a set once, by what it leaves out of bounds."""
    if more not in seen:
        seen.add(more)
        heapq.heappush(queue, (float(out[sorted(more)].sum()), tuple(sorted(more))))


def _staying(problem: Problem, alone: tuple[int, ...]) -> Problem:
    """The problem with these communities kept exactly as they are."""
    return replace(problem, locks=(*problem.locks, Lock("keep", communities=alone)))


def _told(
    problem: Problem,
    first: Result,
    result: Result,
    alone: tuple[int, ...],
    cost: float,
    out: Floats,
    *,
    least: bool,
) -> Result:
    """The result with who was left alone, and why."""
    window = problem.windows[0]
    conflicts = []
    for pos in alone:
        size = float(window.weights[problem.today == pos].sum())
        allowed = window.high if size > window.high else window.low
        name = problem.community_ids[pos]
        conflicts.append(
            Conflict("left_alone", (), (name,), size, allowed, window.measure, {"out": float(out[pos])})
        )
    notes = {
        **result.notes,
        "left_alone": [problem.community_ids[pos] for pos in alone],
        "left_alone_out": cost,
        "left_alone_least": least,
    }
    return replace(result, conflicts=(*conflicts, *first.conflicts), notes=notes)
