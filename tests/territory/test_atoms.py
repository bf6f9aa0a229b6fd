"""Cutting land into atoms: what a planner would miss if it broke."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from shapely.geometry import LineString, Point, box

from districting.errors import LayerError
from districting.territory.atoms import Atoms
from districting.territory.borders import border_segments
from districting.territory.cutting import cut_atoms
from districting.territory.labelling import atom_ids
from districting.territory.layers import Layers
from districting.territory.pieces import extent_m
from tests.places import needs_shared
from tests.territory.drawn_towns import cross_roads, rows, square, town
from tests.territory.shared_places import layers_from_shared


def assert_tiles(layers: Layers, atoms: Atoms) -> None:
    """Area, households and people are kept; nothing overlaps; atoms are single polygons."""
    shapes = atoms.table.geometry.to_numpy()
    land = layers.subdistricts.union_all()
    assert shapely.coverage_is_valid(shapes)
    assert set(shapely.get_type_id(shapes)) == {3}
    assert shapely.union_all(shapes).symmetric_difference(land).area < 1.0
    assert shapely.area(shapes).sum() == pytest.approx(land.area, abs=1.0)
    assert atoms.table["households"].sum() == layers.households
    sums = layers.buildings["households"].groupby(atoms.building_atom).sum()
    assert (
        sums.reindex(atoms.table.index, fill_value=0).equals(atoms.table["households"].rename(None))
        or (sums.reindex(atoms.table.index, fill_value=0).to_numpy() == atoms.table["households"].to_numpy()).all()
    )
    assert atoms.table.index.is_unique
    assert atoms.table.index.is_monotonic_increasing


def inner_border(atoms: Atoms) -> shapely.Geometry:
    segments = border_segments(atoms.table.geometry.to_numpy())
    return shapely.union_all(segments.take(segments.second >= 0).lines())


def test_main_roads_make_the_four_quarters_of_a_town() -> None:
    layers = town({"S": square(800)}, homes=rows(20, 20, 780, 780, step=95, households=10), roads=cross_roads(800))
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert len(atoms.table) == 4
    np.testing.assert_allclose(atoms.table["area_m2"], 160_000, rtol=1e-6)


def test_a_dual_carriageway_gives_one_border_in_its_middle() -> None:
    roads = [
        ("trunk", [(390, -50), (390, 850)]),
        ("trunk", [(414, -50), (414, 850)]),
        ("residential", [(-50, 400), (850, 400)]),
    ]
    layers = town({"S": square(800)}, homes=rows(20, 20, 380, 780, step=60, households=20), roads=roads)
    atoms = cut_atoms(layers, cap=2000)
    assert_tiles(layers, atoms)
    border = inner_border(atoms)
    # By hand: the middle of the two lines is x = 402; 800 m long.
    along = border.intersection(box(385, 0, 420, 800))
    assert along.length == pytest.approx(800, rel=0.02)
    xs = shapely.get_coordinates(along)[:, 0]
    assert np.abs(xs[(xs > 386) & (xs < 419)] - 402).max() < 2.0


def test_a_roundabout_disappears() -> None:
    ring = list(Point(400, 400).buffer(25).exterior.coords)
    arms = [[(425, 400), (850, 400)], [(375, 400), (-50, 400)], [(400, 425), (400, 850)], [(400, 375), (400, -50)]]
    roads = [("primary", ring), *(("primary", arm) for arm in arms)]
    layers = town({"S": square(800)}, homes=rows(20, 20, 780, 780, step=95, households=10), roads=roads)
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert len(atoms.table) == 4
    assert inner_border(atoms).distance(Point(400, 400)) < 3.0


def test_a_block_above_the_cap_is_cut_between_the_rows_of_buildings() -> None:
    homes = [(x, y, 50) for y in (25, 75, 125, 175) for x in range(10, 190, 15)]
    layers = town({"S": square(200)}, homes=homes)
    atoms = cut_atoms(layers, cap=1300)
    assert_tiles(layers, atoms)
    # 4 rows of 600 households: two rows each, cut at y = 100.
    assert sorted(atoms.table["households"]) == [1200, 1200]
    assert inner_border(atoms).hausdorff_distance(LineString([(0, 100), (200, 100)])) < 1.0


def test_a_cut_goes_round_no_footprint_but_between_them() -> None:
    homes = [(100, 100, 500), (300, 100, 500)]
    # The gap between the two buildings is at x = 140 … 150, far from the middle of the points.
    prints = {"h000": box(10, 50, 140, 150), "h001": box(150, 50, 390, 150)}
    layers = town({"S": box(0, 0, 400, 200)}, homes=homes, footprints=prints)
    border = inner_border(cut_atoms(layers, cap=600))
    assert not border.is_empty
    assert not border.intersects(shapely.union_all(list(prints.values())))


def test_a_compound_stays_whole_though_a_street_and_a_cut_cross_it() -> None:
    homes = rows(0, 0, 600, 400, step=40, households=20)
    roads = [("residential", [(310, -50), (310, 450)]), ("service", [(-50, 190), (650, 190)])]
    layers = town({"S": box(0, 0, 600, 400)}, homes=homes, roads=roads, compounds={"K": box(200, 80, 420, 320)})
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert (atoms.table["households"] <= 1000).all()
    inside = layers.buildings.index[layers.buildings["compound_id"] == "K"]
    assert atoms.building_atom[inside].nunique() == 1


def test_a_compound_above_the_cap_is_cut_along_its_phases_and_every_part_keeps_its_id() -> None:
    west, east = box(0, 0, 150, 300), box(150, 0, 400, 300)
    homes = [*rows(0, 0, 150, 300, step=50, households=45), *rows(150, 0, 400, 300, step=50, households=30)]
    layers = town(
        {"S": box(0, 0, 400, 300)},
        homes=homes,
        compounds={"K1": west, "K2": east},
        phases={"K1": ("翠园", "一期"), "K2": ("翠园", "二期")},
    )
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert len(atoms.table) == 2
    assert set(atoms.table["compound_id"]) == {"K1"}
    assert inner_border(atoms).hausdorff_distance(LineString([(150, 0), (150, 300)])) < 5.0
    assert "note.atoms.compound_cut" in {note.key for note in atoms.notes}


def test_a_building_above_the_cap_is_named() -> None:
    homes = [(100, 100, 1500), (300, 100, 400)]
    atoms = cut_atoms(town({"S": box(0, 0, 400, 200)}, homes=homes), cap=1000)
    (note,) = [note for note in atoms.notes if note.key == "note.atoms.over_cap"]
    assert "h000" in note.sentence("en")
    assert "1500" in note.sentence("zh")
    assert sorted(atoms.table["households"]) == [400, 1500]


def test_a_community_border_without_a_road_still_cuts_where_it_parts_households() -> None:
    halves = {"A": box(0, 0, 180, 400), "B": box(180, 0, 400, 400)}
    layers = town({"S": square(400)}, homes=rows(0, 0, 400, 400, step=40, households=8), communities=halves)
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert sorted(atoms.table["community_id"]) == ["A", "B"]
    assert atoms.minority_households == 0


def test_a_community_without_households_keeps_land_of_its_own() -> None:
    areas = {"A": box(0, 0, 250, 400), "B": box(250, 0, 400, 400)}
    roads = [("residential", [(250, -50), (250, 450)]), ("service", [(250, 200), (450, 200)])]
    homes = rows(0, 0, 250, 400, step=50, households=40)
    atoms = cut_atoms(town({"S": square(400)}, homes=homes, roads=roads, communities=areas), cap=1000)
    empty = atoms.table[atoms.table["households"] == 0]
    assert empty["community_id"].tolist() == ["B"]
    assert empty["area_m2"].tolist() == [pytest.approx(60_000)]


def test_the_border_of_two_subdistricts_always_cuts_and_stays_exact() -> None:
    land = {"S1": box(0, 0, 200, 400), "S2": box(200, 0, 400, 400)}
    layers = town(land, homes=[(50, 50, 10), (350, 50, 10)])
    atoms = cut_atoms(layers, cap=1000)
    assert sorted(atoms.table["subdistrict_id"]) == ["S1", "S2"]
    for name, shape in land.items():
        assert atoms.table[atoms.table["subdistrict_id"] == name].union_all().equals(shape)


def test_a_river_is_an_atom_of_water_and_a_pond_is_land() -> None:
    river = box(-50, 180, 1050, 260)
    layers = town(
        {"S": box(0, 0, 1000, 500)},
        homes=[*rows(0, 0, 1000, 170, step=80, households=30), *rows(0, 270, 1000, 500, step=80, households=30)],
        barriers=[("water", river), ("water", box(100, 300, 150, 350))],
    )
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    wet = atoms.table[atoms.table["water"]]
    assert wet["area_m2"].sum() == pytest.approx(80_000, rel=0.01)
    assert (wet["households"] == 0).all()


def test_a_small_island_of_a_subdistrict_inside_another_stays_land() -> None:
    island = box(100, 100, 125, 125)
    land = {"S1": square(400).difference(island), "S2": box(400, 0, 800, 400).union(island)}
    atoms = cut_atoms(town(land, homes=[(50, 50, 10), (600, 50, 10)]), cap=1000)
    assert not atoms.table["water"].any()
    assert atoms.table.groupby("subdistrict_id").size().to_dict() == {"S1": 1, "S2": 2}


def test_a_building_in_the_river_goes_to_the_bank_and_is_told() -> None:
    layers = town(
        {"S": box(0, 0, 1000, 500)},
        homes=[*rows(0, 0, 1000, 170, step=80, households=30), (500, 190, 7)],
        barriers=[("water", box(-50, 180, 1050, 260))],
    )
    atoms = cut_atoms(layers, cap=5000)
    (note,) = [note for note in atoms.notes if note.key == "note.atoms.nearest"]
    assert note.values["households"] == 7
    assert not atoms.table.loc[atoms.building_atom.iloc[-1], "water"]


def test_a_building_far_outside_is_a_fault_that_names_it() -> None:
    layers = town({"S": square(200)}, homes=[(50, 50, 10), (900, 50, 10)])
    with pytest.raises(LayerError) as caught:
        cut_atoms(layers, cap=1000)
    for language in ("zh", "en"):
        (sentence,) = caught.value.sentences(language)
        assert "h001" in sentence
        assert "buildings" in sentence


def test_a_tunnel_does_not_cut_the_ground_above() -> None:
    road = {"road_class": "primary", "line": [(-50, 200), (450, 200)], "tunnel": True}
    layers = town({"S": square(400)}, homes=rows(0, 0, 400, 400, step=80, households=10), roads=[road])
    assert len(cut_atoms(layers, cap=1000).table) == 1


def test_a_long_strip_of_few_homes_is_cut_though_it_is_below_the_cap() -> None:
    layers = town({"S": box(0, 0, 3000, 200)}, homes=rows(0, 0, 3000, 200, step=100, households=5))
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert extent_m(atoms.table.geometry.to_numpy()).max() <= 1250


def test_ids_stay_where_the_land_was_not_touched() -> None:
    homes = rows(20, 20, 780, 780, step=95, households=10)
    before = cut_atoms(town({"S": square(800)}, homes=homes, roads=cross_roads(800)), cap=1000)
    added = [*cross_roads(800), ("tertiary", [(400, 600), (850, 600)])]
    crowded = [*homes, *rows(420, 420, 780, 780, step=30, households=10)]
    after = cut_atoms(town({"S": square(800)}, homes=crowded, roads=added), cap=1000)
    untouched = before.table[before.table.geometry.representative_point().within(box(0, 0, 400, 400))].index
    assert len(untouched) == 1
    assert len(after.table) > len(before.table)
    assert set(untouched) <= set(after.table.index)


def test_atoms_on_the_same_metre_have_different_ids() -> None:
    twins = np.array([box(0, 0, 0.4, 0.4), box(0.4, 0, 0.8, 0.4)], dtype=object)
    assert len(set(atom_ids(twins))) == 2


def test_two_runs_give_the_same_atoms() -> None:
    layers = town({"S": square(800)}, homes=rows(20, 20, 780, 780, step=40, households=9), roads=cross_roads(800))
    one, two = cut_atoms(layers, cap=500), cut_atoms(layers, cap=500)
    assert one.table.equals(two.table)
    assert one.building_atom.equals(two.building_atom)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    cap=st.sampled_from([60, 200, 900]),
    streets=st.integers(0, 9),
    river=st.booleans(),
)
def test_atoms_tile_the_ground_and_lose_no_household_in_any_town(
    seed: int, cap: int, streets: int, river: bool
) -> None:
    rng = np.random.default_rng(seed)
    kinds = ["trunk", "primary", "tertiary", "residential", "service", "path"]
    roads = []
    for _ in range(streets):
        ends = rng.uniform(-100, 1100, (2, 2))
        roads.append((str(rng.choice(kinds)), [tuple(ends[0]), tuple(ends[1])]))
    homes = [
        (float(x), float(y), int(n))
        for x, y, n in np.column_stack([rng.uniform(1, 999, (60, 2)), rng.integers(0, 60, 60)])
    ]
    barriers = [("water", LineString(rng.uniform(-100, 1100, (3, 2))).buffer(35))] if river else []
    land = {"S1": box(0, 0, 430, 1000), "S2": box(430, 0, 1000, 1000)}
    layers = town(land, homes=homes, roads=roads, barriers=barriers)
    try:
        atoms = cut_atoms(layers, cap=cap)
    except LayerError:
        # A home in the middle of the river is a fault of the input.
        assert river
        return
    assert_tiles(layers, atoms)
    for atom_id in atoms.table.index[atoms.table["households"] > cap]:
        lived = layers.buildings[(atoms.building_atom == atom_id) & (layers.buildings["households"] > 0)]
        assert len(lived) == 1


@needs_shared
@pytest.mark.parametrize(("place", "fewest", "most"), [("xian_beilin", 380, 480), ("cambridge_ma", 170, 240)])
def test_a_real_city_is_cut_whole(place: str, fewest: int, most: int) -> None:
    layers = layers_from_shared(place)
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert fewest <= len(atoms.table) <= most
    assert (atoms.table["households"] <= 1000).all()
    assert "note.atoms.thin" not in {note.key for note in atoms.notes}
    land = atoms.table[~atoms.table["water"] & (atoms.table["households"] > 0)]
    assert extent_m(land.geometry.to_numpy()).max() < 1300
    assert atoms.minority_households < 0.03 * layers.households
