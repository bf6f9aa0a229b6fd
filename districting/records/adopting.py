"""From what somebody names - a plan's folder, a file, an id - to a step of that plan, judged on the way."""

from __future__ import annotations

import dataclasses
import getpass
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from districting.errors import Fault, PlanError
from districting.flow.case_tables import as_day
from districting.flow.freeze import changed_communities, dated, frozen_communities
from districting.records.adopted_layers import AdoptedLayers
from districting.records.adoption import Asked, Move, PlanEntry, Plans
from districting.records.archive import Archive
from districting.records.manifest import content_id, run_id_of, sha256_of
from districting.records.reviewed import division_of, find_draft
from districting.records.states import APPROVED, step_of
from districting.records.store import Store, records_path
from districting.reports.plain import plain, write_json

if TYPE_CHECKING:
    from districting.flow.run import Judged
    from districting.study import Study

#: Files of a plan's folder that name the plan, the most exact first: the others are read where the ground has
#: changed since.
PLAN_FILES = ("plan.csv", "buildings.csv", "plan.gpkg")


@dataclass(frozen=True)
class _Given:
    """A plan that somebody named: its folder, and the record of its run.

    ``made`` now, from a file or a draft: its id tells its content, and a later program may draw its map otherwise.
    """

    plan_ref: str
    title: str
    place: Path
    record: Path
    made: bool = False


def adopt(study: Study, plan: Path | str, asked: Asked) -> Move:
    """Move a plan one step on its way; a plan that the records do not have yet enters them.

    Parameters
    ----------
    plan
        A plan's folder of a run, or a plan file in it; any other plan file; the id of a plan in the records; the
        id or title of a draft that reviewers have settled.

    Raises
    ------
    PlanError
        If there is no such plan or step, broken must-rules or a freeze stand in its way, or a file cannot be read.
    """
    asked = dataclasses.replace(asked, date=_day(asked.date), person=asked.person or whoever())
    with Store(records_path(study.case.path)) as store, tempfile.TemporaryDirectory() as scratch:
        plans = Plans(store)
        given, entry = _find(study, store, plans, plan, Path(scratch))
        if entry is None:
            assert given is not None
            step_of("", asked.status, plan=given.plan_ref)  # before the long work of judging
            judged = read_again(study, given.place)
            _check_freeze(study, judged, asked.date, given.plan_ref)
            archive = Archive.pack(given.place, given.record)
            return plans.enter(given.plan_ref, given.title, archive, asked, figures=judged.figures)
        if given is not None and not given.made:
            _check_unchanged(given, entry)
        step = step_of(entry.status, asked.status, plan=entry.plan_ref, reason=asked.note)
        if not step.onward:
            return plans.move(entry.plan_ref, asked, findings_must=entry.findings_must)
        place = plans.archive(entry).unpack(Path(scratch) / "archive")
        judged = read_again(study, place)
        _check_freeze(study, judged, asked.date, entry.plan_ref)
        layers = AdoptedLayers.read(place) if step.to == APPROVED else None
        must = judged.figures["findings_must"]
        return plans.move(entry.plan_ref, asked, findings_must=must, layers=layers)


def read_again(study: Study, place: Path) -> Judged:
    """The verdict on a plan's folder on the ground as it is now.

    Where buildings or atoms are others than when the plan was made, its outlines are judged building by building.

    Raises
    ------
    PlanError
        If no file of the folder can be read.
    """
    return study.check(readable_file(study, place))


def readable_file(study: Study, place: Path) -> Path:
    """The first file of a plan's folder that can be read on the ground as it is now.

    Raises
    ------
    PlanError
        If there is none; says what is wrong with the last.
    """
    faults: tuple[Fault, ...] = (Fault("fault.adopt_no_plan", {"folder": str(place)}),)
    for name in PLAN_FILES:
        try:
            if (place / name).is_file():
                study.read_plan(place / name)
                return place / name
        except PlanError as error:
            faults = error.faults
    raise PlanError(faults)


def whoever() -> str:
    """Who sits at this machine; empty where it does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no account behind the number, as in some containers
        return ""


def _find(
    study: Study, store: Store, plans: Plans, plan: Path | str, scratch: Path
) -> tuple[_Given | None, PlanEntry | None]:
    """What is named, and its entry in the records where it has one."""
    path = Path(plan)
    if path.exists():
        given = _of_run(path, study) or _by_hand(study, path, scratch)
        known = {one.plan_ref: one for one in plans.all()}
        return given, known.get(given.plan_ref)
    if (entry := plans.find(str(plan))) is not None:
        return None, entry
    if (draft := find_draft(store, str(plan))) is not None:
        division = division_of(store, draft, study.territory, study.today)
        judged = study.judge(division)
        folder = f"{draft.plan_id}@{draft.revision}"
        written = _written(study, judged, scratch, folder, review={"run_id": draft.review_id})
        return dataclasses.replace(written, plan_ref=draft.plan_ref, title=draft.title), None
    drafts = store.rows("SELECT DISTINCT title FROM review_plans WHERE status = 'final' ORDER BY title")
    listed = ", ".join([*(one.plan_ref for one in plans.all()), *(str(row[0]) for row in drafts)])
    raise PlanError([Fault("fault.adopt_unknown", {"plan": str(plan), "known": listed or "–"})])


def _of_run(path: Path, study: Study) -> _Given | None:
    """A plan's folder of a run, or a file in it that names the plan; None for any other path."""
    path = path.resolve()
    place = path if path.is_dir() else path.parent
    record = place.parent.parent / "run.json"
    if place.parent.name != "plans" or not record.is_file() or (path.is_file() and path.name not in PLAN_FILES):
        if path.is_dir():
            raise PlanError([Fault("fault.adopt_no_plan", {"folder": str(path)})])
        return None
    try:
        run_id = run_id_of(json.loads(record.read_text(encoding="utf-8")))
    except ValueError as error:
        raise PlanError([Fault("fault.no_run", {"file": str(record), "why": str(error)})]) from error
    return _Given(f"{run_id}/{place.name}", place.name, place, record)


def _by_hand(study: Study, path: Path, scratch: Path) -> _Given:
    """A plan file that no run made: judged and written as a run writes its plans."""
    plan_id = re.sub(r"[^\w.-]+", "-", path.stem).strip(".-") or "plan"
    return _written(
        study, study.check(path), scratch, plan_id, file={"name": path.name, "sha256": sha256_of(path)}
    )


def _written(study: Study, judged: Judged, scratch: Path, plan_id: str, **source: Mapping[str, Any]) -> _Given:
    """A division as a plan's folder with a record of its own."""
    named = dataclasses.replace(judged, division=dataclasses.replace(judged.division, name=plan_id))
    place = scratch / "made" / "plans" / plan_id
    place.mkdir(parents=True)
    record = plain(study.write_plan(named, place)) | {"source": dict(source)}
    record |= {"run_id": content_id(record)}
    write_json(scratch / "made" / "run.json", record)
    return _Given(f"{record['run_id']}/{plan_id}", plan_id, place, scratch / "made" / "run.json", made=True)


def _check_unchanged(given: _Given, entry: PlanEntry) -> None:
    """Refuse a folder that is not what was entered.

    Raises
    ------
    PlanError
        If one of its files differs.
    """
    if not Archive.pack(given.place, given.record).is_known_as(entry.archive):
        values = {"plan": entry.plan_ref, "folder": str(given.place)}
        raise PlanError([Fault("fault.adopt_changed", values)])


def _check_freeze(study: Study, judged: Judged, day: str, plan_ref: str) -> None:
    """Refuse a plan that changes a frozen community on a day on which the freeze holds.

    Raises
    ------
    PlanError
        Naming some of the communities, the day and the reason.
    """
    freeze = study.case.freeze
    if freeze is None:
        return
    on = dataclasses.replace(study.case, solve=dataclasses.replace(study.case.solve, date=day))
    frozen = frozen_communities(dated(on), study.layers)
    changed = changed_communities(judged.division, study.today, study.territory, frozen)
    if changed:
        names = study.layers.communities["name"]
        told = [str(names.get(one, one)) for one in changed]
        listed = ", ".join(told[:5]) + (" …" if len(told) > 5 else "")
        values = {"plan": plan_ref, "count": len(told), "names": listed}
        raise PlanError([Fault("fault.adopt_frozen", values | {"until": freeze.until, "reason": freeze.reason})])


def _day(given: str) -> str:
    """The day of a step: as given, else today.

    Raises
    ------
    PlanError
        If it is no day.
    """
    if not given:
        return date.today().isoformat()
    day = as_day(given)
    if day is None:
        raise PlanError([Fault("fault.adopt_day", {"value": given})])
    return day
