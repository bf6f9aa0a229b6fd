"""Where the solving runs changes nothing: same results on one worker and on two, and a lost worker loses nothing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from districting.case import Case
from districting.engine import Job, read_engine, run_jobs, stream_jobs
from districting.errors import CaseError, InputError, SolverError
from districting.progress import Progress, Step, Stop
from districting.solvers.params import Params
from districting.solvers.result import Result
from tests.solvers.towns import town

PROBLEM = town("A A B B\nA A B B", households="30 30 30 30\n30 30 30 30", low=60, high=100)
JOBS = [
    Job(PROBLEM, "whole", Params(time_limit_s=600)),
    Job(PROBLEM, "adjust", Params(time_limit_s=600)),
    Job(PROBLEM, "adjust", Params(time_limit_s=600, seed=8), plan_id="again"),
]


def plans(found: dict[tuple[str, str], Result]) -> dict[tuple[str, str], object]:
    """What must not depend on where it ran."""
    return {
        key: (result.status, result.objective, None if result.solution is None else result.solution.part.tolist())
        for key, result in found.items()
    }


@dataclass(frozen=True)
class Counted(Job):
    """A job that leaves a file each time it runs, and takes its worker with it in the first ``deaths`` runs."""

    folder: Path = Path()
    deaths: int = 0

    def run(self, *, progress: Progress, stop: Stop) -> Result:
        mark = self.folder / self.key[0]
        runs = len(mark.read_text()) if mark.exists() else 0
        mark.write_text("x" * (runs + 1))
        if runs < self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(progress=progress, stop=stop)


def counted(folder: Path, **deaths: int) -> list[Job]:
    """The three jobs, counted; deaths by alternative."""
    return [
        Counted(job.problem, job.mode, job.params, job.plan_id, folder=folder, deaths=deaths.get(job.key[0], 0))
        for job in JOBS
    ]


def test_one_worker_and_two_give_the_same_plans() -> None:
    assert plans(run_jobs(JOBS, engine="serial")) == plans(run_jobs(JOBS, engine="local", workers=2))


def test_the_order_of_the_jobs_changes_no_plan() -> None:
    assert plans(run_jobs(JOBS, engine="serial")) == plans(run_jobs(JOBS[::-1], engine="serial"))


@pytest.mark.parametrize("engine", ["serial", "local"])
def test_every_change_of_plan_and_bound_is_told_and_every_end_and_results_come_in_order(engine: str) -> None:
    steps: list[Step] = []
    found = run_jobs(JOBS, engine=engine, workers=2, progress=steps.append)
    assert list(found) == [job.key for job in JOBS]
    assert [step.done for step in steps if step.ended] == [1, 2, 3]
    assert all(step.total == len(JOBS) for step in steps)
    told = [step for step in steps if step.where == "town · adjust" and not step.ended]
    first = [step for step in told if not step.term]
    assert first[-1].incumbent == first[-1].bound == 60.0  # two parts of 120 into 60 to 100: brute force
    figures = [(step.term, step.incumbent, step.bound) for step in told]
    assert all(one != other for one, other in pairwise(figures))


def test_a_worker_that_is_killed_costs_its_own_job_a_second_run_and_nothing_else(tmp_path: Path) -> None:
    found = run_jobs(counted(tmp_path, adjust=1), engine="local", workers=2)
    assert plans(found) == plans(run_jobs(JOBS, engine="serial"))
    assert {mark.name: len(mark.read_text()) for mark in tmp_path.iterdir()} == {
        "whole": 1,
        "adjust": 2,
        "again": 1,
    }


def test_a_job_that_kills_every_worker_ends_without_a_plan_and_the_others_have_theirs(tmp_path: Path) -> None:
    found = run_jobs(counted(tmp_path, whole=99), engine="local", workers=2)
    lost = found["whole", "town"]
    assert (lost.status, lost.solution, lost.notes["unsolved"]) == ("unknown", None, "workers lost")
    assert len((tmp_path / "whole").read_text()) == 3
    assert found["adjust", "town"].status == found["again", "town"].status == "optimal"


@pytest.mark.parametrize("engine", ["serial", "local"])
def test_a_stop_keeps_what_is_found_and_begins_no_more(engine: str, tmp_path: Path) -> None:
    wish = threading.Event()

    def hear(step: Step) -> None:
        if step.ended:
            wish.set()

    found = run_jobs(counted(tmp_path), engine=engine, workers=2, progress=hear, stop=wish.is_set)
    assert set(found) == {job.key for job in JOBS}
    begun = {mark.name for mark in tmp_path.iterdir()}
    assert len(begun) < 3
    assert any(result.solution is not None for result in found.values())
    for (plan_id, _), result in found.items():
        assert result.notes.get("unsolved") == (None if plan_id in begun else "stopped")


@dataclass(frozen=True)
class Wrong(Job):
    """A job that meets a bug of ours."""

    def run(self, *, progress: Progress, stop: Stop) -> Result:
        raise SolverError("a bug")


def test_a_bug_in_a_worker_is_raised_here() -> None:
    jobs = [Wrong(job.problem, job.mode, job.params) for job in JOBS]
    with pytest.raises(SolverError, match="a bug"):
        run_jobs(jobs, engine="local", workers=2)


def test_jobs_are_made_when_a_worker_is_free_and_not_before() -> None:
    made = 0

    def jobs() -> Iterator[Job]:
        nonlocal made
        for number in range(6):
            made += 1
            yield replace(JOBS[1], plan_id=f"plan {number}")

    ahead = [made - number for number, _ in enumerate(stream_jobs(jobs(), engine="local", workers=2), start=1)]
    assert made == 6
    assert max(ahead) <= 2


def test_two_sub_districts_keep_their_names_on_the_screen() -> None:
    steps: list[Step] = []
    run_jobs([replace(JOBS[1], title="文艺路街道")], engine="serial", progress=steps.append)
    assert {step.where for step in steps} == {"文艺路街道 · adjust"}


def test_the_case_file_names_the_engine(hamlet: Path) -> None:
    text = hamlet.read_text(encoding="utf-8")
    hamlet.write_text(text.replace("[solve]", '[solve]\nengine = "dask://10.0.0.5:8786"'), encoding="utf-8")
    case = Case.read(hamlet)
    assert case.solve.engine == "dask://10.0.0.5:8786"
    case.write()
    assert Case.read(hamlet).solve.engine == "dask://10.0.0.5:8786"
    hamlet.write_text(text.replace("[solve]", '[solve]\nengine = "cluster"'), encoding="utf-8")
    with pytest.raises(CaseError, match="cluster"):
        Case.read(hamlet)


@pytest.mark.parametrize("text", ["dask", "dask://host", "cluster", "dask://host:port", ""])
def test_an_engine_that_is_none_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_engine(text)
    assert "dask://host:port" in caught.value.sentences("en")[0]
