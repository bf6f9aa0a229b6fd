"""Size and speed of the compare page on a generated city, measured in headless Chromium; no solving.

Run by ``scripts/bench_pages``. The limits are those that the page was built for: 2 MB and 1.5 s for 1,500 communities
of 6,000 atoms under four plans; 6 MB and 2 s with 200,000 buildings on top.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from playwright.sync_api import Browser

from districting.assessment.comparison import Comparison
from districting.plans.community_table import community_table
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.plan import Plan
from districting.policies.reading import preset
from districting.reports.page import write_compare_page
from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.layers import Layers
from districting.territory.territory import Territory
from tests.reports.browsing import chromium

CRS = pyproj.CRS("EPSG:4547")
COLUMNS, ROWS, SIDE = 100, 60, 160.0
#: Name, buildings, most MB, most seconds to the first picture.
CASES = (("city", 20_000, 2.0, 1.5), ("city with 200,000 buildings", 200_000, 6.0, 2.0))
#: Points along each side of an atom.
BENDS = 6

#: The first picture: the page is ready, and a frame has been drawn after that.
_WATCH = """
new MutationObserver((_, watch) => {
  if (!document.body || !document.body.dataset.ready) return;
  watch.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.firstPicture = performance.now(); }));
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
_ZOOM = """async () => {
  const { maps } = window.comparePage;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const began = performance.now();
  maps.fit(-2000, -1200, 2000, 1200);
  await frame(); await frame();
  return performance.now() - began;
}"""
_DRAG = """async () => {
  const { maps } = window.comparePage;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const took = [];
  maps.whole();
  await frame(); await frame();
  for (let i = 0; i < 24; i++) {
    const began = performance.now();
    maps.panes[0].map.panBy([8, 4], { animate: false });
    await frame();
    took.push(performance.now() - began);
  }
  return took;
}"""


def city(buildings: int, *, seed: int = 7) -> Territory:
    """A city of bent blocks: 2 × 2 make a community, 10 × 10 a sub-district; streets between the communities."""
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(COLUMNS + 1.0), np.arange(ROWS + 1.0), indexing="ij"), axis=-1) * SIDE
    corners += rng.normal(0, 12, corners.shape)
    share = np.linspace(0, 1, BENDS + 1)[:, None]
    across = _bent(corners[:-1, :, None] * (1 - share) + corners[1:, :, None] * share, rng)
    along = _bent(corners[:, :-1, None] * (1 - share) + corners[:, 1:, None] * share, rng)
    rings = np.concatenate(
        [across[:, :-1], along[1:, :, 1:], across[:, 1:, -2::-1], along[:-1, :, -2::-1]], axis=2
    ).reshape(COLUMNS * ROWS, -1, 2)
    land = shapely.polygons(rings + np.array([500_000.0, 3_300_000.0]))
    column, row = np.divmod(np.arange(COLUMNS * ROWS), ROWS)
    community = [f"3301{c // 2:03}{r // 2:03}" for c, r in zip(column, row, strict=True)]
    subdistrict = [f"S{c // 10:02}{r // 10:02}" for c, r in zip(column, row, strict=True)]
    index = pd.Index([f"A{i:05}" for i in range(len(land))], name="atom_id")
    atoms = gpd.GeoDataFrame(
        {"community_id": community, "subdistrict_id": subdistrict}, geometry=land, index=index, crs=CRS
    )
    homes = _buildings(atoms, buildings, rng)
    held = homes.groupby("atom_id")[["households", "people", "dwellings"]].sum().reindex(index).fillna(0)
    inside = shapely.get_coordinates(shapely.centroid(land))
    atoms = atoms.assign(
        households=held["households"].astype(int), people=held["people"], dwellings=held["dwellings"],
        horizon_households=held["households"].astype(int), area_m2=shapely.area(land), x=inside[:, 0], y=inside[:, 1],
        compound_id=None, water=False,
    )  # fmt: skip
    place = homes.pop("atom_id")
    nothing = AdjacencyGraph(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
    return Territory(_layers(atoms, homes, across, along), Atoms(atoms, place, 1000), nothing)


def _bent(lines: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Straight sides with their inner points moved."""
    moved = lines.copy()
    moved[..., 1:-1, :] += rng.normal(0, 5, moved[..., 1:-1, :].shape)
    return moved


def _buildings(atoms: gpd.GeoDataFrame, count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Homes strewn over the atoms; 500,000 households in all."""
    at = np.sort(rng.integers(0, len(atoms), count))
    middle = shapely.get_coordinates(shapely.centroid(atoms.geometry.to_numpy()))[at]
    points = shapely.points(middle + rng.uniform(-0.4 * SIDE, 0.4 * SIDE, (count, 2)))
    households = rng.poisson(500_000 / count, count)
    return gpd.GeoDataFrame(
        {
            "households": households, "people": households * 2.6, "registered_people": np.nan,
            "dwellings": households * 1.2, "floors": np.nan, "estimated": False,
            "address": [f"第{a // 60}街{a % 60}号{i}幢" for i, a in enumerate(at)], "compound_id": None,
            "community_id": atoms["community_id"].to_numpy()[at], "subdistrict_id": atoms["subdistrict_id"].to_numpy()[at],
            "horizon_households": households, "atom_id": atoms.index.to_numpy()[at],
        },
        index=pd.Index([f"B{i:06}" for i in range(count)], name="building_id"), geometry=points, crs=CRS,
    )  # fmt: skip


def _layers(atoms: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, across: np.ndarray, along: np.ndarray) -> Layers:
    """Layers around the atoms: every second line of their sides is a street."""
    base = np.array([500_000.0, 3_300_000.0])
    level = [across[:, row].reshape(-1, 2) + base for row in range(0, ROWS + 1, 2)]
    upright = [along[column].reshape(-1, 2) + base for column in range(0, COLUMNS + 1, 2)]
    lines = [shapely.LineString(one) for one in [*level, *upright]]
    classes = ["primary" if number % 5 == 0 else "tertiary" for number in range(len(lines))]
    roads = gpd.GeoDataFrame(
        {"road_class": classes, "name": [f"第{number}大街" for number in range(len(lines))], "bridge": False, "tunnel": False, "level": 0},
        index=pd.Index([f"R{number:04}" for number in range(len(lines))], name="road_id"), geometry=lines, crs=CRS,
    )  # fmt: skip
    communities = atoms.dissolve("community_id")[["subdistrict_id", "geometry"]]
    communities["name"] = [f"幸福{number}社区" for number in range(len(communities))]
    communities["code"] = communities.index
    subdistricts = atoms.dissolve("subdistrict_id")[["geometry"]]
    subdistricts["name"] = [f"第{number}街道" for number in range(len(subdistricts))]
    seats = gpd.GeoDataFrame(
        {"name": "服务中心", "community_id": communities.index.to_numpy(), "floor_area_m2": 500.0},
        index=pd.Index([f"F{number:04}" for number in range(len(communities))], name="facility_id"),
        geometry=shapely.point_on_surface(communities.geometry.to_numpy()), crs=CRS,
    )  # fmt: skip
    none = gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS)
    barriers = gpd.GeoDataFrame({"kind": ["rail"], "name": [None]}, index=["K1"], geometry=[lines[7]], crs=CRS)
    return Layers(
        CRS, homes, gpd.GeoSeries([], crs=CRS), roads, barriers, communities, subdistricts, seats, none, none, none,
        generated=True,
    )  # fmt: skip


def moved_plan(ground: Territory, plan_id: str, *, share: float, seed: int) -> Division:
    """A plan that gives a share of the atoms to a neighbour: of the right size to look at, not to adopt."""
    table = ground.atoms.table
    rng = np.random.default_rng(seed)
    label = table["community_id"].to_numpy(dtype=object).reshape(COLUMNS, ROWS)
    assignment = label.copy()
    gives = rng.random((COLUMNS, ROWS)) < share
    gives[-1] = False
    assignment[gives] = label[np.minimum(np.arange(COLUMNS) + 1, COLUMNS - 1)][gives]
    known = Division.today(ground).outlines.drop(columns="geometry")
    plan = Plan(plan_id, "adjust", pd.Series(assignment.ravel(), table.index, dtype=object), pd.DataFrame(known))
    return Division.of_plan(plan, ground)


def write(path: Path, buildings: int) -> float:
    """The page of the city with four plans; returns the seconds of processor time that writing took."""
    ground = city(buildings)
    policy = preset("xian-2023").override({"reach.path": "straight"}, because="no walking network is drawn")
    names = ("whole", "adjust", "redraw", "hand")
    plans = [moved_plan(ground, name, share=0.03 * (at + 1), seed=at) for at, name in enumerate(names)]
    divisions = [Division.today(ground), *plans]
    figures = {one.name: community_table(one, ground, policy) for one in divisions}
    size = policy.size
    findings = {
        one.name: [
            Finding(
                "size", "over_max", "should", size.clause, "S0000", str(key), float(row["households"]), 5000.0,
                "households", (float(row["x"]), float(row["y"])), int(row["households"]), {"name": row["name"]},
            )
            for key, row in figures[one.name].iloc[:: 5].iterrows()
        ]
        for one in divisions
    }  # fmt: skip
    comparison = pd.DataFrame(
        {"communities": 1500, "households_moved": 1000, "findings_must": 0}, index=[one.name for one in divisions]
    )
    proved = {
        "status": "optimal", "objective": 1000.0, "lower_bound": 1000.0, "gap_proved": 0.0, "communities_before": 25,
        "communities_after": 25,
    }  # fmt: skip
    towns = list(ground.layers.subdistricts["name"])
    run = {
        "plans": [
            {"plan_id": name, "subdistricts": [{"name": town, **proved} for town in towns]} for name in names
        ]
    }
    changed = [
        {key: "adjust" if key in set(one.outlines.index[::3]) else "keep" for key in one.outlines.index}
        for one in plans
    ]
    began = time.process_time()
    write_compare_page(
        path, territory=ground, divisions=divisions, findings=findings, figures=figures,
        comparison=Comparison(comparison, {}), run=run, policy=policy, language="zh",
        actions=dict(zip(names, changed, strict=True)),
    )  # fmt: skip
    return time.process_time() - began


def measure(browser: Browser, path: Path) -> dict[str, float]:
    """Times of one visit, ms; ``cpu`` is what the page's own thread worked until the first picture."""
    context = browser.new_context(viewport={"width": 1600, "height": 950}, offline=True)
    context.add_init_script(_WATCH)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # counts from here on
    page.goto(path.as_uri())
    page.wait_for_function("() => window.firstPicture", timeout=60_000)
    first = page.evaluate("() => window.firstPicture")
    worked = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    zoom = page.evaluate(_ZOOM)
    drag = page.evaluate(_DRAG)
    context.close()
    if complaints:
        raise RuntimeError(f"the page complains: {complaints[:3]}")
    return {
        "first": first,
        "cpu": 1000 * worked["TaskDuration"],
        "zoom": zoom,
        "drag_p95": float(np.percentile(drag, 95)),
    }


def main() -> int:
    """Print a table; 1 if a page is larger or slower than it may be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=5, help="the median of so many visits counts (default: 5)")
    parser.add_argument("--keep", type=Path, help="folder to keep the pages in")
    given = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"load of the machine {os.getloadavg()[0]:.1f}; four plans side by side at 1600 × 950")
        for name, buildings, most_mb, most_s in CASES:
            path = folder / f"{buildings}.html"
            took_s = write(path, buildings)
            visits = [measure(browser, path) for _ in range(given.visits)]
            megabytes = path.stat().st_size / 1e6
            first, cpu, zoom, drag = (
                statistics.median(one[key] for one in visits) for key in ("first", "cpu", "zoom", "drag_p95")
            )
            good = megabytes <= most_mb and first <= most_s * 1000
            failed |= not good
            print(
                f"{name}: {megabytes:.2f} MB (≤ {most_mb}), first picture {first:.0f} ms (≤ {most_s * 1000:.0f}; "
                f"{cpu:.0f} ms of it work of the page's thread), "
                f"zoom {zoom:.0f} ms, drag p95 {drag:.0f} ms, written in {took_s:.1f} s: {'ok' if good else 'TOO MUCH'}"
            )
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
