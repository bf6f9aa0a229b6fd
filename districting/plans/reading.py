"""A plan made by hand, from a file: a list of atoms or buildings, or polygons. Every fault is said at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors
import pyproj
import shapely

from districting.errors import Fault, PlanError
from districting.nearest import alike
from districting.plans.division import Division
from districting.territory.damage import file_fault, rows_fault
from districting.territory.territory import Territory

#: Names under which a column is known, ours first. ``community_after`` is that of our own buildings.csv.
HEADINGS = {
    "community_id": ("community_id", "community_after", "社区编码", "社区代码", "社区编号"),
    "name": ("name", "community", "社区名称", "社区"),
    "atom_id": ("atom_id", "单元编号"),
    "building_id": ("building_id", "建筑编号", "楼栋编号"),
    "subdistrict_id": ("subdistrict_id", "街道编码"),
}
#: Seats nearer than this are the same place, m: coordinates in files are rounded.
SAME_PLACE_M = 0.5
TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xls")
#: Endings of files that people draw plans in.
_DRAWN = (".gpkg", ".shp", ".geojson", ".parquet", ".geoparquet")
#: Sheets and layers of a file with several that hold the plan.
_LAYERS = ("communities", "社区")


def read_plan(path: Path | str, territory: Territory) -> Division:
    """A division from a file made by hand.

    Parameters
    ----------
    path
        CSV (UTF-8 or GBK), Excel: a column ``atom_id`` or ``building_id`` and a column ``community_id`` or
        ``name``; an empty community means that it is in none. Any other file: polygons with such a column.
    territory
        Whose atoms, buildings and communities the file speaks of.

    Returns
    -------
    Division
        Named after the file. A community that carries an id of today, or the name of exactly one community of
        today, keeps that identity.

    Raises
    ------
    PlanError
        Listing everything that is wrong with the file.
    """
    path = Path(path)
    if not path.exists():
        there = path.parent.iterdir() if path.parent.is_dir() else ()
        near = alike(path.name, (one.name for one in there if one.suffix.lower() in (*TABLES, *_DRAWN)))
        raise PlanError([_fault("plan_no_file", path, known=", ".join(near[:8]) or "–")])
    if path.suffix.lower() not in TABLES:
        return _from_polygons(_read_polygons(path), path, territory)
    division = _from_table(_read_table(path), path, territory)
    beside = path.with_name("plan.gpkg")
    return _with_seats(division, beside) if path.name == "plan.csv" and beside.exists() else division


def _with_seats(division: Division, path: Path) -> Division:
    """The same division with the seats and provisional names that our plan.gpkg beside it tells.

    Raises
    ------
    PlanError
        If that file cannot be read.
    """
    told = _read_polygons(path)
    if not {"community_id", "name", "seat_x", "seat_y"} <= set(told.columns):
        return division
    told = told.drop_duplicates("community_id").set_index("community_id")
    outlines = division.outlines.copy()
    seated = outlines.index[outlines.index.isin(told.index[told["seat_x"].notna()])]
    before = outlines.loc[seated, ["seat_x", "seat_y"]].to_numpy(dtype=float)
    after = told.loc[seated, ["seat_x", "seat_y"]].to_numpy(dtype=float)
    moved = ~(np.abs(after - before) <= SAME_PLACE_M).all(axis=1)
    outlines.loc[seated[moved], ["seat_x", "seat_y"]] = after[moved]
    outlines.loc[seated[moved], "seat_kind"] = "candidate"
    named = outlines.index[outlines["origin"].isna() & outlines.index.isin(told.index)]
    outlines.loc[named, "name"] = told.loc[named, "name"]
    return replace(division, outlines=outlines)


def _read_table(path: Path) -> pd.DataFrame:
    """A table with every cell as text; CSV in UTF-8, else in GBK."""
    try:
        if path.suffix.lower().startswith(".xls"):
            return pd.read_excel(path, dtype=str, keep_default_na=False)
        content = path.read_bytes()
        try:
            content.decode("utf-8-sig")
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "gb18030"
        separator = "\t" if path.suffix.lower() == ".tsv" else ","
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding, sep=separator)
    except pd.errors.ParserError as error:
        text = content.decode(encoding, errors="replace")
        raise PlanError([rows_fault(text, separator=separator, file=str(path), why=str(error))]) from error
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise PlanError([file_fault(path, error, file=str(path))]) from error


def _from_table(table: pd.DataFrame, path: Path, territory: Territory) -> Division:
    """A division from a list of atoms or of buildings."""
    columns = {ours: _heading(table.columns, ours) for ours in HEADINGS}
    unit = "atom_id" if columns["atom_id"] else "building_id"
    community = columns["community_id"] or columns["name"]
    if columns[unit] is None or community is None:
        lacking = [
            *([] if columns[unit] else ["atom_id / building_id"]),
            *([] if community else ["community_id / name"]),
        ]
        raise PlanError([_columns_fault(path, lacking, table.columns)])
    ids = table[columns[unit]].str.strip()
    owners = table[community].str.strip()
    known = territory.atoms.table.index if unit == "atom_id" else territory.layers.buildings.index
    faults = list(_id_faults(ids, owners, known, path, str(columns[unit])))
    if faults:
        raise PlanError(faults)
    first = ~ids.duplicated()
    owner = pd.Series(owners[first].to_numpy(dtype=object), index=ids[first].to_numpy(dtype=object))
    owner = _with_identity(owner.where(owner != "", None), territory).reindex(known)
    if unit == "building_id":
        return Division.of_buildings(owner, territory, name=path.stem)
    return Division.of_atoms(owner, territory, name=path.stem)


def _id_faults(
    ids: pd.Series[str], owners: pd.Series[str], known: pd.Index[Any], path: Path, column: str
) -> Iterable[Fault]:
    """Unknown ids, ids that lost their zeros, ids in two communities, ids that the file leaves out."""
    strange = ids[~ids.isin(known)]
    stripped = set(known.astype(str).str.lstrip("0"))
    lost = strange[strange.isin(stripped) & (strange != "")]
    if len(lost):
        yield _fault("plan_lost_zeros", path, column=column, **_counted(lost, len(ids)))
    strange = strange.drop(lost.index)
    if len(strange):
        yield _fault("plan_unknown_ids", path, column=column, **_counted(strange, len(ids)))
    pairs = pd.DataFrame({"unit": ids, "owner": owners}).drop_duplicates()
    twice = pairs["unit"][pairs["unit"].duplicated()]
    if len(twice):
        yield _fault("plan_twice", path, column=column, **_counted(twice, len(ids)))
    missing = pd.Series(known[~known.isin(ids)], dtype=object)
    if len(missing) and not len(lost):
        yield _fault("plan_missing_ids", path, column=column, **_counted(missing, len(known)))


def _read_polygons(path: Path) -> gpd.GeoDataFrame:
    """The layer of a file that holds communities: one so named, else the first."""
    try:
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            return gpd.read_parquet(path)
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        layer = next((name for name in _LAYERS if name in layers), layers[0] if layers else None)
        return gpd.read_file(path, layer=layer)
    except (OSError, ValueError, pyogrio.errors.DataSourceError) as error:
        raise PlanError([file_fault(path, error, file=str(path))]) from error


def _from_polygons(drawn: gpd.GeoDataFrame, path: Path, territory: Territory) -> Division:
    """A division from polygons; several of one community are its parts."""
    column = _heading(drawn.columns, "community_id") or _heading(drawn.columns, "name")
    faults = [] if column else [_columns_fault(path, ["community_id / name"], drawn.columns)]
    faults += _shape_faults(drawn, path, territory)
    if faults or column is None:
        raise PlanError(faults)
    ids = drawn[column].astype(str).str.strip()
    owner = _with_identity(pd.Series(ids.to_numpy(dtype=object)), territory)
    shapes = drawn.set_geometry(drawn.geometry).assign(community_id=owner.to_numpy())
    united = shapes[["community_id", "geometry"]].dissolve("community_id")
    for ours in ("name", "subdistrict_id"):
        theirs = _heading(drawn.columns, ours)
        if theirs is not None:
            united[ours] = shapes.groupby("community_id")[theirs].first()
    return Division.of_polygons(united, territory, name=path.stem)


def _shape_faults(drawn: gpd.GeoDataFrame, path: Path, territory: Territory) -> list[Fault]:
    """Wrong geometry: none, no area, crossing itself, no CRS, somewhere else."""
    faults = []
    shapes = drawn.geometry.to_numpy()
    rows = pd.Series([str(number + 1) for number in range(len(drawn))])
    for key, wrong in (
        ("plan_no_polygon", shapely.get_dimensions(shapes) != 2),
        ("plan_crosses_itself", (shapely.get_dimensions(shapes) == 2) & ~shapely.is_valid(shapes)),
    ):
        if wrong.any() or not len(drawn):
            faults.append(_fault(key, path, **_counted(rows[wrong], len(drawn))))
            break
    crs = territory.layers.crs
    if drawn.crs is None:
        faults.append(_fault("plan_no_crs", path, crs=crs.to_string()))
    elif not faults and not _near(drawn, territory):
        faults.append(_fault("plan_elsewhere", path, crs=pyproj.CRS(drawn.crs).to_string()))
    return faults


def _near(drawn: gpd.GeoDataFrame, territory: Territory) -> bool:
    """True if the polygons and the ground meet."""
    ground = shapely.box(*territory.layers.subdistricts.total_bounds)
    return bool(shapely.intersects(ground, drawn.to_crs(territory.layers.crs).geometry.to_numpy()).any())


def _with_identity(owner: pd.Series[str], territory: Territory) -> pd.Series[str]:
    """Ids of today where the file gives the name of exactly one community of today."""
    names = territory.layers.communities["name"]
    single = names[~names.duplicated(keep=False)]
    by_name = pd.Series(single.index.to_numpy(dtype=object), index=single.to_numpy(dtype=object))
    is_id = owner.isin(territory.layers.communities.index)
    found = owner.map(by_name).where(~is_id, None).astype(object)
    return owner.where(found.isna(), found)


def _heading(columns: Iterable[Any], ours: str) -> str | None:
    """The file's column for one of ours."""
    present = {str(name).strip().lower(): str(name) for name in columns}
    return next((present[name] for name in HEADINGS[ours] if name in present), None)


def _columns_fault(path: Path, lacking: list[str], columns: Iterable[Any]) -> Fault:
    present = ", ".join(str(name) for name in columns if name != "geometry")
    return _fault("plan_columns", path, lacking=", ".join(lacking), present=present)


def _counted(ids: pd.Series[str], total: int) -> dict[str, Any]:
    """Count and a few examples."""
    return {"count": int(ids.nunique()), "total": total, "examples": ", ".join(ids.drop_duplicates()[:5])}


def _fault(key: str, path: Path, **values: Any) -> Fault:
    return Fault(f"fault.{key}", {"file": path.name, **values})
