"""Lists of households in a case: tried out beside those that it has, entered in its file, returned once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
import tomlkit
from tomlkit.items import AbstractTable, AoT

from districting.case import Case
from districting.errors import CaseError, Fault
from districting.flow.at_hand import AtHand
from districting.records.returns import Items, TableKey, keep_returned, read_returned
from districting.territory.address_lists import ListOutcome
from districting.territory.files import file_hash
from districting.territory.list_cells import ListSpec


@dataclass(frozen=True)
class ListAccount:
    """What comes of the lists of a call.

    Parameters
    ----------
    case
        With the lists that can be taken, those that it has already included.
    outcome
        Of all lists.
    taken
        Of those that can be taken: their households are those of the case once they are entered.
    left_out
        Faults of lists of this call that cannot be taken: they cannot be read, or a total differs.
    since
        By row of the outcome: when it went back before (UTC), empty where it did not.
    fresh
        Whether anything goes back that did not before.
    """

    case: Case
    outcome: ListOutcome
    taken: ListOutcome
    left_out: tuple[Fault, ...]
    since: pd.Series
    fresh: bool


def with_files(case: Case, files: Sequence[Path], **settings: object) -> Case:
    """The case with more lists: a file that it has already stands once, with the settings given.

    Parameters
    ----------
    files
        As the command line names them; in the case they are relative to its folder.
    settings
        Of `ListSpec`; None: its default, or what the case says.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    listed = list(case.lists)
    for file in files:
        path = Path(os.path.relpath(file, case.folder)).as_posix()
        if path not in {spec.path for spec in listed}:
            listed.append(ListSpec(path))
        # a workbook may stand several times, with a sheet each
        listed = [replace(spec, **given) if spec.path == path else spec for spec in listed]  # type: ignore[arg-type]
    return replace(case, lists=tuple(listed))


def try_lists(study: AtHand, case: Case) -> ListAccount:
    """What comes of the lists of a case.

    A list that cannot be taken holds up no other. What a list of the case is told of once goes back once.

    Parameters
    ----------
    study
        Of the case as it is.
    case
        With the lists of this call (`with_files`).

    Raises
    ------
    CaseError
        If it has none.
    LayerError
        With every fault of the layers, and of what the case says of its lists.
    """
    if not case.lists:
        raise CaseError([Fault("fault.lists_none", {"file": case.path.name})])
    outcome = _outcome(study, case)
    own = {spec.path for spec in study.case.lists}
    bad = [fault for fault in (*outcome.refused, *outcome.totals) if fault.values["file"] not in own]
    names = {str(fault.values["file"]) for fault in bad}
    kept = replace(case, lists=tuple(spec for spec in case.lists if spec.path not in names))
    if not names:
        taken = outcome
    elif kept.lists:
        taken = _outcome(study, kept)
    else:
        taken = replace(outcome, tables=(), rows=outcome.rows.iloc[:0], after=outcome.before, totals=())
    known, items = read_returned(case), _items(outcome, case)
    when = {}
    for row in outcome.rows[_told(outcome)].itertuples():
        key, item, why = _item(outcome, row)
        moment, before = known.get(key, {}).get(item, ("", ""))
        when[row.Index] = moment if before == why else ""
    since = pd.Series(when, dtype=object).reindex(outcome.rows.index).fillna("")
    fresh = bool(names) or any(
        known.get(key, {}).get(item, ("", ""))[1] != why
        for key, told in items.items()
        for item, why in told.items()
        if why != _NEAR
    )
    return ListAccount(kept, outcome, taken, tuple(bad), since, fresh)


def remember_returned(account: ListAccount) -> None:
    """Write down what went back, so that it goes back once.

    Raises
    ------
    StoreError
        If the records cannot be written.
    """
    keep_returned(account.case, _items(account.outcome, account.case))


#: Why a row goes back that was taken by a near address: to be checked.
_NEAR = "near"


def _outcome(study: AtHand, case: Case) -> ListOutcome:
    """What comes of all lists of a case."""
    outcome = type(study)(case, language=study.language, progress=study.progress).layers.lists
    assert outcome is not None  # a case with lists has an outcome, or its layers a fault
    return outcome


def _told(outcome: ListOutcome) -> pd.Series:
    """Rows that go back, or are told to be checked."""
    return (outcome.rows["reason"] != "") | (outcome.rows["how"] == "near")


def _item(outcome: ListOutcome, row: Any) -> tuple[TableKey, str, str]:
    """What the records know a row by, and why it goes back."""
    table = outcome.tables[row.table]
    return (table.sha256, table.sheet), str(row.line), row.reason or _NEAR


def _items(outcome: ListOutcome, case: Case) -> dict[TableKey, Items]:
    """Everything that goes back, by table."""
    found: dict[TableKey, dict[str, str]] = {}
    for row in outcome.rows[_told(outcome)].itertuples():
        key, item, why = _item(outcome, row)
        found.setdefault(key, {})[item] = why
    for key, held in refused_items(outcome.refused, case).items():
        found.setdefault(key, {}).update(held)
    for fault in outcome.totals:
        found.setdefault(_place(fault, case), {})[f"{fault.key} {fault.values['line']}"] = fault.key
    return dict(found)


def refused_items(faults: Sequence[Fault], case: Case) -> dict[TableKey, dict[str, str]]:
    """What the records know lists by that cannot be read, and why they go back."""
    found: dict[TableKey, dict[str, str]] = {}
    for fault in faults:
        found.setdefault(_place(fault, case), {})[fault.key] = fault.key
    return found


def _place(fault: Fault, case: Case) -> TableKey:
    """What the records know the table of a fault by; a file that nobody may open has no hash."""
    file = str(fault.values["file"])
    try:
        sha256 = file_hash(case.folder / file)
    except OSError:
        sha256 = file
    return sha256, str(fault.values.get("layer", ""))


def enter_lists(case: Case) -> None:
    """Write ``[[lists]]`` of a case into its file; all else in it, remarks and its mode too, stays as it is.

    A file that says all of it already is not written.

    Raises
    ------
    CaseError
        If the file cannot be read, or would no longer be a case.
    """
    said = case.path.read_text(encoding="utf-8-sig")
    document = tomlkit.parse(said)
    held = document.get("lists")
    if held is None:
        document["lists"] = held = tomlkit.aot()
    known = {(table["path"], table.get("sheet")): table for table in held}
    for spec in case.lists:
        table = known.get((spec.path, spec.sheet))
        if table is None:
            table = _with_values(tomlkit.table() if isinstance(held, AoT) else tomlkit.inline_table(), spec)
            if isinstance(held, AoT) and known and not held[-1].as_string().endswith("\n\n"):
                held[-1].add(tomlkit.nl())
            held.append(table)
        else:
            _with_values(table, spec)
    text = tomlkit.dumps(document)
    if text == said:
        return
    Case.parse(text, case.path)
    draft = case.path.with_name(case.path.name + ".part")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8", newline="\n")
    shutil.copymode(case.path, draft)
    draft.replace(case.path)


def _with_values(table: AbstractTable, spec: ListSpec) -> AbstractTable:
    """A table of ``[[lists]]``, changed where it says something else than the list, remarks left as they are."""
    for field in fields(spec):
        default = None if field.name == "path" else getattr(ListSpec("-"), field.name)
        value = getattr(spec, field.name)
        value = dict(value) if field.name == "columns" else value
        said = table.get(field.name, default)
        if said == value:
            continue
        if value is None:
            del table[field.name]
        else:
            table[field.name] = value
    return table
