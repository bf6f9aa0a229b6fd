"""Findings and steps in words: figures with their units, names in their order. The sentences are data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from districting.language import Language, say
from districting.plans.finding import Finding

if TYPE_CHECKING:
    from districting.assessment.steps import Step

_COMMA = {"zh": "、", "en": ", "}


def finding_sentence(finding: Finding, language: Language) -> str:
    """A finding as one sentence: who, how much, how much is allowed.

    Examples
    --------
    >>> size = ("size", "over_max", "must", "", "S", "A", 6230, 5000, "households")
    >>> told = Finding(*size, place=(0, 0), households=6230, detail={"name": "A"})
    >>> finding_sentence(told, "zh")
    'A：6,230 户，超过上限 5,000 户。'
    >>> finding_sentence(told, "en")
    'A: 6,230 households, above the maximum of 5,000 households.'
    """
    values: dict[str, Any] = {
        "name": finding.community_id,
        "subdistrict": finding.subdistrict or say("finding_word.no_subdistrict", language),
        **{key: _detail(key, value, language) for key, value in finding.detail.items()},
        "measured": quantity(finding.measured, finding.unit, language),
        "allowed": "" if finding.allowed is None else quantity(finding.allowed, finding.unit, language),
        "households": quantity(finding.households, "households", language),
    }
    if "minutes" in finding.detail:
        minutes = finding.detail["minutes"]
        values["path"] = say("finding_word.minutes", language, path=values["path"], minutes=minutes)
    if "border_class" in finding.detail:
        values["line"] = _line(finding.detail["border_class"], finding.detail.get("line_name", ""), language)
    return say(f"finding.{finding.aspect}", language, **values)


def step_sentence(step: Step, language: Language) -> str:
    """What is done in a step: who founds, gives, or ends, with how many households."""
    gives = [_end(step, flow.from_id, flow.households, language) for flow in step.flows]
    takes = [_end(step, flow.to_id, flow.households, language) for flow in step.flows]
    ends = gives if step.kind in ("found", "transfer") else takes
    key = f"step.{step.kind}" if step.flows else "step.dissolve_empty"
    return say(
        key,
        language,
        name=step.names.get(step.subject) or say("finding_word.no_community", language),
        households=quantity(step.households, "households", language),
        ends=_COMMA[language].join(ends),
    )


def quantity(value: float, unit: str, language: Language) -> str:
    """A figure with its unit.

    Examples
    --------
    >>> quantity(0.4567, "share", "en"), quantity(1234.5, "m", "zh"), quantity(1, "pieces", "en")
    ('45.7%', '1,234 米', '1 piece')
    """
    return say(f"quantity.{unit}", language, n=value)


def _detail(key: str, value: Any, language: Language) -> str:
    """A detail of a finding, as its sentence shows it."""
    if key == "along":
        return _along(value, language)
    if isinstance(value, (list, tuple)):
        return _COMMA[language].join(map(str, value)) or say("finding_word.nothing", language)
    if key in ("path", "measure", "hollow_measure"):
        return say(f"finding_{key}.{value}", language)
    if key in ("now", "compound_size"):
        return quantity(value, "households", language)
    if key == "share_within":
        return quantity(value, "share", language)
    if key in ("host", "successor") and not value:
        return say("finding_word.no_community", language)
    return str(value)


def _along(shares: Mapping[str, float], language: Language) -> str:
    """What a border follows, class by class, most first."""
    told = [
        say(
            "finding_word.along",
            language,
            line=say(f"finding_line.{border_class}", language),
            share=quantity(share, "share", language),
        )
        for border_class, share in sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return _COMMA[language].join(told) or say("finding_word.along_none", language)


def _line(border_class: str, name: str, language: Language) -> str:
    """A line by name and class; by class alone where it has no name."""
    what = say(f"finding_line.{border_class}", language)
    return say("finding_word.line", language, name=name, what=what) if name else what


def _end(step: Step, community_id: str, households: int, language: Language) -> str:
    """One end of a flow: the community and its households."""
    name = step.names.get(community_id) or say("finding_word.no_community", language)
    return say("step.end", language, name=name, households=quantity(households, "households", language))
