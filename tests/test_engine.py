"""Where the solving runs changes nothing: same results on one worker and on two, and a lost worker loses nothing."""

from __future__ import annotations

import os
import signal
import threading

import pytest

import districting.engine
from districting.engine import Job, run_jobs
from districting.progress import Step
from districting.solvers.params import Params
from tests.solvers.towns import town

JOBS = [
    Job(
        town("A A B B\nA A B B", households="30 30 30 30\n30 30 30 30", low=60, high=100),
        mode,
        Params(time_limit_s=10),
    )
    for mode in ("whole", "adjust", "redraw")
]


def plans(found: dict[tuple[str, str], object]) -> dict[tuple[str, str], object]:
    """What must not depend on where it ran."""
    return {
        key: (result.status, result.objective, None if result.solution is None else result.solution.part.tolist())  # type: ignore[attr-defined]
        for key, result in found.items()
    }


def test_one_worker_and_two_give_the_same_plans() -> None:
    assert plans(run_jobs(JOBS, engine="serial")) == plans(run_jobs(JOBS, engine="local", workers=2))


def test_results_come_in_the_order_of_the_jobs_and_every_end_is_told() -> None:
    steps: list[Step] = []
    found = run_jobs(JOBS, engine="local", workers=2, progress=steps.append)
    assert list(found) == [job.key for job in JOBS]
    assert max(step.done for step in steps) == len(JOBS)
    assert all(step.total == len(JOBS) for step in steps)


def test_a_worker_that_is_killed_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = plans(run_jobs(JOBS, engine="serial"))
    monkeypatch.setattr(districting.engine, "_work", _work_and_die)
    assert plans(run_jobs(JOBS, engine="local", workers=2)) == expected


def _work_and_die(job: Job, folder: str, number: int) -> None:
    """A worker that the system kills."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_wish_to_stop_reaches_the_workers() -> None:
    wish = threading.Event()
    threading.Timer(0.5, wish.set).start()
    found = run_jobs(JOBS, engine="local", workers=2, stop=wish.is_set)
    assert set(found) == {job.key for job in JOBS}
