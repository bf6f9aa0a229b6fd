"""Layers in PostgreSQL: read as from files, in one snapshot that cannot write; what goes wrong is one sentence."""

from __future__ import annotations

import dataclasses
import gc
import importlib.util
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import geopandas.testing
import pytest

from districting.errors import Fault, LayerError
from districting.territory.database_layers import read_database
from districting.territory.database_urls import without_passwords
from districting.territory.databases import Databases
from districting.territory.files import FileTable
from districting.territory.sources import read_layers
from districting.territory.specs import LayerSpec, with_logins
from tests.territory.drawn_files import CRS, faults_of, town, with_role, write
from tests.territory.postgres import PASSWORD, cluster

psycopg = pytest.importorskip("psycopg", reason="the extra 'database' is not installed")
Run = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def city() -> Iterator[str]:
    """Address of a database that holds the drawn town in the schema ``gis``."""
    import sqlalchemy

    with cluster() as address:
        engine = sqlalchemy.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA gis")
            for role, table in town().items():
                table.rename_geometry("geom").to_postgis(role, connection, schema="gis")
        engine.dispose()
        yield address


@pytest.fixture
def run(city: str) -> Iterator[Run]:
    """Runs a statement as the owner of the database."""
    with psycopg.connect(city, autocommit=True) as connection:

        def execute(statement: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        yield execute


def read(spec: LayerSpec) -> FileTable:
    """One layer."""
    with Databases() as databases:
        return read_database(spec, databases)


def fault(spec: LayerSpec) -> Fault:
    """The one fault of reading a layer; its sentences hold no password."""
    with pytest.raises(LayerError) as caught:
        read(spec)
    (found,) = caught.value.faults
    for language in ("zh", "en"):
        assert PASSWORD not in found.sentence(language) and quote(PASSWORD, safe="") not in found.sentence(
            language
        )
    return found


def test_a_town_in_a_database_is_the_town_in_files(city: str, tmp_path: Path) -> None:
    specs = write(tmp_path, town())
    there = [dataclasses.replace(spec, path=city, table=f"gis.{spec.role}") for spec in specs]
    files, database = (read_layers(some, crs=CRS, folder=tmp_path) for some in (specs, there))
    for role in town():
        geopandas.testing.assert_geodataframe_equal(getattr(files, role), getattr(database, role))
    for source in database.sources:
        assert len(source.sha256) == 64 and source.path.startswith("postgresql://gis@/city?host=")
    assert PASSWORD not in repr(database.sources) and quote(PASSWORD, safe="") not in repr(database.sources)
    assert {source.layer for source in database.sources} == {f"gis.{role}" for role in town()}


def test_the_hash_is_of_the_content_and_not_of_the_order_of_the_rows(city: str, run: Run) -> None:
    run("CREATE TABLE gis.again AS SELECT * FROM gis.buildings ORDER BY building_id DESC")
    first, again = (
        read(LayerSpec("buildings", city, table="gis.buildings")),
        LayerSpec("buildings", city, table="gis.again"),
    )
    assert read(again).sha256 == first.sha256
    assert list(read(again).table["building_id"]) == list(first.table["building_id"])
    run("UPDATE gis.again SET households = households + 1 WHERE building_id = '03'")
    assert read(again).sha256 != first.sha256
    run("ALTER TABLE gis.again ADD PRIMARY KEY (building_id)")
    assert list(read(again).table["building_id"]) == [f"0{i}" for i in range(8)]


def test_where_columns_and_queries_work_as_with_files(city: str) -> None:
    asked = LayerSpec(
        "facilities", city, table="gis.facilities", where="kind = '社区服务中心' -- the others are schools"
    )
    assert list(read(asked).table["name"]) == ["甲站"]
    query = "SELECT building_id AS \"楼号\", households, geom FROM gis.buildings WHERE building_id LIKE '%5' ;  "
    found = read(LayerSpec("buildings", city, sql=query, columns={"building_id": "楼号"}))
    assert list(found.table["楼号"]) == ["05"] and found.layer == "sql"


def test_numbers_are_not_rounded(city: str, run: Run) -> None:
    """A 19-digit id beside an empty cell, and a count in numeric, as Oracle migrations leave them."""
    run("CREATE TABLE gis.wide (id bigint, n numeric(12, 2), at timestamptz, x float8, y float8)")
    run(
        "INSERT INTO gis.wide VALUES (1234567890123456789, 12.00, now(), 472000, 3852000), (NULL, 7, NULL, 472001, 3852000)"
    )
    found = read(LayerSpec("buildings", city, table="gis.wide", crs=CRS)).table.sort_values("n")
    assert list(found["id"].dropna()) == ["1234567890123456789"]
    assert list(found["n"]) == ["12", "7"]
    assert list(found.geometry.x) == [472000, 472001]


def test_every_layer_is_read_as_it_stood_at_one_moment(city: str, run: Run) -> None:
    run("CREATE TABLE gis.moving AS SELECT * FROM gis.buildings")
    spec = LayerSpec("buildings", city, table="gis.moving")
    with Databases() as databases:
        before = read_database(spec, databases)
        run("DELETE FROM gis.moving WHERE building_id > '03'")
        assert read_database(spec, databases).sha256 == before.sha256
    assert len(read(spec).table) == 4


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM gis.buildings RETURNING *",
        "WITH gone AS (DELETE FROM gis.buildings RETURNING *) SELECT * FROM gone",
        "SELECT gis.empty_all() AS n",
        "SELECT 1) AS q LIMIT 0; COMMIT; DELETE FROM gis.buildings; SELECT * FROM (SELECT 1",
    ],
)
def test_a_query_that_would_write_is_refused_and_changes_nothing(city: str, run: Run, query: str) -> None:
    run(
        "CREATE OR REPLACE FUNCTION gis.empty_all() RETURNS int LANGUAGE sql AS 'DELETE FROM gis.buildings; SELECT 1'"
    )
    assert fault(LayerSpec("buildings", city, sql=query)).key == "fault.database_writes"
    assert run("SELECT count(*) FROM gis.buildings") == [(8,)]


def test_a_layer_that_fails_does_not_spoil_the_next(city: str) -> None:
    with Databases() as databases:
        with pytest.raises(LayerError):
            read_database(LayerSpec("buildings", city, sql="SELECT 1/0 AS n"), databases)
        assert len(read_database(LayerSpec("buildings", city, table="gis.buildings"), databases).table) == 8


def test_a_connection_that_ends_in_the_middle_is_one_sentence(city: str) -> None:
    killed = LayerSpec("buildings", city, sql="SELECT pg_terminate_backend(pg_backend_pid())::text AS n")
    with warnings.catch_warnings():
        # psycopg cannot close its cursor on a connection that is gone, and says so when it is collected
        warnings.simplefilter("ignore", ResourceWarning)
        assert fault(killed).key == "fault.database_connect"
        gc.collect()


def test_curves_are_told_with_what_turns_them_into_lines(city: str) -> None:
    arc = "ST_GeomFromText('CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 4 4, 0 4, 0 0))', 4547)"
    assert "ST_CurveToLine" in fault(LayerSpec("compounds", city, sql=f"SELECT {arc} AS geom")).sentence("en")
    assert read(LayerSpec("compounds", city, sql=f"SELECT ST_CurveToLine({arc}) AS geom")).table.crs == CRS


def test_what_the_case_says_wrongly_is_said_with_its_mend(city: str, run: Run) -> None:
    run('CREATE TABLE IF NOT EXISTS gis."Buildings 2" AS SELECT building_id, households FROM gis.buildings')
    run("CREATE TABLE IF NOT EXISTS gis.two AS SELECT geom AS here, geom AS there FROM gis.buildings")
    run(
        "CREATE TABLE IF NOT EXISTS gis.mixed AS SELECT ST_SetSRID(ST_MakePoint(0, 0), s) AS geom FROM (VALUES (4490), (4547)) AS t (s)"
    )
    missing = fault(LayerSpec("buildings", city, table="gis.Buildings"))
    assert missing.key == "fault.database_no_table" and missing.values["known"].startswith("gis.buildings")
    assert fault(LayerSpec("buildings", city, table='gis."Buildings 2"')).key == "fault.layer_no_place"
    column = fault(LayerSpec("buildings", city, table="gis.buildings", where="flats > 3"))
    assert column.key == "fault.database_query_column" and "'flats'" in column.sentence("en")
    assert column.values["why"].startswith("column") and column.values["why"] not in column.sentence("en")
    table = fault(LayerSpec("buildings", city, sql="SELECT * FROM gis.houses"))
    assert table.key == "fault.database_query_table" and "“gis.houses”" in table.sentence("zh")
    function = fault(LayerSpec("buildings", city, sql="SELECT ST_Fly(geom) FROM gis.buildings"))
    assert function.key == "fault.database_query_function" and "'st_fly'" in function.sentence("en")
    assert (
        fault(LayerSpec("buildings", city, table="gis.buildings", where="households >")).key
        == "fault.database_syntax"
    )
    zero = fault(LayerSpec("buildings", city, sql="SELECT 1/0 AS n"))
    assert zero.key == "fault.database_query" and "22012" in zero.sentence("en") and zero.values["why"]
    assert fault(LayerSpec("buildings", city)).key == "fault.database_table_or_sql"
    assert fault(LayerSpec("buildings", city, table="a.b", sql="SELECT 1")).key == "fault.database_table_or_sql"
    assert fault(LayerSpec("buildings", city, table="gis.two")).values["known"] == "here, there"
    assert fault(LayerSpec("buildings", city, table="gis.mixed")).values["known"] == "4490 (1), 4547 (1)"
    assert (
        fault(LayerSpec("buildings", city, table="gis.buildings", where="households > 999")).key
        == "fault.layer_empty"
    )
    slow = LayerSpec("buildings", city, sql="SELECT pg_sleep(9)::text", timeout_s=0.05)
    assert fault(slow).key == "fault.database_timeout"
    column = LayerSpec("buildings", city, table="gis.buildings", columns={"households": "hu"})
    specs = with_role([LayerSpec("communities", city, table="gis.communities")], column)
    assert [one.key for one in faults_of(specs, Path())] == ["fault.layer_no_column"]


def test_a_local_crs_of_the_city_is_read_from_its_own_table(city: str, run: Run) -> None:
    text = 'PROJCS["local",GEOGCS["CGCS2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],' \
        'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],' \
        'PARAMETER["central_meridian",113.7],PARAMETER["scale_factor",1],PARAMETER["false_easting",50000],UNIT["metre",1]]'  # fmt: skip
    run(
        f"INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext) VALUES (990001, 'city', 1, '{text}') ON CONFLICT DO NOTHING"
    )
    found = read(LayerSpec("buildings", city, sql="SELECT ST_SetSRID(geom, 990001) AS geom FROM gis.buildings"))
    assert found.table.crs.name == "local"


def test_who_may_not_read_is_told_what_to_grant(city: str, run: Run) -> None:
    run("DROP ROLE IF EXISTS guest")
    run("CREATE ROLE guest LOGIN PASSWORD 'guest-word'")
    guest = city.replace(f"gis:{quote(PASSWORD, safe='')}", "guest:guest-word")
    denied = fault(LayerSpec("buildings", guest, table="gis.buildings"))
    assert denied.key == "fault.database_permission" and "GRANT SELECT" in denied.sentence("en")


def test_a_password_may_stand_in_a_variable_and_never_in_a_sentence(
    city: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = city.replace(f":{quote(PASSWORD, safe='')}", "")
    spec = LayerSpec("buildings", bare, table="gis.buildings", password_env="CITY_PASSWORD")
    assert fault(spec).key == "fault.database_variable"
    monkeypatch.setenv("CITY_PASSWORD", PASSWORD)
    assert len(read(spec).table) == 8
    monkeypatch.setenv("CITY_PASSWORD", PASSWORD + "wrong")
    assert fault(spec).key == "fault.database_login"
    nowhere = re.sub(r"/[^/?]+(\?|$)", r"/no_such_city\1", city, count=1)
    elsewhere = dataclasses.replace(spec, path=nowhere, password_env=None)
    assert fault(elsewhere).key == "fault.database_no_database"
    monkeypatch.delenv("CITY_PASSWORD")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert len(read(dataclasses.replace(spec, password_env=None)).table) == 8


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("postgresql://gis:{}@localhost:1/city", "fault.database_connect"),
        ("postgresql://gis:{}@no-such-host.invalid/city", "fault.database_connect"),
        ("postgresql://gis:ge:h@im/1@localhost/city", "fault.database_address"),
        ("postgresql://gis:ge@im@localhost/city", "fault.database_address"),
        ("postgresql://gis:%zz@localhost/city", "fault.database_address"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(address: str, key: str) -> None:
    found = fault(LayerSpec("buildings", address.format(quote(PASSWORD, safe="")), table="gis.buildings"))
    assert found.key == key
    assert (
        "im" not in found.sentence("en").replace("times", "") and "%zz" not in found.sentence("en").split(";")[0]
    )


def test_a_server_that_is_away_is_asked_once_and_said_once_for_all_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    connect = psycopg.connect
    monkeypatch.setattr(psycopg, "connect", lambda **settings: asked.append(1) or connect(**settings))
    specs = [
        LayerSpec(role, "postgresql://localhost:1/city", table=f"gis.{role}")
        for role in ("buildings", "communities", "roads")
    ]
    (found,) = faults_of(specs, Path())
    assert found.values["role"] == "buildings, communities, roads" and len(asked) == 1


def test_a_case_file_is_kept_without_passwords_and_read_again_with_the_logins_of_today() -> None:
    for address in (
        "postgresql://gis:{}@db/city?password={}&sslmode=require",
        "PG:host=db password={} dbname=city",
    ):
        secret = address.format(PASSWORD, PASSWORD)
        kept = without_passwords(f'path = "{secret}"\ntable = "gis.roads" # a "remark"\n')
        assert PASSWORD not in kept and kept.endswith('table = "gis.roads" # a "remark"\n')
        (path,) = [line.split('"')[1] for line in kept.splitlines()[:1]]
        today = LayerSpec("roads", secret, table="gis.roads", password_env="CITY")
        then = LayerSpec("roads", path, table="gis.old"), LayerSpec("zones", "zones.gpkg")
        again = with_logins(then, [today])
        assert again == (dataclasses.replace(then[0], path=secret, password_env="CITY"), then[1])


def test_without_the_extra_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "psycopg" else find(name))
    found = fault(LayerSpec("buildings", "postgresql://localhost/city", table="gis.buildings"))
    assert 'pip install "districting[database]"' in found.sentence("en")


def test_a_table_of_a_file_is_a_mistake_in_the_case(tmp_path: Path) -> None:
    specs = with_role(write(tmp_path, town()), LayerSpec("roads", "roads.parquet", table="gis.roads", timeout_s=0))
    assert [one.key for one in faults_of(specs, tmp_path)] == ["fault.layer_table_of_file", "fault.layer_timeout"]
