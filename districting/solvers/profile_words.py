"""Profiles in words: their name, and what they want in which order."""

from __future__ import annotations

from collections.abc import Sequence

from districting.language import Language, say, sentences
from districting.solvers.profile import DEFAULTS, Profile, Stage


def profile_title(profile: Profile, language: Language) -> str:
    """Name of a preset in words; a planner's own profile is called what its file is called."""
    key = f"profile.{profile.profile_id}"
    return say(key, language) if key in sentences() else profile.profile_id


def profile_lines(profile: Profile, language: Language) -> list[str]:
    """The stages in their order, and how many communities there are to be."""
    lines = [
        say("profile.stage", language, rank=rank, what=stage_words(stage, language)) + _slack(stage, language)
        for rank, stage in enumerate(profile.stages, start=1)
    ]
    return [*lines, say(f"profile.number.{profile.number}", language)]


def reached_lines(
    profile: Profile, terms: Sequence[Sequence[tuple[float, float]]], language: Language
) -> list[str]:
    """What a plan reaches of each aim, and what is proved of it; empty without a plan.

    Parameters
    ----------
    profile
        What was wanted.
    terms
        For each sub-district with a plan: value and bound of each stage, in their order. A stage's bound holds for
        every plan that keeps what the stages before it allow.
    """
    if not terms:
        return []
    lines = [say("aims.title", language, profile=profile_title(profile, language))]
    for rank, stage in enumerate(profile.stages):
        value, bound = (sum(one[rank][side] for one in terms) for side in (0, 1))
        told, least = _figure(value, stage), _figure(bound, stage)
        key = "proved" if told == least else "between"
        aim = say("profile.stage", language, rank=rank + 1, what=stage_words(stage, language))
        lines.append(say(f"aims.{key}", language, aim=aim + _slack(stage, language), value=told, bound=least))
    return lines


def _figure(value: float, stage: Stage) -> str:
    """A sum of a stage; kilometres alone are small and need their decimals."""
    return f"{value:,.2f}" if set(stage.weights) == {"open_border_km"} else f"{value:,.0f}"


def default_note(profile: Profile, language: Language) -> str:
    """Which modes follow the profile where nobody names one; empty if none does."""
    modes = [mode for mode, name in DEFAULTS.items() if name == profile.profile_id]
    return say("profile.default_of", language, modes=", ".join(modes)) if modes else ""


def stage_words(stage: Stage, language: Language) -> str:
    """The stage's sum: its terms, with their weights where there are several."""
    parts = []
    for term, weight in stage.weights.items():
        what = say(f"profile.term.{term}", language)
        plain = len(stage.weights) == 1 or weight == 1
        parts.append(what if plain else say("profile.weighted", language, weight=f"{weight:,g}", what=what))
    return say("profile.plus", language).join(parts)


def _slack(stage: Stage, language: Language) -> str:
    """How far later stages may worsen it; empty for not at all."""
    share, most = f"{100 * stage.slack_share:.4g} %", f"{stage.slack_abs:,g}"
    if stage.slack_share > 0 and stage.slack_abs > 0:
        return say("profile.slack_both", language, share=share, most=most)
    if stage.slack_share > 0:
        return say("profile.slack_share", language, share=share)
    return say("profile.slack_abs", language, most=most) if stage.slack_abs > 0 else ""
