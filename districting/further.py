"""Further alternatives of one approach: plans that truly differ from each other and are nearly as good.

Every plan after the first is asked to place a set share of the households differently from each before it. It is
kept where the first stage of its profile stays within a set share of the best; a sub-district that has no such
plan keeps its last one, and where none has one, the series ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from districting.engine import Job, run_jobs
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

    Parameters
    ----------
    jobs, results
        The best plans: how they were asked and how they ended.
    variety
        How many, how different, how good.
    engine, workers, progress, stop
        As `run_jobs` takes them.
    """
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
        ended = {job.key: _told(ended[job.key], results[key]) for key, job in again.items()}
        new = {
            key: result
            for key, job in again.items()
            if _kept(job, result := ended[job.key], results[key], variety)
        }
        for plan_id in dict.fromkeys(key[0] for key in new):
            whole = {key[1]: last[key] for key in last if key[0] == plan_id}
            whole |= {key[1]: result for key, result in new.items() if key[0] == plan_id}
            whole |= {
                job.key[1]: results[job.key] for job in jobs if job.key[0] == plan_id and job.key not in last
            }
            found[f"{plan_id}-{number}"] = whole
        last |= new
        asked = {key: job for key, job in asked.items() if key in new}
    return found


def _unlike_the_last(job: Job, result: Result, variety: Variety) -> Job:
    """The same job, to differ from one plan more."""
    assert result.solution is not None
    households = variety.differ_share * float(job.problem.households.sum())
    others = (*job.problem.unlike, unlike(result.solution, households))
    return replace(job, problem=replace(job.problem, unlike=others))


def _told(result: Result, best: Result) -> Result:
    """The result with what is proved of the best plan: how far a further one is above it is what people ask."""
    if result.solution is None:
        return result
    first = replace(result.terms[0], lower_bound=min(best.lower_bound, result.objective))
    # what later stages could be at least, next to the best plan, nobody has asked
    later = tuple(replace(term, lower_bound=min(term.lower_bound, 0.0)) for term in result.terms[1:])
    return replace(
        result, status="feasible", lower_bound=first.lower_bound, terms=(first, *later),
        notes={**result.notes, "bound_of": "the best plan"},
    )  # fmt: skip


def _kept(job: Job, result: Result, best: Result, variety: Variety) -> bool:
    """Whether a result differs enough and is good enough."""
    if result.solution is None or not differs(job.problem, result.solution.part):
        return False
    slack = max(variety.within_share * abs(best.objective), job.params.gap_households)
    return result.objective <= best.objective + slack
