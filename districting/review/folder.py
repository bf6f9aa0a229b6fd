"""What a run's folder tells at once: its record, its case file, the language. Reads no map."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from districting.errors import CaseError, Fault, PlanError
from districting.language import Language


def read_run(out: Path) -> dict[str, Any]:
    """The record of a run, ``run.json``.

    Raises
    ------
    PlanError
        If the folder holds none that can be read.
    """
    path = out / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError([Fault("fault.no_run", {"file": str(path), "why": str(error)})]) from error
    if not isinstance(record, dict) or not isinstance(record.get("plans"), list):
        raise PlanError([Fault("fault.no_run", {"file": str(path), "why": "plans"})])
    return record


def case_of(out: Path, record: Mapping[str, Any]) -> Path:
    """The case file that a run names.

    Raises
    ------
    PlanError
        If it names none, or one that is gone.
    """
    named = record.get("case")
    path = None if not isinstance(named, str) else (out / named).resolve()
    if path is None or not path.is_file():
        raise PlanError([Fault("fault.no_case", {"file": str(out / "run.json"), "case": str(path or "")})])
    return path


def language_of(case: Path) -> Language:
    """The language that a case file asks for; ``zh`` where it asks for none that we speak.

    The clerk reads the whole case and says what is wrong in it.

    Raises
    ------
    CaseError
        If the file cannot be read.
    """
    try:
        found = tomllib.loads(case.read_text(encoding="utf-8-sig")).get("language", "zh")
    except (OSError, ValueError) as error:
        raise CaseError([Fault("fault.case_unreadable", {"file": str(case), "why": str(error)})]) from error
    return cast(Language, found) if found in get_args(Language) else "zh"
