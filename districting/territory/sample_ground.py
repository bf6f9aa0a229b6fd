"""The sample's ground plan: sub-districts, superblocks, river, railway and ring road on a straight lattice.

Everything is laid out with right angles in *lattice space* (m, origin in the south-west) and bent once by a
smooth `Warp`. So every junction is exact by construction, and no street of the finished town is straight.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

#: South-west corner in EPSG:4547 (CGCS2000 / 3-degree Gauss-Kruger CM 114E); any place in its area would do.
ORIGIN = (503_000.0, 3_300_000.0)

#: Spacing of streets around a superblock, m: what Chinese plans of 300-500 m leave on average.
STREET_GAP_M = 390.0

#: Between the two bank roads, m; the river itself takes about half of it.
RIVER_CORRIDOR_M = 150.0


@dataclass(frozen=True)
class Warp:
    """A smooth bend of the plane: a rotation and a few long waves, invertible because they are gentle.

    Parameters
    ----------
    waves
        Wave vectors, rad/m, shape (k, 2).
    sway
        Displacement of each wave, m, shape (k, 2).
    phase
        Shape (k,).
    angle
        Rotation of the whole town, rad.
    """

    waves: Floats
    sway: Floats
    phase: Floats
    angle: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Warp:
        """Waves of about 5, 2.4 and 1.2 km that displace by about 110, 55 and 20 m."""
        lengths = np.repeat([5200.0, 2400.0, 1250.0], 3) * rng.uniform(0.85, 1.2, 9)
        reach = np.repeat([110.0, 55.0, 20.0], 3) / np.sqrt(2) * rng.uniform(0.6, 1.1, 9)
        heading, drift = rng.uniform(0, 2 * np.pi, 9), rng.uniform(0, 2 * np.pi, 9)
        waves = (2 * np.pi / lengths)[:, None] * np.column_stack([np.cos(heading), np.sin(heading)])
        sway = reach[:, None] * np.column_stack([np.cos(drift), np.sin(drift)])
        return cls(waves, sway, rng.uniform(0, 2 * np.pi, 9), float(rng.uniform(0.05, 0.16)))

    def points(self, xy: Floats) -> Floats:
        """Lattice points, shape (…, 2), in the sample's CRS."""
        bent = xy + np.sin(xy @ self.waves.T + self.phase) @ self.sway
        turned: Floats = bent @ self._turn().T + np.array(ORIGIN)
        return turned

    def tangents(self, xy: Floats, direction: Floats) -> Floats:
        """Unit vector into which ``direction`` (lattice) is bent at each point; shape of ``xy``."""
        slope = np.cos(xy @ self.waves.T + self.phase) * (direction @ self.waves.T)
        bent = (direction + slope @ self.sway) @ self._turn().T
        unit: Floats = bent / np.linalg.norm(bent, axis=-1, keepdims=True)
        return unit

    def _turn(self) -> Floats:
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.array([[c, -s], [s, c]])


@dataclass(frozen=True)
class Quarter:
    """The rectangle of one sub-district in lattice space and the street lines inside it, ends included."""

    xs: Floats
    ys: Floats
    band: int


@dataclass(frozen=True)
class Ground:
    """Where everything lies in lattice space.

    Parameters
    ----------
    width, height
        Of the town, m.
    bands
        y of the main roads that separate rows of sub-districts, ends included.
    quarters
        One per sub-district, west to east, then south to north.
    ring
        x west, x east, y south, y north of the ring road.
    avenue_x
        x of the main north-south avenue.
    river
        x of the west bank road, the middle of the river and the east bank road.
    rail_y
        y of the railway, about which it wanders.
    rail_band
        Row of sub-districts that it crosses.
    warp
        The bend.
    """

    width: float
    height: float
    bands: Floats
    quarters: tuple[Quarter, ...]
    ring: tuple[float, float, float, float]
    avenue_x: float
    river: tuple[float, float, float]
    rail_y: float
    rail_band: int
    warp: Warp

    @property
    def centre(self) -> tuple[float, float]:
        """Where the town is densest."""
        return (self.avenue_x, self.height / 2)

    def rail(self, x: Floats) -> Floats:
        """The railway's y at each x."""
        return self.rail_y + 34.0 * np.sin(x / 900.0) + 16.0 * np.sin(x / 370.0 + 1.0)


def lay_ground(
    *, subdistricts: int, superblocks: float, rng: np.random.Generator, gap_m: float = STREET_GAP_M
) -> Ground:
    """Divide a town into ``subdistricts`` rectangles of about ``superblocks`` superblocks each.

    Rows of sub-districts are offset like bricks, every one has a street grid of its own, and only the river,
    the ring road, the avenue and the railway run through.

    Parameters
    ----------
    gap_m
        About how far apart streets lie, m.
    """
    rows = max(1, int(np.sqrt(subdistricts) + 0.3))
    per_row = np.full(rows, subdistricts // rows)
    per_row[: subdistricts % rows] += 1
    side = np.sqrt(superblocks) * gap_m
    height = rows * side * 0.95
    width = subdistricts * side * side / height + RIVER_CORRIDOR_M
    bands = np.concatenate([[0.0], np.cumsum(rng.uniform(0.93, 1.07, rows))])
    bands *= height / bands[-1]

    middle = _river_x(width, per_row[0], rng)
    half = RIVER_CORRIDOR_M / 2
    rail_band = rows - 1
    rail_y = float(bands[rail_band] + (bands[rail_band + 1] - bands[rail_band]) * rng.uniform(0.3, 0.37))
    west, east, south, north = _ring(width, bands, rng, gap_m)
    # In a small town the ring gives way, so that a superblock fits between it and the river or the railway.
    ring = (min(west, middle - half - 290), max(east, middle + half + 290), south, max(north, rail_y + 390))
    room = middle - half - ring[0]
    avenue_x = ring[0] + room * rng.uniform(0.42, 0.55) if room > 800 else ring[0]
    through = np.unique([middle - half, middle, middle + half, ring[0], ring[1], avenue_x])

    quarters: list[Quarter] = []
    for band in range(rows):
        low, high = bands[band], bands[band + 1]
        cuts = _brick_cuts(width, int(per_row[band]), band, middle, through, rng, gap_m)
        for x0, x1 in pairwise(cuts):
            fixed_y = [y for y in ring[2:] if low + 60 < y < high - 60]
            if band == rail_band:
                fixed_y = [rail_y - rng.uniform(165, 215), rail_y + rng.uniform(165, 215), *fixed_y]
            inside = through[(through > x0 + 60) & (through < x1 - 60)]
            keep_free = (rail_y - 160, rail_y + 160) if band == rail_band else (0.0, 0.0)
            xs = _lines(x0, x1, inside, rng, free=(middle - half, middle + half), gap_m=gap_m)
            ys = _lines(low, high, np.array(fixed_y), rng, free=keep_free, gap_m=gap_m)
            quarters.append(Quarter(xs, ys, band))
    return Ground(
        width=width,
        height=height,
        bands=bands,
        quarters=tuple(quarters),
        ring=ring,
        avenue_x=avenue_x,
        river=(middle - half, middle, middle + half),
        rail_y=rail_y,
        rail_band=rail_band,
        warp=Warp.draw(rng),
    )


def _river_x(width: float, in_first_row: int, rng: np.random.Generator) -> float:
    """Middle of the river: on a border of the first row of sub-districts."""
    share = np.ceil(in_first_row / 2) / in_first_row if in_first_row > 1 else 0.45
    return float(width * share + rng.uniform(-0.02, 0.02) * width)


def _ring(
    width: float, bands: Floats, rng: np.random.Generator, gap_m: float
) -> tuple[float, float, float, float]:
    """The ring road: well inside the outer sub-districts, so that it cuts them."""
    rows, height = len(bands) - 1, float(bands[-1])
    inset = rng.uniform(1.2, 1.7, 4) * gap_m
    west, east = max(inset[0], 0.17 * width), width - max(inset[1], 0.13 * width)
    # A single row leaves no room beside the railway: the southern edge is the ring.
    south, north = (inset[2] if rows > 1 else 0.0), height - inset[3]
    if rows > 3:
        k = rows // 6
        south, north = (bands[j] + rng.uniform(0.4, 0.6) * (bands[j + 1] - bands[j]) for j in (k, rows - 1 - k))
    return float(west), float(east), float(south), float(north)


def _brick_cuts(
    width: float, count: int, band: int, middle: float, through: Floats, rng: np.random.Generator, gap_m: float
) -> list[float]:
    """Borders (x) between the sub-districts of one row: the river in even rows, east of it in odd ones."""
    bank = RIVER_CORRIDOR_M / 2
    cuts = np.linspace(0, width, count + 1)
    cuts[1:-1] += rng.uniform(-0.12, 0.12, count - 1) * (width / count)
    inner = cuts[1:-1]
    # A border near a road that runs through follows it, and none runs beside the river.
    roads = through[np.abs(through - middle) > bank + 1]

    def settled(x: float) -> float:
        road = float(roads[np.argmin(np.abs(roads - x))])
        return road if abs(road - x) < 230 else x

    beside = settled(middle + bank + rng.uniform(0.95, 1.1) * gap_m)
    for i, x in enumerate(inner):
        inner[i] = settled(x)
        if abs(inner[i] - middle) < bank + 260:
            inner[i] = beside
    if count > 1:
        inner[np.argmin(np.abs(inner - middle))] = middle if band % 2 == 0 else beside
    return [float(x) for x in cuts]


def _lines(
    start: float, end: float, fixed: Floats, rng: np.random.Generator, *, free: tuple[float, float], gap_m: float
) -> Floats:
    """Street lines from ``start`` to ``end`` through ``fixed``, about ``gap_m`` apart, none inside ``free``."""
    stops: list[float] = [start]
    for stop in np.sort(fixed):
        # Two through lines closer than this would leave a strip; the river's own three lines are meant.
        in_river = free[0] <= stop <= free[1]
        if stop - stops[-1] > 150 or in_river:
            stops.append(float(stop))
    if end - stops[-1] < 150 and len(stops) > 1 and not free[0] <= stops[-1] <= free[1]:
        stops.pop()
    stops.append(end)
    made = [stops[0]]
    for a, b in pairwise(stops):
        parts = 1 if a >= free[0] - 60 and b <= free[1] + 60 else max(1, round((b - a) / gap_m))
        weights = rng.uniform(0.78, 1.22, parts)
        made += list(a + (b - a) * np.cumsum(weights / weights.sum()))
        made[-1] = b
    return np.array(made)
