"""A plan to take away: its files, its verdict, what was said of it, and the audit log, in one zip."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from districting.language import say, sentences
from districting.records.store import Entry
from districting.reports.exports import write_buildings_csv, write_findings, write_plan_csv
from districting.review.desk import Desk
from districting.review.resident import called
from districting.review.said import said

#: Every time stamp inside the zip: equal plans give equal bytes.
_TIME = (2000, 1, 1, 0, 0, 0)


def export(desk: Desk, plan_id: str) -> bytes:
    """The zip of a plan as it stands; it is judged first if it has not been.

    ``plan.csv``, ``buildings.csv``, ``findings.json`` and ``proposal.json`` as `propose` writes them;
    ``review.json`` (the plan's note, comments, votes, names, locks, every proposal), ``comments.json`` for
    `districting comments`, and the audit log as ``audit.json`` and, for
    people, ``audit.csv``. Of the log everything is there, also moves on plans that this one came from.
    """
    note = desk.drafts.get(plan_id)
    judged = desk.judge(plan_id, note.revision)
    study = desk.opened.study
    entries = desk.store.entries()
    told = {
        "plan": vars(note),
        "adoptable": judged.adoptable,
        "comments": [one for one in desk.talk.comments() if one["plan_id"] == plan_id],
        "votes": [one for one in desk.talk.votes() if one["plan_id"] == plan_id],
        "names": [one for one in desk.talk.names() if one["plan_id"] == plan_id],
        "proposals": [one.to_json() for one in desk.proposals.all()],
        "locks": [vars(one) for one in desk.locks.of(plan_id)],
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if judged.division.atoms is not None:
            write_plan_csv(folder / "plan.csv", judged.division)
        write_buildings_csv(
            folder / "buildings.csv", judged.division, today=study.today, territory=study.territory
        )
        write_findings(folder / "findings.json", judged.findings)
        (folder / "proposal.json").write_text(as_json(judged.proposal.to_json()), encoding="utf-8")
        (folder / "review.json").write_text(as_json(told), encoding="utf-8")
        (folder / "comments.json").write_text(as_json(said(desk)), encoding="utf-8")
        (folder / "audit.json").write_text(as_json([entry.to_json() for entry in entries]), encoding="utf-8")
        (folder / "audit.csv").write_text(_table(desk, entries), encoding="utf-8-sig", newline="")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as box:
            for path in sorted(folder.iterdir()):
                box.writestr(zipfile.ZipInfo(path.name, _TIME), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _table(desk: Desk, entries: list[Entry]) -> str:
    """The audit log as a table that spreadsheets open, in the language of the case."""
    written = io.StringIO()
    table = csv.writer(written)
    columns = ("number", "moment", "person", "action", "plan", "before", "after", "detail")
    table.writerow([say(f"review.audit.{column}", desk.language) for column in columns])
    for entry in entries:
        key = f"review.action.{entry.action}"
        action = say(key, desk.language) if key in sentences() else entry.action
        detail = json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True)
        row = (
            entry.entry_id,
            entry.moment,
            called(entry.person, desk.language),
            action,
            entry.plan_id,
            entry.before,
            entry.after,
            detail,
        )
        table.writerow(_harmless(value) for value in row)
    return written.getvalue()


def _harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: what people wrote is text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def as_json(value: Any) -> str:
    """Readable JSON; numbers of numpy become plain ones."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """A value of numpy or pandas as plain data."""
    return value.item() if hasattr(value, "item") else str(value)
