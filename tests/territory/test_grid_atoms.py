"""Communities cut for grids: every atom in one community, every household with its own."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely
from shapely.geometry import box

from districting.territory.grid_atoms import cut_grid_ground
from districting.territory.layers import Layers
from tests.territory.drawn_towns import rows, square, town

HALVES = {"W": box(0, 0, 300, 600), "E": box(300, 0, 600, 600)}


def homes_of(layers: Layers) -> pd.Series:
    """Community of each building by the layer's column."""
    return layers.buildings["community_id"]


def test_atoms_nest_in_communities_whatever_runs_along_their_border() -> None:
    layers = town(
        {"S": square(600)},
        homes=rows(0, 0, 600, 600, step=50, households=10),
        roads=[("residential", [(-10, 200), (610, 200)])],
        communities=HALVES,
    )
    ground = cut_grid_ground(layers, layers.communities, homes_of(layers), cap=100, whole=500)
    table = ground.territory.atoms.table
    for name, land in HALVES.items():
        mine = table[table["subdistrict_id"] == name]
        assert shapely.union_all(mine.geometry.to_numpy()).symmetric_difference(land).area < 1.0
    assert table["households"].sum() == layers.households
    assert table["households"].max() <= 100
    atom = ground.territory.atoms.building_atom
    assert (table["subdistrict_id"].reindex(atom).to_numpy() == homes_of(layers).reindex(atom.index)).all()


def test_a_building_registered_across_the_border_counts_at_the_nearest_place_inside() -> None:
    layers = town({"S": square(600)}, homes=[(100, 300, 50), (320, 300, 50), (500, 300, 50)], communities=HALVES)
    members = homes_of(layers).copy()
    members["h001"] = "W"  # stands 20 m inside E
    ground = cut_grid_ground(layers, layers.communities, members, cap=100, whole=500)
    table, atom = ground.territory.atoms.table, ground.territory.atoms.building_atom
    assert table.at[atom["h001"], "subdistrict_id"] == "W"
    assert ground.strayed_m.to_dict() == pytest.approx({"h001": 20.0})
    assert layers.buildings.geometry["h001"].x == 320


def test_land_drawn_twice_belongs_to_the_first_by_id() -> None:
    overlapping = {"A": box(0, 0, 350, 600), "B": box(250, 0, 600, 600)}
    layers = town({"S": square(600)}, homes=[(100, 300, 50), (500, 300, 50)], communities=overlapping)
    ground = cut_grid_ground(layers, layers.communities, homes_of(layers), cap=100, whole=500)
    area = ground.territory.atoms.table.groupby("subdistrict_id")["area_m2"].sum()
    assert area.to_dict() == pytest.approx({"A": 350 * 600, "B": 250 * 600})


def test_a_compound_up_to_a_grid_is_one_atom_and_a_larger_one_is_cut() -> None:
    fences = {"small": box(20, 20, 280, 280), "large": box(320, 20, 580, 580)}
    homes = [
        *rows(20, 20, 280, 280, step=65, households=25),  # 16 buildings, 400 households
        *rows(320, 20, 580, 580, step=65, households=20),
    ]
    layers = town({"S": square(600)}, homes=homes, communities=HALVES, compounds=fences)
    ground = cut_grid_ground(layers, layers.communities, homes_of(layers), cap=100, whole=500)
    atoms = ground.territory.atoms.building_atom
    held = layers.buildings["compound_id"].groupby(atoms.reindex(layers.buildings.index).to_numpy()).agg(set)
    assert sum("small" in one for one in held) == 1
    assert sum("large" in one for one in held) > 4


def test_each_community_comes_alone_with_its_own_graph() -> None:
    layers = town({"S": square(600)}, homes=rows(0, 0, 600, 600, step=50, households=10), communities=HALVES)
    ground = cut_grid_ground(layers, layers.communities, homes_of(layers), cap=100, whole=500)
    whole = ground.territory
    seen = 0
    for community_id, own in ground.by_community():
        assert set(own.atoms.table["subdistrict_id"]) == {community_id}
        assert set(own.graph.edges["atom_a"]) | set(own.graph.edges["atom_b"]) <= set(own.atoms.table.index)
        lengths = own.graph.runs.groupby("edge_pos")["length_m"].sum().to_numpy()
        assert lengths == pytest.approx(own.graph.edges["shared_m"].to_numpy())
        seen += len(own.graph.edges)
    assert seen == len(whole.graph.edges)
