"""Lines along and across drawn land: dual carriageways, medians, and the graph's own account of real streets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from districting.plans.division import Division
from districting.plans.lines import border_share, crossings
from districting.territory.cutting import cut_atoms
from districting.territory.joining import join_atoms
from tests.places import needs_shared
from tests.plans.drawn import town
from tests.plans.real_town import beilin_layers

CLASSES = ("motorway", "trunk", "primary", "secondary", "rail", "water", "wall", "elevated")


def carriageways(*heights: float) -> list[tuple[str, str, list[tuple[float, float]]]]:
    return [("trunk", "二环路", [(-1, height), (5, height)]) for height in heights]


def test_two_carriageways_count_once_and_their_median_is_no_side() -> None:
    # Carriageways at y = 190 and 210 m; the middle row of buildings at y = 300 lies to the north of both.
    ground = town("A A\nA A\nA A", households="5 5\n3 3\n9 9", roads=carriageways(0.95, 1.05))
    found = crossings(Division.today(ground).outlines, ground.layers, ["trunk"], passable=False)
    assert found.loc["A", "households"] == 16
    # 360 m inside; two bands of 40 m that overlap by half.
    assert found.loc["A", "line_m"] == pytest.approx(360 * 1.5)
    # Carriageways at y = 85 and 115 m: who lives between them is on neither side.
    median = town("A A\nA A", households="0 0\n9 9", roads=carriageways(0.425, 0.575))
    assert crossings(Division.today(median).outlines, median.layers, ["trunk"], passable=False).empty


def test_a_road_that_only_cuts_a_corner_is_no_crossing() -> None:
    corner = [("trunk", "", [(-0.1, 0.4), (0.4, -0.1)])]
    ground = town("A A\nA A", roads=corner)
    assert crossings(Division.today(ground).outlines, ground.layers, ["trunk"], passable=False).empty


def test_lines_of_no_class_find_nothing() -> None:
    ground = town("A A", roads=carriageways(0.5))
    outlines = Division.today(ground).outlines
    assert crossings(outlines, ground.layers, (), passable=False).empty
    assert border_share(outlines, ground.layers, ()).tolist() == [0.0]


@needs_shared
def test_on_real_streets_the_drawn_measure_agrees_with_the_graph() -> None:
    layers = beilin_layers()
    atoms = cut_atoms(layers, cap=1000)
    graph = join_atoms(layers, atoms)
    outlines = atoms.table[["community_id", "geometry"]].dissolve("community_id")
    measured = border_share(outlines, layers, CLASSES)

    owner, edges = atoms.table["community_id"], graph.edges
    one, other = owner.reindex(edges["atom_a"]).to_numpy(), owner.reindex(edges["atom_b"]).to_numpy()
    along = graph.length_along(frozenset(CLASSES)).to_numpy()
    outer = graph.outer.assign(on=graph.outer["border_class"].isin(CLASSES))
    border = one != other
    rows = pd.DataFrame(
        {
            "community": np.r_[one[border], other[border], owner.reindex(outer["atom_id"]).to_numpy()],
            "length": np.r_[np.tile(edges["shared_m"].to_numpy()[border], 2), outer["length_m"].to_numpy()],
            "along": np.r_[np.tile(along[border], 2), (outer["length_m"] * outer["on"]).to_numpy()],
        }
    )
    sums = rows.groupby("community")[["length", "along"]].sum()
    known = (sums["along"] / sums["length"]).reindex(measured.index)
    # Measured: 0.008 on average; both sample streets, in different ways.
    assert (measured - known).abs().mean() < 0.03
