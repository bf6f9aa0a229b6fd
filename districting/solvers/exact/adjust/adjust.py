"""`adjust`: today's communities live on at their seats or not at all, and what is wanted comes first.

The stages of the profile are settled one after the other (method §5), each within the tolerance of those before.
By default: as few households as possible change community, then fewest communities, shortest ways, open border.
Every bound covers every site.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from districting.plans.problem import Problem
from districting.progress import Progress, Stop, never, silent
from districting.solvers.exact.adjust.named import Named, compile_first
from districting.solvers.exact.adjust.search import Search
from districting.solvers.exact.adjust.settling import plan_at_hand, rule_out_for_later, settle
from districting.solvers.exact.parts.bounds import moved_at_least
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.parts.sites import locked_to_live
from districting.solvers.params import Params
from districting.solvers.profile import DEFAULTS, Profile, preset
from districting.solvers.redraw.numbers import number_asked, number_range, numbers_to_try
from districting.solvers.result import Result, Status, Term

#: The first stage may use so many times the time of each later one.
FIRST = 3.0
#: Share of the first stage's time for a good plan before columns. Where time is short nothing else makes one:
#: there it is up to half, if that is no more than so many seconds.
AT_HAND, AT_HAND_S = 0.2, 2.0
#: Share of a stage's time for columns; the models of pairs close what they leave.
BY_COLUMNS = 0.7


@dataclass(frozen=True)
class _Ended:
    """How the search with one number of communities ended; ``impossible`` is proved."""

    search: Search
    first_proved: bool
    impossible: bool = False


def solve_adjust(problem: Problem, params: Params, *, progress: Progress = silent, stop: Stop = never) -> Result:
    """The plan that is best by the profile, stage by stage, with a bound for each.

    Parameters
    ----------
    problem
        One sub-district.
    params
        Time limit, gaps, seed, profile (None: least-change).
    progress, stop
        Whom to tell and to ask; after a stop the best legal plan so far comes back.

    Returns
    -------
    Result
        One term per stage; its bound holds for every plan that keeps the ceilings of the stages before, whatever
        its sites (``notes["bound_covers"]``). ``notes["stages"]`` has for each stage the value at which it was
        settled, the bound and the ceiling. Where the profile asks for a target number of communities,
        ``notes["number"]`` and ``["number_asked"]``.
    """
    profile = params.profile or preset(DEFAULTS["adjust"])
    compile_first()
    clock = Clock(params.time_limit_s, params.threads, params.seed, progress, stop, problem.name)
    if profile.number == "free":
        return _result(_search(problem, params, clock, profile), profile, {})
    asked, ended = number_asked(problem), None
    numbers = numbers_to_try(problem, asked)
    for number in numbers:
        if ended is not None and clock.left_s <= 0:
            ended = replace(ended, impossible=False)
            break
        fixed = replace(problem, number=(number, number))
        ended = _search(fixed, params, clock, profile)
        if not ended.impossible:
            return _result(ended, profile, {"number": number, "number_asked": asked})
    low, high = number_range(problem)
    if ended is None or (ended.impossible and high - low >= len(numbers)):
        ended = _search(problem, params, clock, profile)  # no number near the one asked for; some other may do
    return _result(ended, profile, {"number_asked": asked})


def _search(problem: Problem, params: Params, clock: Clock, profile: Profile) -> _Ended:
    """Settle every stage."""
    search = Search(problem, params, clock, profile.stages)
    if not locked_to_live(problem) <= {site.community_pos for site in search.owned}:
        return _Ended(search, first_proved=False, impossible=True)  # a lock keeps alive who can stand nowhere
    first = search.stage
    if set(first.weights) == {"moved_households"}:
        search.raise_bound(first.weights["moved_households"] * moved_at_least(problem))
    named: Named | None = None
    proved = False
    for at in range(len(search.stages)):
        later = len(search.stages) - 1 - at
        limit_s = clock.left_s * (FIRST / (FIRST + later) if at == 0 else 1.0 / (1.0 + later))
        until = clock.seconds + limit_s
        if not search.proved:
            named = named or Named(search, limit_s=limit_s)
            if at == 0:
                plan_at_hand(search, limit_s=max(AT_HAND * limit_s, min(0.5 * limit_s, AT_HAND_S)))
            if named.settle(limit_s=BY_COLUMNS * limit_s):
                return _Ended(search, first_proved=False, impossible=True)
        if not search.proved and settle(search, limit_s=until - clock.seconds) and search.best is None:
            return _Ended(search, first_proved=False, impossible=True)
        if search.best is None:
            return _Ended(search, first_proved=False)
        if at == 0:
            proved = search.proved
        if later and not search.proved:
            rule_out_for_later(search, limit_s=limit_s)
        search.next_stage()
    return _Ended(search, proved)


def _result(ended: _Ended, profile: Profile, notes: dict[str, Any]) -> Result:
    """The result as others read it."""
    search = ended.search
    problem, params, clock = search.problem, search.params, search.clock
    if search.best is None:
        status: Status = "infeasible" if ended.impossible else "unknown"
        return Result(
            problem.name, "adjust", status, None, np.inf, search.bounds[0], (), clock.seconds, params.seed,
            notes=notes,
        )  # fmt: skip
    status = "optimal" if ended.first_proved else "feasible"
    terms = tuple(
        Term(stage.name, value, min(bound, value))
        for stage, value, bound in zip(search.stages, search.worth, search.bounds, strict=True)
    )
    notes |= {
        "profile": profile.profile_id,
        "gap_households": max(params.gap_households, params.gap_share * float(problem.households.sum())),
        "bound_covers": {stage.name: "all sites" for stage in search.stages},
        "stages": [
            {"name": stage.name, "settled_at": settled, "lower_bound": term.lower_bound, "ceiling": ceiling}
            for stage, settled, term, ceiling in zip(
                search.stages, search.settled_at, terms, search.ceilings, strict=True
            )
        ],
    }
    return Result(
        problem.name, "adjust", status, search.best, search.settled_at[0], terms[0].lower_bound, terms,
        clock.seconds, params.seed, notes=notes,
    )  # fmt: skip
