"""Best from here: the optimizer does the rest of a draft, with what people have locked. Progress, stop, cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from districting.errors import DistrictingError, InputError
from districting.flow.run import Alternative
from districting.language import say
from districting.plans.problem import Ints
from districting.progress import Figures, Step
from districting.review.computed import note_of
from districting.review.desk import Desk
from districting.review.drafts import Labels
from districting.review.locks import requests
from districting.review.refusals import ConflictError, MissingError, StaleError

#: Browsers hear of progress at most so often, s.
TELL_EVERY_S = 0.25

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
        Where it is, how it ended, why there is no plan.
    value, bound, gap
        Of the best plan so far.
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
    sentences: list[str] = field(default_factory=list)
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
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
        began = time.perf_counter()
        desk, language = self.desk, self.desk.language
        try:
            opened = desk.opened
            labels = desk.drafts.labels(search.plan_id, search.revision)
            ground = opened.ground
            land = [atom for atom, dry in zip(ground.atom_ids, ground.land, strict=True) if dry]
            order = {atom: at for at, atom in enumerate(land)}
            edges = ground.edges[ground.land[ground.edges].all(axis=1)]
            places = [order.get(atom, -1) for atom in ground.atom_ids]
            held = requests(
                desk.locks.of(search.plan_id),
                labels,
                ground.today,
                atom_ids=land,
                edges=_renumbered(edges, places),
            )
            study = opened.study.with_locks([*opened.study.case.locks, *held], progress=_Teller(self, search))
            run = study.propose(subdistricts=ids, modes=[search.mode], stop=lambda: self._stop)
            search.seconds = round(time.perf_counter() - began, 1)
            if self._cancelled:
                search.state, search.sentences = "cancelled", [say("review.search.cancelled", language)]
            else:
                self._take(search, run.alternatives[0], labels, set(ids))
        except InputError as error:
            search.state, search.sentences = "failed", error.sentences(language)
        except DistrictingError as error:
            search.state, search.sentences = "failed", [str(error)]
        self._tell(search)

    def _take(self, search: Search, found: Alternative, labels: Labels, ids: set[str]) -> None:
        """Write what was found into the draft."""
        desk, language = self.desk, self.desk.language
        why = found.conflict_sentences(language)
        solved = ids - set(found.plan.unresolved)
        table = desk.opened.study.territory.atoms.table["subdistrict_id"]
        inside = set(map(str, table.index[table.isin(list(solved))]))
        new: Labels = {
            str(atom): None if one is None else str(one)
            for atom, one in found.plan.assignment.items()
            if atom in inside
        }
        moves: Labels = {atom: one for atom, one in new.items() if labels.get(atom) != one}
        if not solved:
            search.state, search.sentences = "no_plan", why or [say("review.search.no_plan", language)]
            return
        if not moves:
            search.state, search.sentences = "done", [say("review.search.nothing", language), *why]
            return
        used = found.plan.communities.loc[sorted({one for one in new.values() if one is not None})]
        notes = [note_of(str(community_id), row) for community_id, row in used.iterrows()]
        known = desk.drafts.communities(search.plan_id)
        fresh = [note for note in notes if known.get(note.community_id) != note]
        about = {"mode": search.mode, "subdistricts": list(search.subdistricts), "seconds": search.seconds}
        plan_id, revision, key = search.plan_id, search.revision, "review.search.done"
        try:
            after = desk.drafts.revise(
                plan_id,
                expected=revision,
                kind="best",
                moves=moves,
                communities=fresh,
                person=search.person,
                **about,
            )
        except (StaleError, ConflictError):  # people have gone on meanwhile: nothing of theirs is lost, nor this
            title = say("review.search.branch", language, title=desk.drafts.get(plan_id).title)
            plan_id = desk.drafts.branch(plan_id, title=title, person=search.person, revision=revision).plan_id
            after = desk.drafts.revise(
                plan_id,
                expected=0,
                kind="best",
                moves=moves,
                communities=fresh,
                person=search.person,
                **about,
            )
            key = "review.search.done_branch"
            desk.draw_later()
        desk.judge_later(plan_id)
        search.state, search.result = "done", (plan_id, after)
        search.sentences = [say(key, language, count=len(moves), title=desk.drafts.get(plan_id).title), *why]

    def _tell(self, search: Search) -> None:
        self.desk.hub.tell("search", search.to_json())


class _Teller:
    """Listens to a study at work and tells the browsers, not too often."""

    def __init__(self, searches: Searches, search: Search) -> None:
        self.searches, self.search = searches, search
        self.figures = Figures()
        self.told = 0.0

    def __call__(self, step: Step, /) -> None:
        self.figures.take(step)
        moment = time.monotonic()
        if moment - self.told < TELL_EVERY_S:
            return
        self.told = moment
        search, figures = self.search, self.figures
        search.value, search.bound, search.gap = figures.incumbent, figures.bound, figures.gap
        search.sentences = [say(step.stage, self.searches.desk.language)]
        self.searches._tell(search)


def _renumbered(edges: Ints, places: Sequence[int]) -> Ints:
    """Pairs of positions among all atoms as pairs of positions among land."""
    return np.asarray(places, dtype=np.int64)[edges].reshape(-1, 2)
