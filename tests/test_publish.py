"""A case in a database: the same plan as from files; and a plan written back, whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyogrio
import pytest

from districting.cli import main
from districting.flow.publishing import Published, publication_of
from districting.reports.database import Destination
from districting.reports.database import publish as write_publication
from districting.study import Study
from districting.territory.databases import DatabaseError
from tests.territory.postgres import PASSWORD, cluster

psycopg = pytest.importorskip("psycopg", reason="the extra 'database' is not installed")
#: Both searches end with a proof, however slow the machine: only then is there one plan.
TO_THE_END = {"time_limit_s": 600.0}
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def city(hamlet_folder: Path) -> Iterator[str]:
    """Address of a database that holds every layer of the sample town in the schema ``gis``."""
    import sqlalchemy

    with cluster() as address:
        engine = sqlalchemy.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA gis")
            for path in sorted(set(hamlet_folder.glob("*.gpkg")) - set(hamlet_folder.glob("*.records.gpkg"))):
                for layer, _ in pyogrio.list_layers(path):
                    table = pyogrio.read_dataframe(path, layer=layer)
                    table.to_postgis(layer, connection, schema="gis")
        engine.dispose()
        yield address


@pytest.fixture(scope="module")
def study(hamlet_folder: Path, city: str, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The sample town, read from the database."""
    text = (hamlet_folder / "case.toml").read_text(encoding="utf-8")

    def table(found: re.Match[str]) -> str:
        return f'path = "{city}"\ntable = "gis.{found[2] or found[1]}"'

    text = re.sub(r'path = "(\w+)\.gpkg"(?:\nlayer = "(\w+)")?', table, text)
    path = tmp_path_factory.mktemp("city") / "samples" / "case.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return Study.open(path)


@pytest.fixture
def ask(city: str) -> Iterator[Ask]:
    """Puts a statement to the database as its owner."""
    with psycopg.connect(city, autocommit=True) as connection:

        def asked(statement: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        yield asked


@pytest.fixture(scope="module")
def out(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run on the database."""
    folder = tmp_path_factory.mktemp("run") / "out"
    run = study.with_settings(TO_THE_END).propose(modes=["adjust"], engine="serial")
    study.write(run, folder)
    return folder


def publish(study: Study, path: Path | None, city: str, schema: str) -> Published:
    """Publish a plan."""
    return study.publish(path, to=Destination(city, schema))


def test_a_case_in_a_database_gives_the_plan_of_the_files_and_no_file_holds_the_password(
    hamlet_folder: Path, study: Study, out: Path
) -> None:
    files = Study.open(hamlet_folder / "case.toml").with_settings(TO_THE_END)
    run = files.propose(modes=["adjust"], engine="serial")
    (plan,) = run.alternatives
    told = (out / "plans" / "adjust" / "plan.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert dict(line.split(",") for line in told) == plan.judged.division.atoms.to_dict()
    records = [path for path in study.case.folder.iterdir() if path != study.case.path]
    assert records
    for path in [*out.rglob("*"), *records]:
        if path.is_file():
            content = path.read_bytes()
            assert PASSWORD.encode() not in content and quote(PASSWORD, safe="").encode() not in content, path
    inputs = json.loads((out / "run.json").read_text(encoding="utf-8"))["inputs"]
    assert {one["layer"] for one in inputs} >= {"gis.buildings", "gis.barrier_lines"}
    assert all(
        one["path"].startswith("postgresql://gis@/city?host=") and len(one["sha256"]) == 64 for one in inputs
    )


def test_a_published_plan_can_be_queried_and_older_versions_stay(
    study: Study, city: str, out: Path, ask: Ask
) -> None:
    before = ask("SELECT nspname FROM pg_namespace ORDER BY 1")
    first = publish(study, None, city, "plans")
    second = publish(study, out / "plans" / "adjust", city, "plans")
    assert ask("SELECT nspname FROM pg_namespace ORDER BY 1") == sorted([*before, ("plans",)])
    assert ask("SELECT case_name, plan_id FROM plans.runs ORDER BY 1, 2") == [
        ("samples", "adjust"),
        ("samples", "today"),
    ]
    ((version, run_id, households, adoptable),) = ask(
        "SELECT version_id, run_id, households, adoptable FROM plans.current_runs"
    )
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert (version, households) == (second.version_id, study.layers.households)
    assert run_id == second.facts["run_id"] != first.facts["run_id"] and record["households"] == households
    assert adoptable == record["plans"][0]["adoptable"]
    counted = ask(
        "SELECT community_id, households FROM plans.current_communities "
        "EXCEPT SELECT community_after, sum(households)::int8 FROM plans.current_buildings GROUP BY 1"
    )
    assert all(number == 0 for _, number in counted)  # only communities that no building is in
    assert ask("SELECT count(*) FROM plans.current_buildings") == [(len(study.layers.buildings),)]
    assert ask("SELECT DISTINCT ST_SRID(geom), ST_IsValid(geom) FROM plans.current_communities") == [(4547, True)]
    moved = ask("SELECT sum(households)::int FROM plans.current_changes WHERE community_before IS NOT NULL")
    assert moved == [(second.facts["households_moved"],)]
    again = publish(study, out / "plans" / "adjust", city, "plans")
    assert again.version_id > second.version_id
    assert ask("SELECT count(*) FROM plans.runs") == [(2,)]
    assert ask("SELECT count(DISTINCT version_id) FROM plans.buildings") == [(2,)]


@pytest.mark.parametrize(
    "mishap",
    ["RAISE EXCEPTION 'the disk is full'", "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9)"],
    ids=["an error", "a kill"],
)
def test_what_fails_half_way_leaves_the_old_state(
    study: Study, city: str, out: Path, ask: Ask, mishap: str
) -> None:
    publish(study, None, city, "fragile")
    tables = ("runs", "communities", "buildings", "changes")
    state = [ask(f"SELECT * FROM fragile.{table} ORDER BY 1, 2") for table in tables]
    ask(
        "CREATE OR REPLACE FUNCTION fragile.mishap() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN {mishap}; RETURN NEW; END$$"
    )
    ask("CREATE OR REPLACE TRIGGER mishap BEFORE INSERT ON fragile.changes EXECUTE FUNCTION fragile.mishap()")
    with pytest.raises(DatabaseError) as caught:
        publish(study, out / "plans" / "adjust", city, "fragile")
    assert PASSWORD not in str(caught.value)
    assert [ask(f"SELECT * FROM fragile.{table} ORDER BY 1, 2") for table in tables] == state
    ask("DROP TRIGGER mishap ON fragile.changes")
    publish(study, out / "plans" / "adjust", city, "fragile")
    assert len(ask("SELECT * FROM fragile.runs")) == 2
    ask("DROP SCHEMA fragile CASCADE")


def test_a_schema_of_somebody_else_is_not_touched(study: Study, city: str, ask: Ask) -> None:
    before = ask("SELECT * FROM pg_class ORDER BY oid")
    for schema in ("gis", "public"):
        with pytest.raises(DatabaseError) as caught:
            publish(study, None, city, schema)
        assert caught.value.faults[0].key == "fault.database_foreign_schema"
    assert ask("SELECT * FROM pg_class ORDER BY oid") == before


def test_a_user_with_an_empty_schema_of_his_own_may_publish_and_one_without_is_told_so(
    study: Study, city: str, ask: Ask
) -> None:
    ask("CREATE ROLE clerk LOGIN PASSWORD 'clerk-word'")
    ask('CREATE SCHEMA "方案" AUTHORIZATION clerk')
    clerk = city.replace(f"gis:{quote(PASSWORD, safe='')}", "clerk:clerk-word")
    with pytest.raises(DatabaseError) as caught:
        publish(study, None, clerk, "new")
    assert caught.value.faults[0].key == "fault.database_permission"
    publish(study, None, clerk, "方案")
    assert ask('SELECT published_by FROM "方案".runs') == [("clerk",)]


def test_a_case_in_another_crs_is_published_in_that_of_the_schema(study: Study, city: str, ask: Ask) -> None:
    publish(study, None, city, "mixed")
    ask("ALTER TABLE mixed.communities ADD COLUMN remark text")  # what a city adds stays
    told = publication_of(study.judge(study.today), study, path=None, case_name="next zone")
    moved = {name: layer.to_crs(4548) for name, layer in told.layers.items()}
    write_publication(replace(told, layers=moved), Destination(city, "mixed"))
    (near,) = ask(
        "SELECT max(ST_HausdorffDistance(a.geom, b.geom)), count(*) "
        "FROM mixed.current_communities a JOIN mixed.current_communities b USING (community_id) "
        "WHERE a.case_name = 'samples' AND b.case_name = 'next zone'"
    )
    assert near[0] < 1e-3 and near[1] == len(told.layers["communities"])


def test_the_command_says_where_the_plan_is_and_that_it_breaks_rules(
    study: Study, city: str, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["publish", str(study.case.path), "today", "--to", city, "--schema", "told", "--json"]
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    told = capsys.readouterr()
    assert not caught.value.code and PASSWORD not in told.out + told.err
    record = json.loads(told.out)
    assert record["schema"] == "told" and record["facts"]["adoptable"] is False
    away = "postgresql://gis:secret-word@localhost:1/city"
    with pytest.raises(SystemExit) as caught:
        main([*arguments[:-1], "--to", away])
    told = capsys.readouterr()
    assert caught.value.code == 2 and "secret-word" not in told.out + told.err and "localhost:1" in told.err
