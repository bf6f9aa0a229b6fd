"""One file layer, whatever its format, as one table in the file's own CRS and words.

What the columns mean is `roles`; what coordinates must be is `crs`. Nothing is repaired here but the text
encoding, which is a property of the file.
"""

from __future__ import annotations

import hashlib
import sqlite3
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from districting.errors import Fault, LayerError
from districting.nearest import alike
from districting.territory.damage import file_fault, query_fault, shapefile_lacks, where_fault
from districting.territory.encoding import mend_text, table_text
from districting.territory.headings import place_columns
from districting.territory.osm import is_extract, read_extract
from districting.territory.specs import LayerSpec

PARQUET = (".parquet", ".geoparquet", ".pq")
TEXT_TABLES = (".csv", ".tsv", ".txt")
EXCEL = (".xlsx", ".xlsm", ".xls")
TABLES = (*TEXT_TABLES, *EXCEL)

#: What the readers of tables raise where a file is not what its ending says.
_BROKEN = (OSError, ValueError, KeyError, ImportError, BadZipFile)


@dataclass(frozen=True)
class FileTable:
    """What one spec names, as read.

    Parameters
    ----------
    spec
        What the case says of it.
    layer
        Its name: layer or sheet, else the stem of the file.
    table
        The features in the file's order, index 0 … n-1; geometry may be missing; the CRS is the file's or None.
    sha256
        Of the file, or of all files of a shapefile or geodatabase; of the rows, for a database.
    notes
        What reading had to mend: text that was decoded otherwise, ways cut at the edge of an extract.
    """

    spec: LayerSpec
    layer: str
    table: gpd.GeoDataFrame
    sha256: str
    notes: tuple[Fault, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """``role``, ``file`` and ``layer``, which every sentence about this layer names."""
        return {"role": self.spec.role, "file": self.spec.shown, "layer": self.layer}


def read_file(spec: LayerSpec, *, folder: Path) -> FileTable:
    """The features that a spec names.

    Parameters
    ----------
    spec
        Path (relative to ``folder``), layer, condition, encoding and place columns.
    folder
        Of the case.

    Returns
    -------
    FileTable
        At least one feature.

    Raises
    ------
    LayerError
        If the file or the layer is missing (naming those there are), damaged, has no place, the condition
        cannot be understood, the text cannot be decoded, or nothing is left.
    """
    path = folder / spec.path
    if not path.exists():
        there = [p.name for p in path.parent.iterdir() if p.suffix] if path.parent.is_dir() else []
        near = alike(path.name, there)
        raise _error("fault.layer_no_file", spec, known=_some(near, 12))
    layer, table, notes = _read_path(spec, path)
    return mended(FileTable(spec, layer, table, file_hash(path), tuple(notes)))


def mended(found: FileTable) -> FileTable:
    """The same table numbered from 0, its text decoded rightly.

    Raises
    ------
    LayerError
        If it has no rows, or its text cannot be decoded.
    """
    if not len(found.table):
        asked = found.spec.where or found.spec.sql
        key = "fault.layer_empty" if asked else "fault.layer_no_rows"
        raise LayerError([Fault(key, {**found.values, "where": asked or ""})])
    table, notes = mend_text(found.table.reset_index(drop=True), values=found.values)
    return replace(found, table=table, notes=(*found.notes, *notes))


def layer_names(path: Path) -> list[str]:
    """Layers or sheets that a file holds, in its order; the stem for files that hold one table.

    Raises
    ------
    LayerError
        If the file cannot be opened.
    """
    suffix = path.suffix.lower()
    if is_extract(path) or suffix in (*PARQUET, *TEXT_TABLES):
        return [path.stem]
    try:
        if suffix in EXCEL:
            with pd.ExcelFile(path) as book:
                return [str(name) for name in book.sheet_names]
        with warnings.catch_warnings():
            # what GDAL finds odd about a damaged file comes as a fault of ours, or does not matter
            warnings.simplefilter("ignore", RuntimeWarning)
            return [str(name) for name, shape in pyogrio.list_layers(path) if shape is not None]
    except (DataSourceError, DataLayerError, *_BROKEN) as error:
        raise LayerError([file_fault(path, error)]) from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file; of all its parts in order of name, for a shapefile or a folder (geodatabase)."""
    if path.is_dir():
        parts = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.endswith(".lock"))
    elif path.suffix.lower() == ".shp":
        parts = sorted(p for p in path.parent.iterdir() if p.stem == path.stem and p.suffix.lower() in _SHAPEFILE)
    else:
        parts = [path]
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def _read_path(spec: LayerSpec, path: Path) -> tuple[str, gpd.GeoDataFrame, list[Fault]]:
    """Layer name, table and notes of a file on disk."""
    suffix = path.suffix.lower()
    if is_extract(path):
        table, lost = read_extract(path, spec.role)
        notes = []
        if lost:
            values = {"role": spec.role, "file": spec.shown, "layer": path.stem, "count": lost}
            notes.append(Fault("note.osm_cut_ways", values, severity="warning"))
        return path.stem, _where(table, spec), notes
    if suffix in PARQUET:
        return path.stem, _where(_read_parquet(spec, path), spec), []
    if suffix in TABLES:
        layer, rows = _read_table(spec, path)
        return layer, _where(placed(rows, spec, layer), spec), []
    if suffix == ".shp" and shapefile_lacks(path):
        raise LayerError([file_fault(path)])
    layers = layer_names(path)
    if spec.sql is None and spec.layer is None and len(layers) != 1:
        key = "fault.layer_which" if layers else "fault.layer_none_in_file"
        raise _error(key, spec, known=", ".join(layers))
    if spec.layer is not None and spec.layer not in layers:
        raise _error("fault.layer_no_layer", spec, layer=spec.layer, known=", ".join(layers))
    return (*_read_gdal(spec, str(path), layers), [])


def _read_gdal(spec: LayerSpec, source: str, layers: Sequence[str]) -> tuple[str, gpd.GeoDataFrame]:
    """Name and table of what GDAL reads; by Arrow, which is several times faster, where text needs no decoding."""
    options: dict[str, Any] = {"where": spec.where, "sql": spec.sql, "force_2d": True}
    if spec.sql is None:
        options["layer"] = spec.layer
    if spec.encoding:
        options["encoding"] = spec.encoding
    shapefile = source.lower().endswith((".shp", ".dbf", ".zip"))
    try:
        try:
            table = pyogrio.read_dataframe(source, use_arrow=not shapefile and not spec.encoding, **options)
        except UnicodeDecodeError:
            # A field name cut in the middle of a letter, as UTF-8 shapefiles have them: decoded by `mend_text`.
            table = pyogrio.read_dataframe(source, **{**options, "encoding": "ISO-8859-1"})
    except (DataSourceError, DataLayerError, OSError, LookupError, ValueError, RuntimeError) as error:
        told: dict[str, Any] = {"role": spec.role, "file": spec.shown, "error": error}
        if spec.sql:
            raise LayerError([query_fault(spec.sql, layers=layers, **told)]) from error
        if spec.where:
            fields = pyogrio.read_info(source, layer=spec.layer)["fields"]
            raise LayerError([where_fault(spec.where, columns=fields, **told)]) from error
        raise LayerError([file_fault(Path(source), error, file=spec.shown)]) from error
    layer = spec.layer or Path(source).stem
    if not isinstance(table, gpd.GeoDataFrame):
        table = placed(table, spec, layer)
    return layer, _plain(table)


def _plain(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The table with its geometry in the column ``geometry``."""
    return table if table.geometry.name == "geometry" else table.rename_geometry("geometry")


def _read_parquet(spec: LayerSpec, path: Path) -> gpd.GeoDataFrame:
    """A GeoParquet file, or a plain Parquet file with coordinates."""
    try:
        table = gpd.read_parquet(path)
    except ValueError as no_geometry:
        try:
            rows = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise LayerError([file_fault(path, error, file=spec.shown)]) from no_geometry
        return placed(rows, spec, path.stem)
    except OSError as error:
        raise LayerError([file_fault(path, error, file=spec.shown)]) from error
    return _plain(table.set_geometry(shapely.force_2d(table.geometry.to_numpy()), crs=table.crs))


def _read_table(spec: LayerSpec, path: Path) -> tuple[str, pd.DataFrame]:
    """Name and rows of a CSV file or an Excel sheet; every cell as text, so that codes keep their zeros."""
    if path.suffix.lower() in TEXT_TABLES:
        return path.stem, table_text(path, encoding=spec.encoding, file=spec.shown)
    sheets = layer_names(path)
    if spec.layer is not None and spec.layer not in sheets:
        raise _error("fault.layer_no_layer", spec, layer=spec.layer, known=", ".join(sheets))
    sheet = spec.layer or sheets[0]
    try:
        rows = pd.read_excel(path, sheet_name=sheet, dtype=str, na_values=[""], keep_default_na=False)
    except _BROKEN as error:
        raise LayerError([file_fault(path, error, file=spec.shown)]) from error
    return sheet, rows.rename(columns=str).dropna(how="all")


def placed(rows: pd.DataFrame, spec: LayerSpec, layer: str) -> gpd.GeoDataFrame:
    """A table as features: points from coordinates, or shapes from well-known text.

    Raises
    ------
    LayerError
        If it has no such columns, or they hold something else.
    """
    values: dict[str, Any] = {"role": spec.role, "file": spec.shown, "layer": layer}
    named = {ours: spec.columns[ours] for ours in ("x", "y", "geometry") if spec.columns.get(ours)}
    missing = sorted(set(named.values()) - set(rows.columns))
    if missing:
        told = {**values, "columns": ", ".join(missing), "known": ", ".join(map(str, rows.columns))}
        raise LayerError([Fault("fault.layer_no_column", told)])
    place = named or place_columns(rows.columns)
    if "geometry" in place:
        texts = rows[place["geometry"]]
        shapes = shapely.from_wkt(texts.where(texts.notna(), None).to_numpy(dtype=object), on_invalid="ignore")
        broken = texts.notna().to_numpy() & shapely.is_missing(shapes)
        if broken.any():
            told = {**values, "count": int(broken.sum()), "total": len(rows), "examples": _some(texts[broken], 3)}
            raise LayerError([Fault("fault.layer_wkt", told)])
        return gpd.GeoDataFrame(rows.drop(columns=place["geometry"]), geometry=shapely.force_2d(shapes))
    if not {"x", "y"} <= set(place):
        raise LayerError([Fault("fault.layer_no_place", {**values, "known": ", ".join(map(str, rows.columns))})])
    x, y = (pd.to_numeric(rows[place[axis]], errors="coerce").to_numpy(dtype=float) for axis in ("x", "y"))
    wrong = (pd.isna(x) & rows[place["x"]].notna()) | (pd.isna(y) & rows[place["y"]].notna())
    if wrong.any():
        cells = rows.loc[wrong, place["x"]].astype(str) + ", " + rows.loc[wrong, place["y"]].astype(str)
        told = {
            **values,
            "count": int(wrong.sum()),
            "total": len(rows),
            "examples": _some(cells, 3),
        }
        raise LayerError([Fault("fault.layer_coordinates", told)])
    points = np.asarray(shapely.points(np.column_stack([x, y])), dtype=object)
    points[pd.isna(x) | pd.isna(y)] = None
    return gpd.GeoDataFrame(rows, geometry=points)


def _where(table: gpd.GeoDataFrame, spec: LayerSpec) -> gpd.GeoDataFrame:
    """The features that meet the case's condition, for formats that GDAL does not filter; same SQL as there."""
    if spec.where is None:
        return table
    words = pd.DataFrame(table.drop(columns=table.geometry.name)).reset_index(drop=True)
    quoted = ['"' + str(name).replace('"', '""') + '"' for name in words.columns]
    cells = words.astype(object).where(words.notna(), None)
    with sqlite3.connect(":memory:") as base:
        try:
            # numeric affinity: a number is compared as a number though the cell is text
            base.execute(f"CREATE TABLE t ({', '.join(f'{name} NUMERIC' for name in quoted)})")
            marks = ", ".join("?" * len(quoted))
            base.executemany(f"INSERT INTO t VALUES ({marks})", cells.itertuples(index=False, name=None))
            kept = [row[0] - 1 for row in base.execute(f"SELECT rowid FROM t WHERE {spec.where} ORDER BY rowid")]
        except (sqlite3.Error, sqlite3.Warning) as error:
            told = where_fault(spec.where, columns=words.columns, role=spec.role, file=spec.shown, error=error)
            raise LayerError([told]) from error
        finally:
            base.rollback()
    base.close()
    return table.iloc[kept]


def _error(key: str, spec: LayerSpec, **values: object) -> LayerError:
    return LayerError([Fault(key, {"role": spec.role, "file": spec.shown, **values})])


def _some(items: Any, most: int) -> str:
    """The first few of many, for a sentence."""
    listed = [str(item) for item in items]
    return ", ".join(listed[:most]) + (" …" if len(listed) > most else "")
