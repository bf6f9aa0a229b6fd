"""The sample's street axes: every street as one line, from the ring road down to the lanes of a superblock.

The axes divide the land into blocks. How they are drawn (two carriageways, bridges, junctions) is
`districting.territory.sample_streets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.territory.sample_ground import Bools, Floats, Ground, Quarter, Shapes, Warp

Row = tuple[Any, ...]

#: Half the distance between the axes of two carriageways, m, by class; 0 is drawn once.
HALF_GAP_M = {"trunk": 11.0, "primary": 8.0}

#: Points by which a street of up to 500 m is bent: the chord strays about 0.1 m from the curve.
BEND_POINTS = 13

#: Streets that end on another one are drawn this much too far, so that the two surely meet.
OVERSHOOT_M = 1.5

# Lanes of a superblock in its unit square: (from, to), with a, b, c drawn anew for each; and how often.
_LANES: tuple[tuple[float, tuple[tuple[str, str, str, str], ...]], ...] = (
    (1.2, ()),
    (2.0, (("a", "0", "a", "1"),)),
    (2.0, (("0", "b", "1", "b"),)),
    (2.4, (("a", "0", "a", "1"), ("a", "b", "1", "b"))),
    (2.4, (("a", "0", "a", "1"), ("0", "b", "a", "b"))),
    (2.4, (("0", "b", "1", "b"), ("a", "b", "a", "1"))),
    (2.2, (("a", "0", "a", "1"), ("0", "b", "a", "b"), ("a", "c", "1", "c"))),
    (2.0, (("0", "b", "1", "b"), ("a", "0", "a", "b"), ("c", "b", "c", "1"))),
    (1.4, (("0", "b", "1", "b"), ("a", "0", "a", "half"))),
    (1.0, (("a", "0", "a", "1"), ("1", "b", "dead", "b"))),
)


@dataclass(frozen=True)
class Axes:
    """Streets and superblocks.

    Parameters
    ----------
    streets
        One straight piece in lattice space per row: ``ax``, ``ay``, ``bx``, ``by``, ``road_class``, ``street``
        (key of its name, empty for nameless ones), ``half_gap_m``, ``grows_a``, ``grows_b`` (bool: that end lies
        on another street and nothing continues it there), ``crosses`` (``"river"``, ``"tunnel"`` or empty),
        ``median`` (bool: two carriageways).
    cells
        Superblocks: ``x0``, ``x1``, ``y0``, ``y1``, ``quarter``, ``wet`` (bool: half of the river's corridor),
        ``rail`` (bool: the railway runs through it), ``only`` (the one use of all its land: ``park`` with a lake,
        ``campus``, ``vacant`` land that waits for housing; empty for the others).
    """

    streets: pd.DataFrame
    cells: pd.DataFrame


def lay_axes(ground: Ground, *, rng: np.random.Generator) -> Axes:
    """All streets and superblocks of a town."""
    rows: list[Row] = []
    made: list[pd.DataFrame] = []
    for i, quarter in enumerate(ground.quarters):
        rows += _grid(ground, i, quarter, rng)
        made.append(_cells(ground, i, quarter))
    cells = pd.concat(made, ignore_index=True)
    cells["only"] = _special(ground, cells, rng)
    for i, quarter in enumerate(ground.quarters):
        rows += _lanes(i, cells[cells["quarter"] == i], len(quarter.xs) - 1, rng)
    rows += _bridges(ground, rng)
    rows += _borders(ground)
    names = ["ax", "ay", "bx", "by", "road_class", "street", "grows_a", "grows_b", "crosses", "median"]
    streets = pd.DataFrame(rows, columns=names)
    streets["half_gap_m"] = streets["road_class"].map(HALF_GAP_M).fillna(0.0).where(streets["median"], 0.0)
    goes_on = continued(streets)
    streets["grows_a"] &= ~goes_on[:, 0]
    streets["grows_b"] &= ~goes_on[:, 1]
    return Axes(streets, cells)


def continued(streets: pd.DataFrame) -> Bools:
    """Whether another street goes on in the same direction where one begins or ends; shape (n, 2)."""
    a, b = streets[["ax", "ay"]].to_numpy(float), streets[["bx", "by"]].to_numpy(float)
    turn = np.round(np.arctan2(*(b - a).T[::-1]) % np.pi, 3)
    ends = np.concatenate([a, b])
    keys = np.column_stack([np.round(ends, 2), np.tile(turn, 2)])
    _, group, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    found: Bools = (count[group] > 1).reshape(2, -1).T
    return found


def bend(streets: pd.DataFrame, warp: Warp, *, grow_m: float | Floats, aside_m: Floats | float = 0.0) -> Floats:
    """Streets as point arrays in the sample's CRS, shape (n, `BEND_POINTS`, 2).

    Parameters
    ----------
    grow_m
        How far ends that lie on another street reach beyond it; or how far each end does, shape (n, 2).
    aside_m
        Distance to the left of the axis, m; a number, shape (n, 1) or (n, `BEND_POINTS`).
    """
    a, b = streets[["ax", "ay"]].to_numpy(float), streets[["bx", "by"]].to_numpy(float)
    along = (b - a) / np.maximum(np.linalg.norm(b - a, axis=1, keepdims=True), 1e-9)
    if isinstance(grow_m, float):
        grow_m = streets[["grows_a", "grows_b"]].to_numpy(float) * grow_m
    a, b = a - along * grow_m[:, :1], b + along * grow_m[:, 1:]
    steps = np.linspace(0, 1, BEND_POINTS)[None, :, None]
    flat = a[:, None, :] * (1 - steps) + b[:, None, :] * steps
    points = warp.points(flat)
    tangent = warp.tangents(flat, np.broadcast_to(along[:, None, :], flat.shape))
    left = np.stack([-tangent[..., 1], tangent[..., 0]], axis=-1)
    aside = np.broadcast_to(np.asarray(aside_m, dtype=float), flat.shape[:2])
    moved: Floats = points + left * aside[..., None]
    return moved


def as_lines(points: Floats) -> Shapes:
    """Points of lines, shape (n, k, 2), as LineStrings."""
    return np.asarray(shapely.linestrings(points), dtype=object)


def cell_polygons(cells: pd.DataFrame, warp: Warp) -> Shapes:
    """Superblocks as polygons in the sample's CRS, shape (n,)."""
    unit = np.linspace(0, 1, BEND_POINTS)[:-1]
    zero, one = np.zeros_like(unit), np.ones_like(unit)
    s = np.concatenate([unit, one, 1 - unit, zero])
    t = np.concatenate([zero, unit, one, 1 - unit])
    x0, x1, y0, y1 = (cells[name].to_numpy(float)[:, None] for name in ("x0", "x1", "y0", "y1"))
    rings = warp.points(np.stack([x0 + (x1 - x0) * s, y0 + (y1 - y0) * t], axis=-1))
    return np.asarray(shapely.polygons(rings), dtype=object)


def _through_class(ground: Ground, x: float | None, y: float | None, at: float) -> tuple[str, str] | None:
    """Class and name key of a street that runs through the whole town, by its line and the place on it."""
    west, east, south, north = ground.ring
    if x is not None:
        if x in (west, east) and south <= at <= north:
            return "trunk", "ring-west" if x == west else "ring-east"
        if x == ground.avenue_x or x in (west, east):
            return "primary", f"avenue-{x:.0f}"
        if x in (ground.river[0], ground.river[2]):
            return "tertiary", "bank-west" if x == ground.river[0] else "bank-east"
    elif y in (south, north):
        name = "ring-south" if y == south else "ring-north"
        return ("trunk", name) if west <= at <= east else ("secondary", f"outer-{name}")
    return None


def _grid(ground: Ground, i: int, quarter: Quarter, rng: np.random.Generator) -> list[Row]:
    """Streets between the superblocks of one sub-district."""
    xs, ys = quarter.xs, quarter.ys
    rows: list[Row] = []
    last_row, last_column = len(ys) - 2, len(xs) - 2
    for c, x in enumerate(xs[1:-1], start=1):
        if x == ground.river[1]:
            continue
        own = str(rng.choice(["secondary", "tertiary"], p=[0.4, 0.6]))
        for r in range(len(ys) - 1):
            through = _through_class(ground, float(x), None, (ys[r] + ys[r + 1]) / 2)
            kind, street = through or (own if rng.random() > 0.12 else "residential", f"q{i}-v{c}")
            wide = kind in HALF_GAP_M
            rows.append((x, ys[r], x, ys[r + 1], kind, street, r == 0, r == last_row, "", wide))
    for r, y in enumerate(ys[1:-1], start=1):
        own = str(rng.choice(["secondary", "tertiary"], p=[0.35, 0.65]))
        for c in range(len(xs) - 1):
            if _wet(ground, xs[c], xs[c + 1]):
                continue
            through = _through_class(ground, None, float(y), (xs[c] + xs[c + 1]) / 2)
            kind, street = through or (own if rng.random() > 0.12 else "residential", f"q{i}-h{r}")
            wide = kind in HALF_GAP_M
            rows.append((xs[c], y, xs[c + 1], y, kind, street, c == 0, c == last_column, "", wide))
    return rows


def _cells(ground: Ground, i: int, quarter: Quarter) -> pd.DataFrame:
    """Superblocks of one sub-district, row by row."""
    x0, y0 = np.meshgrid(quarter.xs[:-1], quarter.ys[:-1])
    x1, y1 = np.meshgrid(quarter.xs[1:], quarter.ys[1:])
    cells = pd.DataFrame({"x0": x0.ravel(), "x1": x1.ravel(), "y0": y0.ravel(), "y1": y1.ravel(), "quarter": i})
    cells["wet"] = (cells["x0"] >= ground.river[0] - 1) & (cells["x1"] <= ground.river[2] + 1)
    on_rail = (cells["y0"] < ground.rail_y) & (ground.rail_y < cells["y1"])
    cells["rail"] = on_rail & (quarter.band == ground.rail_band)
    return cells


def _special(ground: Ground, cells: pd.DataFrame, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """Superblocks with one use only: vacant ones in a corner of a sub-district, parks and campuses anywhere."""
    only = np.full(len(cells), "", dtype=object)
    plain = ~(cells["wet"] | cells["rail"]).to_numpy()
    corner = np.zeros(len(cells), dtype=bool)
    for i, quarter in enumerate(ground.quarters):
        first, columns = int(np.argmax(cells["quarter"].to_numpy() == i)), len(quarter.xs) - 1
        last = first + columns * (len(quarter.ys) - 1) - 1
        corner[[first, first + columns - 1, last - columns + 1, last]] = True
    n = len(ground.quarters)
    for use, share, among in (
        ("vacant", 5, corner & plain),
        ("park", 4, plain & ~corner),
        ("campus", 6, plain & ~corner),
    ):
        free = np.flatnonzero(among & (only == ""))
        only[rng.choice(free, max(1, round(n / share)), replace=False)] = use
    return only


def _wet(ground: Ground, x0: float, x1: float) -> bool:
    return bool(x0 >= ground.river[0] - 1 and x1 <= ground.river[2] + 1)


def _lanes(i: int, cells: pd.DataFrame, columns: int, rng: np.random.Generator) -> list[Row]:
    """Lanes inside the superblocks of one sub-district, and now and then a diagonal street across two."""
    rows: list[Row] = []
    plain = ~(cells["wet"] | cells["rail"] | (cells["only"] != "")).to_numpy()
    diagonal = _diagonal(plain, columns, rng) if rng.random() < 0.6 else {}
    weights = np.array([weight for weight, _ in _LANES])
    corners = cells[["x0", "x1", "y0", "y1"]].to_numpy(float)
    kinds = zip(cells.index, cells["wet"], cells["rail"], cells["only"], strict=True)
    for j, (number, wet, rail, only) in enumerate(kinds):
        x0, x1, y0, y1 = (float(v) for v in corners[j])
        if j in diagonal:
            up = diagonal[j]
            end = (x1, y1 if up else y0)
            rows.append((x0, y0 if up else y1, *end, "secondary", f"q{i}-d", False, False, "", False))
            continue
        if wet or only:
            continue
        pattern = 1 if rail else int(rng.choice(len(_LANES), p=weights / weights.sum()))
        at = {
            "0": 0.0,
            "1": 1.0,
            "a": rng.uniform(0.32, 0.62),
            "b": rng.uniform(0.36, 0.64),
            "dead": rng.uniform(0.62, 0.72),
        }
        at["c"] = at["b"] + (0.16 if at["b"] < 0.5 else -0.16) if pattern == 6 else rng.uniform(0.4, 0.7)
        at["half"] = at["b"] * rng.uniform(0.5, 0.65)
        for k, (s0, t0, s1, t1) in enumerate(_LANES[pattern][1]):
            kind = str(rng.choice(["residential", "tertiary", "service", "pedestrian"], p=[0.72, 0.1, 0.12, 0.06]))
            start = (x0 + (x1 - x0) * at[s0], y0 + (y1 - y0) * at[t0])
            end = (x0 + (x1 - x0) * at[s1], y0 + (y1 - y0) * at[t1])
            street = f"c{number}-{k}" if kind != "service" else ""
            rows.append((*start, *end, kind, street, True, s1 != "dead" and t1 != "half", "", False))
    return rows


def _diagonal(plain: Bools, columns: int, rng: np.random.Generator) -> dict[int, bool]:
    """Two superblocks that meet at a corner and are crossed from corner to corner; True: rising eastwards."""
    rows = len(plain) // columns
    if rows < 3 or columns < 3:
        return {}
    up = bool(rng.random() < 0.5)
    c, r = int(rng.integers(0, columns - 1)), int(rng.integers(0, rows - 1))
    pair = [r * columns + c, (r + 1) * columns + c + 1] if up else [(r + 1) * columns + c, r * columns + c + 1]
    return dict.fromkeys(pair, up) if plain[pair].all() else {}


def _bridges(ground: Ground, rng: np.random.Generator) -> list[Row]:
    """Streets across the river that are no border of sub-districts; one of several dives under it."""
    rows: list[Row] = []
    west, _, east = ground.river
    for i, quarter in enumerate(ground.quarters):
        if west not in quarter.xs:
            continue
        inner = quarter.ys[1:-1]
        by_rail = quarter.band == ground.rail_band
        chosen = inner[rng.random(len(inner)) < (0.5 if len(inner) > 2 else 1.0)]
        chosen = chosen if len(chosen) else inner[:1]
        for y in np.union1d(chosen, [y for y in inner if y in ground.ring[2:]]):
            through = _through_class(ground, None, float(y), west)
            kind, street = through or ("secondary", f"q{i}-h{int(np.searchsorted(quarter.ys, y))}")
            wide = kind in HALF_GAP_M
            dives = kind == "secondary" and by_rail and not any(row[8] == "tunnel" for row in rows)
            rows.append((west, y, east, y, kind, street, True, True, "tunnel" if dives else "river", wide))
    return rows


def _borders(ground: Ground) -> list[Row]:
    """Main roads on the borders of sub-districts, and the streets around the town."""
    rows: list[Row] = []
    west, east, south, _ = ground.ring
    stops = np.array([0.0, *ground.river, west, east, ground.width])
    for b, y in enumerate(ground.bands):
        outer = b in (0, len(ground.bands) - 1)
        for x0, x1 in _pieces(0.0, ground.width, np.delete(stops, 2)):
            over = "river" if _wet(ground, x0, x1) else ""
            kind, street = ("secondary", f"edge-{b}") if outer else ("primary", f"band-{b}")
            if outer and y == south and west <= (x0 + x1) / 2 <= east:
                kind, street = "trunk", "ring-south"
            rows.append((x0, y, x1, y, kind, street, x0 == 0.0, x1 == ground.width, over, kind in HALF_GAP_M))
    for i, quarter in enumerate(ground.quarters):
        y0, y1 = float(quarter.ys[0]), float(quarter.ys[-1])
        sides = [float(quarter.xs[0])] + ([ground.width] if quarter.xs[-1] == ground.width else [])
        for x in sides:
            if x == ground.river[1]:
                continue
            outer = x in (0.0, ground.width)
            for low, high in _pieces(y0, y1, np.array([v for v in ground.ring[2:] if y0 < v < y1])):
                own = ("tertiary", f"side-{x:.0f}") if outer else ("primary", f"cut-{i}")
                kind, street = _through_class(ground, x, None, (low + high) / 2) or own
                wide = "cut" not in street and kind in HALF_GAP_M
                rows.append((x, low, x, high, kind, street, low == y0, high == y1, "", wide))
    return rows


def _pieces(start: float, end: float, stops: Floats) -> list[tuple[float, float]]:
    """Pieces of at most about 320 m between ``start``, ``stops`` and ``end``."""
    marks = np.unique(np.concatenate([[start], stops, [end]]))
    made: list[tuple[float, float]] = []
    for a, b in pairwise(marks):
        cuts = np.linspace(a, b, max(1, round((b - a) / 300)) + 1)
        made += [(float(p), float(q)) for p, q in pairwise(cuts)]
    return made
