"""A plan written into a schema of ours in a PostGIS database: all of it in one transaction, or nothing.

Tables and views stand in ``database.sql``. No other schema is touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from districting.errors import Fault
from districting.territory.database_urls import redacted
from districting.territory.databases import DatabaseError, copy_rows, quoted, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The comment on ``runs`` by which a schema is known as ours; its number grows with the layout of the tables.
MARK = "districting: published plans, layout 1"
#: Where the CRS of the case has no number in EPSG, plans are published in CGCS2000, degrees.
_FALLBACK_SRID = 4490


@dataclass(frozen=True)
class Destination:
    """Where plans are published.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/database``.
    schema
        Ours in that database; made if it does not exist.
    password_env
        Environment variable that holds the password, where libpq's own ways do not tell it.
    """

    address: str
    schema: str = "districting"
    password_env: str | None = None


@dataclass(frozen=True)
class Publication:
    """What is published: one plan of one run.

    Parameters
    ----------
    facts
        The columns of ``runs`` but for those that the database fills in; ``inputs`` is plain data.
    layers
        ``communities``, ``buildings`` and ``changes`` with the columns of their tables, in the CRS of the case.
    """

    facts: Mapping[str, Any]
    layers: Mapping[str, gpd.GeoDataFrame]


def publish(publication: Publication, destination: Destination) -> int:
    """Write a plan as the newest version of its case; a version of the same run and plan is replaced.

    Killed or failing at any moment, the old state stays. Two that publish at once wait for each other.

    Parameters
    ----------
    publication
        The plan.
    destination
        Database and schema.

    Returns
    -------
    int
        ``version_id`` of the plan.

    Raises
    ------
    DatabaseError
        If the database cannot be reached or written, has no PostGIS, or the schema is somebody else's.
    """
    values = {"role": "publish", "file": redacted(destination.address), "layer": destination.schema}
    with writing(destination.address, password_env=destination.password_env, values=values) as connection:
        connection.exec_driver_sql(
            "SELECT pg_advisory_xact_lock(hashtextextended('districting ' || %s::text, 0))", (destination.schema,)
        )
        srid = _prepare(connection, destination.schema, _srid(publication), values)
        schema, facts = quoted(destination.schema), dict(publication.facts)
        same = {key: facts[key] for key in ("case_name", "run_id", "plan_id")}
        connection.exec_driver_sql(
            f"DELETE FROM {schema}.runs WHERE case_name = %(case_name)s AND run_id = %(run_id)s "
            "AND plan_id = %(plan_id)s",
            same,
        )
        facts["inputs"] = json.dumps(facts["inputs"], ensure_ascii=False)
        marks = ", ".join(f"%({key})s" for key in facts)
        version = connection.exec_driver_sql(
            f"INSERT INTO {schema}.runs ({', '.join(map(quoted, facts))}) VALUES ({marks}) RETURNING version_id",
            facts,
        ).scalar_one()
        for name, layer in publication.layers.items():
            columns = [str(column) for column in layer.columns if column != layer.geometry.name]
            rows = _rows(layer.to_crs(epsg=srid), columns, version, srid)
            copy_rows(connection, f"{schema}.{quoted(name)}", ["version_id", *columns, "geom"], rows)
    return int(version)


def reach(destination: Destination) -> None:
    """Find out whether the database can be reached, before there is anything to write.

    Raises
    ------
    DatabaseError
        If it cannot.
    """
    values = {"role": "publish", "file": redacted(destination.address), "layer": destination.schema}
    with writing(destination.address, password_env=destination.password_env, values=values):
        pass


def _srid(publication: Publication) -> int:
    """EPSG number of the case's CRS, else of CGCS2000."""
    crs = next(iter(publication.layers.values())).crs
    return int(crs.to_epsg() or _FALLBACK_SRID)


def _prepare(connection: Connection, schema: str, srid: int, values: Mapping[str, Any]) -> int:
    """Makes the tables where they are not yet there; returns the SRID of those there are."""
    gis = connection.exec_driver_sql(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'postgis'"
    ).scalar()
    if gis is None:
        raise DatabaseError([Fault("fault.database_no_postgis", dict(values))])
    there = connection.exec_driver_sql(
        "SELECT n.oid, count(c.oid) AS objects, max(obj_description(c.oid, 'pg_class')) FILTER "
        "(WHERE c.relname = 'runs') AS mark FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid "
        "WHERE n.nspname = %s GROUP BY n.oid",
        (schema,),
    ).first()
    if there is not None and there.mark == MARK:
        return int(
            connection.exec_driver_sql(
                f"SELECT {quoted(gis)}.postgis_typmod_srid(a.atttypmod) FROM pg_attribute a "
                "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = %s AND c.relname = 'communities' AND a.attname = 'geom'",
                (schema,),
            ).scalar_one()
        )
    if there is not None and there.objects:
        raise DatabaseError([Fault("fault.database_foreign_schema", {**values, "count": there.objects})])
    if there is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {quoted(schema)}")
    tables = (resources.files("districting.reports") / "database.sql").read_text(encoding="utf-8")
    tables = tables.format(schema=quoted(schema), gis=quoted(gis), srid=srid, mark=MARK)
    connection.exec_driver_sql(tables, execution_options={"no_parameters": True})
    return srid


def _rows(layer: gpd.GeoDataFrame, columns: list[str], version: int, srid: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a layer as COPY takes them."""
    cells = layer[columns].astype(object)
    cells = cells.where(cells.notna(), None)
    shapes = shapely.set_srid(_multiple(layer.geometry.to_numpy()), srid)
    texts = shapely.to_wkb(shapes, hex=True, include_srid=True)
    for row, text in zip(cells.itertuples(index=False, name=None), texts, strict=True):
        yield version, *row, text


def _multiple(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Polygons as multipolygons, so that a table has one kind; points stay."""
    shapes = shapes.copy()
    single = shapely.get_type_id(shapes) == 3
    shapes[single] = shapely.multipolygons(shapes[single][:, None])
    return shapes
