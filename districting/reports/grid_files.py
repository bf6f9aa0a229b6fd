"""Files of a division into grids: GIS layers, tables, findings, record. The same content gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.finding import Finding
from districting.plans.grids import Grids
from districting.reports.atomic import replacing
from districting.reports.colours import colour_communities
from districting.reports.geopackage import Style, write_geopackage
from districting.reports.plain import write_json
from districting.reports.sheets import Column, Kind, Sheet, write_workbook
from districting.territory.layers import Layers

#: Columns of the table of grids, in the order of files, with their kind in Excel.
_COLUMNS: Mapping[str, Kind] = {
    "grid_id": "text",
    "community_id": "text",
    "community": "text",
    "name": "text",
    "type": "mark",
    "households": "count",
    "people": "count",
    "buildings": "count",
    "area_m2": "count",
    "share_property_managed": "decimal",
    "share_work_unit": "decimal",
    "border_share": "decimal",
    "worker": "text",
}
_TOTALS = ("households", "people", "buildings", "area_m2")


def write_grid_files(
    folder: Path,
    grids: Grids,
    *,
    figures: pd.DataFrame,
    findings: Sequence[Finding],
    record: Mapping[str, Any],
    layers: Layers,
    title: str,
    notes: tuple[str, ...],
    language: Language,
) -> None:
    """Write all tables and layers of a division into grids into a folder that exists.

    ``grids.gpkg`` (layers grids and buildings), ``grids.csv``, ``buildings.csv``, ``grids.xlsx``,
    ``findings.json``, ``grids.json``.

    Parameters
    ----------
    figures
        Index ``grid_id``, see `districting.flow.gridding.GridRun`.
    record
        The content of ``grids.json``.
    title, notes
        Heading of the Excel sheets, and the lines below it.
    """
    table = figures.reset_index()
    _write_csv(folder / "grids.csv", table[[name for name in _COLUMNS if name in table]])
    homes = _buildings(grids, layers)
    _write_csv(folder / "buildings.csv", pd.DataFrame(homes.drop(columns="geometry")))
    land = _grids(grids, figures, language)
    styles = {
        "grids": Style("fill_by_colour", label="name", outline="#1d2733", width_mm=0.3),
        "buildings": Style("point", fill="#6b7480", size_mm=0.8),
    }
    titles = {name: say(f"grid.layer.{name}", language) for name in styles}
    with replacing(folder / "grids.gpkg") as temporary:
        write_geopackage(temporary, {"grids": land, "buildings": homes}, styles=styles, titles=titles)
    write_workbook(
        folder / "grids.xlsx",
        [_grid_sheet(table, title, notes, language), _community_sheet(table, title, notes, language)],
        language=language,
    )
    told = [{**finding.to_json(), "sentence": finding_sentence(finding, language)} for finding in findings]
    write_json(folder / "findings.json", told)
    write_json(folder / "grids.json", dict(record))


def _grids(grids: Grids, figures: pd.DataFrame, language: Language) -> gpd.GeoDataFrame:
    """Grids with what they hold, and a colour that no neighbour has."""
    outlines = grids.outlines
    columns = {name: figures[name] for name in _COLUMNS if name in figures and name != "grid_id"}
    colours = colour_communities([outlines.geometry]).reindex(outlines.index, fill_value=0).astype("int64")
    land = gpd.GeoDataFrame(
        {"grid_id": outlines.index.astype(object), **columns, "colour": colours},
        geometry=outlines.geometry,
        crs=outlines.crs,
    )
    land.insert(5, "type_name", [say(f"grid.type.{kind}", language) for kind in figures["type"]])
    return land


def _buildings(grids: Grids, layers: Layers) -> gpd.GeoDataFrame:
    """Every building with its grid and community."""
    buildings = layers.buildings
    grid = grids.buildings.reindex(buildings.index)
    return gpd.GeoDataFrame(
        {
            "building_id": buildings.index.astype(object),
            "grid_id": grid,
            "community_id": grid.map(grids.outlines["community_id"]),
            "households": buildings["households"].astype("int64"),
        },
        geometry=buildings.geometry,
        crs=buildings.crs,
    )


def _grid_sheet(table: pd.DataFrame, title: str, notes: tuple[str, ...], language: Language) -> Sheet:
    """网格表: every grid."""
    shown = table.assign(type=[say(f"grid.type.{kind}", language) for kind in table["type"]])
    counted = shown.loc[shown["households"] > 0, "people"].notna().any()
    columns = tuple(
        Column(say(f"grid.column.{name}", language), shown[name].tolist(), kind, total=name in _TOTALS)
        for name, kind in _COLUMNS.items()
        if not name.startswith("share_") and (name != "people" or counted)
    )
    remarks = (say("grid.remark_types", language), say("grid.remark_worker", language))
    return Sheet(say("grid.tab_grids", language), title, notes, columns, fixed=4, remarks=remarks)


def _community_sheet(table: pd.DataFrame, title: str, notes: tuple[str, ...], language: Language) -> Sheet:
    """分社区汇总: how many grids and workers each community has, and of what size and type."""
    by = table.groupby(["community_id", "community"], sort=True)
    sums = by["households"].agg(["size", "sum", "min", "max"]).reset_index()
    kinds = [
        Column(
            say(f"grid.type.{kind}", language),
            (table["type"] == kind).groupby([table["community_id"], table["community"]]).sum().tolist(),
            "count",
            say("grid.column.by_type", language),
            total=True,
        )
        for kind in ("property_managed", "work_unit", "mixed")
    ]
    columns = (
        Column(say("grid.column.community_id", language), sums["community_id"].tolist()),
        Column(say("grid.column.community", language), sums["community"].tolist()),
        Column(say("grid.column.grids", language), sums["size"].tolist(), "count", total=True),
        Column(say("grid.column.workers", language), sums["size"].tolist(), "count", total=True),
        Column(say("grid.column.households", language), sums["sum"].tolist(), "count", total=True),
        Column(say("grid.column.smallest", language), sums["min"].tolist(), "count"),
        Column(say("grid.column.largest", language), sums["max"].tolist(), "count"),
        *kinds,
    )
    return Sheet(say("grid.tab_communities", language), title, notes, columns)


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    """UTF-8 without a byte-order mark, for programs; people read the tables in Excel."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")
