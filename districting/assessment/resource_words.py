"""Rooms, staff and money in words: titles of what is given, amounts, what a plan costs, who lacks what."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from districting.language import Language, say
from districting.policies.resources import Resource
from districting.policies.wording import clause_text, figures_text, kind_title

if TYPE_CHECKING:
    from districting.assessment.resources import ResourceTable

#: Prefix of the sentence that names a subject, by its unit.
_TITLES = {"m2": "policy.use", "people": "policy.role", "yuan_per_year": "policy.level"}


def subject_title(unit: str, subject: str, language: Language) -> str:
    """What is given: rooms by their use, people by their role, money by who pays.

    Examples
    --------
    >>> subject_title("people", "worker", "zh"), subject_title("yuan_per_year", "city", "en")
    ('社区工作者', 'operating money (city)')
    """
    if subject == "cross_appointed":
        return say("resource.cross_appointed", language)
    title = say(f"{_TITLES[unit]}.{subject}", language)
    return say("policy.money_of", language, level=title) if unit == "yuan_per_year" else title


def unit_title(unit: str, language: Language) -> str:
    """The unit alone, for a column's head."""
    return say(f"resource.unit.{unit}", language)


def amount(value: float, unit: str, language: Language, *, signed: bool = False) -> str:
    """An amount with its unit; what is unknown says so.

    Examples
    --------
    >>> amount(1234.5, "m2", "zh"), amount(3, "people", "en", signed=True), amount(float("nan"), "people", "en")
    ('1,234 平方米', '+3 people', 'unknown')
    """
    if math.isnan(value):
        return say("resource.unknown", language)
    figure = f"{value:+,.0f}" if signed else f"{value:,.0f}"
    return say(f"resource.amount.{unit}", language, n=figure)


def cost_sentence(table: ResourceTable, language: Language) -> str:
    """What a plan costs more than today, subject by subject; empty for a policy without figures."""
    if table.before is None or table.sums.empty:
        return ""
    changes = []
    for row in table.sums.reset_index().to_dict("records"):
        unit, subject, least, most = row["unit"], row["subject"], row["change"], row["change_max"]
        nothing = not math.isnan(least) and round(least) == 0 == round(most)
        if subject == "cross_appointed" or nothing:
            continue
        told = amount(least, unit, language, signed=True)
        if unit == "yuan_per_year" and most != least and not math.isnan(least):
            told = amount(most, unit, language, signed=True)
            told = say("resource.range", language, least=f"{least:+,.0f}", most=told)
        title = subject_title(unit, subject, language)
        changes.append(say("resource.changed", language, title=title, amount=told))
    cost = say("resource.cost", language, changes=_joined(changes, language))
    lacks = [
        _titled("resource.changed", row, row["missing"], language)
        for row in table.sums.reset_index().to_dict("records")
        if row["missing"] > 0
    ]
    short = say("resource.short", language, lacks=_joined(lacks, language)) if lacks else ""
    return (cost if changes else say("resource.unchanged", language)) + short


def figure_lines(table: ResourceTable, language: Language) -> Iterator[str]:
    """Every figure with what it asks for, how many it concerns, and its clause."""
    totals = table.totals
    for figure in table.figures:
        mine = totals[totals.index.get_level_values("resource_id") == figure.resource_id]
        concerned = int(mine["communities"].max()) if len(mine) else 0
        yield say(
            "resource.figure",
            language,
            title=kind_title(figure, language),
            figures=figures_text(figure, language),
            communities=say("resource.communities", language, n=concerned),
            clause=clause_text(figure, language),
        )


def shown_amount(row: Mapping[Hashable, Any], name: str) -> str:
    """A sum as tables on a screen show it: a least figure where a part is unknown, a dash where all is.

    Examples
    --------
    >>> some = {"required": 7041.0, "existing": 6596.0, "unknown_required": 0, "unknown_existing": 2}
    >>> shown_amount(some, "required"), shown_amount(some, "existing")
    ('7,041', '≥ 6,596')
    """
    value = row[name]
    judged = ("unknown_required", "unknown_existing") if name in ("missing", "excess") else ("unknown_required",)
    blind = sum(row[one] for one in (("unknown_existing",) if name == "existing" else judged))
    if math.isnan(value) or (blind and not value):
        return "–"
    figure = f"{value:+,.0f}" if name == "change" else f"{value:,.0f}"
    return f"≥ {figure}" if blind else figure


def estimate_note(table: ResourceTable, language: Language) -> Iterator[str]:
    """That grids were not counted, where a figure rests on them, also today's."""
    tables = [table] if table.before is None else [table, table.before]
    if any((one.rows["measure"] == "grids_estimated").any() for one in tables):
        yield say("resource.grids_estimated", language)


def programme_lines(table: ResourceTable, language: Language) -> Iterator[str]:
    """Every programme, year by year."""
    for _, years in table.programmes.groupby("resource_id", sort=False) if len(table.programmes) else ():
        first = years.iloc[0]
        told = [
            say(
                "resource.programme_year_most" if row["unknown"] else "resource.programme_year",
                language,
                year=int(row["year"]),
                share=f"{100 * row['share']:.4g}%",
                needed=int(row["needed"]),
                more=int(row["more_this_year"]),
            )
            for _, row in years.iterrows()
        ]
        yield say(
            "resource.programme",
            language,
            title=subject_title("m2", str(first["subject"]), language),
            have=int(first["have"]),
            communities=int(first["communities"]),
            unknown=int(first["unknown"]),
            years=_joined(told, language),
        )


def planned_lines(table: ResourceTable, language: Language) -> Iterator[str]:
    """What planned housing is to bring, where the policy asks for it."""
    totals = table.totals.reset_index()
    for row in totals[totals["concern"] == "planned"].to_dict("records") if len(totals) else ():
        if row["required"] > 0:
            told = amount(row["required"], row["unit"], language)
            figure = next(one for one in table.figures if one.resource_id == row["resource_id"])
            values = {"title": kind_title(figure, language), "figures": figures_text(figure, language)}
            yield say("resource.planned", language, amount=told, **values)


def shortage_lines(table: ResourceTable, language: Language) -> list[str]:
    """One line per community that lacks something, most lacking first by the policy's first figure."""
    needs = table.needs
    lacking = needs[needs["missing"] > 0]
    if lacking.empty:
        return []
    wide = needs["missing"].unstack("community_id", sort=False).dropna(how="all").fillna(0.0).T
    ranked = wide.sort_values(list(wide.columns), ascending=False, kind="stable").index
    lines = []
    for community_id, mine in lacking.reset_index().groupby("community_id", sort=False):
        told = [_titled("resource.lacks", row, row["missing"], language) for row in mine.to_dict("records")]
        name = table.communities["name"].get(community_id, community_id)
        line = say("resource.shortage", language, name=name, lacks=_joined(told, language))
        lines.append((ranked.get_loc(community_id), line))
    return [line for _, line in sorted(lines)]


def waiting_line(table: ResourceTable, language: Language) -> Iterator[str]:
    """How many communities wait for their split, and the people they get for it."""
    number = int(table.communities["is_waiting"].sum())
    if number and any(figure.concern == "waiting" for figure in table.figures):
        extra = table.sums[table.sums["extra"] > 0]
        told = [
            _titled("resource.changed", row, row["extra"], language, signed=True)
            for row in extra.reset_index().to_dict("records")
        ]
        more = _joined(told, language) or say("resource.nothing", language)
        yield say("resource.waiting", language, n=number, more=more)


def reading_of(figure: Resource, language: Language) -> str:
    """What we took a figure to mean, in the language asked for."""
    chinese, _, english = figure.reading.partition(" | ")
    return english if language == "en" and english else chinese


def _titled(
    key: str, row: Mapping[Hashable, Any], value: float, language: Language, *, signed: bool = False
) -> str:
    """A subject of a row and an amount of it."""
    unit, subject = row["unit"], row["subject"]
    told = amount(value, unit, language, signed=signed)
    return say(key, language, title=subject_title(unit, subject, language), amount=told)


def _joined(parts: list[str], language: Language) -> str:
    """Parts of a sentence in a row."""
    return say("resource.comma", language).join(parts)
