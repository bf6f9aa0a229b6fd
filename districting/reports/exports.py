"""Files that other programs read: plan tables, findings, GIS layers with styles, and the record of the run.

The same content gives the same bytes; only times in ``run.json`` differ from run to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from districting.language import Language
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.reports.atomic import replacing
from districting.reports.geopackage import Style, write_geopackage
from districting.reports.plain import write_json
from districting.reports.words import layer_titles
from districting.territory.territory import Territory


def write_plan_csv(path: Path, division: Division) -> None:
    """``atom_id,community_id`` of a plan of atoms, sorted.

    Raises
    ------
    ValueError
        If the division is no union of atoms: then only `write_buildings_csv` tells it.
    """
    if division.atoms is None:
        raise ValueError(f"division {division.name!r} is no plan of atoms")
    _write_csv(path, division.atoms.rename("community_id").rename_axis("atom_id").sort_index().reset_index())


def write_buildings_csv(path: Path, division: Division, *, today: Division, territory: Territory) -> None:
    """``building_id,community_before,community_after,households``; empty where a building is in no community."""
    table = pd.DataFrame(
        {
            "community_before": today.buildings,
            "community_after": division.buildings,
            "households": territory.layers.buildings["households"],
        }
    )
    _write_csv(path, table.rename_axis("building_id").sort_index().reset_index())


def write_resources_csv(path: Path, rows: pd.DataFrame) -> None:
    """Rooms, staff and money: a row per community, figure and subject (`ResourceTable.rows`); empty: unknown."""
    _write_csv(path, rows)


def write_findings(path: Path, findings: Sequence[Finding]) -> None:
    """``findings.json`` or ``diagnosis.json``: one object per finding, in the order of the checks."""
    write_json(path, [finding.to_json() for finding in findings])


def write_plan_geopackage(
    path: Path,
    division: Division,
    *,
    today: Division,
    territory: Territory,
    figures: pd.DataFrame,
    colours: pd.Series[int],
    language: Language,
    actions: Mapping[str, str] | pd.Series[Any] | None = None,
    identities: pd.DataFrame | None = None,
) -> None:
    """``plan.gpkg``: layers communities, atoms, buildings, seats and changes, coloured and labelled in QGIS.

    Parameters
    ----------
    figures
        Table of `districting.plans.community_table`.
    colours
        `districting.reports.colours.colour_communities`; the same colours as on the pages.
    actions
        What happens to each community, by id (`districting.assessment.proposal.Proposal.actions`).
    identities
        ``code``, ``provisional`` and ``other_names`` by community; None: these columns are left out.
    """
    layers = plan_layers(
        division,
        today=today,
        territory=territory,
        figures=figures,
        colours=colours,
        actions=actions,
        identities=identities,
    )
    titles = layer_titles(language)
    styles = {
        "communities": Style("fill_by_colour", label="name", outline="#1d2733", width_mm=0.4),
        "atoms": Style("line", outline="#8b929a", width_mm=0.1),
        "buildings": Style("point", fill="#6b7480", size_mm=0.8),
        "seats": Style("point", fill="#1f5a94", size_mm=2.6, outline="#ffffff"),
        "changes": Style("hatch", fill="#5b2a86", outline="#5b2a86", width_mm=0.3),
    }
    with replacing(path) as temporary:
        write_geopackage(temporary, layers, styles=styles, titles=titles)


def plan_layers(
    division: Division,
    *,
    today: Division,
    territory: Territory,
    figures: pd.DataFrame,
    colours: pd.Series[int],
    actions: Mapping[str, str] | pd.Series[Any] | None = None,
    identities: pd.DataFrame | None = None,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a plan in the CRS of the case; arguments as for `write_plan_geopackage`."""
    return {
        "communities": _communities(division, territory, figures, colours, actions, identities),
        "atoms": _atoms(division, territory),
        "buildings": _buildings(division, territory),
        "seats": _seats(division, territory.layers.crs),
        "changes": _changes(division, today, territory),
    }


def _communities(
    division: Division,
    territory: Territory,
    figures: pd.DataFrame,
    colours: pd.Series[int],
    actions: Mapping[str, str] | pd.Series[Any] | None,
    identities: pd.DataFrame | None,
) -> gpd.GeoDataFrame:
    """Communities with what they hold."""
    outlines = division.outlines.sort_index()
    held = figures.reindex(outlines.index)
    names = territory.layers.subdistricts["name"]
    stated = {} if actions is None else dict(actions)
    return gpd.GeoDataFrame(
        {
            "community_id": outlines.index.astype(object),
            "name": outlines["name"],
            **({} if identities is None else dict(identities.reindex(outlines.index).items())),
            "subdistrict": outlines["subdistrict_id"].map(names),
            "households": held["households"].astype("int64"),
            "people": held["people"].astype(float),
            "area_m2": held["area_m2"].astype(float).round(1),
            "action": [str(stated.get(community_id, "")) for community_id in outlines.index],
            "seat_x": outlines["seat_x"].astype(float),
            "seat_y": outlines["seat_y"].astype(float),
            "colour": colours.reindex(outlines.index, fill_value=0).astype("int64"),
        },
        geometry=outlines.geometry,
        crs=division.outlines.crs,
    )


def _atoms(division: Division, territory: Territory) -> gpd.GeoDataFrame:
    """Atoms with their community; none where the plan cuts atoms."""
    table = territory.atoms.table
    nowhere = pd.Series(None, index=table.index, dtype=object)
    return gpd.GeoDataFrame(
        {
            "atom_id": table.index.astype(object),
            "community_id": nowhere if division.atoms is None else division.atoms.reindex(table.index),
            "households": table["households"].astype("int64"),
            "subdistrict_id": table["subdistrict_id"],
            "water": table["water"].astype(bool),
        },
        geometry=table.geometry,
        crs=table.crs,
    )


def _buildings(division: Division, territory: Territory) -> gpd.GeoDataFrame:
    """Buildings with atom and community."""
    buildings = territory.layers.buildings
    return gpd.GeoDataFrame(
        {
            "building_id": buildings.index.astype(object),
            "atom_id": territory.atoms.building_atom.reindex(buildings.index),
            "community_id": division.buildings.reindex(buildings.index),
            "households": buildings["households"].astype("int64"),
        },
        geometry=buildings.geometry,
        crs=buildings.crs,
    )


def _seats(division: Division, crs: Any) -> gpd.GeoDataFrame:
    """Service centres, existing and proposed."""
    seated = division.outlines[division.outlines["seat_x"].notna()].sort_index()
    return gpd.GeoDataFrame(
        {"community_id": seated.index.astype(object), "name": seated["name"], "seat_kind": seated["seat_kind"]},
        geometry=gpd.points_from_xy(seated["seat_x"].astype(float), seated["seat_y"].astype(float)),
        crs=crs,
        index=seated.index,
    )


def _changes(division: Division, today: Division, territory: Territory) -> gpd.GeoDataFrame:
    """Land that changes, by atom and old and new community, with the households that do; empty land too."""
    buildings = territory.layers.buildings
    moves = pd.DataFrame(
        {
            "atom_id": territory.atoms.building_atom.reindex(buildings.index),
            "community_before": today.buildings.reindex(buildings.index).fillna(""),
            "community_after": division.buildings.reindex(buildings.index).fillna(""),
            "households": buildings["households"],
        }
    )
    moves = moves[moves["community_before"] != moves["community_after"]]
    keys = ["atom_id", "community_before", "community_after"]
    table = pd.DataFrame(moves.groupby(keys, as_index=False)["households"].sum())
    if division.atoms is not None:
        bare = _changed_without_buildings(division.atoms, territory)
        table = pd.concat([table, bare], ignore_index=True) if len(table) else bare
    table = table.sort_values(keys, ignore_index=True)
    land = territory.atoms.table.geometry
    return gpd.GeoDataFrame(
        table.astype({"households": "int64"}),
        geometry=land.reindex(table["atom_id"]).to_numpy(),
        crs=territory.atoms.table.crs,
    )


def _changed_without_buildings(assignment: pd.Series[str], territory: Territory) -> pd.DataFrame:
    """Atoms without a building that lie in another community than today."""
    table = territory.atoms.table
    before = table["community_id"].fillna("").to_numpy()
    after = assignment.reindex(table.index).fillna("").to_numpy()
    bare = ~table.index.isin(territory.atoms.building_atom) & (before != after)
    return pd.DataFrame(
        {
            "atom_id": table.index[bare].to_numpy(dtype=object),
            "community_before": before[bare],
            "community_after": after[bare],
            "households": np.zeros(int(bare.sum()), dtype=np.int64),
        }
    )


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    """UTF-8 without a byte-order mark, for programs; people read the tables in Excel files."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
