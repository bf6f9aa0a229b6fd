"""The word that somebody meant: nearest in spelling among those known; for faults that list what is known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: How alike two words must be (difflib's ratio, 0 to 1): one slip in a short word passes, another word does not.
_ALIKE = 0.6

#: What is wrong, in the faults that list what is known under ``known``, ``present`` or ``available``: the value of
#: this name. Faults that list something else (columns beside a missing one, layers to choose from) are not here.
_WRONG: Mapping[str, str] = {
    "fault.adopt_unknown": "plan",
    "fault.case_unknown_key": "key",
    "fault.case_value": "value",
    "fault.database_no_table": "layer",
    "fault.freeze_unknown": "names",
    "fault.history_run": "run",
    "fault.instance_objective": "objective",
    "fault.layer_column_name": "columns",
    "fault.layer_no_column": "columns",
    "fault.layer_no_file": "file",
    "fault.layer_no_layer": "layer",
    "fault.layer_role": "role",
    "fault.layer_sql_table": "table",
    "fault.layer_unknown_id": "examples",
    "fault.layer_where_column": "column",
    "fault.list_column_name": "columns",
    "fault.list_columns": "lacking",
    "fault.list_no_file": "file",
    "fault.list_no_sheet": "sheet",
    "fault.mode_unknown": "value",
    "fault.no_case_file": "file",
    "fault.override_unknown": "key",
    "fault.plan_columns": "lacking",
    "fault.plan_no_file": "file",
    "fault.policy_choice": "value",
    "fault.policy_entry_key": "key",
    "fault.policy_kind": "kind",
    "fault.policy_unknown": "policy",
    "fault.policy_unknown_key": "key",
    "fault.rerun_no_such_plan": "plan",
    "fault.setting": "value",
    "fault.size_unknown": "value",
    "fault.subdistrict_unknown": "names",
}
_KNOWN = ("known", "present", "available")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest in spelling, whatever its case, blanks and dashes; None where none is near.

    Examples
    --------
    >>> nearest("xian_2032", ["national-2026", "xian-2023"])
    'xian-2023'
    >>> nearest("文艺街道", ["太乙路街道", "文艺路街道"])
    '文艺路街道'
    >>> nearest("harbour", ["adjust", "redraw"]) is None
    True
    """
    spelled = {_plain(one): one for one in known}
    # a path, a key with its section, a mode with its profile: what stands alone is known, too
    for part in (word, re.split(r"[./\\]", word)[-1], word.partition("/")[0]):
        if close := difflib.get_close_matches(_plain(part), spelled, n=1, cutoff=_ALIKE):
            return spelled[close[0]]
    return None


def alike(word: str, known: Iterable[str]) -> list[str]:
    """All known words, the nearest in spelling first, then in their order.

    Examples
    --------
    >>> alike("road.gpkg", ["areas.gpkg", "zones.csv", "roads.gpkg"])[0]
    'roads.gpkg'
    """
    plain = _plain(word)
    return sorted(known, key=lambda one: (-difflib.SequenceMatcher(None, plain, _plain(one)).ratio(), one))


def meant(key: str, values: Mapping[str, Any]) -> list[str]:
    """What was meant, for a fault that lists what is known: a word for each wrong one that has a near one.

    Parameters
    ----------
    key
        Of the fault.
    values
        Of the fault: the wrong words and the known ones, each separated by commas.

    Examples
    --------
    >>> meant("fault.mode_unknown", {"value": "ajust", "known": "whole, adjust, redraw"})
    ['adjust']
    """
    if key not in _WRONG:
        return []
    known = [word for name in _KNOWN for word in _words(values.get(name))]
    wrong = _words(values.get(_WRONG[key]))
    found = (nearest(word, known) for word in wrong if word not in known)
    return list(dict.fromkeys(word for word in found if word is not None))


def _words(value: object) -> list[str]:
    """The words of a list as a sentence names it, without quotation marks and the mark that there are more."""
    texts = value.removesuffix(" …").split(", ") if isinstance(value, str) else []
    return [bare for text in texts if (bare := text.strip("'\"[]"))]


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word.casefold())
