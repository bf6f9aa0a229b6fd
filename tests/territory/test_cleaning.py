"""What `doctor` doubts: each check on a town that has the trouble; a sound town has none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from districting.territory.cleaning import inspect_layers
from districting.territory.crs import to_degrees
from districting.territory.gcj02 import shift_deg
from tests.territory.drawn_files import X, Y, frame, read, town


def sound() -> dict:  # type: ignore[type-arg]
    """The town with a centre in every community and somebody in every house."""
    tables = town()
    tables["buildings"]["households"] = [10, 20, 30, 40, 50, 60, 70, 80]
    tables["facilities"] = frame(
        {"kind": ["社区服务中心"] * 4}, [shapely.Point(100 * i + 50, 30) for i in range(4)]
    )
    return tables


def test_a_sound_town_raises_no_doubt(tmp_path: Path) -> None:
    assert inspect_layers(read(tmp_path, sound())) == ()


def towers(tables: dict) -> None:  # type: ignore[type-arg]
    tables["buildings"] = tables["buildings"].assign(floors=18.0)
    tables["buildings"].loc[3, "households"] = 0


def heavy(tables: dict) -> None:  # type: ignore[type-arg]
    tables["buildings"].loc[3, "households"] = 2500


def few_people(tables: dict) -> None:  # type: ignore[type-arg]
    tables["buildings"]["people"] = [100.0, 100, 100, 5, 100, 100, 100, 100]


def same_place(tables: dict) -> None:  # type: ignore[type-arg]
    tables["buildings"].loc[3, "geometry"] = tables["buildings"].geometry[2]


def on_road(tables: dict) -> None:  # type: ignore[type-arg]
    tables["buildings"].loc[3, "geometry"] = shapely.Point(X + 201, Y + 30)


def elsewhere(tables: dict) -> None:  # type: ignore[type-arg]
    tables["buildings"]["community_id"] = ["001"] * 2 + ["002"] + ["004"] + ["003"] * 2 + ["004"] * 2


def centre_outside(tables: dict) -> None:  # type: ignore[type-arg]
    tables["facilities"]["community_id"] = ["002", "001", "003", "004"]


def no_centre(tables: dict) -> None:  # type: ignore[type-arg]
    tables["facilities"] = tables["facilities"].iloc[1:]


def nobody(tables: dict) -> None:  # type: ignore[type-arg]
    tables["buildings"].loc[:1, "households"] = 0


def in_pieces(tables: dict) -> None:  # type: ignore[type-arg]
    box = shapely.box
    shapes = [box(0, 0, 100, 200) | box(150, 150, 200, 200), box(100, 0, 200, 150) | box(100, 150, 150, 200)]
    shapes += [box(200, 0, 300, 200), box(300, 0, 400, 200)]
    tables["communities"] = frame({"community_id": ["001", "002", "003", "004"]}, shapes)


@pytest.mark.parametrize(
    ("spoil", "key", "count", "example"),
    [
        (towers, "note.check_empty_towers", 1, "03"),
        (heavy, "note.check_heavy_points", 1, "03"),
        (few_people, "note.check_fewer_people", 1, "03"),
        (same_place, "note.check_same_place", 2, "02, 03"),
        (on_road, "note.check_on_roads", 1, "03"),
        (elsewhere, "note.check_away", 1, "03"),
        (centre_outside, "note.check_centres_outside", 2, "facility-0001"),
        (no_centre, "note.check_without_centre", 1, "001"),
        (nobody, "note.check_without_households", 1, "001"),
        (in_pieces, "note.check_in_pieces", 1, "001"),
    ],
)
def test_a_doubt_names_how_many_which_and_where(
    tmp_path: Path,
    spoil: Callable,  # type: ignore[type-arg]
    key: str,
    count: int,
    example: str,
) -> None:
    tables = sound()
    spoil(tables)
    found = {fault.key: fault for fault in inspect_layers(read(tmp_path, tables))}
    assert key in found, list(found)
    fault = found[key]
    assert fault.severity == "warning" and fault.place is not None
    assert fault.values["count"] == count and str(fault.values["examples"]).startswith(example)
    for language in ("zh", "en"):
        assert str(count) in fault.sentence(language) and example in fault.sentence(language)  # type: ignore[arg-type]


@pytest.mark.parametrize("shifted", [True, False])
def test_buildings_shifted_as_web_maps_are_suspected(tmp_path: Path, shifted: bool) -> None:
    """A grid of streets 100 m apart, houses in the middle of blocks; shifted, some land on streets."""
    side = 3000
    land = shapely.box(0, 0, side, side)
    lines = [shapely.LineString([(i, 0), (i, side)]) for i in range(0, side + 1, 97)]
    lines += [shapely.LineString([(0, i), (side, i)]) for i in range(0, side + 1, 97)]
    rng = np.random.default_rng(7)
    points = []
    while len(points) < 600:
        x, y = rng.uniform(0, side, 2)
        if min(x % 97, 97 - x % 97, y % 97, 97 - y % 97) > 15:
            points.append(shapely.Point(x, y))
    tables = {
        "subdistricts": frame({"name": ["街道"]}, [land.buffer(1500)]),
        "buildings": frame({"households": [1] * len(points)}, points),
        "roads": frame({"road_class": ["residential"] * len(lines)}, lines),
    }
    if shifted:
        degrees = to_degrees(tables["buildings"].crs)
        longitude, latitude = degrees.transform(X + side / 2, Y + side / 2)
        east, north = shift_deg(longitude, latitude)
        x, y = degrees.transform(longitude + east, latitude + north, direction="INVERSE")
        moved = tables["buildings"].translate(x - X - side / 2, y - Y - side / 2)
        tables["buildings"] = tables["buildings"].set_geometry(moved)
    keys = [fault.key for fault in inspect_layers(read(tmp_path, tables))]
    assert ("note.check_shifted" in keys) == shifted
