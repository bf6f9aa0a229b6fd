"""Lists of households in a case: tried out beside those that it has, and entered in its file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import tomlkit
from tomlkit.items import AbstractTable, AoT

from districting.case import Case
from districting.errors import CaseError, Fault
from districting.flow.at_hand import AtHand
from districting.territory.address_lists import ListOutcome
from districting.territory.list_cells import ListSpec


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


def try_lists(study: AtHand, case: Case) -> ListOutcome:
    """What comes of the lists of a case.

    Raises
    ------
    CaseError
        If it has none.
    LayerError
        With every fault of the layers and the lists.
    """
    if not case.lists:
        raise CaseError([Fault("fault.lists_none", {"file": case.path.name})])
    outcome = type(study)(case, language=study.language, progress=study.progress).layers.lists
    assert outcome is not None  # a case with lists has an outcome, or its layers a fault
    return outcome


def enter_lists(case: Case) -> None:
    """Write ``[[lists]]`` of a case into its file; all else in it, remarks and its mode too, stays as it is.

    Raises
    ------
    CaseError
        If the file cannot be read, or would no longer be a case.
    """
    document = tomlkit.parse(case.path.read_text(encoding="utf-8-sig"))
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
