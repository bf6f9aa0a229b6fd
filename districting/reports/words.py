"""Sentences that several reports share: titles, the size rule, what a case changed, what its data are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from districting.language import Language, say, sentences
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.policies.rule import Rule

if TYPE_CHECKING:
    from districting.territory.layers import Layers

#: What a map divides: sub-districts into communities, or communities into grids.
Level = Literal["community", "grid"]


def plan_title(name: str, language: Language) -> str:
    """Title of a plan by the name of its division; a name that people gave stays as it is.

    Examples
    --------
    >>> plan_title("adjust-best-service-2", "en")
    'Adjust: best service, plan 2'
    >>> plan_title("adjust-mine", "en")  # made with a profile of somebody's own
    'Adjust: mine'
    >>> plan_title("adjust-mine-2", "en")
    'Adjust: mine, plan 2'
    >>> plan_title("Plan of the office", "en")
    'Plan of the office'
    """
    known = _approach_title(name, language)
    approach, _, number = name.rpartition("-")
    if number.isdigit():  # a further plan of the same approach
        first = _approach_title(approach, language)
        return name if first is None else say("report.plan_number", language, plan=first, number=number)
    return name if known is None else known


def _approach_title(name: str, language: Language) -> str | None:
    """Title of a mode with its own profile, with a preset, or with a profile of somebody's; None for any other."""
    mode, _, profile = name.partition("-")
    for key in (f"report.plan.{name}", f"report.plan_own.{mode}" if profile else ""):
        if key in sentences():
            return say(key, language, profile=profile)
    return None


def size_note(policy: Policy, language: Language, level: Level = "community") -> str:
    """The size rule in one line with its clause."""
    size = policy.size
    unit = say(f"report.measure_unit.{size.measure}", language)
    clause = rule_clause(size, language)
    key = "report.size" if level == "community" else f"{level}.size"
    note = say(key, language, low=size.min, high=size.max, unit=unit, clause=clause)
    if size.alternative is None:
        return note
    other = say(f"report.measure_unit.{size.alternative}", language)
    return note + say("report.size_or", language, low=size.alternative_min, high=size.alternative_max, unit=other)


def clause_text(finding: Finding, policy: Policy, language: Language) -> str:
    """Where the document says the rule that a finding is about; in English with the Chinese quoted."""
    rule = next((one for one in policy.rules if one.rule_id == finding.rule), None)
    english = rule.clause_en if rule is not None and rule.clause == finding.clause else ""
    return _clause(finding.clause, english, language)


def rule_clause(rule: Rule, language: Language) -> str:
    """Where the document says a rule; in English with the Chinese quoted."""
    return _clause(rule.clause, rule.clause_en, language)


def rule_reading(rule: Rule, language: Language) -> str:
    """What we took a rule to mean, in the language asked for where it is written in both."""
    chinese, _, english = rule.reading.partition(" | ")
    return english if language == "en" and english else chinese


def _clause(clause: str, english: str, language: Language) -> str:
    """A clause as pages quote it; a rule that stands in no document says so."""
    if clause in ("", "—"):
        return say("report.clause_program", language)
    return f"{english} · {clause}" if language == "en" and english else clause


def policy_overrides(policy: Policy, language: Language) -> list[str]:
    """What the case set otherwise than the document, both values and the reason."""
    return [
        say(
            "report.override", language,
            key=one.key, published=one.published, value=one.value, because=one.because,
        )
        for one in policy.overrides
    ]  # fmt: skip


def page_notes(layers: Layers, policy: Policy, language: Language, level: Level = "community") -> list[str]:
    """What a reader must know of the data: where the rules come from, what was generated or estimated."""
    source = policy.source_en if language == "en" and policy.source_en else policy.source
    notes = [size_note(policy, language, level), say("report.policy_source", language, source=source)]
    if layers.generated:
        notes.append(say("report.generated", language))
    if layers.estimated_share > 0:
        notes.append(say("report.estimated", language, share=layers.estimated_share * 100))
    if layers.derived_communities:
        notes.append(say("report.derived", language))
    return notes


def freeze_notes(run: Mapping[str, Any], language: Language) -> list[str]:
    """Who is frozen until when, and why, from the record of a run; nothing where the case has no freeze."""
    freeze = run.get("freeze")
    if not freeze:
        return []
    key = "report.frozen" if freeze["in_force"] else "report.thawed"
    told = {name: freeze[name] for name in ("until", "reason", "date")}
    return [say(key, language, count=len(freeze["communities"]), **told)]


def scope_note(names: Sequence[str], language: Language) -> list[str]:
    """Which sub-districts alone a page is about; nothing where it is about all."""
    comma = {"zh": "、", "en": ", "}[language]
    return [say("report.scope", language, names=comma.join(names))] if names else []


def layer_titles(language: Language) -> dict[str, str]:
    """Names of the layers of ``plan.gpkg`` for people."""
    layers = ("communities", "atoms", "buildings", "seats", "changes")
    return {name: say(f"report.layer.{name}", language) for name in layers}
