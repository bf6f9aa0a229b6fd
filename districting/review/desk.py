"""The desk: one run under review. Opens the case, keeps the drafts, has every saved plan judged, draws the page.

Reading the case and judging plans take seconds, so a clerk does them in a thread of its own; browsers are told.
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from districting import __version__
from districting.assessment.wording import finding_sentence
from districting.errors import DistrictingError, InputError
from districting.flow.run import Judged
from districting.language import Language
from districting.records.store import Entry, Store
from districting.reports.words import plan_title
from districting.review.computed import case_of, read_computed, read_run, to_division, todays
from districting.review.drafts import CommunityNote, Drafts
from districting.review.events import Hub
from districting.review.ground import Ground
from districting.review.locks import Locks
from districting.review.page import payload_of, titled_page
from districting.review.people import People
from districting.review.refusals import MissingError, UnreadyError
from districting.review.talk import Talk
from districting.study import Study

_LOG = logging.getLogger(__name__)

#: After so long without a move the page is drawn again for those who come later, s.
IDLE_S = 3.0

#: How long the clerk may finish what it is doing at the end, s; a verdict that is not written is made again.
LAST_WORD_S = 2.0

#: Name under which the program itself stands in the audit log.
PROGRAM = "districting"


@dataclass(frozen=True, eq=False)
class Opened:
    """What is known once the case has been read."""

    study: Study
    ground: Ground
    today: dict[str, CommunityNote]


class Desk:
    """One run under review.

    Parameters
    ----------
    out
        Folder of the run.
    case
        Its case file; None: the one that the run names.
    store
        File of the review; None: ``<out>.review.sqlite`` beside the folder, so that a new run does not touch it.
    language
        None: the case's own.

    Raises
    ------
    InputError
        If run, case or store cannot be read.
    """

    def __init__(
        self,
        out: Path,
        *,
        case: Path | None = None,
        store: Path | None = None,
        language: Language | None = None,
    ) -> None:
        self.out = out.resolve()
        self.record = read_run(self.out)
        self.study = Study.open(case or case_of(self.out, self.record), language=language)
        self.language: Language = self.study.language
        self.hub = Hub()
        self.store = Store(store or self.out.with_name(f"{self.out.name}.review.sqlite"), heard=self._heard)
        self.drafts, self.talk = Drafts(self.store), Talk(self.store)
        self.people, self.locks = People(self.store), Locks(self.store)
        self.ready = threading.Event()
        self.fault: list[str] = []
        self._opened: Opened | None = None
        self._judged: dict[tuple[str, int], Judged] = {}
        self._page: str | None = None
        self.drawn: list[str] = []
        self._outdated = self._awaited = False
        self._ending = threading.Event()
        self._judging = threading.Lock()
        self._tasks: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._clerk = threading.Thread(target=self._work, name="clerk", daemon=True)

    def begin(self) -> None:
        """Let the clerk start; returns at once."""
        self._tasks.put(self._open)
        self._clerk.start()

    def end(self) -> None:
        """Stop the clerk after what it is doing, and close the store."""
        self._ending.set()
        self._tasks.put(None)
        if self._clerk.is_alive():
            self._clerk.join(timeout=LAST_WORD_S)
        self.store.close()

    @property
    def opened(self) -> Opened:
        """The case.

        Raises
        ------
        UnreadyError
            While it is being read, or if it cannot be.
        """
        if self._opened is None:
            if self.fault:
                raise UnreadyError("unopened", why="; ".join(self.fault))
            raise UnreadyError("opening")
        return self._opened

    @cached_property
    def title(self) -> str:
        """Name of the case, for people."""
        return self.study.case.folder.name

    def communities(self, plan_id: str) -> dict[str, CommunityNote]:
        """What is said of every community that a plan may give land to: its own, and today's."""
        return {**self.opened.today, **self.drafts.communities(plan_id)}

    def judge(self, plan_id: str, revision: int) -> Judged:
        """The verdict of the checks on a revision; written down the first time."""
        key = (plan_id, revision)
        with self._judging:
            if key not in self._judged:
                opened = self.opened
                known = {**opened.today, **self.drafts.communities(plan_id, revision)}
                division = to_division(
                    plan_id, self.drafts.labels(plan_id, revision), known, opened.study.territory
                )
                judged = opened.study.judge(division)
                self._judged = {**dict(list(self._judged.items())[-15:]), key: judged}
                self._write_verdict(plan_id, revision, judged)
            return self._judged[key]

    def judge_later(self, plan_id: str) -> None:
        """Have the clerk judge a plan as it stands."""
        self._tasks.put(lambda: self._judge_head(plan_id))

    def draw_later(self) -> None:
        """Have the clerk draw the page again: somebody waits for a plan that is not on it."""
        self._tasks.put(self._draw_if_idle)

    def findings(self, plan_id: str, revision: int) -> tuple[bool, list[dict[str, Any]]] | None:
        """Whether a revision is adoptable, and its findings with their sentences; None while it is not judged."""
        kept = self.drafts.verdict(plan_id, revision)
        return None if kept is None else (kept[0], json.loads(kept[1]))

    def page(self) -> str:
        """The compare page: as last drawn, else as the run left it.

        Raises
        ------
        MissingError
            If there is none.
        UnreadyError
            If another version of the program drew it, until it is drawn again.
        """
        if self._page is not None:
            return self._page
        if not self._drawn_by_us():
            raise UnreadyError("opening")
        try:
            return (self.out / "index.html").read_text(encoding="utf-8")
        except OSError as error:
            raise MissingError("page") from error

    def shown(self, plan_id: str) -> str:
        """One plan as it stands beside today, sealed as the page's own script opens it."""
        note = self.drafts.get(plan_id)
        return payload_of(self._draw([self.judge(plan_id, note.revision)]))

    def offline(self) -> str:
        """The compare page as last drawn, with the titles of the drafts: one file that opens anywhere."""
        return titled_page(self.page(), titles=self.titles())

    def titles(self) -> dict[str, str]:
        """Titles of the drafts by plan."""
        return {note.plan_id: note.title for note in self.drafts.all() if note.status != "computed"}

    def _drawn_by_us(self) -> bool:
        """Whether the run's page fits our own script: the same version drew it."""
        return bool(self.record.get("versions", {}).get("districting") == __version__)

    def _open(self) -> None:
        """Read the case, take the run's plans over, judge what has not been judged."""
        try:
            study = self.study
            today = todays(study.today)
            study.diagnose()
            ground = Ground.of(study.territory, study.policy, study.today)
            self._take_over(study)
            self._opened = Opened(study, ground, today)
        except InputError as error:
            self.fault = error.sentences(self.language)
            self.hub.tell("fault", self.fault)
            return
        self.ready.set()
        self.hub.tell("ready", {})
        for note in self.drafts.all():
            if self.drafts.verdict(note.plan_id, note.revision) is None:
                self.judge_later(note.plan_id)
        if self.titles() or not self._drawn_by_us():
            self.draw_later()

    def _take_over(self, study: Study) -> None:
        """Enter the plans of the run; a plan of an earlier run under the same name stays as it was."""
        known = {note.plan_id for note in self.drafts.all()}
        for entry in self.record["plans"]:
            plan_id = str(entry["plan_id"])
            found = read_computed(self.out, plan_id, study.territory, study.today)
            if found is None:
                continue
            labels, communities = found
            while plan_id in known and self.drafts.labels(plan_id, 0) != labels:
                plan_id += "+"
            if plan_id not in known:
                title = plan_title(plan_id, self.language)
                self.drafts.begin(
                    plan_id,
                    title=self.drafts.unused_title(title),
                    status="computed",
                    labels=labels,
                    communities=communities,
                    person=PROGRAM,
                )

    def _judge_head(self, plan_id: str) -> None:
        """Judge a plan as it stands; skipped if it has been, or if it moved on and waits again."""
        note = self.drafts.get(plan_id)
        kept = self.drafts.verdict(plan_id, note.revision)
        if kept is None:
            self.judge(plan_id, note.revision)
        self._outdated = self._outdated or note.status != "computed"

    def _write_verdict(self, plan_id: str, revision: int, judged: Judged) -> None:
        """Keep a verdict and tell the browsers."""
        findings = [
            {**finding.to_json(), "sentence": finding_sentence(finding, self.language)}
            for finding in judged.findings
        ]
        text = json.dumps(findings, ensure_ascii=False, sort_keys=True)
        self.drafts.write_verdict(plan_id, revision, adoptable=judged.adoptable, findings=text)
        must = sum(finding.strength == "must" for finding in judged.findings)
        told = {"plan": plan_id, "revision": revision, "adoptable": judged.adoptable, "must": must}
        self.hub.tell("judged", told)

    def _draw_if_idle(self) -> None:
        """Draw now, or after what else waits: several plans that are wanted at once are drawn at once."""
        if self._tasks.empty():
            self._draw_all()
        elif not self._awaited:
            self._awaited = True
            self._tasks.put(self._draw_at_last)

    def _draw_at_last(self) -> None:
        """What waited has been done."""
        self._awaited = False
        self._draw_if_idle()

    def _draw_all(self) -> None:
        """Draw the page with every plan of the review."""
        self._outdated = False
        notes = self.drafts.all()
        page = self._draw([self.judge(note.plan_id, note.revision) for note in notes])
        self._page = page
        self.drawn = [note.plan_id for note in notes]
        self.hub.tell("drawn", {})

    def _draw(self, judged: list[Judged]) -> str:
        """The compare page of today and some plans."""
        study = self.opened.study
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.html"
            study.write_comparison(judged, study.measure(judged), path, run=self.record)
            return path.read_text(encoding="utf-8")

    def _work(self) -> None:
        """What the clerk does: one task after another."""
        while True:
            try:
                task = self._tasks.get(timeout=IDLE_S)
            except queue.Empty:
                if not self._outdated:
                    continue
                task = self._draw_all
            if task is None or self._ending.is_set():
                return
            try:
                task()
            except DistrictingError as error:
                self.hub.tell("fault", [str(error)])
            except sqlite3.ProgrammingError:
                if self._ending.is_set():  # the store was closed while we worked
                    return
                raise
            except Exception as error:  # noqa: BLE001 - the desk stays open: the next task may be sound
                _LOG.exception("a task of the review desk failed")
                self.hub.tell("fault", [f"{type(error).__name__}: {error}"])

    def _heard(self, entry: Entry) -> None:
        """Tell the browsers of a move."""
        self.hub.tell("move", entry.to_json(), number=entry.entry_id)
