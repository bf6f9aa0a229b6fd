"""What runs on a worker of a Dask cluster: one job, its signs of life and the user's wish to stop."""

from __future__ import annotations

import pickle
import time
from dataclasses import asdict
from typing import Any

import distributed

from districting.engines.job import Job
from districting.engines.program import differences
from districting.progress import Step
from districting.solvers.result import Result

#: Seconds between two looks at whether the user wants an end.
_ASK_EVERY_S = 0.2
#: Seconds that a worker with another program waits before it hands a job back, so that it does not ask for all.
_MODESTY_S = 5.0


def solve_there(payload: bytes, number: int, topic: str, program: dict[str, str]) -> Result:
    """One pickled job on this worker.

    Parameters
    ----------
    payload
        The job.
    number, topic
        Its number in the run, and the run's name: what it says goes there.
    program
        `figures_of_program` of whoever asks.

    Raises
    ------
    Reschedule
        If this worker came later than the check and could give another plan: another one is to do it.
    """
    worker = distributed.get_worker()
    if differences(program) or worker.state.nthreads > 1:
        time.sleep(_MODESTY_S)
        raise distributed.Reschedule
    job: Job = pickle.loads(payload)
    key = worker.get_current_task()
    asked, wanted = -_ASK_EVERY_S, False

    def stop() -> bool:
        nonlocal asked, wanted
        now = time.monotonic()
        if not wanted and now - asked >= _ASK_EVERY_S:
            asked = now
            task = worker.state.tasks.get(key)
            # nobody waits for a task that was cancelled: whoever asked is gone
            wanted = topic in _ended(worker) or task is None or task.state == "cancelled"
        return wanted

    def tell(step: Step) -> None:
        worker.log_event(topic, {"number": number, "step": asdict(step)})

    return job.unsolved("stopped") if stop() else job.run(progress=tell, stop=stop)


def end_run(topic: str, dask_worker: Any) -> None:
    """Let every job of a run on this worker hand in the best plan it has."""
    _ended(dask_worker).add(topic)


def _ended(worker: Any) -> set[str]:
    """Runs that were told to end on this worker; they live as long as it does."""
    ended: set[str] = worker.__dict__.setdefault("districting_ended", set())
    return ended
