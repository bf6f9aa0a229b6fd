"""Sentences that several reports share: titles, the size rule, what a case changed, what its data are worth."""

from __future__ import annotations

from districting.language import Language, say, sentences
from districting.policies.policy import Policy
from districting.territory.layers import Layers


def plan_title(name: str, language: Language) -> str:
    """Title of a plan by the name of its division; a name that people gave stays as it is."""
    key = f"report.plan.{name}"
    return say(key, language) if key in sentences() else name


def size_note(policy: Policy, language: Language) -> str:
    """The size rule in one line with its clause."""
    size = policy.size
    unit = say(f"report.measure_unit.{size.measure}", language)
    note = say("report.size", language, low=size.min, high=size.max, unit=unit, clause=size.clause)
    if size.alternative is None:
        return note
    other = say(f"report.measure_unit.{size.alternative}", language)
    return note + say("report.size_or", language, low=size.alternative_min, high=size.alternative_max, unit=other)


def policy_overrides(policy: Policy, language: Language) -> list[str]:
    """What the case set otherwise than the document, both values and the reason."""
    return [
        say(
            "report.override", language,
            key=one.key, published=one.published, value=one.value, because=one.because,
        )
        for one in policy.overrides
    ]  # fmt: skip


def page_notes(layers: Layers, policy: Policy, language: Language) -> list[str]:
    """What a reader must know of the data: where the rules come from, what was generated or estimated."""
    notes = [size_note(policy, language), say("report.policy_source", language, source=policy.source)]
    if layers.generated:
        notes.append(say("report.generated", language))
    if layers.estimated_share > 0:
        notes.append(say("report.estimated", language, share=layers.estimated_share * 100))
    if layers.derived_communities:
        notes.append(say("report.derived", language))
    return notes


def layer_titles(language: Language) -> dict[str, str]:
    """Names of the layers of ``plan.gpkg`` for people."""
    layers = ("communities", "atoms", "buildings", "seats", "changes")
    return {name: say(f"report.layer.{name}", language) for name in layers}
