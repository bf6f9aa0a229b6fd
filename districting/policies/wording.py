"""A policy in words: the figures of every kind of rule and resource as one short phrase, in zh or en.

What the terminal (`districting policies ID`) and the tables of docs/policies.md print. Computes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from districting.language import Language, say, sentences
from districting.policies.access import ReachRule, RemoteRule
from districting.policies.change import HollowRule, StabilityRule
from districting.policies.land import BorderRule, ContiguityRule, CrossingRule, NestingRule, ShapeRule
from districting.policies.outcomes import Outcome
from districting.policies.policy import Entry
from districting.policies.procedure import ProcedureStep
from districting.policies.resources import (
    CrossAppointment,
    MoneyFigure,
    Resource,
    SpaceFigure,
    SpaceProgramme,
    SpaceShare,
    StaffFigure,
)
from districting.policies.rule import Rule
from districting.policies.sizes import GridRule, SizeRule

Pieces = Iterator[str]


def kind_title(entry: Rule | Resource, language: Language) -> str:
    """What an entry is about: the kind of a rule; whose people, what space or whose money of a resource."""
    if isinstance(entry, (SpaceFigure, SpaceProgramme, SpaceShare)):
        return say(f"policy.use.{entry.use}", language)
    if isinstance(entry, StaffFigure):
        return say(f"policy.role.{entry.role}", language)
    if isinstance(entry, MoneyFigure):
        return say("policy.money_of", language, level=say(f"policy.level.{entry.level}", language))
    return say(f"policy.kind.{entry.kind}", language)


def figures_text(entry: Rule | Resource, language: Language) -> str:
    """What a rule or a resource asks for, with its figures, as one phrase.

    Examples
    --------
    >>> from districting.policies.reading import preset
    >>> figures_text(preset("national-2026").size, "en")
    '1,000–3,000 households; left alone: should'
    """
    pieces = [*_PIECES[entry.kind](entry, language)] if entry.kind in _PIECES else []
    if isinstance(entry, Resource):
        pieces = [*_whom(entry, language), *pieces]
    plain = f"policy.asks.{entry.kind}"
    if plain in sentences():
        pieces = [say(plain, language), *pieces]
    return say("policy.joint", language).join(pieces)


def size_range(rule: SizeRule, language: Language) -> str:
    """How large a community may be: in its measure, or in the second one."""
    first = _range(rule.min, rule.max, rule.measure, language)
    if rule.alternative is None or rule.alternative_min is None or rule.alternative_max is None:
        return first
    other = _range(rule.alternative_min, rule.alternative_max, rule.alternative, language)
    return say("policy.alternative", language, range=first, other=other)


def in_language(text: str, language: Language) -> str:
    """One half of a text written as "Chinese | English"; the whole where it is written once."""
    chinese, _, english = text.partition(" | ")
    return english if language == "en" and english else chinese


def clause_text(entry: Entry, language: Language) -> str:
    """Where the document says it, in the language asked for; what stands in no document says so."""
    if entry.basis == "program":
        return say("basis.program", language)
    clause = entry.clause_en if language == "en" and entry.clause_en else entry.clause
    note = say("basis.derived", language)
    return clause if entry.basis == "stated" else say("policy.noted", language, text=clause, note=note)


def deadline_text(step: ProcedureStep, language: Language) -> str:
    """Time allowed for a step; empty where the document names none."""
    if step.by:
        return say("policy.by", language, date=step.by)
    if step.months is not None:
        return say("policy.months", language, n=step.months)
    return "" if step.days is None else say("policy.days", language, n=step.days)


def outcome_figure(outcome: Outcome, language: Language) -> str:
    """The figure of an outcome with its unit."""
    if outcome.unit == "share":
        return _percent(outcome.value)
    return say(f"policy.unit.{outcome.unit}", language, n=number(outcome.value))


def number(value: float) -> str:
    """A figure as people write it."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"


def _size(rule: SizeRule, language: Language) -> Pieces:
    yield size_range(rule, language)
    if rule.target is not None:
        yield say("policy.target", language, n=number(rule.target))
    if rule.split_trigger is not None:
        yield say("policy.split_above", language, n=number(rule.split_trigger))
    if rule.merge_trigger is not None:
        yield say("policy.merge_below", language, n=number(rule.merge_trigger))
    if rule.untouched is not None:
        yield say("policy.untouched", language, strength=say(f"strength.{rule.untouched}", language))


def _grid(rule: GridRule, language: Language) -> Pieces:
    yield _range(rule.min, rule.max, rule.measure, language)
    if rule.target is not None:
        yield say("policy.target", language, n=number(rule.target))
    if rule.types:
        yield _listed((say(f"policy.grid_type.{one}", language) for one in rule.types), language)
    yield _lines(rule.classes, language)


def _reach(rule: ReachRule, language: Language) -> Pieces:
    for name in ("target", "limit"):
        metres, minutes = getattr(rule, f"{name}_m"), getattr(rule, f"{name}_min")
        if metres is not None:
            yield say(f"policy.{name}_m", language, m=number(metres))
        if minutes is not None:
            far = minutes * rule.speed_m_per_min
            yield say(f"policy.{name}_min", language, minutes=number(minutes), m=number(far))
    yield say(f"policy.path.{rule.path}", language)
    if rule.share < 1:
        yield say("policy.within", language, share=_percent(rule.share))


def _remote(rule: RemoteRule, language: Language) -> Pieces:
    yield say("policy.beyond", language, m=number(rule.beyond_m))


def _border(rule: BorderRule, language: Language) -> Pieces:
    lines = _lines(rule.classes, language)
    share = None if rule.share is None else _percent(rule.share)
    yield lines if share is None else say("policy.border_share", language, share=share, lines=lines)


def _crossing(rule: CrossingRule, language: Language) -> Pieces:
    yield say("policy.not_across", language, lines=_lines(rule.classes, language))


def _shape(rule: ShapeRule, language: Language) -> Pieces:
    if not rule.holes:
        yield say("policy.no_holes", language)
    if rule.min_compactness is not None:
        yield say("policy.compactness", language, value=number(rule.min_compactness))
    if rule.min_neck_m is not None:
        yield say("policy.neck", language, m=number(rule.min_neck_m))


def _excepted(rule: ContiguityRule | NestingRule, language: Language) -> Pieces:
    if isinstance(rule, NestingRule):
        known = rule.inside in ("subdistrict", "school", "police")
        yield say(f"policy.inside.{rule.inside}", language) if known else rule.inside
    if rule.exceptions:
        yield say("policy.except", language, names=_listed(rule.exceptions, language))


def _stability(rule: StabilityRule, language: Language) -> Pieces:
    yield say("policy.moved", language, share=_percent(rule.max_moved_share))


def _hollow(rule: HollowRule, language: Language) -> Pieces:
    yield say(f"policy.hollow.{rule.measure}", language, share=_percent(rule.below))


def _space(figure: SpaceFigure, language: Language) -> Pieces:
    if figure.per_100_households_m2 is not None:
        yield say("policy.per_100", language, m2=number(figure.per_100_households_m2))
    if figure.min_m2 is not None:
        yield say("policy.at_least_m2", language, m2=number(figure.min_m2))
    if figure.from_households is not None:
        yield say("policy.from_households", language, n=number(figure.from_households))
    if figure.below_households is not None:
        yield say("policy.below_households", language, n=number(figure.below_households))


def _space_share(figure: SpaceShare, language: Language) -> Pieces:
    for name in ("min_share", "max_share"):
        share = getattr(figure, name)
        if share is not None:
            of = say(f"policy.use.{figure.of}", language)
            yield say(f"policy.{name}", language, share=_percent(share), of=of)


def _programme(figure: SpaceProgramme, language: Language) -> Pieces:
    shares = " → ".join(_percent(share) for share in figure.shares)
    yield say("policy.programme", language, m2=number(figure.at_least_m2), shares=shares)


def _staff(figure: StaffFigure, language: Language) -> Pieces:
    if figure.bands:
        yield from _bands(figure, language)
    for name in ("per_10000_people", "households_per_worker", "per_community", "per_grid"):
        value = getattr(figure, name)
        if value is not None:
            yield say(f"policy.{name}", language, n=number(value))
    if figure.at_least is not None and figure.at_most is not None:
        yield say("policy.people_range", language, low=figure.at_least, high=figure.at_most)
    elif figure.at_least is not None:
        yield say("policy.at_least_people", language, n=figure.at_least)
    elif figure.at_most is not None:
        yield say("policy.at_most_people", language, n=figure.at_most)


def _bands(figure: StaffFigure, language: Language) -> Pieces:
    """Each band with the sizes that it holds."""
    unit = say(f"policy.measure.{figure.measure}", language)
    above = figure.above or (False,) * len(figure.bands)
    for place, (start, count) in enumerate(figure.bands):
        first = say("policy.band_above" if above[place] else "policy.band_from", language, n=number(start))
        if place + 1 < len(figure.bands):
            end = number(figure.bands[place + 1][0])
            last = say("policy.band_to" if above[place + 1] else "policy.band_under", language, n=end)
            first = last if start == 0 else say("policy.band_both", language, first=first, last=last)
        yield say("policy.band", language, sizes=first, unit=unit, count=count)


def _cross(figure: CrossAppointment, language: Language) -> Pieces:
    yield say("policy.at_most_people", language, n=figure.at_most)
    yield say("policy.cross", language, share=_percent(figure.min_share))


def _money(figure: MoneyFigure, language: Language) -> Pieces:
    most = figure.yuan_per_year_max
    key, high = ("policy.yuan", "") if most is None else ("policy.yuan_range", number(most))
    yield say(key, language, low=number(figure.yuan_per_year), high=high)
    if figure.instead_of:
        yield say("policy.instead_of", language, name=figure.instead_of)


def _whom(figure: Resource, language: Language) -> Pieces:
    """Whom a resource figure concerns, where it is not every community."""
    if figure.concern != "all":
        yield say(f"policy.concern.{figure.concern}", language)
    if figure.setting != "any":
        yield say(f"policy.setting.{figure.setting}", language)


def _range(low: int, high: int, measure: str, language: Language) -> str:
    """A range with its unit."""
    unit = say(f"policy.measure.{measure}", language)
    return say("policy.range", language, low=number(low), high=number(high), unit=unit)


def _lines(classes: Sequence[str], language: Language) -> str:
    """Classes of lines by their names; nearly all of them in one phrase."""
    if len(classes) > _MANY_LINES:
        return say("policy.line.any", language)
    return _listed((say(f"policy.line.{one}", language) for one in classes), language)


def _listed(words: Iterable[str], language: Language) -> str:
    """Words in a row."""
    return say("policy.comma", language).join(words)


def _percent(share: float) -> str:
    """A share in [0, 1] as a percentage."""
    return f"{100 * share:.4g} %"


#: More classes than this are "any street or lane".
_MANY_LINES = 10

_PIECES: Mapping[str, Callable[[Any, Language], Pieces]] = {
    "size": _size,
    "grid": _grid,
    "reach": _reach,
    "remote": _remote,
    "border": _border,
    "crossing": _crossing,
    "shape": _shape,
    "contiguity": _excepted,
    "nesting": _excepted,
    "stability": _stability,
    "hollow": _hollow,
    "space": _space,
    "space_share": _space_share,
    "space_programme": _programme,
    "staff": _staff,
    "cross_appointment": _cross,
    "money": _money,
}
