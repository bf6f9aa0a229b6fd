"""Households that nobody counted, household points, and planned housing."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from districting.language import say
from districting.territory.sources import Estimate, LayerSpec, read_layers
from tests.territory.drawn_files import CRS, frame, read, town, with_role, write


def footprints() -> dict:  # type: ignore[type-arg]
    """Three buildings of 12 × 20 m, one shed of 4 × 5 m, one school."""
    return frame(
        {
            "building_id": ["a", "b", "c", "shed", "school"],
            "floors": [10, None, 3, 1, 4],
            "dwellings": [None, None, 40, None, None],
            "residential": ["yes", "yes", "yes", "yes", "no"],
        },
        [shapely.box(x, 0, x + 12, 20) for x in (10, 110, 210)]
        + [shapely.box(50, 50, 54, 55), shapely.box(310, 0, 322, 20)],
    )


def test_households_are_estimated_by_the_published_formula(tmp_path: Path) -> None:
    """By hand: 240 m² × 10 × 0.9 / 92.17 × 0.85 = 19.9; without floors 6: 11.95; 40 dwellings × 0.85 = 34."""
    layers = read(tmp_path, {**town(), "buildings": footprints()})
    assert layers.buildings["households"].to_dict() == {"a": 20, "b": 12, "c": 34, "shed": 0, "school": 0}
    assert layers.buildings["estimated"].all() and layers.estimated_share == 1.0
    note = next(note for note in layers.notes if note.key == "note.households_estimated")
    assert (note.values["households"], note.values["floors_guessed"], note.values["from_dwellings"]) == (66, 1, 1)
    assert "240" not in note.sentence("en") and "× 0.85" in note.sentence("en")
    assert "0.9" in say("layers.estimate_formula", "zh", **Estimate().formula_values())


def test_the_figures_of_the_estimate_are_the_cases(tmp_path: Path) -> None:
    specs = write(tmp_path, {**town(), "buildings": footprints()})
    spec = LayerSpec("buildings", "buildings.parquet", estimate=Estimate(mean_dwelling_m2=48.0, floors=2.0))
    layers = read_layers(with_role(specs, spec), crs=CRS, folder=tmp_path)
    assert layers.buildings["households"].to_dict()["a"] == 38  # twice 19.125, by hand
    assert layers.buildings["households"].to_dict()["b"] == 8  # 240 × 2 × 0.9 / 48 × 0.85 = 7.65


def test_counted_households_are_not_called_estimated(tmp_path: Path) -> None:
    tables = town()
    assert not read(tmp_path, tables).buildings["estimated"].any()
    tables["buildings"]["estimated"] = ["估算", "普查", *["ESTIMATED"] * 6]
    assert list(read(tmp_path, tables).buildings["estimated"]) == [True, False, *[True] * 6]


def test_household_points_are_one_household_each(tmp_path: Path) -> None:
    tables = town()
    del tables["buildings"]
    points = frame({}, [shapely.Point(10, 10), shapely.Point(10, 10), shapely.Point(300, 10)])
    points.to_parquet(tmp_path / "h.parquet")
    spec = LayerSpec("buildings", "h.parquet", household_points=True)
    layers = read_layers([*write(tmp_path, tables), spec], crs=CRS, folder=tmp_path)
    assert layers.households == 3 and len(layers.buildings) == 3
    assert not layers.buildings["estimated"].any()


def test_household_points_are_counted_into_the_footprints_that_another_file_draws(tmp_path: Path) -> None:
    tables = {**town(), "buildings": footprints()}
    points = frame({}, [shapely.Point(15, 5), shapely.Point(16, 5), shapely.Point(350, 100)])
    points.to_parquet(tmp_path / "h.parquet")
    spec = LayerSpec("buildings", "h.parquet", household_points=True)
    layers = read_layers([*write(tmp_path, tables), spec], crs=CRS, folder=tmp_path)
    assert layers.households == 3
    assert layers.buildings.loc["a", "households"] == 2 and layers.buildings.loc["b", "households"] == 0
    assert len(layers.buildings) == 6


def test_planned_housing_joins_the_nearest_building_up_to_the_horizon(tmp_path: Path) -> None:
    tables = town()
    tables["planned"] = frame(
        {"planned_id": ["p", "q"], "households": [100, 900], "year": [2028, 2032]},
        [shapely.box(20, 50, 30, 60), shapely.Point(380, 130)],
    )
    today = read(tmp_path, tables)
    assert (today.buildings["horizon_households"] == today.buildings["households"]).all()
    later = read(tmp_path, tables, horizon=2030).buildings
    assert later["horizon_households"].sum() == 280 + 100
    assert later.loc["00", "horizon_households"] == 110
    assert later["households"].sum() == 280
    assert list(later.index) == list(today.buildings.index)


def test_planned_housing_stays_in_its_compound(tmp_path: Path) -> None:
    """Building 01 is nearest, but the site lies in the compound of building 00."""
    tables = town()
    tables["compounds"] = frame({"compound_id": ["X"], "name": ["翠园小区"]}, [shapely.box(0, 0, 70, 200)])
    tables["planned"] = frame({"households": [100], "year": [2028]}, [shapely.Point(65, 70)])
    layers = read(tmp_path, tables, horizon=2030)
    assert layers.buildings.loc["00", "compound_id"] == "X" and layers.buildings.loc["01", "compound_id"] is None
    assert layers.buildings.loc["00", "horizon_households"] == 110


def test_planned_housing_far_from_any_building_stands_alone(tmp_path: Path) -> None:
    tables = town()
    tables["buildings"] = tables["buildings"].iloc[:1]
    tables["planned"] = frame({"planned_id": ["p"], "households": [100], "year": [2028]}, [shapely.Point(390, 10)])
    layers = read(tmp_path, tables, horizon=2030)
    alone = layers.buildings.loc["planned-p"]
    assert (alone["households"], alone["horizon_households"], alone["community_id"]) == (0, 100, "004")
    assert "note.planned_alone" in {note.key for note in layers.notes}
    assert str(layers.buildings["horizon_households"].dtype) == "int64"


@pytest.mark.parametrize("column", ["households", "year"])
def test_planned_housing_needs_households_and_year(tmp_path: Path, column: str) -> None:
    from drawn_files import faults_of

    tables = town()
    planned = frame({"households": [100], "year": [2028]}, [shapely.Point(65, 70)])
    tables["planned"] = planned.drop(columns=column)
    faults = faults_of(write(tmp_path, tables), tmp_path)
    assert [fault.key for fault in faults] == ["fault.layer_needs_column"]
    assert column in faults[0].sentence("zh")
