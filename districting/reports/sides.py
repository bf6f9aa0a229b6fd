"""四至: what a community ends at on each of its four sides, as Chinese boundary descriptions tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.language import Language, say
from districting.plans.lines import ALONG_M, BARRIER_CLASSES, BEARING_DEG, lines_of
from districting.territory.layers import ROAD_CLASSES, Layers

Side = Literal["east", "south", "west", "north"]
#: In the order in which documents name them.
SIDES: tuple[Side, ...] = get_args(Side)

#: Outlines are looked at every so many metres.
_STEP_M = 20.0
#: A neighbour lies within this of the border: a street's width and its pavements, m.
_NEIGHBOUR_M = 40.0
#: What holds less than this share of a side is not named beside the line that holds most.
_NAMED_FROM = 0.3
#: At most so many are named on one side.
_MOST_NAMED = 2

#: Roads too small to describe a border with.
_ROADS = tuple(one for one in ROAD_CLASSES if one not in ("service", "pedestrian", "path"))
_KINDS = {border_class: kind for kind, border_class in BARRIER_CLASSES.items()}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Limit:
    """What a side ends at.

    Parameters
    ----------
    kind
        ``line``: a road or a named barrier; ``barrier``: one without a name, ``name`` is its kind;
        ``community``: a neighbour; ``edge``: nothing of the case lies beyond.
    name
        What people call it.
    """

    kind: Literal["line", "barrier", "community", "edge"]
    name: str = ""

    def text(self, language: Language) -> str:
        """The limit in words."""
        if self.kind == "barrier":
            return say(f"report.barrier.{self.name}", language)
        return say("page.side_edge", language) if self.kind == "edge" else self.name


def four_sides(outlines: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """The limits of each community to the east, south, west and north.

    A step of the outline belongs to the side towards which it lies from the middle of the community's bounding
    box, measured in half-widths of the box, and counts with its extent along that side. It ends at the named road,
    river, railway or wall that runs along it (within 20 m, in its direction to within 30°), else at the neighbour
    across, else at the edge of the case. Named are the one that holds most of the side, and a second that holds
    at least 30 % of it.

    Parameters
    ----------
    outlines
        Index ``community_id``; geometry and ``name``. Communities without land get no limits.

    Returns
    -------
    DataFrame
        Index of ``outlines``, columns `SIDES`, values tuples of `Limit`.
    """
    steps = _steps(outlines.geometry.to_numpy())
    found = [_along_lines(steps, layers), _at_neighbours(steps, outlines)]
    told = pd.concat(found, ignore_index=True)
    told["limit"], known = pd.factorize(told["limit"], sort=True)
    # Of several candidates, a step goes to the one that holds most of its side; a line before any neighbour.
    told["weight"] = steps.weight[told["step"]]
    told["owner"], told["side"] = steps.owner[told["step"]], steps.side[told["step"]]
    told["total"] = told.groupby(["owner", "side", "rank", "limit"])["weight"].transform("sum")
    told = told.sort_values(["step", "rank", "total", "limit"], ascending=[True, True, False, True])
    told = told.drop_duplicates("step")
    held = told.groupby(["owner", "side", "limit"])["weight"].sum().reset_index()
    held = held.sort_values(["owner", "side", "weight", "limit"], ascending=[True, True, False, True])
    held["place"] = held.groupby(["owner", "side"]).cumcount()
    held["share"] = held["weight"] / held.groupby(["owner", "side"])["weight"].transform("sum")
    held = held[(held["place"] == 0) | ((held["place"] < _MOST_NAMED) & (held["share"] >= _NAMED_FROM))]
    limits: dict[tuple[int, int], tuple[Limit, ...]] = {}
    for owner, side, code in zip(held["owner"], held["side"], held["limit"], strict=True):
        limits[owner, side] = (*limits.get((owner, side), ()), known[code])
    return pd.DataFrame(
        {name: [limits.get((pos, at), ()) for pos in range(len(outlines))] for at, name in enumerate(SIDES)},
        index=outlines.index,
    )


@dataclass(frozen=True)
class _Steps:
    """Straight steps of outlines: ends (n, 2, 2), position of the owner, side, and extent along it, m."""

    ends: Floats
    owner: Ints
    side: Ints
    weight: Floats

    @property
    def middle(self) -> Floats:
        """Shape (n, 2)."""
        return np.asarray(self.ends.mean(axis=1))


def _steps(shapes: Any) -> _Steps:
    """Steps of the outer rings, wound counter-clockwise."""
    parts, part_owner = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings = shapely.segmentize(shapely.get_exterior_ring(parts), _STEP_M)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    inside = np.flatnonzero(ring[1:] == ring[:-1])
    ends = np.stack([points[inside], points[inside + 1]], axis=1)
    owner = part_owner[ring[inside]].astype(np.int64)
    west, south, east, north = shapely.bounds(shapes).T[:, owner]
    x, y = ends.mean(axis=1).T
    u = (x - (west + east) / 2) / np.maximum((east - west) / 2, 1e-9)
    v = (y - (south + north) / 2) / np.maximum((north - south) / 2, 1e-9)
    sideways = np.abs(u) >= np.abs(v)
    side = np.where(sideways, np.where(u > 0, 0, 2), np.where(v < 0, 1, 3)).astype(np.int64)
    extent = np.abs(ends[:, 1] - ends[:, 0])
    return _Steps(ends, owner, side, np.where(sideways, extent[:, 1], extent[:, 0]))


def _along_lines(steps: _Steps, layers: Layers) -> pd.DataFrame:
    """Named roads and all barriers that run along steps: ``step``, ``limit``, ``rank`` 0."""
    lines = lines_of(layers, (*_ROADS, *_KINDS))
    named = lines["name"].notna() & (lines["name"] != "")
    lines = lines[named | lines["border_class"].isin(_KINDS)]
    parts, line = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    inside = np.flatnonzero(part[1:] == part[:-1])
    pieces = np.stack([points[inside], points[inside + 1]], axis=1)
    drawn: Any = shapely.linestrings(pieces)
    tree = shapely.STRtree(drawn)
    step, piece = tree.query(shapely.points(steps.middle), predicate="dwithin", distance=ALONG_M)
    turn = np.abs(_bearing(steps.ends[step]) - _bearing(pieces[piece])) % 180.0
    parallel = np.minimum(turn, 180.0 - turn) <= BEARING_DEG
    limits = [
        Limit("line", str(name)) if isinstance(name, str) and name else Limit("barrier", _KINDS[border_class])
        for name, border_class in zip(lines["name"], lines["border_class"], strict=True)
    ]
    which = line[part[inside[piece[parallel]]]]
    return _candidates(step[parallel], [limits[at] for at in which], rank=0)


def _at_neighbours(steps: _Steps, outlines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Communities across steps, rank 1, and the edge of the case, rank 2."""
    delta = steps.ends[:, 1] - steps.ends[:, 0]
    outward = np.column_stack([delta[:, 1], -delta[:, 0]]) / np.maximum(np.hypot(*delta.T), 1e-9)[:, None]
    beyond = shapely.points(steps.middle + outward * _NEIGHBOUR_M / 2)
    step, other = shapely.STRtree(outlines.geometry.to_numpy()).query(
        beyond, predicate="dwithin", distance=_NEIGHBOUR_M / 2
    )
    foreign = other != steps.owner[step]
    names = outlines["name"].astype(str).to_numpy()
    across = _candidates(step[foreign], [Limit("community", name) for name in names[other[foreign]]], rank=1)
    everywhere = np.arange(len(steps.owner))
    return pd.concat([across, _candidates(everywhere, [Limit("edge")] * len(everywhere), rank=2)])


def _candidates(step: Ints, limits: list[Limit], *, rank: int) -> pd.DataFrame:
    """A table of what steps may end at; each limit once per step."""
    table = pd.DataFrame({"step": np.asarray(step, dtype=np.int64), "limit": limits, "rank": rank})
    return table.drop_duplicates(["step", "limit"])


def _bearing(ends: Floats) -> Floats:
    """Direction of straight pieces, degrees in [0, 180)."""
    delta = ends[:, 1] - ends[:, 0]
    return np.asarray(np.degrees(np.arctan2(delta[:, 1], delta[:, 0])) % 180.0)
