"""One table of a policy file as the dataclass of its kind, or everything that is wrong with it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from districting.policies.wrong import Wrong, no_choice


class Checked(Protocol):
    """A dataclass that knows what is wrong with its own figures."""

    def problems(self) -> list[Wrong]:
        """Everything that is wrong with the figures; empty if nothing."""


E = TypeVar("E", bound=Checked)

#: What a value of each type looks like in TOML, for the sentence that asks for one.
_LOOKS = {int: "3", float: "0.5", str: '"…"', bool: "true"}


def read_entry(kinds: Mapping[str, type[E]] | type[E], table: Mapping[str, Any]) -> tuple[E | None, list[Wrong]]:
    """An entry from its TOML table.

    Parameters
    ----------
    kinds
        The class of the entry, or the classes by the ``kind`` that the table names.
    table
        Keys and values as TOML has them.

    Returns
    -------
    tuple
        The entry, None where it cannot be made; and everything that is wrong with it.
    """
    values = {key: frozen(value) for key, value in table.items()}
    if isinstance(kinds, Mapping):
        kind = values.pop("kind", None)
        if not isinstance(kind, str) or kind not in kinds:
            return None, [Wrong("kind", {"kind": repr(kind), "known": ", ".join(sorted(kinds))})]
        made = kinds[kind]
    else:
        made = kinds
    hints = _fields(made)
    wrong = [
        Wrong("entry_key", {"key": key, "known": ", ".join(sorted(hints))}) for key in values if key not in hints
    ]
    missing = [key for key in _required(made) if key not in values]
    for key, value in values.items():
        wrong += type_wrong(made, key, value) if key in hints else []
    if not wrong and all(_is_text(hints[key]) for key in missing):
        # Without a clause the figures can still be judged, so that people mend everything in one go.
        entry = made(**values, **{key: _words(hints[key])[0] for key in missing})
        wrong = entry.problems()
        if not missing:
            return entry, wrong
    else:
        wrong += _unknown_words(hints, values)
    return None, [*(Wrong("missing", {"key": key}) for key in missing), *wrong]


def type_wrong(kind: type[Any], name: str, value: object) -> list[Wrong]:
    """A value of the wrong type for this field; empty if it fits. A word that is unknown is told by the entry."""
    hint = _fields(kind)[name]
    return [] if _fits(value, hint) else [Wrong("type", {"name": name, "value": repr(value), "like": _look(hint)})]


def settable(entry: object) -> set[str]:
    """Names of the fields that a case may override: everything but what identifies and cites the entry."""
    return set(_fields(type(entry))) - {"rule_id", "resource_id", "clause", "clause_en"}


def frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return tuple(frozen(one) for one in value) if is_list else value


def _fields(kind: type[Any]) -> dict[str, Any]:
    """Type of each field of a dataclass."""
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind)}


def _unknown_words(hints: Mapping[str, Any], values: Mapping[str, Any]) -> list[Wrong]:
    """Words that are none of those known, and clauses left empty, in an entry that cannot be made."""
    known = {key: _words(hint) for key, hint in hints.items() if get_origin(hint) is Literal}
    wrong = [
        no_choice(key, values[key], words)
        for key, words in known.items()
        if isinstance(values.get(key), str) and values[key] not in words
    ]
    return wrong + [Wrong("no_clause")] * (str(values.get("clause", "?")).strip() == "")


def _is_text(hint: Any) -> bool:
    """True for a text or a word out of several."""
    return hint is str or get_origin(hint) is Literal


def _words(hint: Any) -> tuple[str, ...]:
    """The words that a text may be; anything for a free text."""
    words: tuple[str, ...] = get_args(hint) or ("?",)
    return words


def _required(kind: type[Any]) -> list[str]:
    """Fields without a default."""
    return [one.name for one in dataclasses.fields(kind) if one.default is dataclasses.MISSING]


def _fits(value: object, hint: Any) -> bool:
    """True if a value has the type of a hint; an int is a float, a bool is neither, nan and inf are none."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    if origin is Literal:
        return isinstance(value, str)
    if origin is tuple:
        inner = get_args(hint)
        if not isinstance(value, tuple):
            return False
        if inner[-1] is Ellipsis:
            return all(_fits(one, inner[0]) for one in value)
        return len(value) == len(inner) and all(_fits(*pair) for pair in zip(value, inner, strict=True))
    if isinstance(value, bool) or hint is bool:
        return isinstance(value, bool) and hint is bool
    if hint is float:
        return isinstance(value, (int, float)) and math.isfinite(value)
    return isinstance(value, hint)


def _look(hint: Any) -> str:
    """What a value of this type looks like in TOML."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _look(next(one for one in get_args(hint) if one is not NoneType))
    if origin is Literal:
        return f'"{get_args(hint)[0]}"'
    if origin is tuple:
        inner = [one for one in get_args(hint) if one is not Ellipsis]
        return f"[{', '.join(map(_look, inner))}]"
    return _LOOKS.get(hint, "…")
