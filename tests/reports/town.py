"""A drawn town for the reports: letters are communities, each letter one atom of 100 m with one building.

::

    A A B C
    A A B C      one sub-district, roads between the columns, a river under the last row
    A A B C
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from districting.assessment.comparison import Comparison
from districting.plans.community_table import community_table
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.plan import Plan
from districting.policies.policy import Policy
from districting.policies.reading import preset
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.layers import Layers
from districting.territory.territory import Territory

CRS = pyproj.CRS("EPSG:32649")
WEST, SOUTH, SIDE = 310_000.0, 3_790_000.0, 100.0
TODAY = "A A B C\nA A B C\nA A B C"
#: The second column's lowest atom goes from A to B: 600 households, see `HOUSEHOLDS`.
PLAN = "A A B C\nA A B C\nA B B C"
HOUSEHOLDS = 600


def territory(drawing: str = TODAY, *, generated: bool = True) -> Territory:
    """The town: ``HOUSEHOLDS`` in every atom."""
    letters = [row.split() for row in drawing.split("\n")]
    rows, columns = len(letters), len(letters[0])
    cells = {
        f"a{row}{column}": (letters[row][column], column, rows - 1 - row)
        for row in range(rows)
        for column in range(columns)
    }
    index = pd.Index(sorted(cells), name="atom_id")
    x0 = np.array([WEST + cells[atom][1] * SIDE for atom in index])
    y0 = np.array([SOUTH + cells[atom][2] * SIDE for atom in index])
    communities = pd.Series([cells[atom][0] for atom in index], index=index, dtype=object)
    land = gpd.GeoSeries(shapely.box(x0, y0, x0 + SIDE, y0 + SIDE), index=index, crs=CRS)
    atoms = gpd.GeoDataFrame(
        {
            "households": HOUSEHOLDS,
            "horizon_households": HOUSEHOLDS,
            "dwellings": HOUSEHOLDS,
            "people": HOUSEHOLDS * 2.5,
            "area_m2": SIDE**2,
            "x": x0 + SIDE / 2,
            "y": y0 + SIDE / 2,
            "subdistrict_id": "S1",
            "community_id": communities,
            "compound_id": None,
            "water": False,
        },
        geometry=land,
        crs=CRS,
    )
    graph = AdjacencyGraph(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
    layers = _layers(land, communities, generated)
    return Territory(layers, Atoms(atoms, pd.Series(index, _buildings_of(index), dtype=object), 1000), graph)


def _buildings_of(atoms: pd.Index) -> pd.Index:
    return pd.Index([f"b{atom[1:]}" for atom in atoms], name="building_id")


def _layers(land: gpd.GeoSeries, communities: pd.Series, generated: bool) -> Layers:
    """Layers around the atoms."""
    centre = land.centroid
    buildings = gpd.GeoDataFrame(
        {
            "households": HOUSEHOLDS,
            "people": HOUSEHOLDS * 2.5,
            "registered_people": np.nan,
            "dwellings": float(HOUSEHOLDS),
            "floors": np.nan,
            "estimated": [True] + [False] * (len(land) - 1),
            "address": None,
            "compound_id": None,
            "community_id": communities.to_numpy(),
            "subdistrict_id": "S1",
            "horizon_households": HOUSEHOLDS,
        },
        index=_buildings_of(land.index),
        geometry=centre.to_numpy(),
        crs=CRS,
    )
    outlines = gpd.GeoDataFrame({"community_id": communities}, geometry=land, crs=CRS).dissolve("community_id")
    outlines["name"] = [f"{letter}<幸福>社区" for letter in outlines.index]
    outlines["code"] = outlines.index
    outlines["subdistrict_id"] = "S1"
    west, south, east, north = land.total_bounds
    lines = [shapely.LineString([(x, south), (x, north)]) for x in np.arange(west + SIDE, east, SIDE)]
    roads = gpd.GeoDataFrame(
        {
            "road_class": ["primary", "residential", "secondary"][: len(lines)],
            "name": ["长安路", None, "友谊路"][: len(lines)],
            "bridge": False,
            "tunnel": False,
            "level": 0,
        },
        index=pd.Index([f"r{i}" for i in range(len(lines))], name="road_id"),
        geometry=lines,
        crs=CRS,
    )
    river = shapely.box(west, south - 60, east, south - 10)
    wall = shapely.LineString([(west, north), (east, north)])
    barriers = gpd.GeoDataFrame(
        {"kind": ["water", "wall"], "name": ["沣河", None]}, index=["k1", "k2"], geometry=[river, wall], crs=CRS
    )
    seats = outlines.representative_point()
    facilities = gpd.GeoDataFrame(
        {"name": "服务中心", "community_id": outlines.index.to_numpy(), "floor_area_m2": np.nan},
        index=pd.Index([f"f{i}" for i in range(len(outlines))], name="facility_id"),
        geometry=seats.to_numpy(),
        crs=CRS,
    )
    subdistricts = gpd.GeoDataFrame(
        {"name": ["长安路街道"]},
        index=pd.Index(["S1"], name="subdistrict_id"),
        geometry=[shapely.box(*land.total_bounds)],
        crs=CRS,
    )
    none = gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS)
    return Layers(
        CRS,
        buildings,
        gpd.GeoSeries([], crs=CRS),
        roads,
        barriers,
        outlines[["name", "code", "subdistrict_id", "geometry"]],
        subdistricts,
        facilities,
        none,
        none,
        none,
        generated=generated,
    )


@dataclass(frozen=True)
class Study:
    """What the reports are given."""

    territory: Territory
    policy: Policy
    divisions: tuple[Division, ...]
    findings: dict[str, list[Finding]]
    figures: dict[str, pd.DataFrame]
    comparison: Comparison
    run: dict[str, object]


def plan(ground: Territory, drawing: str = PLAN, *, plan_id: str = "adjust") -> Division:
    """A plan drawn like the town."""
    letters = [row.split() for row in drawing.split("\n")]
    index = ground.atoms.table.index
    assignment = pd.Series([letters[int(a[1])][int(a[2])] for a in index], index=index, dtype=object)
    known = Division.today(ground).outlines
    communities = known.drop(columns="geometry").reindex(sorted(set(assignment)))
    return Division.of_plan(Plan(plan_id, "adjust", assignment, pd.DataFrame(communities)), ground)


def study(*, generated: bool = True, drawing: str = PLAN) -> Study:
    """Today (A 3,600, B 1,800, C 1,800 households) and one plan that moves 600 from A to B."""
    ground = territory(generated=generated)
    policy = preset("xian-2023").override({"reach.path": "straight"}, because="the town is small")
    divisions = (Division.today(ground), plan(ground, drawing))
    size = policy.size
    too_large = Finding(
        "size",
        "over_max",
        "must",
        size.clause,
        "S1",
        "A",
        3600.0,
        3000.0,
        "households",
        (WEST + 100, SOUTH + 150),
        3600,
        {"name": "A<幸福>社区"},
    )
    findings = {"today": [too_large], "adjust": [replace(too_large, strength="should", measured=3000.0)]}
    table = pd.DataFrame(
        {"communities": [3, 3], "households_moved": [0, 600], "findings_must": [1, 0], "mean_m": [90.0, 95.5]},
        index=["today", "adjust"],
    )
    run = {
        "plans": [
            {
                "plan_id": "adjust",
                "subdistricts": [
                    {
                        "name": "长安路街道",
                        "status": "optimal",
                        "objective": 600.0,
                        "lower_bound": 600.0,
                        "gap_proved": 0.0,
                        "communities_before": 3,
                        "communities_after": 3,
                    }
                ],
            }
        ]
    }
    figures = {one.name: community_table(one, ground, policy) for one in divisions}
    return Study(ground, policy, divisions, findings, figures, Comparison(table, {}), run)
