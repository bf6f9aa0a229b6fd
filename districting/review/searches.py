"""Best from here: the optimizer does the rest of a draft, with what people have locked. Progress, stop, cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from districting.errors import DistrictingError, InputError
from districting.language import Language, say
from districting.progress import Figures, Step
from districting.review.desk import Desk
from districting.review.refusals import ConflictError, MissingError, StaleError

if TYPE_CHECKING:
    from districting.review.best import Found

#: Browsers hear of progress at most so often, s.
TELL_EVERY_S = 0.25

Told = dict[Language, list[str]]

State = Literal["running", "done", "no_plan", "cancelled", "failed"]


@dataclass
class Search:
    """One search that runs or has ended.

    Parameters
    ----------
    plan_id, revision
        The draft that it starts from.
    subdistricts
        Names of what is searched.
    mode
        How: ``adjust``, ``redraw``, ``adjust/best-service`` …
    state
        How it stands.
    sentences
        Where it is, how it ended, why there is no plan; in every language.
    value, bound, gap
        Of the best plan so far.
    share
        Of the sub-districts that are done, 0 to 1.
    result
        (plan, revision) that the result was written to.
    """

    search_id: int
    plan_id: str
    revision: int
    subdistricts: tuple[str, ...]
    mode: str
    person: str
    state: State = "running"
    sentences: Told = field(default_factory=dict)
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
    share: float | None = None
    seconds: float = 0.0
    result: tuple[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


class Searches:
    """Runs one search at a time."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._lock = threading.Lock()
        self._searches: list[Search] = []
        self._thread: threading.Thread | None = None
        self._stop = self._cancelled = False

    def all(self) -> list[Search]:
        """Every search of this server, oldest first."""
        return list(self._searches)

    def begin(self, plan_id: str, *, revision: int, subdistricts: Sequence[str], mode: str, person: str) -> Search:
        """Start a search; the result becomes a revision of the draft, or a branch where it has moved on.

        Raises
        ------
        ConflictError
            If one runs already, or the plan is no draft.
        StaleError
            If the plan has moved on.
        CaseError
            If the mode or a sub-district is unknown.
        """
        desk, study = self.desk, self.desk.opened.study
        note = desk.drafts.get(plan_id)
        if not note.editable:
            raise ConflictError(note.status, plan=note.title)
        if note.revision != revision:
            raise desk.drafts.difference(plan_id, min(max(revision, 0), note.revision))
        study.case.approaches([mode])
        ids = study.subdistrict_ids(subdistricts)
        names = study.layers.subdistricts["name"]
        with self._lock:
            if any(one.state == "running" for one in self._searches):
                raise ConflictError("searching")
            search = Search(
                len(self._searches) + 1, plan_id, revision, tuple(str(names[one]) for one in ids), mode, person
            )
            self._searches.append(search)
            self._stop = self._cancelled = False
        self._tell(search)
        self._thread = threading.Thread(target=self._run, args=(search, ids), name="search", daemon=True)
        self._thread.start()
        return search

    def end(self, search_id: int, *, keep: bool) -> Search:
        """Stop a search: take the best plan so far, or drop it.

        Raises
        ------
        MissingError
            If there is no such search, or it has ended.
        """
        running = [one for one in self._searches if one.search_id == search_id and one.state == "running"]
        if not running:
            raise MissingError("search")
        self._cancelled = not keep
        self._stop = True
        return running[0]

    def close(self) -> None:
        """Drop what runs, as the server ends."""
        self._cancelled = self._stop = True
        if self._thread is not None:
            self._thread.join(timeout=3.0)

    def _run(self, search: Search, ids: Sequence[str]) -> None:
        """The search, in a thread of its own."""
        from districting.review.best import best_from_here  # the optimizer: the first page does not wait for it

        began = time.perf_counter()
        desk = self.desk
        try:
            found = best_from_here(
                desk.opened,
                desk.drafts.labels(search.plan_id, search.revision),
                desk.locks.of(search.plan_id),
                asked=desk.proposals.binding(search.plan_id),
                subdistricts=ids,
                mode=search.mode,
                stop=lambda: self._stop,
                progress=_Teller(self, search),
            )
            search.seconds = round(time.perf_counter() - began, 1)
            if self._cancelled:
                search.state, search.sentences = "cancelled", _told("review.search.cancelled")
            else:
                self._take(search, found)
        except InputError as error:
            search.state = "failed"
            search.sentences = {language: error.sentences(language) for language in get_args(Language)}
        except DistrictingError as error:
            search.state = "failed"
            search.sentences = {language: [str(error)] for language in get_args(Language)}
        finally:
            if search.state == "running":  # a fault of ours goes up, but the page is not to wait for ever
                search.state = "failed"
            self._tell(search)

    def _take(self, search: Search, found: Found) -> None:
        """Write what was found into the draft."""
        desk, why = self.desk, found.why
        if not found.solved:
            told = why if any(why.values()) else _told("review.search.no_plan")
            search.state, search.sentences = "no_plan", told
            return
        if not found.moves:
            search.state, search.sentences = "done", _told("review.search.nothing", why)
            return
        known = desk.drafts.communities(search.plan_id)
        fresh = [note for note in found.communities if known.get(note.community_id) != note]
        about = {"mode": search.mode, "subdistricts": list(search.subdistricts), "seconds": search.seconds}
        plan_id, revision, key = search.plan_id, search.revision, "review.search.done"
        try:
            after = desk.drafts.revise(
                plan_id,
                expected=revision,
                kind="best",
                moves=found.moves,
                communities=fresh,
                person=search.person,
                **about,
            )
        except (StaleError, ConflictError):  # people have gone on meanwhile: nothing of theirs is lost, nor this
            title = say("review.search.branch", desk.language, title=desk.drafts.get(plan_id).title)
            plan_id = desk.drafts.branch(plan_id, title=title, person=search.person, revision=revision).plan_id
            after = desk.drafts.revise(
                plan_id,
                expected=0,
                kind="best",
                moves=found.moves,
                communities=fresh,
                person=search.person,
                **about,
            )
            key = "review.search.done_branch"
            desk.draw_later()
        desk.judge_later(plan_id)
        search.state, search.result = "done", (plan_id, after)
        title = desk.drafts.get(plan_id).title
        search.sentences = _told(key, why, count=len(found.moves), title=title)

    def _tell(self, search: Search) -> None:
        self.desk.hub.tell("search", search.to_json())


class _Teller:
    """Listens to a study at work and tells the browsers, not too often."""

    def __init__(self, searches: Searches, search: Search) -> None:
        self.searches, self.search = searches, search
        self.figures: dict[str, Figures] = {}
        self.ended: set[str] = set()
        self.told = 0.0

    def __call__(self, step: Step, /) -> None:
        figures = self.figures.setdefault(step.where, Figures())
        figures.take(step)
        names = self.search.subdistricts
        if step.ended and step.where in names:
            self.ended.add(step.where)
        moment = time.monotonic()
        if moment - self.told < TELL_EVERY_S:
            return
        self.told = moment
        search = self.search
        search.value, search.bound, search.gap = figures.incumbent, figures.bound, figures.gap
        search.share = len(self.ended) / len(names) if len(names) > 1 else None
        search.sentences = _told(step.stage)
        if step.where in names:
            search.sentences = {language: [step.where, *said] for language, said in search.sentences.items()}
        self.searches._tell(search)


def _told(key: str, why: Mapping[Language, Sequence[str]] | None = None, /, **values: Any) -> Told:
    """A sentence in every language, and why."""
    return {
        language: [say(key, language, **values), *(why or {}).get(language, ())] for language in get_args(Language)
    }
