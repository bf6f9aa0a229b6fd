"""What runs along a border: the best road, railway, water or wall, sampled every ten metres. Method §3.1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from districting.territory.adjacency import BORDER_CLASSES
from districting.territory.borders import Bools, Floats, Ints, Shapes, split_lines, two_point_lines
from districting.territory.cutlines import elevated, underground
from districting.territory.layers import Layers

#: Distance between samples, and between a sample and a line that the border follows, m.
SAMPLE_M = 10.0
NEAR_M = 10.0
#: A border between two carriageways follows them if both are within this, m.
CARRIAGEWAY_M = 30.0
#: A line follows a border when their bearings differ by at most this.
BEARING_DEG = 30.0
#: Samples measured in one go, so that a large city fits into memory.
BATCH = 50_000

RANK = {name: rank for rank, name in enumerate(BORDER_CLASSES)}
NOTHING = RANK["none"]
#: Classes drawn as two carriageways, whose middle line is the border.
_DUAL = (RANK["motorway"], RANK["trunk"], RANK["primary"], RANK["secondary"], RANK["tertiary"], RANK["elevated"])


@dataclass(frozen=True)
class Courses:
    """Straight pieces of every line that a border may follow: rank in `BORDER_CLASSES`, position in ``names``."""

    start: Floats
    end: Floats
    rank: Ints
    name: Ints
    names: Shapes
    hard: Bools


@dataclass(frozen=True)
class Samples:
    """Samples of borders: ``owner`` numbers the border; ``hard`` where a railway or water bars the way."""

    owner: Ints
    length_m: Floats
    rank: Ints
    name: Ints
    hard: Bools


def gather_courses(layers: Layers) -> Courses:
    """All lines that a border may follow: roads on the ground and above, railways, water, walls."""
    roads = layers.roads
    ranks = roads["road_class"].map(RANK)
    kept = ranks.notna().to_numpy() & ~underground(roads)
    rank = np.where(elevated(roads), RANK["elevated"], ranks.fillna(NOTHING)).astype(np.int64)[kept]
    lines = [roads.geometry.to_numpy()[kept]]
    names = [roads["name"].to_numpy(dtype=object)[kept]]
    levels = [rank]
    for kind, as_class in (("rail", "rail"), ("water", "water"), ("wall", "wall"), ("expressway", "elevated")):
        rows = layers.barriers[layers.barriers["kind"].eq(kind)]
        shapes = rows.geometry.to_numpy()
        lines.append(np.where(shapely.get_dimensions(shapes) == 2, shapely.boundary(shapes), shapes))
        names.append(rows["name"].to_numpy(dtype=object))
        levels.append(np.full(len(rows), RANK[as_class], dtype=np.int64))
    parts, owner = shapely.get_parts(np.concatenate(lines), return_index=True)
    start, end, part = split_lines(parts)
    line = owner[part]
    code, known = pd.factorize(pd.Series(np.concatenate(names), dtype=object), sort=True)
    level = np.concatenate(levels)[line]
    hard = np.isin(level, (RANK["rail"], RANK["water"]))
    return Courses(start, end, level, code.astype(np.int64)[line], np.asarray(known, dtype=object), hard)


def hard_courses(courses: Courses) -> Courses:
    """The railways and waters alone."""
    kept = courses.hard
    return Courses(
        courses.start[kept],
        courses.end[kept],
        courses.rank[kept],
        courses.name[kept],
        courses.names,
        courses.hard[kept],
    )


def sample_borders(start: Floats, end: Floats, owner: Ints, courses: Courses) -> Samples:
    """Sample straight border pieces, each of the border ``owner``, and find what runs along.

    The samples of a piece share its length, so the lengths of a border add up to it exactly.
    """
    length = np.hypot(*(end - start).T)
    count = np.maximum(np.ceil(length / SAMPLE_M).astype(np.int64), 1)
    piece = np.repeat(np.arange(len(length)), count)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    share = (step + 0.5) / count[piece]
    xy = start[piece] + share[:, None] * (end - start)[piece]
    heading = ((end - start) / np.maximum(length, 1e-9)[:, None])[piece]
    rank = np.full(len(piece), NOTHING, dtype=np.int64)
    name = np.full(len(piece), -1, dtype=np.int64)
    hard = np.zeros(len(piece), dtype=bool)
    tree = shapely.STRtree(two_point_lines(courses.start, courses.end))
    for low in range(0, len(piece), BATCH):
        part = slice(low, low + BATCH)
        rank[part], name[part], hard[part] = _follow(xy[part], heading[part], courses, tree)
    return Samples(owner[piece], (length / count)[piece], rank, name, hard)


def runs_of(samples: Samples, courses: Courses) -> pd.DataFrame:
    """Metres by border, class and name: columns ``owner``, ``border_class``, ``border_name``, ``length_m``."""
    table = pd.DataFrame(
        {"owner": samples.owner, "rank": samples.rank, "name": samples.name, "length_m": samples.length_m}
    )
    table = table.groupby(["owner", "rank", "name"], sort=True)[["length_m"]].sum().reset_index()
    names = np.concatenate([courses.names, [None]])
    return pd.DataFrame(
        {
            "owner": table["owner"],
            "border_class": np.array(BORDER_CLASSES, dtype=object)[table["rank"]],
            "border_name": names[table["name"]],
            "length_m": table["length_m"],
        }
    )


def _follow(xy: Floats, heading: Floats, courses: Courses, tree: shapely.STRtree) -> tuple[Ints, Ints, Bools]:
    """Rank and name of the best line along each sample, and whether a hard barrier is there."""
    rank = np.full(len(xy), NOTHING, dtype=np.int64)
    name = np.full(len(xy), -1, dtype=np.int64)
    hard = np.zeros(len(xy), dtype=bool)
    sample, line = tree.query(shapely.points(xy), predicate="dwithin", distance=CARRIAGEWAY_M)
    start, step = courses.start[line], courses.end[line] - courses.start[line]
    length = np.hypot(*step.T)
    aligned = np.abs((step * heading[sample]).sum(axis=1)) >= length * np.cos(np.radians(BEARING_DEG))
    sample, line, start, step, length = (
        sample[aligned],
        line[aligned],
        start[aligned],
        step[aligned],
        length[aligned],
    )
    if not len(sample):
        return rank, name, hard
    along = np.clip(((xy[sample] - start) * step).sum(axis=1) / length**2, 0.0, 1.0)
    offset = start + along[:, None] * step - xy[sample]
    distance = np.hypot(*offset.T)
    left = heading[sample, 0] * offset[:, 1] - heading[sample, 1] * offset[:, 0] > 0
    level = courses.rank[line]
    near = distance <= NEAR_M
    hard[sample[near & courses.hard[line]]] = True
    # Between carriageways: the same class on the left and on the right.
    sides = np.zeros((len(xy), len(BORDER_CLASSES), 2), dtype=bool)
    sides[sample, level, left.astype(np.int64)] = True
    near |= sides[sample, level].all(axis=1) & np.isin(level, _DUAL)
    sample, line, distance, level = sample[near], line[near], distance[near], level[near]
    code = courses.name[line]
    order = np.lexsort((distance, code < 0, level, sample))
    _, first = np.unique(sample[order], return_index=True)
    best = order[first]
    rank[sample[best]] = level[best]
    name[sample[best]] = code[best]
    return rank, name, hard
