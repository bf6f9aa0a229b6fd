"""A conflict in words: why a sub-district has no plan, with places and figures, and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from districting.language import Language, say, sentences
from districting.solvers.result import Conflict

#: Ids named before "…": a sentence is to be read.
NAMED = 5

_COMMA = {"zh": "、", "en": ", "}
_PAUSE = {"zh": "，", "en": "; "}
_OR = {"zh": "；或", "en": "; or "}


def conflict_sentence(conflict: Conflict, language: Language) -> str:
    """One sentence for one cause: sentence ``conflict.<cause>``."""
    if conflict.cause == "together":
        return _together(conflict.detail, language)
    values = {
        "atoms": _listed(conflict.atoms),
        "communities": _listed(conflict.communities),
        "measured": conflict.measured,
        "allowed": conflict.allowed,
        "unit": conflict.unit,
        "excess": abs(conflict.measured - conflict.allowed),
        **conflict.detail,
    }
    return say(f"conflict.{conflict.cause}", language, **values)


def _together(detail: Mapping[str, Any], language: Language) -> str:
    """Demands that cannot stand together, and what helps."""
    rules: Sequence[Mapping[str, Any]] = detail["rules"]
    enough = [rule for rule in rules if rule["enough"]]
    if not enough and not detail["answered"]:
        key = "open"
    elif not enough:
        key = "none_enough" if len(rules) > 1 else "alone_not_enough"
    elif len(rules) == 1:
        key = "alone"
    else:
        key = "together" if len(enough) == len(rules) else "some_enough"
    text = say(
        f"conflict.{key}",
        language,
        rules=_COMMA[language].join(_rule(rule, language) for rule, _ in _grouped(rules)),
        count=len(rules),
        mend=_OR[language].join(_mend(rule, language, several=several) for rule, several in _grouped(enough)),
    )
    text = text[0].upper() + text[1:]
    if not detail["minimal"] and len(rules) > 1:
        text += say("conflict.not_minimal", language)
    if enough and not detail["confirmed"]:
        text += say("conflict.not_confirmed", language)
    return text


def _grouped(rules: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], bool]]:
    """Locks of one kind that name communities only are said in one breath; True where they are several."""
    groups: dict[object, list[Mapping[str, Any]]] = {}
    for place, rule in enumerate(rules):
        alike = rule["kind"] == "lock" and rule["communities"] and not rule["atoms"]
        groups.setdefault(rule["lock"] if alike and rule["lock"] in ("seat", "keep") else place, []).append(rule)
    return [
        ({**group[0], "communities": [name for rule in group for name in rule["communities"]]}, len(group) > 1)
        for group in groups.values()
    ]


def _rule(rule: Mapping[str, Any], language: Language) -> str:
    """One demand: sentence ``rule.<kind>``."""
    key = f"lock_{rule['lock']}" if rule["kind"] == "lock" else str(rule["kind"])
    if key in ("reach", "lock_seat") and rule["atoms"]:
        key += "_at"
    return say(
        f"rule.{key}",
        language,
        asked=rule["asked"],
        unit=_measure(rule["unit"], language),
        atoms=_listed(rule["atoms"]),
        communities=_listed(rule["communities"]),
    )


def _mend(rule: Mapping[str, Any], language: Language, *, several: bool) -> str:
    """What helps: the figure that is enough where there is one, else to give the demand up."""
    kind = rule["kind"]
    if rule["loosened"] is None:
        key = "any_lock" if several else kind if kind in ("whole", "lock") else "other"
        return say(f"mend.{key}", language, rule=_rule(rule, language))
    names = rule["where"]["communities"]
    remarks = [say("mend.where", language, communities=_listed(names))] if names else []
    remarks += [say("mend.least", language)] if rule["least"] else []
    where = say("mend.remarks", language, remarks=_PAUSE[language].join(remarks)) if remarks else ""
    unit = _measure(rule["unit"], language)
    return say(f"mend.{kind}", language, value=rule["loosened"], unit=unit, where=where)


def _measure(unit: str, language: Language) -> str:
    """What a size counts, in words; a unit without a word stands for itself."""
    key = f"measure.{unit}"
    return say(key, language) if key in sentences() else unit


def _listed(ids: Sequence[str]) -> str:
    """The first ids, and a sign that there are more."""
    return ", ".join(ids[:NAMED]) + (" …" if len(ids) > NAMED else "")
