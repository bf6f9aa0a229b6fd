"""A policy and the data of a case: what it counts and nobody gives is refused before anything is cut."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from districting.study import Study
from tests.test_cli import run

POLICE = """
extends = "xian-2023"
[[rules]]
kind = "nesting"
rule_id = "precinct"
strength = "must"
clause = "1"
inside = "police"
"""


@pytest.fixture
def nobody_registered(hamlet: Path) -> Path:
    """A case after Taizhou whose buildings tell no people at all."""
    layer = pyogrio.list_layers(hamlet.parent / "buildings.gpkg")[0, 0]
    table = gpd.read_file(hamlet.parent / "buildings.gpkg", layer=layer)
    table = table.drop(columns=["people", "registered_people"])
    table.to_file(hamlet.parent / "buildings.gpkg", layer=layer)
    text = hamlet.read_text(encoding="utf-8").replace('"xian-2023"', '"taizhou-2016"')
    text = text.replace(', people = "people", registered_people = "registered_people"', "")
    hamlet.write_text(text, encoding="utf-8")
    return hamlet


@pytest.mark.parametrize("verb", ["diagnose", "propose"])
def test_columns_that_the_policy_counts_and_nobody_gives_are_told_at_once_with_their_rules(
    verb: str, nobody_registered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(verb, nobody_registered, "-l", "en", capsys=capsys)
    assert code == 2
    people, registered = [line for line in err.splitlines() if line.startswith("✗")]
    assert "counts 'people' (rules: size, hollow)" in people
    assert "counts 'registered_people' (rules: hollow)" in registered


def test_the_doctor_tells_them_too(nobody_registered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("doctor", nobody_registered, "-l", "en", capsys=capsys)
    assert code == 2
    assert "counts 'registered_people'" in out


def test_a_policy_file_that_drops_those_rules_is_told_no_more(nobody_registered: Path) -> None:
    mine = (
        'extends = "taizhou-2016"\ndrop = ["hollow"]\n[[rules]]\nkind = "size"\nrule_id = "size"\n'
        'strength = "should"\nclause = "1"\nmin = 500\nmax = 2000\n'
    )
    (nobody_registered.parent / "mine.toml").write_text(mine, encoding="utf-8")
    text = nobody_registered.read_text(encoding="utf-8").replace('"taizhou-2016"', '"mine.toml"')
    nobody_registered.write_text(text, encoding="utf-8")
    assert not [fault for fault in Study.open(nobody_registered).doctor() if "policy" in fault.key]


def test_zones_that_a_must_rule_needs_and_nobody_gives_are_told(
    hamlet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (hamlet.parent / "mine.toml").write_text(POLICE, encoding="utf-8")
    hamlet.write_text(hamlet.read_text(encoding="utf-8").replace('"xian-2023"', '"mine.toml"'), encoding="utf-8")
    code, _, err = run("diagnose", hamlet, "-l", "en", capsys=capsys)
    assert code == 2
    assert "kind 'police' (rules: precinct)" in err


def test_atoms_are_as_fine_where_a_policy_counts_people(hamlet: Path) -> None:
    hamlet.write_text(
        hamlet.read_text(encoding="utf-8").replace('"xian-2023"', '"taizhou-2016"'), encoding="utf-8"
    )
    study = Study.open(hamlet)
    homes = study.layers.buildings
    people_a_household = homes["people"].sum() / homes["households"].sum()
    third = study.policy.size.max / 3
    assert study.territory.atoms.cap * people_a_household == pytest.approx(third, abs=people_a_household)
