"""The work as it runs, on stderr: a table that lives where somebody looks, plain lines where nobody does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from districting.language import Language, say
from districting.progress import Figures, Progress, Step

#: Searches shown at once; the others are counted.
SHOWN = 12
#: Least seconds between two lines about the same thing where output is not looked at as it comes.
LINE_EVERY_S = 1.0


@contextmanager
def progress_on(console: Console, language: Language) -> Iterator[Progress]:
    """Somebody to tell while the block runs.

    Parameters
    ----------
    console
        Where to show it. On a terminal the table is gone after the block; elsewhere each change of a best plan
        or bound is a line, at most one a second, and so are each new stage and each end.
    """
    if not console.is_terminal:
        yield Lines(console, language)
        return
    table = Running(language)
    with Live(table, console=console, transient=True, refresh_per_second=4, redirect_stdout=False):
        yield table.hear


class Running:
    """Stage, what is done of it, and a row for each search that runs: best plan, proved bound, gap."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.last: Step | None = None
        self.rows: dict[str, Figures] = {}
        self.since: dict[str, float] = {}
        self.began = time.monotonic()

    def hear(self, step: Step, /) -> None:
        """Take notice."""
        if self.last is None or step.stage != self.last.stage:
            self.rows, self.since, self.began = {}, {}, time.monotonic()
        self.last = step
        if step.incumbent is None and step.bound is None and not step.ended:
            return
        if step.ended:
            self.rows.pop(step.where, None)
            return
        self.since.setdefault(step.where, time.monotonic())
        self.rows.setdefault(step.where, Figures()).take(step)

    def __rich__(self) -> Group:
        """What stands there now."""
        step = self.last
        if step is None:
            return Group()
        done = f"  {step.done}/{step.total}" if step.total else ""
        where = "" if self.rows or step.ended else f"  {step.where}"
        head = Text(f"{say(step.stage, self.language)}{done}{where}  {_clock(self.began)}")
        if not self.rows:
            return Group(head)
        table = Table(box=None, pad_edge=False)
        table.add_column(say("cli.subdistrict", self.language))
        for key in ("objective", "bound", "gap", "seconds"):
            table.add_column(say(f"cli.{key}", self.language), justify="right")
        for name, row in list(self.rows.items())[:SHOWN]:
            figures = figure(row.incumbent), figure(row.bound), share(row.gap)
            table.add_row(Text(name + told_of(row.term, self.language)), *figures, _clock(self.since[name]))
        more = len(self.rows) - SHOWN
        return Group(head, table, *([Text(say("cli.more_running", self.language, n=more))] if more > 0 else []))


class Lines:
    """One line for each new stage, each change of a search at most every second, and each end."""

    def __init__(self, console: Console, language: Language) -> None:
        self.console = console
        self.language: Language = language
        self.stage = ""
        self.told: dict[str, float] = {}
        self.figures: dict[str, Figures] = {}

    def __call__(self, step: Step, /) -> None:
        """Take notice."""
        if step.stage != self.stage:
            self.stage, self.told, self.figures = step.stage, {}, {}
            self.console.print(say(step.stage, self.language), markup=False)
        figures = self.figures.setdefault(step.where, Figures())
        changed, now = figures.take(step), time.monotonic()
        if not step.ended and (not changed or now - self.told.get(step.where, -LINE_EVERY_S) < LINE_EVERY_S):
            return
        self.told[step.where] = now
        values = {
            "where": step.where + told_of(figures.term, self.language),
            "incumbent": figure(figures.incumbent),
            "bound": figure(figures.bound),
            "gap": share(figures.gap),
        }
        line = say("cli.searching", self.language, **values)
        if step.ended:
            line = say("cli.searched", self.language, done=step.done, total=step.total or "?", line=line)
        self.console.print(line, markup=False)


def told_of(term: str, language: Language) -> str:
    """Which terms of the objective the figures measure, in words to append; nothing for the first."""
    words = [say(f"profile.term.{name}", language) for name in term.split("+") if name]
    return " · " + " + ".join(words) if words else ""


def figure(value: float | None) -> str:
    """A figure, or a dash."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.2f}"


def share(value: float | None) -> str:
    """A share in percent, or a dash."""
    return "–" if value is None else f"{100 * value:.2f} %"


def _clock(began: float) -> str:
    """Minutes and seconds since then."""
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    return f"{minutes}:{seconds:02d}"
