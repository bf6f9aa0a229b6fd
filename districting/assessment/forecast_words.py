"""A forecast in words: what comes, what breaks and when, who grows, what staff and rooms follow."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from districting.assessment.forecast import Break, Forecast
from districting.assessment.resource_words import amount, subject_title
from districting.assessment.wording import finding_sentence, quantity
from districting.language import Language, say


def coming_lines(told: Forecast, language: Language) -> Iterator[str]:
    """Who moves in, year by year; what is left out."""
    for year, row in told.coming.iterrows():
        counts = {"projects": int(row["projects"]), "households": int(row["households"])}
        yield say("forecast.coming", language, year=year, **counts)
    if told.coming.empty:
        yield say("forecast.none_coming", language, until=told.until)
    if told.later:
        yield say("forecast.later", language, until=told.until, households=told.later)
    if told.unplaced:
        yield say("forecast.unplaced", language, households=told.unplaced)


def new_title(told: Forecast, language: Language) -> str:
    """How much will break that is in order today."""
    new = told.new_breaks
    if not new:
        return say("forecast.no_new", language, until=told.until)
    return say("forecast.new", language, count=len(new), communities=_communities(new))


def break_sentence(one: Break, told: Forecast, language: Language) -> str:
    """A break that begins later: from when, what, and how far it goes."""
    sentence = finding_sentence(one.finding, language)
    if one.ends is not None:
        last = max((year for year in told.years if year < one.ends), default=one.since)
        return say("forecast.between", language, year=one.since, last=last, sentence=sentence)
    if one.last.measured != one.finding.measured:
        measured = quantity(one.last.measured, one.last.unit, language)
        gap = " " if language == "en" else ""
        sentence += gap + say("forecast.grows_to", language, until=told.until, measured=measured)
    return say("forecast.since", language, year=one.since, sentence=sentence)


def today_lines(told: Forecast, language: Language) -> Iterator[str]:
    """What is broken today: how much, what gets worse, what heals."""
    today = [one for one in told.breaks if one.since is None]
    healed = [one for one in today if one.ends is not None]
    worse = [one for one in today if one.ends is None and one.last.measured != one.finding.measured]
    if not today:
        return
    counts = {"count": len(today), "communities": _communities(today)}
    yield say("forecast.today", language, worse=len(worse), healed=len(healed), **counts)
    for one in worse:
        name = one.finding.detail.get("name", one.finding.community_id)
        before, after = (quantity(found.measured, found.unit, language) for found in (one.finding, one.last))
        values = {"name": name, "before": before, "after": after, "until": told.until}
        yield "  " + say("forecast.worse", language, **values)
    for one in healed:
        values = {"sentence": finding_sentence(one.finding, language), "year": one.ends}
        yield "  " + say("forecast.healed", language, **values)


def growth_lines(told: Forecast, language: Language) -> Iterator[str]:
    """Every community that grows, with its size in each year in which it does."""
    sizes = told.sizes[told.grows]
    if sizes.empty:
        return
    yield say("forecast.grows", language, count=len(sizes))
    ends = sizes.iloc[:, -1] - sizes[0]
    for key in ends.sort_values(ascending=False, kind="stable").index:
        row = sizes.loc[key]
        steps = [
            say("forecast.step", language, year=year, size=_size(row[year], told, language))
            for before, year in zip(row.index, row.index[1:], strict=False)
            if row[year] != row[before]
        ]
        who = told.communities.loc[key]
        values = {"subdistrict": who["subdistrict"], "name": who["name"]}
        values |= {"now": _size(row[0], told, language), "steps": say("forecast.comma", language).join(steps)}
        yield "  " + say("forecast.grown", language, **values)


def need_lines(told: Forecast, language: Language) -> Iterator[str]:
    """How much more staff and room is needed in all, and when."""
    table = told.needs_by_year
    rising = table[table.sum(axis=1).round() > 0] if len(table) else table
    if rising.empty:
        return
    yield say("forecast.needs", language)
    for unit, subject in rising.index:
        row = rising.loc[(unit, subject)]
        years = [
            say("forecast.need_year", language, year=year, amount=amount(value, unit, language, signed=True))
            for year, value in row.items()
            if round(value)
        ]
        values = {
            "title": subject_title(unit, subject, language),
            "total": amount(row.sum(), unit, language, signed=True),
            "years": say("forecast.comma", language).join(years),
        }
        yield "  " + say("forecast.need", language, **values)


def _communities(breaks: tuple[Break, ...] | list[Break]) -> int:
    """Number of communities concerned."""
    return len({one.finding.community_id for one in breaks if one.finding.community_id})


def _size(value: float, told: Forecast, language: Language) -> str:
    """A size with its unit; a dash where it is unknown."""
    return "—" if pd.isna(value) else quantity(value, told.measure, language)
