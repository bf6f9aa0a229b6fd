"""Where the solving runs: in this process, on this machine's cores or on a Dask cluster. The plans are the same.

Jobs are independent and each is deterministic, so neither the place nor the order nor the number of workers can
change a plan that ends by its gap (method §11). A worker lost mid-way loses nothing: finished jobs are kept, the
one it worked on runs again.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import loky

from districting.engines.cluster import solve_on_cluster
from districting.engines.job import Job, Solved, Telling
from districting.engines.processes import solve_in_processes
from districting.engines.serial import solve_here
from districting.errors import Fault, InputError
from districting.progress import Progress, Stop, never, silent
from districting.solvers.result import Result

__all__ = ["Engine", "Job", "read_engine", "run_jobs", "stream_jobs"]

_CLUSTER = re.compile(r"dask(?P<tls>\+tls)?://(?P<host>[^\s/:]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})/?")


@dataclass(frozen=True)
class Engine:
    """A place to solve at.

    Parameters
    ----------
    kind
        ``serial``: this process. ``local``: worker processes of this machine. ``dask``: a Dask cluster.
    address
        Of the cluster's scheduler, e.g. ``"tcp://10.0.0.5:8786"``; ``"tls://…"`` where both sides show
        certificates, which Dask's own configuration names; empty elsewhere.
    """

    kind: Literal["serial", "local", "dask"]
    address: str = ""


def read_engine(text: str) -> Engine:
    """The engine that ``serial``, ``local``, ``dask://host:port`` or ``dask+tls://host:port`` names.

    Raises
    ------
    InputError
        If it names none.

    Examples
    --------
    >>> read_engine("dask://10.0.0.5:8786")
    Engine(kind='dask', address='tcp://10.0.0.5:8786')
    """
    if text == "serial":
        return Engine("serial")
    if text == "local":
        return Engine("local")
    match = _CLUSTER.fullmatch(text)
    if match is None:
        raise InputError([Fault("fault.engine", {"value": text})])
    return Engine("dask", f"{'tls' if match['tls'] else 'tcp'}://{match['host']}:{match['port']}")


def run_jobs(
    jobs: Sequence[Job],
    *,
    engine: str = "local",
    workers: int | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> dict[tuple[str, str], Result]:
    """Solve every job; results by (alternative, sub-district), in the order of ``jobs``.

    Parameters
    ----------
    jobs
        What is to be solved. Alternatives are solved in their order, so that an early end leaves whole ones; in
        each the largest sub-districts start first, so that no core waits long at the end.
    engine, workers, progress, stop
        See `stream_jobs`.

    Raises
    ------
    InputError
        If the engine is unknown or the cluster cannot be used.
    """
    first: dict[str, int] = {}
    for job in jobs:
        first.setdefault(job.key[0], len(first))
    queue = sorted(jobs, key=lambda job: (first[job.key[0]], -job.problem.n, job.key))
    streamed = stream_jobs(queue, total=len(jobs), engine=engine, workers=workers, progress=progress, stop=stop)
    with closing(streamed) as ended:
        found = {job.key: result for job, result in ended}
    return {job.key: found[job.key] for job in jobs}


def stream_jobs(
    jobs: Iterable[Job],
    *,
    total: int = 0,
    engine: str = "local",
    workers: int | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> Generator[Solved, None, None]:
    """Solve jobs as they come and hand results on as they end: however many, memory is for those at work.

    Parameters
    ----------
    jobs
        Taken one by one as workers become free, so that a generator may make them on the way. Keys are unique.
    total
        How many there are, for ``progress``; 0: unknown.
    engine
        ``serial``, ``local`` or ``dask://host:port``.
    workers
        Processes of this machine; None: one per core. A cluster brings its own.
    progress
        Told of every change of a best plan or bound, and of every end.
    stop
        Once True, running jobs hand in their best plan, and those not begun come back as ``unknown``.

    Raises
    ------
    InputError
        If the engine is unknown or the cluster cannot be used.
    """
    place = read_engine(engine)
    telling = Telling(progress, total=total)
    workers = workers or loky.cpu_count()
    if total:
        workers = min(workers, total)
    if place.kind == "dask":
        return solve_on_cluster(jobs, address=place.address, telling=telling, stop=stop)
    if place.kind == "serial" or workers <= 1:
        return solve_here(jobs, telling=telling, stop=stop)
    return solve_in_processes(jobs, workers=workers, telling=telling, stop=stop)
