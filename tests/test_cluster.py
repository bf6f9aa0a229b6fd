"""On a Dask cluster, with a real scheduler and real worker processes: the same plans, whoever dies on the way."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from districting.engine import Job, run_jobs
from districting.errors import InputError
from districting.progress import Progress, Step, Stop
from districting.solvers.params import Params
from districting.solvers.result import Result
from tests.solvers.towns import town

pytest.importorskip("distributed", reason="dask.distributed is not installed (extra: cluster)")
pytestmark = [
    # the client's own threads close their connections after the test that they served
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PROBLEM = town("A A B B\nA A B B", households="30 30 30 30\n30 30 30 30", low=60, high=100)
JOBS = [Job(PROBLEM, "adjust", Params(time_limit_s=600, seed=seed), plan_id=f"plan {seed}") for seed in range(6)]
ROOT = Path(__file__).resolve().parents[1]


class Cluster:
    """A scheduler and its workers, each a process of its own.

    ``tls``: the certificate, and the key beside it, that all of them show and want to see.
    """

    def __init__(self, *, tls: Path | None = None) -> None:
        self.scheme = "tls" if tls else "tcp"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
        if tls is not None:
            shown = {"CA_FILE": tls}
            shown |= {f"{who}__CERT": tls for who in ("SCHEDULER", "WORKER")}
            shown |= {f"{who}__KEY": tls.with_suffix(".key") for who in ("SCHEDULER", "WORKER")}
            self.environment |= {f"DASK_DISTRIBUTED__COMM__TLS__{key}": str(path) for key, path in shown.items()}
        self.processes: list[subprocess.Popen[bytes]] = []
        host = f"{self.scheme}://127.0.0.1"
        self.start("scheduler", "--host", host, "--port", str(self.port), "--no-dashboard")
        self._await_scheduler()

    def _await_scheduler(self, *, patience_s: float = 120.0) -> None:
        """Until it listens: on a busy machine that takes longer than a client waits."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        pytest.fail(f"no scheduler after {patience_s} s")

    @property
    def engine(self) -> str:
        """As ``--engine`` names it."""
        return f"dask{'+tls' if self.scheme == 'tls' else ''}://127.0.0.1:{self.port}"

    def start(self, *arguments: str, path: Path | None = None) -> subprocess.Popen[bytes]:
        """One process of the cluster; modules in ``path`` go before all others."""
        environment = self.environment
        if path is not None:
            environment = environment | {"PYTHONPATH": f"{path}{os.pathsep}{environment['PYTHONPATH']}"}
        command = [sys.executable, "-P", "-m", "dask", *arguments]  # -P: where we stand is no place to import from
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def worker(self, *more: str, path: Path | None = None) -> subprocess.Popen[bytes]:
        """One worker process, without a nanny that would bring it back."""
        address = f"{self.scheme}://127.0.0.1:{self.port}"
        options = more or ("--nthreads", "1")
        return self.start("worker", address, "--no-nanny", "--no-dashboard", *options, path=path)

    def end(self, *, but: int = 0) -> None:
        """End what was started, all but the first ``but`` processes."""
        while len(self.processes) > but:
            process = self.processes.pop()
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Cluster]:
    """A scheduler for all tests."""
    made = Cluster()
    yield made
    made.end()


@pytest.fixture
def cluster(scheduler: Cluster) -> Iterator[Cluster]:
    """A cluster without workers; those of the test end with it."""
    yield scheduler
    scheduler.end(but=1)


@pytest.fixture
def doomed() -> Iterator[Cluster]:
    """A cluster with a scheduler of its own, for a test that ends it."""
    made = Cluster()
    yield made
    made.end()


@dataclass(frozen=True)
class Marked(Job):
    """A job that says which process runs it, and stays there while ``until`` does not exist."""

    folder: Path = Path()
    until: Path | None = None

    def run(self, *, progress: Progress, stop: Stop) -> Result:
        with (self.folder / self.plan_id).open("a") as mark:
            mark.write(f"{os.getpid()}\n")
        while self.until is not None and not self.until.exists() and not stop():
            time.sleep(0.05)
        return super().run(progress=progress, stop=stop)


def marked(folder: Path, *, until: Path | None = None) -> list[Job]:
    """The jobs, marked."""
    return [
        Marked(job.problem, job.mode, job.params, plan_id=job.plan_id, folder=folder, until=until) for job in JOBS
    ]


def plans(found: dict[tuple[str, str], Result]) -> dict[tuple[str, str], object]:
    """What must not depend on where it ran: how it ended, and which atoms lie together.

    Which number a part bears may: a phase of the search that a busy machine cuts short leaves another order.
    """

    def together(result: Result) -> object:
        if result.solution is None:
            return None
        first: dict[int, int] = {}
        return [first.setdefault(int(part), len(first)) for part in result.solution.part]

    return {key: (result.status, result.objective, together(result)) for key, result in found.items()}


def test_a_cluster_gives_the_same_plans_and_tells_of_them_as_they_come(cluster: Cluster) -> None:
    cluster.worker()
    cluster.worker()
    steps: list[Step] = []
    found = run_jobs(JOBS, engine=cluster.engine, progress=steps.append)
    assert plans(found) == plans(run_jobs(JOBS, engine="serial"))
    assert [step.done for step in steps if step.ended] == [1, 2, 3, 4, 5, 6]
    assert any(step.incumbent is not None and step.bound is not None and not step.ended for step in steps)


def test_a_worker_killed_mid_way_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    workers = [cluster.worker(), cluster.worker()]
    go, marks = tmp_path / "go", tmp_path / "marks"
    marks.mkdir()
    killed: list[int] = []

    def kill_one_at_work() -> bool:
        """Called often by the engine: waits for both workers to be at work, then kills one of them."""
        pids = {int(line) for mark in marks.iterdir() for line in mark.read_text().split()}
        if not killed and len(pids) == 2:
            workers[0].send_signal(signal.SIGKILL)
            killed.append(workers[0].pid)
            go.touch()
        return False

    found = run_jobs(marked(marks, until=go), engine=cluster.engine, stop=kill_one_at_work)
    assert killed
    assert plans(found) == plans(run_jobs(JOBS, engine="serial"))
    runs = {mark.name: mark.read_text().split() for mark in marks.iterdir()}
    assert sorted(runs) == [job.plan_id for job in JOBS]
    twice = [pids for pids in runs.values() if len(pids) > 1]
    assert [pids[0] for pids in twice] == [str(killed[0])]  # the one that died with its worker, and no other


def test_a_stop_reaches_the_workers_and_what_was_not_begun_stays_undone(cluster: Cluster, tmp_path: Path) -> None:
    cluster.worker()
    found = run_jobs(
        marked(tmp_path, until=tmp_path / "never"), engine=cluster.engine, stop=lambda: any(tmp_path.iterdir())
    )
    assert set(found) == {job.key for job in JOBS}
    assert len(list(tmp_path.iterdir())) == 1
    assert sum(result.notes.get("unsolved") == "stopped" for result in found.values()) == 5


def test_when_the_whole_cluster_dies_the_rest_is_solved_here(
    doomed: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed.worker()
    go, marks = tmp_path / "go", tmp_path / "marks"
    marks.mkdir()

    def kill_all() -> bool:
        if not go.exists() and any(marks.iterdir()):
            doomed.end()
            monkeypatch.setattr("districting.engines.cluster.WORKERS_S", 2.0)
            go.touch()
        return False

    found = run_jobs(marked(marks, until=go), engine=doomed.engine, stop=kill_all)
    assert plans(found) == plans(run_jobs(JOBS, engine="serial"))


def test_a_worker_with_several_threads_is_refused_with_the_mend(cluster: Cluster) -> None:
    cluster.worker("--nthreads", "2")
    with pytest.raises(InputError) as caught:
        run_jobs(JOBS, engine=cluster.engine)
    assert "--nthreads 1 --nworkers 2" in caught.value.sentences("en")[0]


def test_a_worker_with_another_program_is_refused_by_name(cluster: Cluster, tmp_path: Path) -> None:
    other = tmp_path / "other" / "districting"
    other.mkdir(parents=True)
    for source in (ROOT / "districting").rglob("*"):
        if source.suffix in (".py", ".toml"):
            copy = other / source.relative_to(ROOT / "districting")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    (other / "plans" / "problem.py").open("a").write("# a later commit\n")
    cluster.worker(path=other.parent)
    with pytest.raises(InputError) as caught:
        run_jobs(JOBS, engine=cluster.engine)
    (sentence,) = caught.value.sentences("en")
    assert "tcp://127.0.0.1" in sentence
    assert "has districting 0.1.0" in sentence


def test_a_worker_without_the_program_is_refused_by_name(cluster: Cluster, tmp_path: Path) -> None:
    absent = tmp_path / "absent" / "districting"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'districting'\")\n")
    cluster.worker(path=absent.parent)
    with pytest.raises(InputError) as caught:
        run_jobs(JOBS, engine=cluster.engine)
    assert "install the same districting[cluster]" in caught.value.sentences("en")[0]


def test_an_encrypted_cluster_gives_the_same_plans_and_lets_nobody_in_without_a_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask = pytest.importorskip("dask")
    shown, key = tmp_path / "city.pem", tmp_path / "city.key"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-keyout", str(key), "-out", str(shown), "-days", "2", "-subj", "/CN=districting"]
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    subprocess.run(made, check=True, capture_output=True)
    encrypted = Cluster(tls=shown)
    try:
        encrypted.worker()
        ours = {"ca-file": str(shown), "client": {"cert": str(shown), "key": str(key)}}
        with dask.config.set({"distributed.comm.tls": dask.config.get("distributed.comm.tls") | ours}):
            found = run_jobs(JOBS[:2], engine=encrypted.engine)
        assert plans(found) == plans(run_jobs(JOBS[:2], engine="serial"))
        monkeypatch.setattr("districting.engines.cluster.CONNECT_S", 1.0)
        with pytest.raises(InputError):
            run_jobs(JOBS[:2], engine=encrypted.engine.replace("+tls", ""))
        with pytest.raises(InputError) as caught:
            run_jobs(JOBS[:2], engine=encrypted.engine)
        assert "wants a certificate, and none is configured here" in caught.value.sentences("en")[0]
    finally:
        encrypted.end()


def test_an_address_where_nobody_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("districting.engines.cluster.CONNECT_S", 1.0)
    with pytest.raises(InputError) as caught:
        run_jobs(JOBS, engine="dask://127.0.0.1:1")
    assert "tcp://127.0.0.1:1" in caught.value.sentences("en")[0]


def test_a_cluster_without_workers_is_said_so(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("districting.engines.cluster.WORKERS_S", 1.0)
    with pytest.raises(InputError) as caught:
        run_jobs(JOBS, engine=cluster.engine)
    assert "has no workers" in caught.value.sentences("en")[0]


def test_without_dask_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError) as caught:
        run_jobs(JOBS, engine="dask://127.0.0.1:8786")
    assert caught.value.sentences("en") == [
        "to solve on the cluster at tcp://127.0.0.1:8786, install dask.distributed first: "
        'pip install "districting[cluster]".'
    ]
