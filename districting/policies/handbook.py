"""The page docs/policies.md: every preset as tables, Chinese beside English, written from the TOML alone.

``scripts/policy_tables`` writes it; a test fails where it is stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import get_args

from districting.language import Language, say
from districting.policies.outcomes import Outcome
from districting.policies.policy import Entry, Policy
from districting.policies.procedure import ProcedureStep
from districting.policies.reading import DEFAULT_PRESET, preset, preset_ids
from districting.policies.resources import Resource
from districting.policies.rule import Rule
from districting.policies.wording import (
    clause_text,
    deadline_text,
    figures_text,
    in_language,
    kind_title,
    outcome_figure,
    size_range,
)

Said = Callable[[Language], str]


def handbook() -> str:
    """The whole page as Markdown."""
    presets = [preset(one) for one in preset_ids()]
    return "\n".join([*_head(presets), *(line for one in presets for line in _chapter(one))])


def _head(presets: Sequence[Policy]) -> Iterator[str]:
    """What the page is, and every preset in a row."""
    yield "# 政策预设 · Policy presets\n"
    for language in _languages():
        yield say("policy.handbook", language, default=DEFAULT_PRESET) + "\n"
    yield from _table(("id", "size"), ([f"[{one.policy_id}](#{one.policy_id})", *_size(one)] for one in presets))


def _chapter(policy: Policy) -> Iterator[str]:
    """One preset: its document, and a table for each part that it has."""
    yield f"## {policy.policy_id}\n"
    for language in _languages():
        source = policy.source_en if language == "en" else policy.source
        yield f"{policy.title[language]} — {source}\n"
    for part, entries in (("rules", policy.rules), ("resources", policy.resources)):
        if entries:
            yield _heading(part)
            yield from _table(("entry", "strength", "figures"), (_asked(entry) for entry in entries))
    if policy.procedure:
        yield _heading("procedure")
        yield from _table(("stage", "step"), (_step(step) for step in policy.procedure))
    if policy.outcomes:
        yield _heading("outcomes")
        yield from _table(("moment", "outcome"), (_outcome(outcome) for outcome in policy.outcomes))


def _size(policy: Policy) -> list[str]:
    """The size rule in both languages."""
    return [size_range(policy.size, language) for language in _languages()]


def _asked(entry: Rule | Resource) -> list[str]:
    """A rule or a resource figure in a row."""
    name = entry.rule_id if isinstance(entry, Rule) else entry.resource_id
    strength = _both(lambda language: say(f"strength.{entry.strength}", language))
    told = (f"**{kind_title(entry, one)}** {figures_text(entry, one)}{_cited(entry, one)}" for one in _languages())
    return [f"`{name}`", strength, *told]


def _step(step: ProcedureStep) -> list[str]:
    """A step of the procedure in a row."""
    told = []
    for language in _languages():
        text, time = in_language(step.text, language), deadline_text(step, language)
        told.append(
            (say("policy.noted", language, text=text, note=time) if time else text) + _cited(step, language)
        )
    return [_both(lambda language: say(f"policy.stage.{step.stage}", language)), *told]


def _outcome(outcome: Outcome) -> list[str]:
    """A figure that the document reports in a row."""
    told = (
        f"{in_language(outcome.text, one)} **{outcome_figure(outcome, one)}**{_cited(outcome, one)}"
        for one in _languages()
    )
    return [_both(lambda language: say(f"policy.moment.{outcome.moment}", language)), *told]


def _cited(entry: Entry, language: Language) -> str:
    """The reading and the clause behind a figure."""
    reading = f"<br>{in_language(entry.reading, language)}" if entry.reading else ""
    return f"{reading}<br>*{clause_text(entry, language)}*"


def _heading(part: str) -> str:
    """Heading of a part in both languages."""
    return f"### {_both(lambda language: say(f'policy.column.{part}', language))}\n"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table whose last column stands twice, in Chinese and in English."""
    *first, last = columns
    heads = [_both(_column(one)) for one in first] + [_column(last)(language) for language in _languages()]
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""


def _column(name: str) -> Said:
    """Heading of a column by language."""
    return lambda language: say(f"policy.column.{name}", language)


def _both(said: Said) -> str:
    """Chinese and English side by side."""
    return " · ".join(said(language) for language in _languages())


def _languages() -> tuple[Language, ...]:
    """Chinese, then English."""
    languages: tuple[Language, ...] = get_args(Language)
    return languages
