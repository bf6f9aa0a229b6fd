"""A layer from a table or a query of a PostgreSQL database, with PostGIS geometry or without.

Rows come in a stable order and exactly: whole numbers of any length and decimals are read as text, as from a CSV
file, so that no id is rounded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError

from districting.errors import Fault
from districting.territory.columns import examples
from districting.territory.databases import DatabaseError, Databases, quoted, table_parts
from districting.territory.files import FileTable, mended, placed
from districting.territory.specs import LayerSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Types that need no word of ours: bool, int2, int4, float4, float8, text, varchar.
_PLAIN = (16, 21, 23, 700, 701, 25, 1043)
_NUMERIC, _BYTES = 1700, 17
#: Which of several geometry columns is meant, best first.
_GEOMETRY_NAMES = ("geom", "geometry", "the_geom", "wkb_geometry", "shape")
#: The column that holds the geometry while it is read.
_OURS = "geometry"


def read_database(spec: LayerSpec, databases: Databases) -> FileTable:
    """The rows that a spec names, in the order of the primary key, else in an order that their content gives.

    Parameters
    ----------
    spec
        Address, and ``table`` or ``sql``; ``where`` is put to the database.
    databases
        Whose snapshot is read.

    Returns
    -------
    FileTable
        At least one row. ``sha256`` is of the rows: it does not depend on their order.

    Raises
    ------
    LayerError
        If the database cannot be reached or read, the table does not exist (naming those there are), the query
        fails or would write, there is no place, or nothing is left.
    """
    layer = spec.table or spec.layer or ("sql" if spec.sql else "")
    values = {"role": spec.role, "file": spec.shown, "layer": layer}
    if bool(spec.sql) == bool(spec.table or (spec.layer and not spec.sql)):
        raise DatabaseError([Fault("fault.database_table_or_sql", values)])
    with databases.reading(spec, values) as connection:
        query = f"(\n{spec.sql.strip().rstrip(';')}\n)" if spec.sql else ""
        source, key = (query, ()) if query else _table(connection, layer, values)
        columns = _columns(connection, source)
        shape = _geometry_column(connection, spec, columns, values)
        rows = _rows(connection, spec, source, columns, key=key, shape=shape, values=values)
    table = rows if isinstance(rows, gpd.GeoDataFrame) else placed(rows, spec, layer)
    words = _words(table)
    if not key:
        table = table.iloc[words.index]
    return mended(FileTable(spec, layer, table, _hash(words, table.crs)))


def _table(connection: Connection, name: str, values: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A table or view as SQL names it, and the columns of its primary key."""
    schema, table = table_parts(name)
    found = connection.exec_driver_sql(
        "SELECT c.oid, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = %(table)s "
        "AND CASE WHEN %(schema)s::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = %(schema)s END",
        {"schema": schema, "table": table},
    ).first()
    if found is None:
        known = connection.exec_driver_sql(
            "SELECT schemaname || '.' || name FROM (SELECT schemaname, tablename AS name FROM pg_tables "
            "UNION SELECT schemaname, viewname FROM pg_views) AS every "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND name NOT IN "
            "('spatial_ref_sys', 'geometry_columns', 'geography_columns') ORDER BY lower(name) <> lower(%s), 1",
            (table,),
        ).scalars()
        raise DatabaseError([Fault("fault.database_no_table", {**values, "known": examples(known, most=12)})])
    key = connection.exec_driver_sql(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
        "WHERE a.attnum = ANY(i.indkey) AND i.indrelid = %s AND i.indisprimary "
        "ORDER BY array_position(i.indkey::int2[], a.attnum)",
        (found.oid,),
    ).scalars()
    return f"{quoted(found.nspname)}.{quoted(table)}", tuple(key)


def _columns(connection: Connection, source: str) -> dict[str, int]:
    """Name and type (oid) of every column, in their order."""
    asked = connection.exec_driver_sql(
        f"SELECT * FROM {source} AS q LIMIT 0", execution_options={"stream_results": True, "no_parameters": True}
    )
    with asked:
        described: Any = asked.cursor.description if asked.cursor is not None else ()
        return {column.name: column.type_code for column in described}


def _geometry_column(
    connection: Connection, spec: LayerSpec, columns: dict[str, int], values: dict[str, Any]
) -> str | None:
    """The column of PostGIS geometry; None where there is none."""
    kinds = set(
        connection.exec_driver_sql(
            "SELECT oid::int8 FROM pg_type WHERE typname IN ('geometry', 'geography')"
        ).scalars()
    )
    drawn = [name for name, kind in columns.items() if kind in kinds]
    stated = spec.columns.get("geometry")
    if stated in drawn or not drawn:
        return stated if stated in drawn else None
    known = [name for name in _GEOMETRY_NAMES if name in drawn]
    if len(drawn) > 1 and not known:
        raise DatabaseError([Fault("fault.database_geometries", {**values, "known": ", ".join(drawn)})])
    return known[0] if known else drawn[0]


def _rows(
    connection: Connection,
    spec: LayerSpec,
    source: str,
    columns: dict[str, int],
    *,
    key: Sequence[str],
    shape: str | None,
    values: dict[str, Any],
) -> pd.DataFrame:
    """The rows themselves; features where there is geometry."""
    where = f" WHERE ({spec.where}\n)" if spec.where else ""
    chosen = [_chosen(name, kind) for name, kind in columns.items() if kind != _BYTES and name != shape]
    if shape:
        chosen = [one for one in chosen if not one.endswith(f" AS {quoted(_OURS)}")]
        chosen.append(f"q.{quoted(shape)} AS {quoted(_OURS)}")
    order = f" ORDER BY {', '.join(f'q.{quoted(name)}' for name in key)}" if key else ""
    query = f"SELECT {', '.join(chosen)} FROM {source} AS q{where}{order}"
    crs = _crs(connection, f"{source} AS q{where}", shape, values) if shape else None
    # A cursor takes one statement that reads and nothing else; its % is no placeholder.
    connection.execution_options(stream_results=True, no_parameters=True)
    try:
        if shape is None:
            return pd.DataFrame(pd.read_sql(query, connection))
        table = gpd.read_postgis(query, connection, geom_col=_OURS, crs=crs)
    except (shapely.errors.ShapelyError, NotImplementedError) as error:  # curves are not implemented
        raise DatabaseError([Fault("fault.database_geometry", {**values, "why": str(error)})]) from error
    finally:
        connection.execution_options(stream_results=False, no_parameters=False)
    flat = gpd.GeoSeries(shapely.force_2d(table.geometry.to_numpy()), crs=crs, name=_OURS)
    features: pd.DataFrame = gpd.GeoDataFrame(table.drop(columns=_OURS), geometry=flat)
    return features


def _chosen(name: str, kind: int) -> str:
    """A column as it is asked for: what could be rounded, and what pandas has no type for, as text."""
    own = f"q.{quoted(name)}"
    if kind in _PLAIN:
        return f"{own} AS {quoted(name)}"
    return f"{f'trim_scale({own})' if kind == _NUMERIC else own}::text AS {quoted(name)}"


def _crs(connection: Connection, source: str, shape: str, values: dict[str, Any]) -> pyproj.CRS | None:
    """The CRS that the geometry's SRID stands for in this database; None where it has none."""
    home = connection.exec_driver_sql(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'postgis'"
    ).scalar_one()
    counted = connection.exec_driver_sql(
        f"SELECT {quoted(home)}.ST_SRID(q.{quoted(shape)}::{quoted(home)}.geometry) AS srid, count(*) "
        f"FROM {source} GROUP BY 1 ORDER BY 1",
        execution_options={"stream_results": True, "no_parameters": True},
    ).all()
    found = {srid: number for srid, number in counted if srid is not None}
    if len(found) > 1:
        told = ", ".join(f"{srid} ({number})" for srid, number in found.items())
        raise DatabaseError([Fault("fault.database_srids", {**values, "known": told})])
    srid = next(iter(found), 0)
    if srid == 0:
        return None
    listed = connection.exec_driver_sql(
        f"SELECT auth_name, auth_srid, srtext FROM {quoted(home)}.spatial_ref_sys WHERE srid = %s", (srid,)
    ).first()
    try:
        if listed is None or (listed.auth_name or "").upper() == "EPSG":
            return pyproj.CRS.from_epsg(srid if listed is None else listed.auth_srid)
        return pyproj.CRS.from_user_input(listed.srtext)
    except CRSError as error:
        raise DatabaseError([Fault("fault.database_srid", {**values, "srid": srid, "why": str(error)})]) from error


def _words(table: gpd.GeoDataFrame) -> pd.DataFrame:
    """Every cell as text in the order of the rows' content, the index telling where each row stood."""
    cells = pd.DataFrame(table.drop(columns=table.geometry.name)).astype(object)
    words = cells.where(cells.notna(), "∅").astype(str).reset_index(drop=True)
    words[_OURS] = pd.Series(shapely.to_wkb(table.geometry.to_numpy(), hex=True)).fillna("∅").astype(str)
    return words.sort_values(list(words.columns), kind="stable")


def _hash(words: pd.DataFrame, crs: pyproj.CRS | None) -> str:
    """SHA-256 of columns, CRS and rows, in whatever order they came."""
    told = hashlib.sha256((crs.to_wkt() if crs is not None else "").encode())
    told.update(words.to_csv(index=False, lineterminator="\n").encode())
    return told.hexdigest()
