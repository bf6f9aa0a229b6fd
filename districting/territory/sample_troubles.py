"""The troubles that are planted in the sample's communities, and the map of blocks that they are planted on.

Empty land, one community inside another, land in none, communities astride a main road or the railway, and one in
two pieces. How the other communities grow around them is `districting.territory.sample_communities`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from districting.territory.sample_blocks import Blocks, neighbours
from districting.territory.sample_ground import Floats, Ints

#: Households of a sound community at most; a neighbour's block must not push it beyond.
SOUND_AT_MOST = 4_800.0

#: Two blocks hang together if they share this much border, m: a carriageway moved to its median, or a roundabout,
#: parts blocks that share less.
FIRM_M = 60.0

Links = dict[int, dict[int, tuple[float, str]]]


@dataclass
class Quarter:
    """One sub-district while its communities grow: local state, thrown away afterwards."""

    free: set[int]
    owner: dict[int, int] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    glued: list[tuple[str, list[int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """What lies around each block.

    Parameters
    ----------
    households
        Of each block; shape (blocks,).
    links
        Neighbours in the same sub-district that people can walk between: metres shared, and what runs along most
        of them. Neither river nor railway.
    over_rail
        The same for neighbours across the railway.
    corners
        All blocks that touch it, at a corner too.
    rim
        Whether it touches another sub-district, the river or the edge of the town; shape (blocks,).
    centre
        Shape (blocks, 2), m.
    area_m2
        Shape (blocks,).
    """

    households: Ints
    links: Links
    over_rail: Links
    corners: dict[int, set[int]]
    rim: npt.NDArray[np.bool_]
    centre: Floats
    area_m2: Floats


def look_around(blocks: Blocks, households: Ints) -> Surroundings:
    """What lies around every block."""
    table = blocks.table
    centre = shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy()))
    area = table["area_m2"].to_numpy()
    rail = (blocks.borders["along"] == "rail").to_numpy()
    walked = ~rail & (blocks.borders["along"] != "river").to_numpy()
    return Surroundings(
        households, _links(blocks, walked), _links(blocks, rail), _touching(blocks), _rim(blocks), centre, area
    )


def _links(blocks: Blocks, which: npt.NDArray[np.bool_]) -> Links:
    """For each block its neighbours in the same sub-district over ``which`` pieces of border."""
    quarter = blocks.table["quarter"].to_numpy()
    borders = blocks.borders
    same = quarter[borders["a"]] == quarter[borders["b"]]
    inner = borders[same & which]
    lengths = inner.groupby(["a", "b", "along"], as_index=False)["length_m"].sum()
    lengths = lengths.sort_values(["a", "b", "length_m", "along"])
    total = lengths.groupby(["a", "b"])["length_m"].sum()
    longest = lengths.groupby(["a", "b"])["along"].last()
    links: Links = defaultdict(dict)
    for (a, b), metres, along in zip(total.index, total, longest, strict=True):
        if metres > FIRM_M:
            links[int(a)][int(b)] = links[int(b)][int(a)] = (float(metres), str(along))
    return links


def _touching(blocks: Blocks) -> dict[int, set[int]]:
    """For each block all others that touch it, at a corner too."""
    touching: dict[int, set[int]] = defaultdict(set)
    for a, b in neighbours(blocks.table.geometry.to_numpy()):
        touching[int(a)].add(int(b))
        touching[int(b)].add(int(a))
    return touching


def _rim(blocks: Blocks) -> npt.NDArray[np.bool_]:
    """Whether a block touches another sub-district, the river or the edge of the town."""
    table, borders = blocks.table, blocks.borders
    inner = np.zeros(len(table))
    quarter, wet = table["quarter"].to_numpy(), table["wet"].to_numpy()
    a, b = borders["a"].to_numpy(), borders["b"].to_numpy()
    fine = (quarter[a] == quarter[b]) & ~wet[a] & ~wet[b]
    for side in (a, b):
        np.add.at(inner, side[fine], borders["length_m"].to_numpy()[fine])
    rim: npt.NDArray[np.bool_] = inner < table.length.to_numpy() - 5
    return rim


def rail_blocks(blocks: Blocks) -> Ints:
    """Blocks beside the railway."""
    beside = blocks.borders[blocks.borders["along"] == "rail"]
    return np.unique(beside[["a", "b"]].to_numpy())


def plantings(n: int, by_rail: Ints) -> list[set[str]]:
    """Which troubles are planted in which sub-district: every one at least once, then one in six.

    A crowded community needs a sub-district for itself, with well-filled neighbours: one of at least four.
    """
    planted: list[set[str]] = [set() for _ in range(n)]
    for k, what in enumerate(("hole", "main_road", "exclave", "unassigned", "hollow")):
        for turn in range(max(1, n // 6)):
            planted[(k * 3 + turn * 6) % n].add(what)
    for turn in range(n // 6 if n > 5 else int(n > 3)):
        planted[(1 + turn * 6) % n].add("crowded")
    for q in by_rail[:: max(1, len(by_rail) // max(1, n // 6))]:
        planted[int(q)].add("rail")
    return planted


def plant_empty(state: Quarter, around: Surroundings, vacant: list[int]) -> None:
    """Vacant land is a community of its own that nobody lives in."""
    for group in parts_of(set(vacant), around.links):
        for b in group:
            state.owner[b] = len(state.kinds)
        state.kinds.append("empty")


def plant_hole(state: Quarter, around: Surroundings) -> None:
    """A block becomes a community of its own, and all blocks around it one other."""
    households, corners = around.households, around.corners
    choices = [
        (abs(float(households[b]) - 600) + max(0.0, float(households[list(corners[b])].sum()) - 7_000), b)
        for b in sorted(state.free)
        if not around.rim[b] and corners[b] <= state.free and len(parts_of(corners[b], around.links)) == 1
    ]
    if not choices:
        return
    b = min(choices)[1]
    state.owner[b] = len(state.kinds)
    state.kinds.append("inner")
    state.free -= {b}
    state.glued.append(("hole", sorted(corners[b])))


def plant_gap(state: Quarter, around: Surroundings) -> None:
    """One lived-in block at the edge that belongs to no community."""
    households, links = around.households, around.links
    glued = {b for _, group in state.glued for b in group}
    choices = sorted(
        (abs(float(households[b]) - 150) + around.area_m2[b] / 150, b)
        for b in state.free - glued
        if around.rim[b] and households[b] > 0
    )
    whole = len(parts_of(state.free, links))
    for _, b in choices:
        if len(parts_of(state.free - {b}, links)) <= whole:
            state.free -= {b}
            return


def plant_astride(state: Quarter, around: Surroundings, what: str, classes: tuple[str, ...]) -> None:
    """Two lived-in blocks on both sides of a main road or of the railway will be one community."""
    households, links = around.households, around.over_rail if what == "rail" else around.links
    taken = {b for _, group in state.glued for b in group}
    pairs = [
        (abs(float(households[a] + households[b]) - 1_500) - metres, a, b)
        for a in sorted(state.free - taken)
        for b, (metres, along) in sorted(links[a].items())
        if a < b and b in state.free - taken and along in classes and min(households[a], households[b]) > 80
    ]
    if pairs:
        state.glued.append((what, list(min(pairs)[1:])))


def plant_exclave(state: Quarter, around: Surroundings) -> list[int]:
    """A block goes to a community that it does not touch, though its own stays whole; returns that community.

    Never a block of the rim: the river's half before it could join the two pieces again.
    """
    households, links = around.households, around.links
    members: dict[int, set[int]] = defaultdict(set)
    for b, c in state.owner.items():
        members[c].add(b)
    size = {c: float(households[list(group)].sum()) for c, group in members.items()}
    glued = {b for _, group in state.glued for b in group}
    choices = []
    for b, c in sorted(state.owner.items()):
        if (
            b in glued
            or around.rim[b]
            or state.kinds[c] not in ("sound", "oversized", "hollow")
            or not 60 < households[b] < 1_200
        ):
            continue
        if len(parts_of(members[c] - {b}, links)) != 1 or size[c] - households[b] < 1_000:
            continue
        beside = {state.owner.get(other, -1) for other in around.corners[b]}
        for taker, group in sorted(members.items()):
            if taker in beside or state.kinds[taker] != "sound" or size[taker] + households[b] > SOUND_AT_MOST:
                continue
            far = float(np.min(np.linalg.norm(around.centre[list(group)] - around.centre[b], axis=1)))
            choices.append((far, b, taker))
    if not choices:
        return []
    _, b, taker = min(choices)
    state.owner[b] = taker
    return [taker]


def parts_of(group: set[int], links: Links) -> list[set[int]]:
    """Connected parts of a group of blocks, the one with the lowest number first."""
    left, parts = set(group), []
    while left:
        part, edge = set(), [min(left)]
        while edge:
            b = edge.pop()
            if b in part:
                continue
            part.add(b)
            edge += [other for other in links[b] if other in left and other not in part]
        left -= part
        parts.append(part)
    return parts
