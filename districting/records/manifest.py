"""What a run is known by: the hash of all that went in and came out, times left out."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Hexadecimal digits of a run's id: 48 bits, so that ten thousand runs of a case meet by chance once in 10⁶ cases.
ID_DIGITS = 12

#: What differs between two equal runs (docs/run-record.md), and where a run was written.
_PASSING = frozenset({"started", "seconds", "case", "run_id"})


def run_id_of(record: Mapping[str, Any]) -> str:
    """Id of a run by its record ``run.json``: the one that stands there, else that of its content."""
    told = record.get("run_id")
    return told if isinstance(told, str) and told else content_id(record)


def content_id(record: Mapping[str, Any]) -> str:
    """What equal runs have in common: a hash of the record, plain data, without times and its own place.

    Examples
    --------
    >>> one = {"plans": [{"plan_id": "adjust", "seconds": 3.1}], "started": "2026-11-22T08:00:00"}
    >>> content_id(one) == content_id({"plans": [{"plan_id": "adjust", "seconds": 2.9}], "run_id": "x"})
    True
    """
    text = json.dumps(_lasting(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:ID_DIGITS]


def outputs_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of an output folder, by its path inside with forward slashes, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seen_from(folder: Path, path: Path) -> str:
    """A path as it is written in a folder: relative where one disk holds both, with forward slashes."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def _lasting(value: Any) -> Any:
    """Plain data without what passes."""
    if isinstance(value, Mapping):
        return {key: _lasting(item) for key, item in value.items() if key not in _PASSING}
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    return value
