"""The desk: one run under review. Opens the case, keeps the drafts, has every saved plan judged, draws the page.

Reading the case and judging plans take seconds, so a clerk does them in a thread of its own; browsers are told.
The finished page, comments and votes wait for neither, and nothing heavy is imported for them.
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Hashable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from districting import __version__
from districting.errors import DistrictingError, InputError
from districting.language import Language
from districting.records.manifest import run_id_of
from districting.records.store import Entry, Store, records_path
from districting.records.takeover import take_over
from districting.review.drafts import CommunityNote, Drafts
from districting.review.events import Hub
from districting.review.folder import case_of, language_of, read_run
from districting.review.locks import Locks
from districting.review.page import payload_of, titled_page
from districting.review.people import People
from districting.review.proposals import Proposals
from districting.review.refusals import MissingError, UnreadyError
from districting.review.talk import Talk

if TYPE_CHECKING:
    from districting.flow.run import Judged
    from districting.review.opened import Opened
    from districting.study import Study

_LOG = logging.getLogger(__name__)

#: After so long without a move the page is drawn again for those who come later, s.
IDLE_S = 3.0

#: How long the clerk may finish what it is doing at the end, s; a verdict that is not written is made again.
LAST_WORD_S = 0.5

#: Verdicts that are kept at hand: an undo finds the one of the state that it restores.
MOST_JUDGED = 24

#: Name under which the program itself stands in the audit log.
PROGRAM = "districting"


class Desk:
    """One run under review.

    Parameters
    ----------
    out
        Folder of the run.
    case
        Its case file; None: the one that the run names.
    store
        The records of the case; None: ``<case>.records.gpkg`` beside the case file. Each run has a review of its
        own in it; what an earlier program kept in ``<out>.review.sqlite`` is taken over once.
    language
        None: the case's own.

    Raises
    ------
    InputError
        If run, case file or store cannot be read.
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
        self.case_path = case or case_of(self.out, self.record)
        self.language: Language = language or language_of(self.case_path)
        self.hub = Hub()
        path = store or records_path(self.case_path)
        self.store = Store(path, review_id=run_id_of(self.record), heard=self._heard)
        take_over(self.store, self.out.with_name(f"{self.out.name}.review.sqlite"))
        self.drafts, self.talk = Drafts(self.store), Talk(self.store)
        self.people, self.locks = People(self.store), Locks(self.store)
        self.proposals = Proposals(self.store)
        self.ready = threading.Event()
        self.fault: list[str] = []
        self.refusal: InputError | None = None
        self._opened: Opened | None = None
        self._judged: dict[Hashable, Judged] = {}
        self._hopeless: set[tuple[str, int]] = set()
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
        return self.case_path.resolve().parent.name

    def communities(self, plan_id: str) -> dict[str, CommunityNote]:
        """What is said of every community that a plan may give land to: its own, and today's."""
        return {**self.opened.today, **self.drafts.communities(plan_id)}

    def judge(self, plan_id: str, revision: int) -> Judged:
        """The verdict of the checks on a revision; written down the first time.

        Equal states of a plan are judged once: what an undo restores has its verdict at once.
        """
        with self._judging:
            opened = self.opened
            labels = self.drafts.labels(plan_id, revision)
            known = {**opened.today, **self.drafts.communities(plan_id, revision)}
            used = sorted({one for one in labels.values() if one is not None})
            key = (plan_id, tuple(labels.items()), tuple(known[one] for one in used))
            if key not in self._judged:
                judged = opened.judge(plan_id, labels, known)
                self._judged = {**dict(list(self._judged.items())[1 - MOST_JUDGED :]), key: judged}
            judged = self._judged[key]
            if self.drafts.verdict(plan_id, revision) is None:
                self._write_verdict(plan_id, revision, judged)
            return judged

    def judge_all(self, plan_id: str) -> None:
        """Have every revision of a plan judged now: nothing is exported or handed over before that."""
        for judged_plan, revision in self.drafts.unjudged():
            if judged_plan == plan_id:
                self.judge(plan_id, revision)

    def judge_later(self, plan_id: str) -> None:
        """Have the clerk judge a plan as it stands; the revisions that it passed over follow when it has time."""
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
        return payload_of(self.opened.draw([self.judge(plan_id, note.revision)], self.record))

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
        """Read the case, take the run's plans over, judge what stands; a wrong case file ends the server."""
        from districting.review.opened import (
            Opened,
        )  # maps, solvers, checks: the first page waits for none of them

        study = self._study()
        if study is None:
            return
        try:
            opened = Opened.of(study)
            opened.take_over(self.drafts, self.out, self.record, person=PROGRAM)
        except InputError as error:
            self.fault = error.sentences(self.language)
            self.hub.tell("fault", self.fault)
            return
        self._opened = opened
        self.ready.set()
        self.hub.tell("ready", {})
        for note in self.drafts.all():
            if self.drafts.verdict(note.plan_id, note.revision) is None:
                self.judge_later(note.plan_id)
        if self.titles() or not self._drawn_by_us():
            self.draw_later()

    def _study(self) -> Study | None:
        """The study of the case file; None if the file is wrong."""
        from districting.study import Study

        try:
            study = Study.open(self.case_path, language=self.language)
            study.case.policy()  # rules that cannot be read are said at once, too
            return study
        except InputError as error:
            self.fault, self.refusal = error.sentences(self.language), error
            self.hub.tell("fault", self.fault)
            return None

    def _judge_head(self, plan_id: str) -> None:
        """Judge a plan as it stands; skipped if it has been, or if it moved on and waits again."""
        note = self.drafts.get(plan_id)
        if self.drafts.verdict(plan_id, note.revision) is None:
            self.judge(plan_id, note.revision)
        self._outdated = self._outdated or note.status != "computed"

    def _write_verdict(self, plan_id: str, revision: int, judged: Judged) -> None:
        """Keep a verdict; the audit log says so, and the browsers hear of it."""
        must = sum(finding.strength == "must" for finding in judged.findings)
        text = json.dumps(self.opened.sentences(judged, self.language), ensure_ascii=False, sort_keys=True)
        self.drafts.write_verdict(
            plan_id, revision, adoptable=judged.adoptable, findings=text, must=must, person=PROGRAM
        )

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
        page = self.opened.draw([self.judge(note.plan_id, note.revision) for note in notes], self.record)
        self._page = page
        self.drawn = [note.plan_id for note in notes]
        self.hub.tell("drawn", {})

    def _work(self) -> None:
        """What the clerk does: one task after another, and what is left over when nobody waits."""
        leisure: Callable[[], None] | None = None
        while True:
            try:
                task = self._tasks.get(timeout=0.0 if leisure else IDLE_S)
            except queue.Empty:
                task = leisure or self._left_over
            if task is None or self._ending.is_set():
                return
            try:
                task()
                leisure = self._left_over if self._behind() else None
            except DistrictingError as error:
                self.hub.tell("fault", [str(error)])
            except sqlite3.ProgrammingError:
                if self._ending.is_set():  # the store was closed while we worked
                    return
                raise
            except Exception as error:  # noqa: BLE001 - the desk stays open: the next task may be sound
                _LOG.exception("a task of the review desk failed")
                told = [f"{type(error).__name__}: {error}"]
                if self._opened is None:  # the pages are not to wait for ever
                    self.fault = told
                self.hub.tell("fault", told)

    def _behind(self) -> bool:
        """Whether saved revisions wait for their verdict."""
        return self._opened is not None and any(one not in self._hopeless for one in self.drafts.unjudged())

    def _left_over(self) -> None:
        """Judge the oldest revision that moved on before its verdict; with none left, draw what is outdated."""
        if self._opened is None:
            return
        waiting = [one for one in self.drafts.unjudged() if one not in self._hopeless]
        if waiting:
            self._hopeless.add(waiting[0])  # until the verdict is there: one that fails is not tried for ever
            self.judge(*waiting[0])
            self._hopeless.discard(waiting[0])
        elif self._outdated:
            self._draw_all()

    def _heard(self, entry: Entry) -> None:
        """Tell the browsers of a move; whoever may no longer look hears nothing of it."""
        if entry.action in ("revoke", "invite"):  # both end every session that the person had
            self.hub.dismiss(str(entry.detail["name"]))
        self.hub.tell("judged" if entry.action == "judge" else "move", entry.to_json(), number=entry.entry_id)
