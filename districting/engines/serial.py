"""One job after the other, in this process."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from districting.engines.job import Job, Solved, Telling
from districting.progress import Stop


def solve_here(jobs: Iterable[Job], *, telling: Telling, stop: Stop) -> Generator[Solved, None, None]:
    """Results as they come. After a stop the running job hands in its best plan and the others are not begun."""
    for job in jobs:
        result = job.unsolved("stopped") if stop() else job.run(progress=telling.hearer(job), stop=stop)
        yield telling.ended(job, result)
