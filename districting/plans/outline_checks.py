"""How the rules on borders are told: the lines they follow, the lines they cross, and land in one piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.evidence import Evidence
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.plans.lines import border_shares, crossings, joined
from districting.plans.problem import Bools, Ints
from districting.policies.land import BorderRule, ContiguityRule, CrossingRule
from districting.territory.adjacency import AdjacencyGraph

#: Lines that do not part a community where people can cross them.
PASSABLE = ("rail", "water", "wall")
#: Necks narrower and gaps wider than this part a drawn community: the shortest border that joins atoms, m.
NECK_M = 10.0
#: A separate part of drawn land counts from this size, or with any household, m².
PART_M2 = 1000.0


def check_border(rule: BorderRule, evidence: Evidence) -> Iterator[Finding]:
    """Share of each outline on the classes named, against the share asked for; silent where none is asked."""
    if rule.share is None:
        return
    by_class = border_shares(evidence.division.outlines, evidence.territory.layers, rule.classes)
    share = by_class.sum(axis=1).to_numpy()
    for pos in np.flatnonzero((share < rule.share - 1e-9) & ~evidence.is_empty):
        mine = by_class.iloc[pos]
        yield evidence.finding(
            rule,
            "border_share",
            pos,
            measured=share[pos],
            allowed=rule.share,
            unit="share",
            along={str(name): round(float(part), 4) for name, part in mine[mine > 0].items()},
        )


def check_crossing(rule: CrossingRule, evidence: Evidence) -> Iterator[Finding]:
    """No community with households on both sides of a line of the classes named.

    Roads part a community wherever they run through it; rail, water and walls only where nobody can cross.
    """
    table = (
        _crossed_atoms(rule, evidence) if evidence.division.atoms is not None else _crossed_land(rule, evidence)
    )
    for community_id, row in table.iterrows():
        yield evidence.finding(
            rule,
            "crossing",
            int(positions(evidence.division.outlines.index, [community_id])[0]),
            measured=row["line_m"],
            allowed=0,
            unit="m",
            place=(row["x"], row["y"]),
            households=row["households"],
            border_class=str(row["border_class"]),
            line_name="" if pd.isna(row["name"]) else str(row["name"]),
        )


def check_contiguity(rule: ContiguityRule, evidence: Evidence) -> Iterator[Finding]:
    """Each community is one piece inside each piece of its sub-district; land across a gap (代管) is reported."""
    parts = _atom_parts(evidence) if evidence.division.atoms is not None else _land_parts(evidence)
    outlines = evidence.division.outlines
    excepted = outlines.index.isin(rule.exceptions) | outlines["name"].isin(rule.exceptions).to_numpy()
    parts = parts.sort_values(["community", "households", "area_m2", "x", "y"])
    for community in np.unique(parts["community"]):
        members = parts[parts["community"] == community]
        count, allowed = len(members), members["piece"].nunique()
        loose = members[members["piece"].duplicated(keep="last")]
        aspect = "pieces" if len(loose) and not excepted[community] else "across_gap"
        shown = loose if len(loose) else members.iloc[:-1]
        if len(shown):
            yield evidence.finding(
                rule,
                aspect,
                community,
                measured=count,
                allowed=allowed if aspect == "pieces" else 1,
                unit="pieces",
                strength=rule.strength if aspect == "pieces" else "prefer",
                place=shown[["x", "y"]].iloc[-1].to_numpy(),
                households=shown["households"].sum(),
            )


def _crossed_land(rule: CrossingRule, evidence: Evidence) -> pd.DataFrame:
    """Crossings of drawn outlines; a community that crosses both roads and rivers is told for the wider one."""
    outlines, layers = evidence.division.outlines, evidence.territory.layers
    roads = [name for name in rule.classes if name not in PASSABLE]
    others = [name for name in rule.classes if name in PASSABLE]
    found = [
        crossings(outlines, layers, classes, passable=passable)
        for classes, passable in ((roads, False), (others, True))
        if classes
    ]
    if not found:
        return crossings(outlines, layers, (), passable=False)
    table = pd.concat([part for part in found if len(part)] or found[:1]).sort_values("households", kind="stable")
    return table[~table.index.duplicated(keep="last")].sort_index()


def _crossed_atoms(rule: CrossingRule, evidence: Evidence) -> pd.DataFrame:
    """Crossings of communities of whole atoms: borders inside a community that mostly follow such a line."""
    graph, table = evidence.territory.graph, evidence.territory.atoms.table
    a, b = _ends(graph, table.index)
    code = evidence.division.atom_codes
    internal = (code[a] == code[b]) & (code[a] >= 0)
    crossable = graph.edges["crossable"].to_numpy(dtype=np.bool_)
    shared = graph.edges["shared_m"].to_numpy()
    roads = frozenset(rule.classes) - frozenset(PASSABLE)
    others = frozenset(rule.classes) & frozenset(PASSABLE)
    on_road = graph.length_along(roads).to_numpy() >= 0.5 * shared
    on_other = (graph.length_along(others).to_numpy() >= 0.5 * shared) & ~crossable
    cut = internal & (shared > 0) & (on_road | on_other)
    side = _components(len(table), a, b, internal & crossable & ~cut)
    whole = _components(len(table), a, b, internal & (crossable | cut))
    homes = table["households"].to_numpy()
    sides = pd.DataFrame({"whole": whole, "side": side, "households": homes})[(homes > 0) & (code >= 0)]
    by_side = sides.groupby(["whole", "side"])["households"].sum()
    across = by_side.groupby(level=0).sum() - by_side.groupby(level=0).max()
    lived_in = np.isin(side, by_side.index.get_level_values("side"))
    rows = []
    along = graph.runs[graph.runs["border_class"].isin(rule.classes)]
    for group, households in across[across > 0].items():
        edges = np.flatnonzero(cut & (whole[a] == group) & (side[a] != side[b]))
        told = edges[lived_in[a[edges]] & lived_in[b[edges]]]
        edges = told if len(told) else edges
        runs = along[along["edge_pos"].isin(graph.edges.index[edges])]
        names = runs.groupby(["border_class", "border_name"], dropna=False)["length_m"].sum().sort_values()
        border_class, name = names.index[-1]
        widest = edges[np.argmax(shared[edges])]
        middle = _border_middle(table.geometry.iloc[a[widest]], table.geometry.iloc[b[widest]])
        community_id = evidence.division.outlines.index[code[a[widest]]]
        rows.append((community_id, runs["length_m"].sum(), border_class, name, int(households), *middle))
    columns = ["community_id", "line_m", "border_class", "name", "households", "x", "y"]
    found = pd.DataFrame(rows, columns=columns).sort_values("households", kind="stable")
    return found.drop_duplicates("community_id", keep="last").set_index("community_id").sort_index()


def _atom_parts(evidence: Evidence) -> pd.DataFrame:
    """Parts of communities of whole atoms, joined where people can walk across, and their piece of the ground."""
    graph, table = evidence.territory.graph, evidence.territory.atoms.table
    a, b = _ends(graph, table.index)
    code = evidence.division.atom_codes
    crossable = graph.edges["crossable"].to_numpy(dtype=np.bool_)
    part = _components(len(table), a, b, crossable & (code[a] == code[b]))
    ground = pd.DataFrame(
        {
            "community": code,
            "part": part,
            "piece": _components(len(table), a, b, crossable),
            "households": table["households"].to_numpy(),
            "area_m2": table["area_m2"].to_numpy(),
            "x": table["x"].to_numpy(),
            "y": table["y"].to_numpy(),
        }
    )
    ground = ground[ground["community"] >= 0].sort_values(["households", "area_m2"])
    grouped = ground.groupby("part")
    sums = grouped[["households", "area_m2"]].sum()
    return grouped[["community", "piece", "x", "y"]].last().join(sums)


def _land_parts(evidence: Evidence) -> pd.DataFrame:
    """Parts of drawn communities: necks under ``NECK_M`` part them, gaps under it and bridges join them."""
    outlines, layers = evidence.division.outlines, evidence.territory.layers
    closed = shapely.buffer(shapely.buffer(outlines.geometry.to_numpy(), NECK_M / 2), -NECK_M)
    parts, owner = shapely.get_parts(closed, return_index=True)
    homes, weight = layers.buildings.geometry.to_numpy(), layers.buildings["households"].to_numpy()
    part_pos, building_pos = shapely.STRtree(homes).query(parts, predicate="dwithin", distance=NECK_M)
    mine = evidence.division.codes[building_pos] == owner[part_pos]
    households = np.bincount(part_pos[mine], weights=weight[building_pos[mine]], minlength=len(parts))
    pieces, _ = shapely.get_parts(layers.subdistricts.geometry.to_numpy(), return_index=True)
    middle = shapely.point_on_surface(parts)
    piece = shapely.STRtree(pieces).nearest(middle)
    bridges = layers.roads[layers.roads["bridge"].astype(bool)].geometry.to_numpy()
    bridge_pos, reached = shapely.STRtree(parts).query(bridges, predicate="intersects")
    together = joined(len(parts), bridge_pos * len(outlines) + owner[reached], reached)
    table = pd.DataFrame(
        {
            "community": owner,
            "part": together,
            "piece": piece,
            "households": households,
            "area_m2": shapely.area(parts),
            "x": shapely.get_x(middle),
            "y": shapely.get_y(middle),
        }
    )
    table = table[(table["households"] > 0) | (table["area_m2"] >= PART_M2)].sort_values(["households", "area_m2"])
    grouped = table.groupby("part")
    return grouped[["community", "piece", "x", "y"]].last().join(grouped[["households", "area_m2"]].sum())


def _ends(graph: AdjacencyGraph, ids: pd.Index[Any]) -> tuple[Ints, Ints]:
    """Positions of both atoms of every edge."""
    return positions(ids, graph.edges["atom_a"]), positions(ids, graph.edges["atom_b"])


def _components(count: int, a: Ints, b: Ints, kept: Bools) -> Ints:
    """Label of the connected component of each of ``count`` atoms on the edges kept."""
    links = coo_array((np.ones(int(kept.sum())), (a[kept], b[kept])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _border_middle(one: Any, other: Any) -> tuple[float, float]:
    """A point in the middle of the border that two atoms share."""
    border = shapely.line_merge(shapely.intersection(one, other))
    parts = shapely.get_parts(border)
    middle = shapely.line_interpolate_point(parts[np.argmax(shapely.length(parts))], 0.5, normalized=True)
    return float(middle.x), float(middle.y)
