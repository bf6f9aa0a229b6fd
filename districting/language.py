"""Every sentence that leaves the program, in Chinese and English, by key.

The sentences are data: one TOML file per subject in ``districting/sentences``, each entry
``[key] zh = "…" en = "…"``. No module holds a sentence for people in its code.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from importlib import resources
from typing import Literal, get_args

Language = Literal["zh", "en"]


@cache
def sentences() -> dict[str, dict[Language, str]]:
    """All sentences by key; a key that stands in two files is an error of ours.

    Raises
    ------
    ValueError
        If a key is defined twice or lacks a language.
    """
    found: dict[str, dict[Language, str]] = {}
    folder = resources.files("districting") / "sentences"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        for key, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if key in found or set(entry) != set(get_args(Language)):
                raise ValueError(f"sentence {key!r} in {file.name}: defined twice, or not in zh and en")
            found[key] = entry
    return found


def say(key: str, language: Language, /, **values: object) -> str:
    """Sentence ``key`` with ``values`` filled in.

    Raises
    ------
    KeyError
        If there is no such sentence, or a value that it needs is missing.

    Examples
    --------
    >>> say("unit.household", "en", n=3)
    '3 households'
    >>> say("unit.household", "zh", n=3)
    '3 户'
    """
    return sentences()[key][language].format(**values)


def default_language() -> Language:
    """Language of the user before a case is read: ``DISTRICTING_LANGUAGE``, else the locale, else English."""
    for name in ("DISTRICTING_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").lower()
        if value:
            return "zh" if value.startswith("zh") else "en"
    return "en"
