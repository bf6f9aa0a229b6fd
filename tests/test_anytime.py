"""A search can be ended at any time: by Ctrl-C, by its limit, or by its parent's death, and hands in what it has."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest
from rich.console import Console

from districting.engine import Job, run_jobs
from districting.live import Running, progress_on
from districting.plans.division import Division
from districting.progress import Figures, Step
from districting.reports.exports import write_plan_csv
from districting.solvers.assembly import Answer, assemble
from districting.solvers.params import Params
from districting.study import Study

ROOT = Path(__file__).resolve().parents[1]
#: A line on stderr that tells of a plan found.
_FOUND = re.compile(r"best \d")


class Propose:
    """``districting propose`` as a person starts it, in a group of processes of its own, like a terminal's."""

    def __init__(self, case: Path, out: Path, *options: str) -> None:
        command = [sys.executable, "-m", "districting.cli", "propose", str(case), "-o", str(out), "-l", "en"]
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        assert self.process.stderr is not None
        self.stderr: IO[str] = self.process.stderr
        self.lines: list[str] = []

    def read_until(self, wanted: re.Pattern[str]) -> None:
        """Read stderr until a line holds it."""
        for line in self.stderr:
            self.lines.append(line)
            if wanted.search(line):
                return
        pytest.fail(f"the run ended without {wanted.pattern!r}: {self.lines}")

    def interrupt(self) -> None:
        """Ctrl-C: the whole group hears it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Its exit code, once it has ended."""
        with self.stderr:
            self.lines += self.stderr.readlines()
        return self.process.wait(120)

    def group(self) -> list[int]:
        """Processes of the group that still run."""
        running = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(") ")[2].split()
            except OSError:  # ended meanwhile
                continue
            if int(fields[2]) == self.process.pid and fields[0] != "Z":
                running.append(int(stat.parent.name))
        return running


def endless(case: Path) -> Path:
    """The case with gaps that ask for the last household, so that there is something to interrupt."""
    text = case.read_text(encoding="utf-8")
    case.write_text(text.replace("[solve]", "[solve]\ngap_households = 0\ngap_share = 0"), encoding="utf-8")
    return case


posix_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")


@posix_only
def test_ctrl_c_in_the_middle_ends_with_a_full_and_judged_folder(hamlet: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = Propose(endless(hamlet), out, "--mode", "adjust", "--mode", "redraw", "--time-limit", "600")
    run.read_until(_FOUND)
    run.interrupt()
    assert run.end() in (0, 1)
    assert any("best plan so far" in line for line in run.lines)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert [plan["mode"] for plan in record["plans"]] == ["adjust", "redraw"]
    assert any(one["objective"] is not None for plan in record["plans"] for one in plan["subdistricts"])
    for mode in ("adjust", "redraw"):
        place = out / "plans" / mode
        files = {file.name for file in place.iterdir()}
        assert {"findings.json", "map.html", "plan.csv", "plan.gpkg", "proposal.json"} <= files
        rows = list(csv.DictReader(io.StringIO((place / "plan.csv").read_text(encoding="utf-8-sig"))))
        assert len(rows) == record["totals"]["atoms"]
    assert (out / "index.html").exists()
    # loky's tracker of shared resources sees its pipe close only once its parent has ended
    _wait_until_gone(run)


@posix_only
def test_a_second_ctrl_c_leaves_at_once_and_leaves_nothing_behind(hamlet: Path, tmp_path: Path) -> None:
    run = Propose(endless(hamlet), tmp_path / "out", "--time-limit", "600")
    run.read_until(_FOUND)
    run.interrupt()
    run.read_until(re.compile("best plan so far"))
    run.interrupt()
    assert run.end() == 130
    assert not (tmp_path / "out").exists()
    _wait_until_gone(run)


@posix_only
def test_workers_do_not_outlive_a_parent_that_is_killed(hamlet: Path, tmp_path: Path) -> None:
    run = Propose(endless(hamlet), tmp_path / "out", "--time-limit", "600")
    run.read_until(_FOUND)
    run.process.kill()
    run.end()
    _wait_until_gone(run)


def _wait_until_gone(run: Propose) -> None:
    """Wait for a minute at most until no process of the group runs."""
    until = time.monotonic() + 60
    while run.group() and time.monotonic() < until:
        time.sleep(0.1)
    assert not run.group()


def test_the_same_seed_gives_the_same_plan_file_on_one_two_and_three_workers_in_any_order(
    hamlet_folder: Path, tmp_path: Path
) -> None:
    study = Study.open(hamlet_folder / "case.toml")
    (name,) = study.subdistrict_ids(())
    problem = study._pose([name])[name].problem
    # no limit that a slow machine could meet: the searches end by their gap
    params = Params(time_limit_s=3600.0, gap_share=0.02)
    jobs = [Job(problem, "redraw", params), Job(problem, "whole", params), Job(problem, "whole", params, "again")]
    files: list[list[bytes]] = []
    for workers, order in ((1, 1), (2, 1), (3, -1)):
        results = run_jobs(jobs[::order], engine="local", workers=workers)
        files.append([])
        for job in jobs:
            answers = {name: Answer(problem, results[job.key])}
            plan = assemble(job.key[0], job.mode, answers, study.territory, today=study.today.outlines)
            path = tmp_path / f"{job.key[0]}-{workers}.csv"
            write_plan_csv(path, Division.of_plan(plan, study.territory))
            files[-1].append(path.read_bytes())
    assert files[0] == files[1] == files[2]
    assert files[0][1] == files[0][2] != files[0][0]


def test_figures_told_in_pieces_are_put_together_and_a_new_term_begins_anew() -> None:
    figures = Figures()
    assert figures.take(Step("stage.solve", incumbent=200.0))
    assert figures.gap is None
    assert figures.take(Step("stage.solve", bound=150.0))
    assert figures.gap == 0.25
    assert not figures.take(Step("stage.solve", bound=float("-inf")))
    assert not figures.take(Step("stage.solve", incumbent=200.0, bound=150.0))
    assert figures.take(Step("stage.solve", incumbent=9.0, term="communities"))
    assert (figures.incumbent, figures.bound) == (9.0, None)


def piped(*steps: Step) -> list[str]:
    """What stands in a file that stderr goes to."""
    file = io.StringIO()
    with progress_on(Console(file=file, force_terminal=False, width=200), "en") as tell:
        for step in steps:
            tell(step)
    return file.getvalue().splitlines()


def test_a_file_gets_a_line_for_a_change_and_none_for_a_repetition() -> None:
    found = Step("stage.solve", 0, 2, "A · adjust", 120.0, 100.0)
    assert piped(found, found, Step("stage.solve", 1, 2, "A · adjust", 110.0, 110.0, ended=True)) == [
        "Solving",
        "A · adjust: best 120, bound 100, gap 16.67 %",
        "[1/2] done A · adjust: best 110, bound 110, gap 0.00 %",
    ]


def test_a_file_is_not_flooded() -> None:
    lines = piped(*(Step("stage.solve", 0, 1, "A", 1000.0 - n, 0.0) for n in range(500)))
    assert len(lines) == 2


def test_figures_of_a_later_term_bear_its_name() -> None:
    lines = piped(Step("stage.solve", 0, 1, "A", 4.25, 4.0, term="open_border_km"))
    assert lines[1].startswith("A · ")
    assert "border" in lines[1]
    assert "best 4.25, bound 4, gap" in lines[1]


def test_each_search_has_its_own_line_rate() -> None:
    lines = piped(Step("stage.solve", 0, 2, "A", 5.0, 1.0), Step("stage.solve", 0, 2, "B", 6.0, 1.0))
    assert [line[:1] for line in lines] == ["S", "A", "B"]


def test_a_terminal_shows_every_running_search_with_its_gap_and_drops_those_that_have_ended() -> None:
    table = Running("en")
    table.hear(Step("stage.solve", 0, 3, "A · adjust", incumbent=200.0))
    table.hear(Step("stage.solve", 0, 3, "A · adjust", bound=150.0))
    table.hear(Step("stage.solve", 0, 3, "B · whole", 80.0, 80.0))
    table.hear(Step("stage.solve", 1, 3, "B · whole", 80.0, 80.0, ended=True))
    file = io.StringIO()
    Console(file=file, force_terminal=True, width=120, color_system=None).print(table)
    shown = file.getvalue()
    assert "1/3" in shown
    assert re.search(r"A · adjust +200 +150 +25\.00 %", shown)
    assert "B · whole" not in shown
