"""Every sentence that leaves the program, in Chinese and English, by key.

The sentences are data: one TOML file per subject in ``districting/sentences``, each entry
``[key] zh = "…" en = "…"``. No module holds a sentence for people in its code.

English words go by the figure beside them: ``{n} {n:household moves|households move}``; Chinese needs no choice.
"""

from __future__ import annotations

import os
import string
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

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


class _Filling(string.Formatter):
    """`str.format`, and words for one or for many: ``{n:one|many}``."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """The first words where the value is one, written as it may be (1, 1.0, "+1", -1); else the second."""
        one, choice, many = format_spec.partition("|")
        if not choice:
            return format(value, format_spec)
        return one if str(value).lstrip("+-−") in ("1", "1.0") else many


_FILLING = _Filling()


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
    >>> say("unit.household", "en", n=1)
    '1 household'
    >>> say("unit.household", "zh", n=3)
    '3 户'
    """
    text = sentences()[key][language]
    # only a choice of words needs the slower way
    return _FILLING.vformat(text, (), values) if "|" in text else text.format(**values)


def default_language() -> Language:
    """Language of the user before a case is read: ``DISTRICTING_LANGUAGE``, else the locale, else English."""
    for name in ("DISTRICTING_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").lower()
        if value:
            return "zh" if value.startswith("zh") else "en"
    return "en"
