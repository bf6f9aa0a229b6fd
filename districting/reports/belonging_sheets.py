"""小区归属表 and 门牌变更清单: to which community compounds and house numbers belong, before and after."""

from __future__ import annotations

import numpy as np
import pandas as pd

from districting.language import say
from districting.reports.door_numbers import listed_numbers, street_of
from districting.reports.plan_tables import PlanTables
from districting.reports.sheets import Column, Sheet

#: Buildings without an address that one cell lists by their ids.
_IDS_IN_A_CELL = 40


def compound_sheet(given: PlanTables) -> Sheet:
    """小区归属表: every compound, and whether a border goes through it."""
    buildings = given.territory.layers.buildings
    table = pd.DataFrame(
        {
            "compound": buildings["compound_id"],
            "name": given.compounds,
            "subdistrict": buildings["subdistrict_id"].map(given.subdistricts),
            "before": given.names_of(given.today.buildings, given.today),
            "after": given.names_of(given.division.buildings, given.division),
            "households": buildings["households"],
            "changed": given.changed,
        }
    ).dropna(subset="compound")

    def several(names: pd.Series[str]) -> str:
        return given.joined(sorted(set(names.dropna()))) or say("page.no_community", given.language)

    rows = table.groupby("compound").agg(
        name=("name", "first"),
        subdistrict=("subdistrict", "first"),
        buildings=("households", "size"),
        households=("households", "sum"),
        before=("before", several),
        after=("after", several),
        parts=("after", "nunique"),
        changed=("changed", "any"),
    )
    rows = rows.sort_values(["subdistrict", "name"], kind="stable")
    yes, no = say("tables.yes", given.language), say("tables.no", given.language)
    columns = (
        given.numbers(len(rows)),
        Column(given.head("subdistrict"), rows["subdistrict"].tolist()),
        Column(given.head("compound"), rows["name"].tolist()),
        Column(given.head("buildings"), rows["buildings"].tolist(), "count", total=True),
        Column(given.head("households"), rows["households"].tolist(), "count", total=True),
        Column(given.head("community_before"), rows["before"].tolist()),
        Column(given.head("community_after"), rows["after"].tolist()),
        Column(given.head("changed"), np.where(rows["changed"], yes, no).tolist(), "mark"),
        Column(given.head("divided"), np.where(rows["parts"] > 1, yes, no).tolist(), "mark"),
    )
    return given.sheet("compounds", columns, fixed=3)


def door_sheet(given: PlanTables) -> Sheet:
    """门牌变更清单: every building whose community changes, by street and house number."""
    buildings = given.territory.layers.buildings
    address = buildings["address"].where(buildings["address"].notna(), buildings.index.to_series())
    nowhere = say("page.no_community", given.language)
    names = {**given.today.outlines["name"], **given.division.outlines["name"]}
    table = pd.DataFrame(
        {
            "subdistrict": buildings["subdistrict_id"].map(given.subdistricts),
            "before": given.carried.map(names).astype(object).fillna(nowhere),
            "after": given.names_of(given.division.buildings, given.division).astype(object).fillna(nowhere),
            "compound": given.compounds.fillna(""),
            "street": address.map(street_of),
            "address": address,
            "households": buildings["households"],
        }
    )[given.changed.reindex(buildings.index)]
    keys = ["subdistrict", "before", "after", "compound", "street"]
    # Ids are no runs of house numbers: many of them in one cell would be higher than a page.
    without = buildings["address"].isna().reindex(table.index)
    table["part"] = (table.groupby(keys, dropna=False).cumcount() // _IDS_IN_A_CELL).where(without, 0)
    rows = table.groupby([*keys, "part"], dropna=False).agg(
        doors=("address", listed_numbers), buildings=("address", "size"), households=("households", "sum")
    )
    rows = rows.reset_index()
    columns = (
        given.numbers(len(rows)),
        Column(given.head("subdistrict"), rows["subdistrict"].tolist()),
        Column(given.head("community_before"), rows["before"].tolist()),
        Column(given.head("community_after"), rows["after"].tolist()),
        Column(given.head("compound"), rows["compound"].tolist()),
        Column(given.head("doors"), rows["doors"].tolist()),
        Column(given.head("buildings"), rows["buildings"].tolist(), "count", total=True),
        Column(given.head("households"), rows["households"].tolist(), "count", total=True),
    )
    told = buildings["address"].notna().any()
    return given.sheet(
        "doors", columns, fixed=2, remarks=() if told else (say("tables.no_addresses", given.language),)
    )
