"""Two runs never write one case, and a run that died keeps nobody out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from districting.cli import main
from districting.errors import CaseError
from districting.rerun.lock import Holder, holding, lock_place

#: A run that takes the lock, says so, and stays.
HOLDER = """
import sys, time
from pathlib import Path
from districting.rerun.lock import holding
with holding(Path(sys.argv[1]), verb="rerun"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.toml"
    path.write_text("", encoding="utf-8")
    return path


@pytest.fixture
def other(case: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock of the case."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(case)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process  # type: ignore[misc]
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_told_who_holds_the_case(
    case: Path, other: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CaseError) as caught, holding(case, verb="adopt"):
        pytest.fail("two runs hold one case")
    (sentence,) = caught.value.sentences("en")
    assert "'districting rerun'" in sentence
    assert f"process {other.pid} on {os.uname().nodename}" in sentence
    case.write_text('crs = "EPSG:4547"\n[layers.buildings]\npath = "b.gpkg"\n', encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["propose", str(case), "-l", "zh"])
    assert ended.value.code == 2
    assert "正由 districting rerun 使用" in capsys.readouterr().err
    other.terminate()


def test_a_killed_run_is_taken_over_and_named(case: Path, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    with holding(case, verb="propose") as left:
        assert left is not None
        assert (left.verb, left.pid) == ("rerun", other.pid)
        assert "was cut off" in left.sentence("en")
    with holding(case, verb="propose") as left:
        assert left is None


def test_a_short_write_waits_for_its_turn(case: Path) -> None:
    go = threading.Event()

    def run() -> None:
        with holding(case, verb="rerun"):
            go.set()
            time.sleep(0.3)

    thread = threading.Thread(target=run)
    thread.start()
    go.wait()
    with holding(case, verb="adopt", wait_s=30) as left:
        assert left is None
    thread.join()


def test_a_failed_run_lets_go_and_different_cases_do_not_meet(case: Path) -> None:
    with pytest.raises(RuntimeError), holding(case, verb="rerun"):
        raise RuntimeError
    with holding(case, verb="rerun"), holding(case.with_name("other.toml"), verb="rerun") as left:
        assert left is None


def test_a_lock_that_says_nothing_still_keeps_others_out(case: Path, other: subprocess.Popen[str]) -> None:
    told = lock_place(case).with_name(lock_place(case).name + ".json")
    told.write_text("{", encoding="utf-8")
    with pytest.raises(CaseError), holding(case, verb="rerun"):
        pass


def test_a_case_in_a_folder_that_cannot_be_written_is_locked_elsewhere(
    case: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("districting.rerun.lock.tempfile.gettempdir", lambda: str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("districting.rerun.lock.os.access", lambda path, mode: False)
    assert lock_place(case).parent == tmp_path / "temporary"
    with holding(case, verb="rerun"), pytest.raises(CaseError), holding(case, verb="rerun"):
        pass


def test_a_lock_that_another_user_left_can_be_taken_by_whoever_may_write_there(case: Path) -> None:
    kept = os.umask(0o022)
    try:
        with holding(case, verb="propose"):
            pass
        assert lock_place(case).stat().st_mode & 0o777 == 0o666
        lock_place(case).chmod(0o644)  # of an earlier version
        with holding(case, verb="rerun"):
            assert sorted(path.name for path in case.parent.iterdir()) == [
                ".case.toml.lock", ".case.toml.lock.json", "case.toml"
            ]  # fmt: skip
        assert lock_place(case).stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(kept)


@pytest.mark.parametrize("name", [".case.toml.lock", ".case.toml.lock.json"])
def test_a_lock_that_cannot_be_written_is_one_sentence(
    case: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case.with_name(name).mkdir()
    with pytest.raises(SystemExit) as ended:
        main(["rerun", str(case), "-l", "en"])
    assert ended.value.code == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "case case.toml cannot be locked" in told
    case.with_name(name).rmdir()
    with holding(case, verb="rerun"):
        pass


def test_the_holder_is_this_process() -> None:
    assert Holder.here("rerun").pid == os.getpid()
