"""Rooms, staff and money as Excel sheets: what each community is to have, has and lacks; and figure by figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from districting.assessment.resource_words import (
    estimate_note,
    planned_lines,
    programme_lines,
    reading_of,
    subject_title,
    unit_title,
    waiting_line,
)
from districting.assessment.resources import ResourceTable
from districting.language import Language, say
from districting.policies.resources import Resource
from districting.policies.wording import clause_text, figures_text, kind_title
from districting.reports.sheets import Column, Kind, Sheet


def community_sheet(
    table: ResourceTable, subdistricts: Mapping[str, str], notes: tuple[str, ...], language: Language
) -> Sheet:
    """用房与人员配置表: every community of the division, subject by subject."""
    communities, comma = table.communities, {"zh": "、", "en": ", "}[language]
    needs, sums = table.needs, table.sums
    columns = [
        _column("number", [str(number) for number in range(1, len(communities) + 1)], language, "mark"),
        _column("subdistrict", communities["subdistrict_id"].map(subdistricts).tolist(), language),
        _column("community", communities["name"].tolist(), language),
        _column("households", communities["households"].tolist(), language, "count", total=True),
    ]
    if communities["people"].notna().any():
        columns.append(_column("people", communities["people"].tolist(), language, "count", total=True))
    untold: list[str] = []
    for row in sums.reset_index().to_dict("records"):
        unit, subject = row["unit"], row["subject"]
        mine = needs.loc[(unit, subject)].reindex(communities.index) if len(needs) else pd.DataFrame()
        group = f"{subject_title(unit, subject, language)}（{unit_title(unit, language)}）"
        if language == "en":
            group = f"{subject_title(unit, subject, language)} ({unit_title(unit, language)})"
        told = [name for name in ("required", "required_max") if mine[name].notna().any()] or ["required"]
        if mine["existing"].notna().any():
            told += ["existing", "missing"]
        elif row["unknown_existing"]:
            untold.append(subject_title(unit, subject, language))
        columns += [
            Column(
                say(f"resource.column.{name}", language),
                mine[name].tolist(),
                "count",
                group,
                total=name != "required_max",
                warns=name == "missing",
            )
            for name in told
        ]
    remarks = [
        *waiting_line(table, language),
        *planned_lines(table, language),
        *programme_lines(table, language),
        *estimate_note(table, language),
        *([say("tables.untold", language, subjects=comma.join(untold))] if untold else []),
        say("tables.rounded", language),
        say("tables.dash", language),
    ]
    tab = say("tables.resources", language)
    return Sheet(tab, tab, notes, tuple(columns), 3, tuple(remarks))


def figure_sheet(table: ResourceTable, notes: tuple[str, ...], language: Language) -> Sheet:
    """标准与增减汇总表: every figure with its clause, today, under the plan, and the difference."""
    totals = table.totals.reset_index()
    figures: dict[str, Resource] = {figure.resource_id: figure for figure in table.figures}
    mine = [figures[one] for one in totals["resource_id"]] if len(totals) else []
    titles = [
        subject_title(unit, subject, language) if kind == "cross_appointment" else kind_title(figure, language)
        for figure, kind, unit, subject in zip(
            mine, *(totals[name] if len(totals) else [] for name in ("kind", "unit", "subject")), strict=True
        )
    ]
    units = [unit_title(unit, language) for unit in totals["unit"]] if len(totals) else []
    columns = [
        _column("item", titles, language),
        _column("figure", [figures_text(figure, language) for figure in mine], language),
        _column("strength", [say(f"strength.{figure.strength}", language) for figure in mine], language, "mark"),
        _column("unit", units, language, "mark"),
        _column("concerned_communities", _values(totals, "communities"), language, "count"),
    ]
    kinds: dict[str, Kind] = {"required_before": "count", "required": "count", "change": "signed"}
    for name, kind in kinds.items():
        if table.before is not None or name == "required":
            columns.append(_amounts(totals, name, kind, language))
    columns += [_amounts(totals, name, "count", language) for name in ("required_max", "existing", "missing")]
    blind = totals[["unknown_required", "unknown_existing"]].max(axis=1) if len(totals) else pd.Series(dtype=float)
    columns += [
        Column(say("resource.column.unknown", language), blind.tolist(), "count"),
        _column("clause", [clause_text(figure, language) for figure in mine], language),
        _column("reading", [reading_of(figure, language) for figure in mine], language),
    ]
    tab = say("tables.figures", language)
    return Sheet(tab, tab, notes, tuple(columns), 1, (say("tables.dash", language),))


def _column(
    head: str, values: Sequence[object], language: Language, kind: Kind = "text", *, total: bool = False
) -> Column:
    """A column of the tables' own headings."""
    return Column(say(f"tables.head.{head}", language), values, kind, total=total)


def _amounts(totals: pd.DataFrame, name: str, kind: Kind, language: Language) -> Column:
    """A column of amounts; rooms in whole m²."""
    head = say(f"resource.column.{name}", language)
    return Column(head, _values(totals, name), kind, warns=name == "missing")


def _values(totals: pd.DataFrame, name: str) -> list[object]:
    """Values of a column; none where the table is empty."""
    return [None if pd.isna(value) else float(np.round(value)) for value in totals[name]] if len(totals) else []
