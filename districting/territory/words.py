"""The words of other people's files, from ``words.toml``: column names, road classes, kinds of barrier."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def _document() -> dict[str, Any]:
    file = resources.files("districting.territory") / "words.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def words(subject: str) -> dict[str, list[str]]:
    """Our word → theirs, best first, for ``roads``, ``barriers``, ``room_uses``, ``homes`` and the like.

    Examples
    --------
    >>> words("roads")["tertiary"][:3]
    ['tertiary', 'tertiary_link', 'collector']
    """
    found: dict[str, list[str]] = _document()[subject]
    return found


def column_words(role: str) -> dict[str, list[str]]:
    """Our column → the names that files give it, best first, for one role."""
    found: dict[str, list[str]] = _document()["columns"][role]
    return found
