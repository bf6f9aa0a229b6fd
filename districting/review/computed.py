"""The plans that a run left in its folder, as the review begins with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from districting.errors import Fault, PlanError
from districting.plans.division import Division
from districting.plans.plan import Plan
from districting.records.store import StoreError
from districting.review.drafts import CommunityNote, Labels
from districting.territory.territory import Territory


def read_computed(
    out: Path, plan_id: str, territory: Territory, today: Division
) -> tuple[Labels, list[CommunityNote]] | None:
    """Labels and communities of one plan of the run; None where it is no plan of whole atoms.

    Raises
    ------
    PlanError
        If a file cannot be read.
    StoreError
        If the plan was made on other atoms than those of the case as it is now.
    """
    folder = out / "plans" / plan_id
    if not (folder / "plan.csv").is_file():
        return None
    try:
        table = pd.read_csv(folder / "plan.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
        communities = gpd.read_file(folder / "plan.gpkg", layer="communities").set_index("community_id")
        seats = gpd.read_file(folder / "plan.gpkg", layer="seats").set_index("community_id")
    except (OSError, ValueError, KeyError) as error:
        raise PlanError([Fault("fault.plan_unreadable", {"file": str(folder), "why": str(error)})]) from error
    labels: Labels = {
        str(atom): str(one) or None for atom, one in zip(table["atom_id"], table["community_id"], strict=True)
    }
    if set(labels) != set(map(str, territory.atoms.table.index)):
        raise StoreError([Fault("fault.other_ground", {"file": str(folder / "plan.csv")})])
    ids = territory.layers.subdistricts["name"]
    by_name = {str(name): str(key) for key, name in ids.items()}
    described = pd.DataFrame(communities.drop(columns="geometry")).sort_index()
    described["subdistrict_id"] = described["subdistrict"].map(by_name)
    kept = described.index.isin(today.outlines.index)
    described["origin"] = described.index.to_series().where(kept)
    described["seat_kind"] = seats["seat_kind"].reindex(described.index)
    notes = [note_of(str(community_id), row) for community_id, row in described.iterrows()]
    return labels, notes


def todays(today: Division) -> dict[str, CommunityNote]:
    """Today's communities, for land that a draft leaves to them."""
    return {str(one): note_of(str(one), row) for one, row in today.outlines.iterrows()}


def note_of(community_id: str, row: pd.Series[Any]) -> CommunityNote:
    """What a row of a plan's communities says, with None for what it leaves out."""
    texts = {
        key: None if pd.isna(row[key]) else str(row[key]) for key in ("subdistrict_id", "origin", "seat_kind")
    }
    x, y = (None if pd.isna(row[key]) else float(row[key]) for key in ("seat_x", "seat_y"))
    return CommunityNote(community_id, str(row["name"]), seat_x=x, seat_y=y, **texts)


def to_division(
    name: str, labels: Labels, communities: Mapping[str, CommunityNote], territory: Territory
) -> Division:
    """A plan of the review as the checks judge it."""
    used = sorted({one for one in labels.values() if one is not None})
    rows = [vars(communities[one]) for one in used]
    columns = ["community_id", "name", "subdistrict_id", "origin", "seat_x", "seat_y", "seat_kind"]
    table = pd.DataFrame(rows, columns=columns).set_index("community_id")
    table[["seat_x", "seat_y"]] = table[["seat_x", "seat_y"]].astype(float)
    assignment = pd.Series(labels, dtype=object).rename_axis("atom_id")
    return Division.of_plan(Plan(name, "hand", assignment, table), territory)
