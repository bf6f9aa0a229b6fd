"""Files of a forecast: the record, two tables for programs, and an Excel file for people."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from districting.assessment.forecast import Forecast
from districting.assessment.forecast_words import coming_lines
from districting.assessment.resource_words import subject_title, unit_title
from districting.assessment.wording import finding_sentence, quantity
from districting.language import Language, say
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.atomic import OutputFolder, replacing
from districting.reports.plain import write_json
from districting.reports.sheets import Column, Kind, Sheet, write_workbook
from districting.reports.words import clause_text, plan_title, policy_overrides
from districting.territory.layers import Layers


def write_forecast(
    told: Forecast, target: Path, *, policy: Policy, layers: Layers, date: str, language: Language
) -> Path:
    """Write a forecast into a folder that is replaced in one step; returns ``forecast.json``.

    ``forecast.json`` (the record), ``breaks.csv`` (a row per rule and community that breaks it), ``sizes.csv`` (a
    row per community and year), ``forecast.xlsx`` (what breaks when, sizes by year, staff and rooms).

    Parameters
    ----------
    policy, layers, date
        What it rests on, and the day of today (ISO 8601), for the lines above every table.
    """
    notes = _notes(told, policy, layers, date, language)
    with OutputFolder(target) as folder:
        write_json(folder / "forecast.json", told.to_json())
        _write_csv(folder / "breaks.csv", breaks_table(told))
        _write_csv(folder / "sizes.csv", sizes_table(told))
        sheets = [
            break_sheet(told, notes, policy, language),
            size_sheet(told, notes, language),
            need_sheet(told, notes, language),
        ]
        write_workbook(folder / "forecast.xlsx", sheets, language=language)
    return target / "forecast.json"


def breaks_table(told: Forecast) -> pd.DataFrame:
    """A row per break, in the order of the forecast; ``since`` empty for what is broken today."""
    columns = ["since", "ends", "subdistrict", "community_id", "name", "rule", "aspect", "strength", "measured",
               "measured_last", "allowed", "unit", "households", "clause"]  # fmt: skip
    rows = [{**one.to_json(), "name": one.finding.detail.get("name", "")} for one in told.breaks]
    table = pd.DataFrame([{key: row[key] for key in columns} for row in rows], columns=columns)
    return table.astype({"since": "Int64", "ends": "Int64"})


def sizes_table(told: Forecast) -> pd.DataFrame:
    """A row per community and year, 0 for today: households and the policy's measure."""
    years, size = list(told.households.columns), f"size_{told.measure}"
    rows = told.communities[["subdistrict", "name"]].loc[told.communities.index.repeat(len(years))]
    rows = rows.rename_axis("community_id").reset_index()
    rows["year"] = years * len(told.communities)
    rows["households"] = told.households.to_numpy().ravel()
    rows[size] = told.sizes.to_numpy().ravel().round(1)
    return rows


def break_sheet(told: Forecast, notes: tuple[str, ...], policy: Policy, language: Language) -> Sheet:
    """问题预测表: every break, those to come first."""
    shown = [*told.new_breaks, *(one for one in told.breaks if one.since is None)]
    found = [one.finding for one in shown]
    today = say("forecast.head.today", language)
    columns = (
        _column("since", [today if one.since is None else str(one.since) for one in shown], language, "mark"),
        _column("ends", ["" if one.ends is None else str(one.ends) for one in shown], language, "mark"),
        Column(say("tables.head.subdistrict", language), [one.subdistrict for one in found]),
        Column(say("tables.head.community", language), [str(one.detail.get("name", "")) for one in found]),
        _column("finding", [say(f"aspect.{one.aspect}", language) for one in found], language),
        _column("strength", [say(f"strength.{one.strength}", language) for one in found], language, "mark"),
        _column("measured", [quantity(one.measured, one.unit, language) for one in found], language),
        _column("last", [quantity(one.last.measured, one.last.unit, language) for one in shown], language),
        _column("allowed", [_allowed(one, language) for one in found], language),
        Column(say("tables.head.clause", language), [clause_text(one, policy, language) for one in found]),
    )
    return _sheet("breaks", columns, notes, language, fixed=4)


def size_sheet(told: Forecast, notes: tuple[str, ...], language: Language) -> Sheet:
    """逐年规模表: every community with its size in every year, and when it first breaks something new."""
    first: dict[str, str] = {}
    for one in told.new_breaks:
        line = say("forecast.since", language, year=one.since, sentence=finding_sentence(one.finding, language))
        first.setdefault(one.finding.community_id, line)
    ids, rows = told.communities.index, told.communities
    unit = say(f"report.measure_unit.{told.measure}", language)
    columns = (
        Column(say("tables.head.number", language), [str(at) for at in range(1, len(ids) + 1)], "mark"),
        Column(say("tables.head.subdistrict", language), rows["subdistrict"].tolist()),
        Column(say("tables.head.community", language), rows["name"].tolist()),
        *(
            Column(_year(year, language), told.sizes[year].tolist(), "count", unit, total=True)
            for year in (0, *told.years)
        ),
        Column(say("forecast.head.first", language), [first.get(str(key), "") for key in ids]),
    )
    return _sheet("sizes", columns, notes, language, fixed=3)


def need_sheet(told: Forecast, notes: tuple[str, ...], language: Language) -> Sheet:
    """人员用房需求表: each time that a community's need rises."""
    rows = told.needs
    who = told.communities.reindex(rows["community_id"])
    pairs = list(zip(rows["unit"], rows["subject"], strict=True))
    columns = (
        _column("year", [str(year) for year in rows["year"]], language, "mark"),
        Column(say("tables.head.subdistrict", language), who["subdistrict"].tolist()),
        Column(say("tables.head.community", language), who["name"].tolist()),
        _column("subject", [subject_title(unit, subject, language) for unit, subject in pairs], language),
        _column("unit", [unit_title(unit, language) for unit, _ in pairs], language, "mark"),
        *(
            Column(
                say(f"forecast.head.{name}", language),
                rows[name].astype(float).round().tolist(),
                "count",
                warns=name == "missing",
            )
            for name in ("before", "required", "existing", "missing")
        ),
    )
    return _sheet("needs", columns, notes, language, fixed=3)


def _notes(told: Forecast, policy: Policy, layers: Layers, date: str, language: Language) -> tuple[str, ...]:
    """Plan, policy, date and source; what comes when; the method; whether the data were generated."""
    values = {
        "plan": plan_title(told.name, language),
        "policy": policy.title[language],
        "date": date[:10],
        "files": say("forecast.comma", language).join(
            dict.fromkeys(Path(source.path).name for source in layers.sources)
        ),
    }
    notes = [say("tables.note", language, **values), *policy_overrides(policy, language)]
    notes += [*coming_lines(told, language), say("forecast.method", language)]
    return (*notes, say("report.generated", language)) if layers.generated else tuple(notes)


def _year(year: int, language: Language) -> str:
    """Heading of a year; 0 is today."""
    return say("forecast.head.year_of", language, year=year) if year else say("forecast.head.today", language)


def _allowed(finding: Finding, language: Language) -> str:
    """What the rule allows."""
    return "—" if finding.allowed is None else quantity(finding.allowed, finding.unit, language)


def _sheet(
    name: str, columns: tuple[Column, ...], notes: tuple[str, ...], language: Language, *, fixed: int
) -> Sheet:
    """A sheet with the notes that all share."""
    tab = say(f"forecast.sheet.{name}", language)
    return Sheet(tab, tab, notes, columns, fixed, (say("tables.dash", language),))


def _column(head: str, values: list[object], language: Language, kind: Kind = "text") -> Column:
    """A column with a heading of its own."""
    return Column(say(f"forecast.head.{head}", language), values, kind)


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    """A table for programs, whole or not at all."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
