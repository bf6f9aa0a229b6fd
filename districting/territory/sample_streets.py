"""The sample's road layer: how the axes are drawn, as surveyed road data are.

Dual carriageways are drawn twice, bridges and tunnels are pieces of their own, streets stop at the railway or
dive under it, a viaduct stands above the ring road, and everything on the ground is noded.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districting.territory.sample_axes import BEND_POINTS, HALF_GAP_M, OVERSHOOT_M, Axes, as_lines, bend, continued
from districting.territory.sample_blocks import CRS, GRID_M
from districting.territory.sample_ground import Bools, Floats, Ground, Shapes

#: Ends shorter than this that lead nowhere are drawing leftovers: half a dual carriageway and a little.
STUB_M = 16.0

#: Half the length of an underpass below the railway, m.
UNDERPASS_M = 18.0

#: The viaduct's carriageways lie this far from the axis, m; its ramps come down over this length.
VIADUCT_HALF_GAP_M = 4.5
RAMP_M = 150.0

_MINOR = ("residential", "service", "pedestrian", "path")


@dataclass(frozen=True)
class Drawing:
    """Lines with what they are; columns as in the road layer, before noding."""

    lines: Shapes
    table: pd.DataFrame

    def plus(self, other: Drawing) -> Drawing:
        """Both together."""
        table = pd.concat([self.table, other.table], ignore_index=True)
        return Drawing(np.concatenate([self.lines, other.lines]), table)


def draw_streets(
    ground: Ground,
    axes: Axes,
    *,
    inner: Shapes,
    paths: Shapes,
    roundabouts: Shapes,
    river: shapely.Polygon,
    rail: shapely.LineString,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Every road of the town.

    Parameters
    ----------
    inner, paths
        Roads inside compounds and paths in parks, LineStrings.
    roundabouts
        Discs of `choose_roundabouts`.
    river, rail
        Open water, and the axis of the railway.

    Returns
    -------
    GeoDataFrame
        LineString; ``road_class``, ``street`` (key of its name, empty for nameless ones), ``bridge``, ``tunnel``,
        ``oneway`` (bool), ``level`` (int).
    """
    drawn = _carriageways(ground, axes)
    for lines, road_class in ((inner, "service"), (paths, "path")):
        drawn = drawn.plus(_plain(lines, road_class))
    drawn = _roundabouts(drawn, roundabouts)
    drawn = _cross_river(drawn, river)
    drawn = _cross_rail(drawn, rail, rng)
    ramps, viaduct = _viaduct(ground)
    on_ground = _node(drawn.plus(ramps))
    above = gpd.GeoDataFrame(viaduct.table, geometry=viaduct.lines, crs=CRS)
    return pd.concat([on_ground, above], ignore_index=True).drop(columns="crosses")


def _plain(lines: Shapes, road_class: str, **values: object) -> Drawing:
    """Lines of one class on the ground, both ways, without a name unless ``values`` say otherwise."""
    usual = {"road_class": road_class, "street": "", "bridge": False, "tunnel": False, "oneway": False, "level": 0}
    usual["crosses"] = ""
    return Drawing(lines, pd.DataFrame({**usual, **values}, index=pd.RangeIndex(len(lines))))


def _carriageways(ground: Ground, axes: Axes) -> Drawing:
    """One line for each street, two for those with a median, on the right-hand side of their traffic."""
    streets = axes.streets
    median = streets["median"].to_numpy()
    flat = as_lines(bend(streets, ground.warp, grow_m=0.0))
    tree = shapely.STRtree(flat[median])
    grow = np.zeros((len(streets), 2))
    goes_on = continued(streets)
    grows = streets[["grows_a", "grows_b"]].to_numpy()
    for end in (0, 1):
        tip = shapely.get_point(flat, -end)
        # A street with a median lies on itself: only others count, so ask for two there.
        hits = np.bincount(tree.query(tip, predicate="dwithin", distance=0.6)[0], minlength=len(streets))
        onto = hits > np.where(median, 1, 0)
        grow[:, end] = np.where(grows[:, end], OVERSHOOT_M, 0.0)
        grow[onto & ~goes_on[:, end], end] = max(HALF_GAP_M.values()) + OVERSHOOT_M
    keep = ["road_class", "street", "crosses"]
    single, double = streets[~median], streets[median]
    drawing = _plain(as_lines(bend(single, ground.warp, grow_m=grow[~median])), "")
    drawing.table[keep] = single[keep].to_numpy()
    half = double["half_gap_m"].to_numpy()[:, None]
    for side in (-1, 1):
        points = bend(double, ground.warp, grow_m=grow[median], aside_m=side * half)
        other = _plain(as_lines(points if side < 0 else points[:, ::-1]), "", oneway=True)
        other.table[keep] = double[keep].to_numpy()
        drawing = drawing.plus(other)
    return drawing


def choose_roundabouts(ground: Ground, axes: Axes, *, rng: np.random.Generator) -> Shapes:
    """A few crossings of secondary streets that are roundabouts: discs in the sample's CRS."""
    streets = axes.streets
    plain = streets[streets["road_class"].isin(["secondary", "tertiary"]) & ~streets["street"].str.contains("-d")]
    ends = np.concatenate([plain[["ax", "ay"]].to_numpy(float), plain[["bx", "by"]].to_numpy(float)])
    at, count = np.unique(np.round(ends, 2), axis=0, return_counts=True)
    main = shapely.MultiPoint(streets.loc[streets["median"], ["ax", "ay"]].to_numpy(float))
    at = at[(count == 4) & ~shapely.dwithin(shapely.points(at), main, 60.0)]
    wanted = min(len(at), max(1, len(ground.quarters) // 3))
    chosen = at[np.sort(rng.choice(len(at), wanted, replace=False))] if wanted else at
    middles = np.asarray(shapely.points(ground.warp.points(chosen)), dtype=object)
    discs: Shapes = shapely.buffer(middles, 22.0, quad_segs=6)
    return discs


def _roundabouts(drawn: Drawing, discs: Shapes) -> Drawing:
    """Streets end at the circle of a roundabout."""
    if not len(discs):
        return drawn
    tree = shapely.STRtree(discs)
    line, disc = tree.query(drawn.lines, predicate="intersects")
    lines = drawn.lines.copy()
    for k in range(int(np.bincount(line).max(initial=0))):
        turn = np.arange(len(line)) - np.searchsorted(line, line) == k
        lines[line[turn]] = shapely.difference(lines[line[turn]], discs[disc[turn]])
    rings = as_lines(shapely.get_coordinates(discs).reshape(len(discs), -1, 2))
    return Drawing(lines, drawn.table).plus(_plain(rings, "secondary", oneway=True))


def _split(drawn: Drawing, zone: shapely.Geometry) -> tuple[Drawing, Drawing]:
    """What lies outside ``zone``, and the pieces inside it."""
    shapely.prepare(zone)
    touched = shapely.intersects(zone, drawn.lines)
    inside = shapely.intersection(drawn.lines[touched], zone)
    lines = drawn.lines.copy()
    lines[touched] = shapely.difference(lines[touched], zone)
    return Drawing(lines, drawn.table), Drawing(inside, drawn.table[touched].reset_index(drop=True))


def _cross_river(drawn: Drawing, river: shapely.Polygon) -> Drawing:
    """Bridges from bank to bank, and the street that dives under the river."""
    rest, over = _split(drawn, river.buffer(9.0))
    dives = (over.table["crosses"] == "tunnel").to_numpy()
    over.table["bridge"], over.table["tunnel"] = ~dives, dives
    over.table["level"] = np.where(dives, -1, 1)
    return rest.plus(over)


def _cross_rail(drawn: Drawing, rail: shapely.LineString, rng: np.random.Generator) -> Drawing:
    """Larger streets pass under the railway, a few main roads over it, lanes end at the fence."""
    rest, under = _split(drawn, rail.buffer(UNDERPASS_M, cap_style="flat"))
    minor = under.table["road_class"].isin(_MINOR).to_numpy()
    passes = ~minor | ((under.table["road_class"] == "pedestrian").to_numpy() & (rng.random(len(minor)) < 0.6))
    over = (under.table["road_class"] == "primary").to_numpy() | under.table["bridge"].to_numpy()
    under.table["bridge"], under.table["tunnel"] = over, ~over
    under.table["level"] = np.where(over, 1, -1)
    return rest.plus(Drawing(under.lines[passes], under.table[passes].reset_index(drop=True)))


def _viaduct(ground: Ground) -> tuple[Drawing, Drawing]:
    """A viaduct above the northern ring road with its ramps: the ramps lie on the ground, the rest above it."""
    west, east, _, y = ground.ring
    start, end = west + 0.2 * (east - west), west + 0.82 * (east - west)
    marks = np.linspace(start, end, max(3, round((end - start) / 350)) + 1)
    above = _level_pieces(marks[:-1], marks[1:], y)
    sides = []
    for side in (-1, 1):
        points = bend(above, ground.warp, grow_m=0.0, aside_m=side * VIADUCT_HALF_GAP_M)
        sides.append(as_lines(points if side < 0 else points[:, ::-1]))
    lines = shapely.set_precision(np.concatenate(sides), GRID_M)
    over = _plain(lines, "trunk", street="viaduct", bridge=True, oneway=True, level=1)
    # Down at both ends, and once in the middle, to just beyond the carriageway on the ground.
    middle = float(marks[len(marks) // 2])
    feet = _level_pieces(
        np.array([start, start, end, end, middle]),
        np.array([start - RAMP_M, start - RAMP_M, end + RAMP_M, end + RAMP_M, middle + RAMP_M]),
        y,
    )
    reach = HALF_GAP_M["trunk"] + 1.0
    slide = VIADUCT_HALF_GAP_M + (reach - VIADUCT_HALF_GAP_M) * np.linspace(0, 1, BEND_POINTS) ** 1.5
    # "Left" turns with the piece's own direction: west-bound pieces have south on their left.
    aside = np.array([1, -1, 1, -1, -1])[:, None] * slide
    points = bend(feet, ground.warp, grow_m=0.0, aside_m=aside)
    ramps = _plain(as_lines(points), "trunk", street="viaduct", oneway=True)
    return ramps, over


def _level_pieces(x0: Floats, x1: Floats, y: float) -> pd.DataFrame:
    """Pieces along one lattice line, in the columns that `bend` reads."""
    return pd.DataFrame({"ax": x0, "ay": y, "bx": x1, "by": y, "grows_a": False, "grows_b": False})


def _node(drawn: Drawing) -> gpd.GeoDataFrame:
    """Ground lines cut where they meet, without the leftovers at their ends."""
    parts, owner = shapely.get_parts(drawn.lines, return_index=True)
    edges = shapely.get_parts(shapely.union_all(parts, grid_size=GRID_M))
    edges = edges[shapely.length(edges) > 0.1]
    ends = np.stack([shapely.get_coordinates(shapely.get_point(edges, k)) for k in (0, -1)], axis=1)
    kept = np.ones(len(edges), dtype=bool)
    length = shapely.length(edges)
    for _ in range(3):
        _, node, count = np.unique(ends[kept].reshape(-1, 2), axis=0, return_inverse=True, return_counts=True)
        loose = (count[node] == 1).reshape(-1, 2).any(axis=1)
        kept[np.flatnonzero(kept)[loose & (length[kept] < STUB_M)]] = False
    edges = edges[kept]
    nearest = shapely.STRtree(parts).query_nearest(
        shapely.line_interpolate_point(edges, 0.5, normalized=True), all_matches=False
    )[1]
    table = drawn.table.iloc[owner[nearest]].reset_index(drop=True)
    # The union forgets directions: one-way pieces run as their carriageway was drawn.
    drawn_along = _direction(parts[nearest], edges)
    edges = np.where(table["oneway"].to_numpy() & ~drawn_along, shapely.reverse(edges), edges)
    order = np.lexsort(shapely.bounds(edges).T[[2, 3, 0, 1]])
    roads = gpd.GeoDataFrame(table, geometry=edges, crs=CRS)
    return roads.iloc[order].reset_index(drop=True)


def _direction(lines: Shapes, edges: Shapes) -> Bools:
    """Whether each edge runs in the direction of its line."""
    first = shapely.line_locate_point(lines, shapely.get_point(edges, 0))
    last = shapely.line_locate_point(lines, shapely.get_point(edges, -1))
    along: Bools = first <= last
    return along
