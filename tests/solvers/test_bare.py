"""Bare problems: reading, faults, and published optima."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from districting.errors import InstanceError
from districting.solvers.bare import OBJECTIVES, BareResult, Instance, read_instance, solve_instance
from tests.places import INSTANCES, needs_shared


def small() -> dict[str, Any]:
    """A row of six nodes a kilometre apart, ten people each; the middle border is long."""
    return {
        "name": "row",
        "k": 2,
        "L": 20,
        "U": 40,
        "nodes": [{"id": i, "pop": 10, "x": 1000.0 * i, "y": 0.0} for i in range(6)],
        "edges": [[i, i + 1, 5.0 if i == 2 else 1.0] for i in range(5)],
        "edge_columns": ["i", "j", "shared_boundary_km"],
        "distance_rule": "euclid_km",
        "cost_scale": 1,
    }


def written(folder: Path, data: object) -> Path:
    path = folder / "instance.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def checked(instance: Instance, objective: str, result: BareResult) -> float:
    """Value of the answer by code of the test alone, after checking that it is legal."""
    part = np.array(result.assignment)
    assert len(part) == instance.n
    assert set(part.tolist()) == set(range(instance.number))
    graph = nx.Graph(instance.edges.tolist())
    hops = dict(nx.all_pairs_shortest_path_length(graph)) if instance.distance_rule == "hops" else {}
    value = 0.0
    for district in range(instance.number):
        nodes = np.flatnonzero(part == district).tolist()
        limit = instance.capacity[district] if len(instance.seats) else instance.high
        assert instance.low <= instance.pop[nodes].sum() <= limit
        if objective != "hess_moment_no_contiguity":
            assert nx.is_connected(graph.subgraph(nodes))
        seat = result.seats[district]
        if seat is None:
            continue
        assert seat in nodes
        for i in nodes:
            km = float(np.hypot(*(instance.xy[i] - instance.xy[seat]))) / 1000
            if instance.distance_rule == "hops":
                km = hops[i][seat]
            elif instance.distance_rule == "round_km":
                km = int(km + 0.5)
            value += instance.pop[i] * km ** (2 if "hess" in objective else 1) / instance.cost_scale
    cut = [(e, u, v) for e, (u, v) in enumerate(instance.edges.tolist()) if part[u] != part[v]]
    if objective == "cut_edges":
        value += len(cut)
    if objective == "median_plus_border":
        crosses = instance.columns.get("crosses_borough", np.zeros(len(instance.edges)))
        value += sum(3000 * instance.columns["shared_boundary_km"][e] for e, _, _ in cut if not crosses[e])
    return value


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        # by hand: halves of three cost 2 · 20, in squares too, with one border of 5 km; a pair and four cost 50,
        # with one of 1 km
        ("euclid_median", 40.0),
        ("hop_median", 40.0),
        ("hess_moment", 40.0),
        ("hess_moment_no_contiguity", 40.0),
        ("cut_edges", 1.0),
        ("median_plus_border", 50.0 + 3000.0),
    ],
)
def test_every_objective_is_proved_on_a_row_of_six(tmp_path: Path, objective: str, expected: float) -> None:
    instance = read_instance(written(tmp_path, small()))
    result = solve_instance(instance, objective=objective, time_limit_s=10)
    assert result.objective == pytest.approx(expected)
    assert result.lower_bound == pytest.approx(expected)
    assert checked(instance, objective, result) == pytest.approx(expected)


def test_fixed_seats_keep_their_capacity(tmp_path: Path) -> None:
    # by hand: the seat at node 0 may serve two, so the seat at 5 serves four: 10 + (10 + 20 + 30)
    data = small() | {"L": 0, "U": None, "seats": [{"node": 0, "capacity": 20}, {"node": 5, "capacity": 60}]}
    result = solve_instance(read_instance(written(tmp_path, data)), objective="service_distance", time_limit_s=10)
    assert result.objective == pytest.approx(70.0)
    assert result.lower_bound == pytest.approx(70.0)
    assert result.assignment == (0, 0, 1, 1, 1, 1)
    assert result.seats == (0, 5)


def test_a_problem_without_a_plan_has_neither_value_nor_bound(tmp_path: Path) -> None:
    result = solve_instance(
        read_instance(written(tmp_path, small() | {"L": 25, "U": 28})), objective="euclid_median"
    )
    assert (result.objective, result.lower_bound, result.gap_proved, result.assignment) == (None, None, None, ())
    assert json.loads(json.dumps(result.to_json()))["objective"] is None


def test_the_answer_is_plain_json(tmp_path: Path) -> None:
    result = solve_instance(read_instance(written(tmp_path, small())), objective="cut_edges", time_limit_s=5)
    assert json.loads(json.dumps(result.to_json()))["seats"] == [None, None]


def test_faults_are_gathered_and_name_the_place(tmp_path: Path) -> None:
    data = small() | {"k": 9, "L": 50, "distance_rule": "miles"}
    data["edges"][1] = [1, 17, 1.0]
    data["nodes"][4] = {"id": 4, "x": 0.0, "y": 0.0}
    with pytest.raises(InstanceError) as caught:
        read_instance(written(tmp_path, data))
    assert [fault.key for fault in caught.value.faults] == [
        "fault.instance_bad_value",
        "fault.instance_bad_value",
        "fault.instance_bad_value",
        "fault.instance_bad_node",
        "fault.instance_bad_edge",
    ]
    english, chinese = caught.value.sentences("en"), caught.value.sentences("zh")
    assert all("instance.json" in sentence for sentence in english + chinese)
    assert "1 of 5 edges" in english[4]
    assert "(positions 1)" in english[4]


def test_a_missing_key_a_missing_file_and_no_json_are_faults(tmp_path: Path) -> None:
    data = small()
    del data["edges"], data["k"]
    with pytest.raises(InstanceError, match=r"lacks 2 required keys: k, edges|缺少 2 个必需的键"):
        read_instance(written(tmp_path, data))
    with pytest.raises(InstanceError):
        read_instance(tmp_path / "absent.json")
    (tmp_path / "text.json").write_text("k = 3", encoding="utf-8")
    with pytest.raises(InstanceError):
        read_instance(tmp_path / "text.json")


def test_an_unknown_objective_names_those_there_are(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, small() | {"objectives": {"euclid_median": {}, "cut_edges": {}}}))
    with pytest.raises(InstanceError) as caught:
        solve_instance(instance, objective="moment")
    assert "euclid_median, cut_edges" in caught.value.sentences("en")[0]
    assert set(instance.objectives) < set(OBJECTIVES)


def test_a_border_objective_without_lengths_names_the_column(tmp_path: Path) -> None:
    data = small() | {"edge_columns": ["i", "j"]}
    with pytest.raises(InstanceError) as caught:
        solve_instance(read_instance(written(tmp_path, data)), objective="median_plus_border")
    assert "shared_boundary_km" in caught.value.sentences("en")[0]


@needs_shared
@pytest.mark.parametrize(
    ("name", "objective"),
    [
        ("city_L50", "euclid_median"),
        ("city_L100", "euclid_median"),
        ("county2010_NM", "hess_moment"),
        ("county2010_NM", "hess_moment_no_contiguity"),
        ("county2010_ID", "hess_moment"),
        ("county2010_ME", "hess_moment"),
        ("county2010_ID", "cut_edges"),
        ("county2010_ME", "cut_edges"),
        ("hop_county2020_ME", "hop_median"),
        ("hop_county2020_NM", "hop_median"),
    ],
)
def test_published_optima_are_proved_to_the_cent(name: str, objective: str) -> None:
    # published or measured optima with their sources stand in the instance files
    path = INSTANCES / f"{name}.json"
    instance = read_instance(path)
    published = float(instance.objectives[objective]["objective"])
    result = solve_instance(instance, objective=objective, time_limit_s=60)
    assert result.objective == pytest.approx(published, abs=0.0051)
    assert result.lower_bound == pytest.approx(published, abs=0.0051)
    assert checked(instance, objective, result) == pytest.approx(published, abs=0.0051)
