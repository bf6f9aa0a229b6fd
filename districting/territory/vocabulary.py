"""The words of other people's files: road classes, kinds of barrier, yes and no. Column names: `headings`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from districting.territory.words import words as known_words

_NOT_BUILT = "not_built"
_ROADS = {
    word: "" if ours == _NOT_BUILT else ours for ours, theirs in known_words("roads").items() for word in theirs
}
_BARRIERS = {
    word: "" if ours == _NOT_BUILT else ours for ours, theirs in known_words("barriers").items() for word in theirs
}
_BARRIER_PARTS = [(part, ours) for ours, parts in known_words("barrier_parts").items() for part in parts]
_USE_PARTS = [(part, ours) for ours, parts in known_words("room_uses").items() for part in parts]
_NO = {"", "f", "false", "0", "0.0", "no", "n", "none", "nan", "否", "无", "不是", "假"}


def road_classes(words: pd.Series) -> pd.Series:
    """Our road class of each word; ``""`` for what is no road, None for a word that we do not know.

    Examples
    --------
    >>> list(road_classes(pd.Series(["主干路", "footway", "Trunk_Link", "在建", "4"])))
    ['primary', 'path', 'trunk', '', None]
    """
    return _translated(words, _ROADS.get)


def barrier_kinds(words: pd.Series) -> pd.Series:
    """Our kind of barrier of each word; ``""`` for what is no barrier, None for a word that we do not know.

    Examples
    --------
    >>> list(barrier_kinds(pd.Series(["city_wall_moat_APPROX", "护城河", "地铁", "lake", "hedge"])))
    ['wall', 'water', '', 'water', None]
    """

    def kind(word: str) -> str | None:
        if word in _BARRIERS:
            return _BARRIERS[word]
        return next((ours for part, ours in _BARRIER_PARTS if part in word), None)

    return _translated(words, kind)


def room_uses(words: pd.Series) -> pd.Series:
    """What each facility is for (`districting.territory.layers.ROOM_USES`); None for a word that we do not know.

    Examples
    --------
    >>> list(room_uses(pd.Series(["居家养老服务站", "Office", None, "室外活动广场", "pub"])))
    ['elderly', 'office', 'service', 'outdoor', None]
    """

    def use(word: str) -> str | None:
        return next((ours for part, ours in _USE_PARTS if part in word), None) if word else "service"

    return _translated(words, use)


def truths(words: pd.Series) -> pd.Series:
    """True where a flag says yes: everything but no, 0, F, 否, 无 and nothing.

    Examples
    --------
    >>> list(truths(pd.Series(["T", "F", "viaduct", "否", None, 1, 0.0])))
    [True, False, True, False, False, True, False]
    """
    if words.dtype == bool:
        return words.copy()
    return _translated(words, lambda word: word not in _NO).astype(bool)


def says_generated(words: Iterable[object]) -> bool:
    """Whether a source column says that its rows were generated rather than surveyed."""
    marks = ("synthetic", "generated", "合成", "虚构", "虚拟数据", "样例")
    return any(mark in str(word).lower() for word in words for mark in marks)


def says_estimated(words: pd.Series) -> pd.Series:
    """True where a source column says that the figure is an estimate.

    Examples
    --------
    >>> list(says_estimated(pd.Series(["assessor", "ESTIMATED (floors)", "估算", None, "T"])))
    [False, True, True, False, True]
    """
    if words.dtype == bool:
        return words.copy()
    yes = {"t", "true", "1", "1.0", "yes", "y", "是"}
    return _translated(words, lambda word: word in yes or "estimat" in word or "估" in word).astype(bool)


def says_candidate(words: pd.Series) -> pd.Series:
    """True where a flag or a status says that a site is only a candidate.

    Examples
    --------
    >>> list(says_candidate(pd.Series(["existing", "candidate", "备选点", None, "是", 0])))
    [False, True, True, False, True, False]
    """
    yes = {"t", "true", "1", "1.0", "yes", "y", "是"}
    marks = ("candidate", "备选", "候选", "拟建", "拟设")
    return _translated(words, lambda word: word in yes or any(mark in word for mark in marks)).astype(bool)


def _translated(words: pd.Series, translate: Callable[[str], object]) -> pd.Series:
    """Every word through ``translate`` after trimming and lower case; each distinct word once."""
    codes, distinct = pd.factorize(words, use_na_sentinel=True)
    found = np.array([*(translate(str(word).strip().lower()) for word in distinct), translate("")], dtype=object)
    return pd.Series(found[codes], index=words.index, dtype=object)
