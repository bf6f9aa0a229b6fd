"""Where the solving runs: in this process, or on this machine's cores. The plans are the same on both.

A worker lost mid-way loses nothing: finished jobs are kept, the rest run again in this process.
"""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import loky

from districting.plans.problem import Problem
from districting.progress import Progress, Step, Stop, never, silent
from districting.solvers.params import Params
from districting.solvers.result import Result
from districting.solvers.strategy import SolveMode, solve

EngineName = Literal["local", "serial"]

_POLL_S = 0.25


@dataclass(frozen=True)
class Job:
    """One sub-district in one mode."""

    problem: Problem
    mode: SolveMode
    params: Params

    @property
    def key(self) -> tuple[str, str]:
        """(mode, sub-district): unique in a run."""
        return self.mode, self.problem.name


def run_jobs(
    jobs: Sequence[Job],
    *,
    engine: EngineName = "local",
    workers: int | None = None,
    progress: Progress = silent,
    stop: Stop = never,
) -> dict[tuple[str, str], Result]:
    """Solve every job; results by (mode, sub-district), in the order of ``jobs``.

    Parameters
    ----------
    jobs
        What is to be solved. The largest start first, so that no core waits long at the end.
    engine, workers
        ``serial`` or one worker: in this process. ``local``: that many processes (default: one per core).
    progress
        Told of every finished job and of every better plan or bound.
    stop
        Once True, running jobs end with their best plan so far and the others are solved no more than needed
        to say so (status ``unknown``).
    """
    workers = workers or loky.cpu_count()
    queue = sorted(jobs, key=lambda job: (-job.problem.n, job.key))
    if engine == "serial" or workers <= 1 or len(jobs) <= 1:
        found = _in_process(queue, done=0, total=len(jobs), progress=progress, stop=stop)
    else:
        found = _in_workers(queue, workers=workers, progress=progress, stop=stop)
    return {job.key: found[job.key] for job in jobs}


def _in_process(
    queue: Sequence[Job], *, done: int, total: int, progress: Progress, stop: Stop
) -> dict[tuple[str, str], Result]:
    """One job after the other, here."""
    found = {}
    for number, job in enumerate(queue, start=done):

        def tell(step: Step, job: Job = job, number: int = number) -> None:
            where = f"{job.problem.name} · {job.mode}"
            progress(Step("stage.solve", number, total, where, step.incumbent, step.bound))

        found[job.key] = solve(job.problem, job.mode, job.params, progress=tell, stop=stop)
        progress(Step("stage.solve", number + 1, total, f"{job.problem.name} · {job.mode}"))
    return found


def _in_workers(
    queue: Sequence[Job], *, workers: int, progress: Progress, stop: Stop
) -> dict[tuple[str, str], Result]:
    """All jobs on worker processes. Signs of life and the wish to stop go through a folder of small files."""
    found: dict[tuple[str, str], Result] = {}
    with tempfile.TemporaryDirectory(prefix="districting-") as name:
        folder = Path(name)
        # A pool of its own: SIGINT must reach this process only, so that workers hand in their best plan.
        with loky.ProcessPoolExecutor(max_workers=workers, initializer=_ignore_interrupts) as pool:
            waiting: dict[Future[Result], Job] = {
                pool.submit(_work, job, str(folder), number): job for number, job in enumerate(queue)
            }
            seen: dict[str, str] = {}
            lost = []
            while waiting:
                finished, _ = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
                if stop():
                    (folder / "stop").touch()
                for future in finished:
                    job = waiting.pop(future)
                    try:
                        result: Result = future.result()
                        found[job.key] = result
                    except BrokenProcessPool:
                        lost.append(job)
                        continue
                    progress(Step("stage.solve", len(found), len(queue), f"{job.problem.name} · {job.mode}"))
                _relay(folder, seen, len(found), len(queue), progress)
    lost.sort(key=lambda job: (-job.problem.n, job.key))
    found |= _in_process(lost, done=len(found), total=len(queue), progress=progress, stop=stop)
    return found


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(job: Job, folder: str, number: int) -> Result:
    """One job in a worker."""
    place = Path(folder)
    asked = [0.0, False]

    def stop() -> bool:
        now = time.monotonic()
        if not asked[1] and now - asked[0] > _POLL_S:
            asked[:] = [now, (place / "stop").exists()]
        return bool(asked[1])

    def tell(step: Step) -> None:
        step = replace(step, where=f"{job.problem.name} · {job.mode}")
        draft = place / f"{number}.part"
        draft.write_text(json.dumps(asdict(step)), encoding="utf-8")
        draft.replace(place / f"{number}.step")

    return solve(job.problem, job.mode, job.params, progress=tell, stop=stop)


def _relay(folder: Path, seen: dict[str, str], done: int, total: int, progress: Progress) -> None:
    """Pass on what workers wrote since the last look."""
    for file in sorted(folder.glob("*.step")):
        text = file.read_text(encoding="utf-8")
        if seen.get(file.name) != text:
            seen[file.name] = text
            step: Mapping[str, object] = json.loads(text)
            progress(Step(**{**step, "stage": "stage.solve", "done": done, "total": total}))  # type: ignore[arg-type]
