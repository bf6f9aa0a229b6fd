"""Lists of households in a case: tried out beside those that it has, and entered in its file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import tomlkit

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
    known = {spec.path: spec for spec in case.lists}
    for file in files:
        path = Path(os.path.relpath(file, case.folder)).as_posix()
        known[path] = replace(known.get(path, ListSpec(path)), **given)  # type: ignore[arg-type]
    return replace(case, lists=tuple(known.values()))


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
    """Write ``[[lists]]`` of a case into its file; all else in it, remarks too, stays as it is.

    Raises
    ------
    CaseError
        If the file cannot be read, or would no longer be a case.
    """
    document = tomlkit.parse(case.path.read_text(encoding="utf-8-sig"))
    lists = tomlkit.aot()
    for spec in case.lists:
        table = tomlkit.table()
        for field in fields(spec):
            value = getattr(spec, field.name)
            if field.name == "path" or value not in (None, {}, getattr(ListSpec("-"), field.name)):
                table[field.name] = dict(value) if field.name == "columns" else value
        lists.append(table)
    document["lists"] = lists
    text = tomlkit.dumps(document)
    Case.parse(text, case.path)
    draft = case.path.with_name(case.path.name + ".part")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(case.path)
