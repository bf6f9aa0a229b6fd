"""Communities stay what they are when the land is cut: in one piece, with their own land."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry import box

from districting.case import Case
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.cutting import cut_atoms
from districting.territory.joining import join_atoms
from districting.territory.layers import Layers
from districting.territory.sample import write_sample
from districting.territory.sources import read_layers
from tests.places import needs_shared
from tests.territory.drawn_towns import rows, square, town
from tests.territory.shared_places import layers_from_shared
from tests.territory.test_atoms import assert_tiles


def communities_in_pieces(atoms: Atoms, graph: AdjacencyGraph, *, on_foot: bool) -> pd.DataFrame:
    """Inhabited pieces of each community in each sub-district, over borders of at least 10 m."""
    table, edges = atoms.table, graph.edges
    pos = pd.Series(np.arange(len(table)), index=table.index)
    one, two = pos[edges["atom_a"]].to_numpy(), pos[edges["atom_b"]].to_numpy()
    community = table["community_id"].to_numpy(dtype=object)
    kept = edges["crossable"].to_numpy() if on_foot else edges["shared_m"].to_numpy() >= 10
    kept = kept & (community[one] == community[two])
    links = coo_array((np.ones(int(kept.sum())), (one[kept], two[kept])), shape=(len(table),) * 2)
    piece = connected_components(links, directed=False)[1]
    lived = (table["households"] > 0).to_numpy()
    held = table[lived].assign(piece=piece[lived])
    pieces: pd.DataFrame = held.groupby(["community_id", "subdistrict_id"])["piece"].nunique().reset_index()
    return pieces


def broken(layers: Layers, atoms: Atoms, graph: AdjacencyGraph, *, on_foot: bool) -> Iterator[str]:
    """Communities in more pieces than their polygon has in the sub-district."""
    for community, subdistrict, pieces in communities_in_pieces(atoms, graph, on_foot=on_foot).to_numpy():
        land = layers.communities.geometry[community].intersection(layers.subdistricts.geometry[subdistrict])
        parts = [part for part in shapely.get_parts(land) if part.area > 100]
        if pieces > max(len(parts), 1):
            yield community


def with_a_strip(height: float, *, road: bool) -> Layers:
    """Community A west and east of B, held together by an empty strip of ``height`` along the south of B."""
    strip = box(300, 0, 600, height)
    west, east = box(0, 0, 300, 400), box(600, 0, 900, 400)
    roads = [("residential", [(x, -50.0), (x, 450.0)]) for x in (300.0, 600.0)]
    if road:
        roads.append(("residential", [(250, height), (650, height)]))
    homes = [
        *rows(0, 100, 300, 400, step=50, households=20),
        *rows(300, 100, 600, 400, step=50, households=20),
        *rows(600, 100, 900, 400, step=50, households=20),
    ]
    areas = {"A": shapely.union_all([west, strip, east]), "B": box(300, height, 600, 400)}
    return town({"S": box(0, 0, 900, 400)}, homes=homes, roads=roads, communities=areas)


@pytest.mark.parametrize(
    ("height", "road"),
    [
        pytest.param(60, True, id="a park behind a street"),
        pytest.param(60, False, id="a park that shares a block with homes of others"),
        pytest.param(14, True, id="a sliver between two carriageways"),
    ],
)
def test_a_community_that_an_empty_park_holds_together_stays_in_one_piece(height: float, road: bool) -> None:
    layers = with_a_strip(height, road=road)
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    pieces = communities_in_pieces(atoms, join_atoms(layers, atoms), on_foot=True)
    assert pieces.set_index("community_id")["piece"].to_dict() == {"A": 1, "B": 1}


def test_a_small_community_in_a_block_of_another_keeps_an_atom() -> None:
    areas = {"A": box(0, 0, 100, 400), "B": box(100, 0, 400, 400)}
    homes = [(50, 100, 12), (50, 300, 13), *rows(100, 0, 400, 400, step=50, households=10)]
    layers = town({"S": square(400)}, homes=homes, communities=areas)
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    assert atoms.table.groupby("community_id")["households"].sum().to_dict() == {"A": 25, "B": 480}
    assert atoms.minority_households == 0


def test_a_campus_stays_with_its_community_though_a_few_of_another_live_at_its_edge() -> None:
    campus, edge = box(0, 0, 400, 300), box(0, 300, 400, 400)
    areas = {"A": campus.union(box(400, 0, 600, 400)), "B": edge}
    homes = [*rows(0, 300, 400, 400, step=50, households=8), *rows(400, 0, 600, 400, step=50, households=20)]
    roads = [("residential", [(400, -50), (400, 450)])]
    layers = town({"S": box(0, 0, 600, 400)}, homes=homes, roads=roads, communities=areas)
    atoms = cut_atoms(layers, cap=1000)
    assert_tiles(layers, atoms)
    theirs = atoms.table[atoms.table["community_id"] == "A"].union_all()
    assert theirs.intersection(campus).area == pytest.approx(120_000, rel=0.02)


def test_every_community_of_the_sample_town_stays_in_one_piece(tmp_path: Path) -> None:
    case = Case.read(write_sample(tmp_path))
    layers = read_layers(case.layers, crs=case.crs, folder=case.folder)
    atoms = cut_atoms(layers, cap=1000)
    assert list(broken(layers, atoms, join_atoms(layers, atoms), on_foot=False)) == []
    lived = layers.buildings[layers.buildings["households"] > 0]["community_id"].dropna().unique()
    assert set(lived) <= set(atoms.table["community_id"])


@needs_shared
@pytest.mark.parametrize(("place", "most_elsewhere"), [("xian_beilin", 0.02), ("cambridge_ma", 0.06)])
def test_every_community_of_a_real_city_stays_in_one_piece_on_its_own_land(
    place: str, most_elsewhere: float
) -> None:
    layers = layers_from_shared(place)
    atoms = cut_atoms(layers, cap=1000)
    assert list(broken(layers, atoms, join_atoms(layers, atoms), on_foot=True)) == []
    lived = layers.buildings[layers.buildings["households"] > 0]["community_id"].dropna().unique()
    assert set(lived) <= set(atoms.table["community_id"])
    dry = atoms.table[~atoms.table["water"]]
    theirs = layers.communities.geometry.reindex(dry["community_id"]).to_numpy()
    elsewhere = 1 - shapely.area(shapely.intersection(dry.geometry.to_numpy(), theirs)).sum() / dry.area.sum()
    assert elsewhere < most_elsewhere
