"""Two languages in one page: the letter in its own, and only those words of the other that differ from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def joined(letter: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """A letter with words at their places; entries of equally long lists are joined one by one.

    Examples
    --------
    >>> joined({"plans": [{"id": "a"}]}, {"plans": [{"title": "A"}], "size": "…"})
    {'plans': [{'id': 'a', 'title': 'A'}], 'size': '…'}
    """
    together = dict(letter)
    for key, value in words.items():
        together[key] = _join(together[key], value) if key in together else value
    return together


def _join(one: Any, other: Any) -> Any:
    """Two values at the same place."""
    if isinstance(one, Mapping):
        return joined(one, other)
    return [_join(a, b) for a, b in zip(one, other, strict=True)]


def differing(own: Any, other: Any) -> Any:
    """What another language says otherwise, by key or position; None where it says the same.

    ``assets/language.js`` exchanges it with the page's own.

    Examples
    --------
    >>> differing({"a": "甲", "b": ["1", "乙"], "n": 3}, {"a": "A", "b": ["1", "B"], "n": 3})
    {'a': 'A', 'b': {1: 'B'}}
    """
    if own == other:
        return None
    if isinstance(own, Mapping):
        pairs = [(key, differing(value, other[key])) for key, value in own.items()]
    elif isinstance(own, Sequence) and not isinstance(own, str):
        pairs = [(at, differing(a, b)) for at, (a, b) in enumerate(zip(own, other, strict=True))]
    else:
        return other
    return {key: value for key, value in pairs if value is not None}
