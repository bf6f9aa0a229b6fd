"""The script for cron and timers: codes pass through, stdout is the document, the log says what a person asks."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Stands for the program: tells its arguments, writes a folder, ends with the code of its first option.
STAND_IN = """#!/bin/sh
mkdir -p "$4" && echo page > "$4/index.html"
echo "rivers changed in 东街街道" >&2
echo "Result: $4/rerun.json" >&2
printf '{"arguments": "%s"}' "$*"
exit $6
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "town" / "case.toml"
    path.parent.mkdir()
    path.write_text("", encoding="utf-8")
    program = tmp_path / "program"
    program.write_text(STAND_IN, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return path


def run(case: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """One unattended run."""
    environment = {"PATH": "/usr/bin:/bin", "DISTRICTING": str(case.parents[1] / "program"), "LANG": "C.UTF-8"}
    command = [str(ROOT / "scripts" / "rerun.sh"), str(case), *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "nothing to do"),
        (10, "proposals: "),
        (2, "bad input"),
        (3, "a change is asked for, but no plan was found"),
        (77, "failed"),
    ],
)
def test_a_code_passes_through_and_the_log_says_what_it_means(case: Path, code: int, words: str) -> None:
    ended = run(case, str(code))
    assert ended.returncode == code
    assert ended.stderr == ""
    document = json.loads(ended.stdout)
    reruns = case.parent / "reruns"
    assert document["arguments"].startswith(f"rerun {case} --out {reruns}/")
    lines = (reruns / "rerun.log").read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}  ", line) for line in lines)
    # the result is named where it stays: of a run with nothing to do only the document is left
    assert [line[26:] for line in lines[:3]] == [
        f"begin   {case} {code}", "rivers changed in 东街街道", f"Result: {reruns}/latest.json"
    ]  # fmt: skip
    assert re.search(rf"end     code {code} after \d+ s, {words}", lines[3])
    assert (reruns / "latest.json").exists() == (code in (0, 3, 10))
    folders = [one for one in reruns.iterdir() if one.is_dir()]
    assert len(folders) == (code != 0)  # where there is nothing to do, no folder is left to look at
    assert not list(reruns.glob("latest.json.*"))


def test_without_a_case_it_says_how_to_call_it(case: Path) -> None:
    ended = run(case.with_name("absent.toml"))
    assert ended.returncode == 2
    assert "scripts/rerun.sh CASE.toml" in ended.stderr


def test_lists_that_go_back_stay_on_disk_where_there_is_nothing_else_to_do(case: Path) -> None:
    program = case.parents[1] / "program"
    text = program.read_text(encoding="utf-8")
    program.write_text(text.replace("exit $6", 'mkdir "$4/returned"; exit $6'), encoding="utf-8")
    assert run(case, "0").returncode == 0
    (kept,) = [path for path in (case.parent / "reruns").iterdir() if path.is_dir()]
    assert (kept / "returned").is_dir()


def test_the_unit_of_systemd_lets_the_program_write_its_case_and_its_compiled_code() -> None:
    lines = (ROOT / "docs/examples/districting-rerun.service").read_text(encoding="utf-8").splitlines()
    case = next(line.split()[1] for line in lines if line.startswith("ExecStart="))
    assert f"ReadWritePaths={Path(case).parent}" in lines
    # all else is read-only there, and numba refuses to compile where it finds no place for what it compiled
    assert "CacheDirectory=districting" in lines and "Environment=NUMBA_CACHE_DIR=/var/cache/districting" in lines


@pytest.mark.parametrize(
    ("arguments", "words"), [((), "CASE.toml REFERENCE OUT"), (("no.toml", "out", "new"), "no.toml")]
)
def test_the_example_in_python_says_how_to_call_it_and_what_is_wrong_without_a_traceback(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    command = [sys.executable, str(ROOT / "docs/examples/rerun.py"), *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode in (1, 2) and words in ended.stderr and "Traceback" not in ended.stderr
