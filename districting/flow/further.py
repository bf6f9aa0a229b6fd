"""Further alternatives of one approach: plans that truly differ from each other and are nearly as good.

Every plan after the first is asked to place a set share of the households differently from each before it. It is
kept where the first stage of its profile stays within a set share of the best; a sub-district that has no such
plan keeps its last one, and where none has one, the series ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from districting.engine import Job, run_jobs
from districting.plans.problem import Lock
from districting.progress import Progress, Stop, never, silent
from districting.solvers.result import Result
from districting.solvers.variety import differs, unlike


@dataclass(frozen=True)
class Variety:
    """How many plans each approach gives, and what sets them apart.

    Parameters
    ----------
    plans
        Plans of each approach, the best one included.
    differ_share
        Least share of a sub-district's households that are placed differently from every plan before.
    within_share
        The first stage may be worse than the best by this share.
    """

    plans: int = 1
    differ_share: float = 0.05
    within_share: float = 0.1


def further_plans(
    jobs: Sequence[Job],
    results: Mapping[tuple[str, str], Result],
    variety: Variety,
    *,
    engine: str = "local",
    workers: int | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> dict[str, dict[str, Result]]:
    """Results of every further plan: plan id (``adjust-2`` …) → sub-district id → result.

    The best plan stands under its own id, too, since a search that its limit ended may be beaten by a further one:
    then the two change places.

    Parameters
    ----------
    jobs, results
        The best plans: how they were asked and how they ended.
    variety
        How many, how different, how good.
    engine, workers, progress, stop
        As `run_jobs` takes them.
    """
    best = dict(results)
    last = {job.key: result for job in jobs if (result := results[job.key]).solution is not None}
    asked = {job.key: job for job in jobs if job.key in last}
    found: dict[str, dict[str, Result]] = {}
    for number in range(2, variety.plans + 1):
        if stop() or not asked:
            break
        for key, job in asked.items():
            asked[key] = _unlike_the_last(job, last[key], variety)
        again = {key: replace(job, plan_id=f"{key[0]}-{number}") for key, job in asked.items()}
        ended = run_jobs(list(again.values()), engine=engine, workers=workers, progress=progress, stop=stop)
        new = {
            key: _told(ended[job.key], best[key])
            for key, job in again.items()
            if _kept(job, ended[job.key], best[key], variety)
        }
        last |= new
        for key in new:
            if new[key].objective < best[key].objective:
                best[key], new[key] = _promoted(new[key], best[key])
        for plan_id in dict.fromkeys(key[0] for key in new):
            mine = [job.key for job in jobs if job.key[0] == plan_id]
            found[f"{plan_id}-{number}"] = {key[1]: new.get(key, last.get(key, best[key])) for key in mine}
            found[plan_id] = {key[1]: best[key] for key in mine}
        asked = {key: job for key, job in asked.items() if key in new}
    return found


def _unlike_the_last(job: Job, result: Result, variety: Variety) -> Job:
    """The same job, to differ from one plan more."""
    assert result.solution is not None
    households = variety.differ_share * float(job.problem.households.sum())
    others = (*job.problem.unlike, unlike(result.solution, households))
    # whom the best plan left alone stays so: there is no plan otherwise
    alone = tuple(job.problem.community_ids.index(name) for name in result.notes.get("left_alone", ()))
    locks = job.problem.locks + ((Lock("keep", communities=alone),) if alone else ())
    return replace(job, problem=replace(job.problem, unlike=others, locks=locks))


def _told(result: Result, best: Result) -> Result:
    """The result with what is proved of the best plan: how far a further one is above it is what people ask."""
    if result.solution is None:
        return result
    first = replace(result.terms[0], lower_bound=min(best.lower_bound, result.objective))
    # what later stages could be at least, next to the best plan, nobody has asked
    later = tuple(replace(term, lower_bound=min(term.lower_bound, 0.0)) for term in result.terms[1:])
    return replace(
        result, status="feasible", lower_bound=first.lower_bound, terms=(first, *later),
        conflicts=best.conflicts, notes={**result.notes, **_left_alone(best), "bound_of": "the best plan"},
    )  # fmt: skip


def _left_alone(result: Result) -> dict[str, Any]:
    """Whom a plan leaves alone: every further one does, too."""
    return {key: value for key, value in result.notes.items() if key.startswith("left_alone")}


def _promoted(better: Result, best: Result) -> tuple[Result, Result]:
    """A further plan that beats an unproved best one in its place, and that one in the place of the further plan.

    What was proved of the best plan holds for any plan, so the bounds stay.
    """
    first = replace(better.terms[0], lower_bound=min(best.terms[0].lower_bound, better.terms[0].value))
    notes = {key: value for key, value in better.notes.items() if key != "bound_of"}
    promoted = replace(
        better,
        lower_bound=min(best.lower_bound, better.objective),
        terms=(first, *better.terms[1:]),
        notes=notes,
    )
    return promoted, _told(best, promoted)


def _kept(job: Job, result: Result, best: Result, variety: Variety) -> bool:
    """Whether a result differs enough and is good enough."""
    if result.solution is None or not differs(job.problem, result.solution.part):
        return False
    slack = max(variety.within_share * abs(best.objective), job.params.gap_households)
    return result.objective <= best.objective + slack
