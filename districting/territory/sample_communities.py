"""The sample's communities: unions of blocks, most of them sound, some with each trouble that real ones have.

Communities grow from seeds inside their sub-district, block by block. The troubles are planted on purpose, each
at least once: too large, too small, hollow, empty, in two pieces, with another one inside, astride a main road
or the railway, and a block in no community.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from districting.territory.sample_blocks import Blocks
from districting.territory.sample_ground import Floats, Ints
from districting.territory.sample_troubles import (
    SOUND_AT_MOST,
    Links,
    Quarter,
    Surroundings,
    look_around,
    parts_of,
    plant_astride,
    plant_empty,
    plant_exclave,
    plant_gap,
    plant_hole,
    plantings,
    rail_blocks,
)

#: What a community pays, in metres of distance, to grow over a border of this class.
_CROSSING_M = {"trunk": 1100.0, "primary": 600.0, "secondary": 130.0, "tertiary": 60.0}

#: Wished sizes in households.
_MICRO, _OVERSIZED, _CROWDED = (420.0, 900.0), (7_400.0, 9_000.0), (13_000.0, 14_000.0)

#: Households of the neighbours of a crowded community: so well filled that they cannot take what it has too much.
_FILLED = 4_700.0

#: Households beyond which a community of this kind takes no block that another could take.
_LIMIT = {"micro": 980.0, "sound": SOUND_AT_MOST, "oversized": 9_600.0, "crowded": 14_600.0}

#: Kinds that are too large, and how full they count while they grow, of their real fullness.
_AHEAD = {"oversized": 0.6, "crowded": 0.25}

#: Share of the homes of a hollow community that are lived in, of those that were.
HOLLOW_SHARE = 0.22


@dataclass(frozen=True)
class Division:
    """Today's communities.

    Parameters
    ----------
    community
        Community of each block, −1 on land in none; shape (blocks,).
    kinds
        One per community: ``sound``, ``micro``, ``oversized``, ``crowded`` (so large, among neighbours so full,
        that it takes a new community), ``hollow``, ``empty`` or ``inner`` (the one inside another).
    quarter
        Sub-district of each community.
    astride
        Communities planted astride: ``main_road``, ``rail``; and in two pieces: ``exclave``.
    """

    community: Ints
    kinds: tuple[str, ...]
    quarter: Ints
    astride: dict[str, tuple[int, ...]]


def divide(blocks: Blocks, households: Ints, *, communities: Ints, rng: np.random.Generator) -> Division:
    """Today's communities of every sub-district.

    Parameters
    ----------
    households
        Of each block.
    communities
        Wanted number for each sub-district.
    """
    table = blocks.table
    quarter, uses = table["quarter"].to_numpy(), table["use"].to_numpy()
    around = look_around(blocks, households)
    n = len(communities)
    planted = plantings(n, np.unique(quarter[rail_blocks(blocks)]))
    communities = _spread(communities, np.bincount(quarter, households, n).astype(np.float64), planted)

    owner = np.full(len(table), -1, dtype=np.int64)
    kinds: list[str] = []
    homes: list[int] = []
    astride: dict[str, list[int]] = {"main_road": [], "rail": [], "exclave": []}
    for q, stream in enumerate(rng.spawn(n)):
        here = np.flatnonzero((quarter == q) & (uses != "water"))
        state = Quarter(free={int(b) for b in here if uses[b] != "vacant"})
        plant_empty(state, around, [int(b) for b in here if uses[b] == "vacant"])
        if "hole" in planted[q]:
            plant_hole(state, around)
        if "unassigned" in planted[q]:
            plant_gap(state, around)
        for what, classes in (("main_road", ("trunk", "primary")), ("rail", ("rail",))):
            if what in planted[q]:
                plant_astride(state, around, what, classes)
        targets = _targets(state, around, int(communities[q]), q, planted[q], stream)
        seeds = grow(state, around, targets, stream)
        if "crowded" in planted[q]:
            _fill_up(state, around)
        if "exclave" in planted[q]:
            moved = plant_exclave(state, around)
            astride["exclave"] += [len(kinds) + c for c in moved]
        for what, seed in seeds.items():
            astride[what].append(len(kinds) + seed)
        for b, c in state.owner.items():
            owner[b] = len(kinds) + c
        kinds += state.kinds
        homes += [q] * len(state.kinds)
    follow_banks(owner, blocks, around.links)
    return Division(owner, tuple(kinds), np.array(homes), {k: tuple(v) for k, v in astride.items()})


def _spread(communities: Ints, households: Floats, planted: list[set[str]]) -> Ints:
    """Wanted numbers: a crowded community and full ones are few, so the other sub-districts have the more."""
    crowded = np.array(["crowded" in troubles for troubles in planted])
    few = 2 + np.round((households - np.mean(_CROWDED)) / _FILLED).astype(np.int64)
    own: Ints = np.where(crowded, np.minimum(few, communities), communities)
    weights = np.where(crowded, 0.0, households)
    more: Ints = np.round((communities.sum() - own.sum()) * weights / weights.sum()).astype(np.int64)
    return own + more


def _targets(
    state: Quarter, around: Surroundings, wanted: int, q: int, planted: set[str], rng: np.random.Generator
) -> list[tuple[str, float]]:
    """Kinds and wished sizes of the communities still to be made in one sub-district, oversized first."""
    total = float(around.households[list(state.free)].sum())
    # Every piece of land and every group that is glued together needs a community of its own.
    pieces = len(parts_of(state.free, around.links)) + len(state.glued)
    if "crowded" in planted:
        size = float(min(0.55 * total, rng.uniform(*_CROWDED)))
        full = max(2, pieces, round((total - size) / _FILLED))
        return [("crowded", size)] + [("sound", (total - size) / full)] * full
    count = max(2, wanted - len(state.kinds))
    made: list[tuple[str, float]] = []
    holds_hole = any(what == "hole" for what, _ in state.glued)
    if q % 4 != 3 or holds_hole:
        made.append(("oversized", float(np.clip(0.3 * total, 6_000, rng.uniform(*_OVERSIZED)))))
    micros = [("micro", float(rng.uniform(*_MICRO))) for _ in range(min(2, count // 4))]
    if "hollow" in planted:
        made.append(("hollow", min(4_600.0, 0.17 * total)))
    rest = max(1, pieces + 1 - len(made), count - len(made) - len(micros))
    weights = rng.uniform(0.78, 1.22, rest)
    left = max(total - sum(size for _, size in made + micros), 1_200.0 * rest)
    return made + [("sound", float(size)) for size in left * weights / weights.sum()] + micros


def grow(
    state: Quarter,
    around: Surroundings,
    targets: list[tuple[str, float]],
    rng: np.random.Generator,
    *,
    starts: list[int] | None = None,
) -> dict[str, int]:
    """Grow the communities of one sub-district; returns the ones that began astride something, by what it is.

    Parameters
    ----------
    targets
        Kind and wished size of each, households.
    starts
        The block that each begins with; None: chosen here.
    """
    households, centre, links = around.households, around.centre, around.links
    unit = {b: [b] for b in state.free}
    for _, group in state.glued:
        unit.update(dict.fromkeys(group, group))
    heads = sorted({group[0] for group in unit.values()})
    weight = {h: float(households[unit[h]].sum()) for h in heads}
    point = {h: centre[unit[h]].mean(axis=0) for h in heads}
    seeds = starts if starts is not None else _seeds(state, targets, heads, weight, point, links, rng)

    first = len(state.kinds)
    sizes: dict[int, float] = {}
    goal: dict[int, float] = {}
    started: dict[str, int] = {}
    named = {group[0]: what for what, group in state.glued}
    for k, ((kind, size), head) in enumerate(zip(targets, seeds, strict=True)):
        c = first + k
        state.kinds.append(kind)
        state.owner.update(dict.fromkeys(unit[head], c))
        sizes[c], goal[c] = weight[head], size
        if named.get(head) in ("main_road", "rail"):
            started[named[head]] = c
    seed_of = {first + k: head for k, head in enumerate(seeds)}
    waiting = set(heads) - set(seeds)
    limit = {c: _LIMIT.get(state.kinds[c], np.inf) for c in sizes}
    while waiting:
        best: tuple[bool, float, float, int, int] | None = None
        for head in sorted(waiting):
            toll: dict[int, float] = {}
            for b in unit[head]:
                for other, (_, along) in links[b].items():
                    c = state.owner.get(other, -1)
                    if c in sizes:
                        toll[c] = min(toll.get(c, np.inf), _CROSSING_M.get(along, 0.0))
            for c, price in toll.items():
                over = sizes[c] + weight[head] > limit[c]
                far = float(np.hypot(*(point[head] - point[seed_of[c]])))
                # Others would soon enclose the one that is to grow too large: it goes ahead of them.
                filled = sizes[c] / goal[c] * _AHEAD.get(state.kinds[c], 1.0)
                key = (over, filled if not over else sizes[c] / 1e3, far + price, c, head)
                best = key if best is None or key < best else best
        if best is None:
            break  # land cut off from every seed: no sub-district of ours has it, see `_seeds`
        _, _, _, c, head = best
        state.owner.update(dict.fromkeys(unit[head], c))
        sizes[c] += weight[head]
        waiting.discard(head)
    return started


def _seeds(
    state: Quarter,
    targets: list[tuple[str, float]],
    heads: list[int],
    weight: dict[int, float],
    point: dict[int, Floats],
    links: Links,
    rng: np.random.Generator,
) -> list[int]:
    """One block for each target: far apart, at least one in every piece of land, small ones for micros."""
    chosen: list[int] = []
    forced = [group[0] for what, group in state.glued]
    pieces = [sorted(set(heads) & part) for part in parts_of(state.free, links)]
    for piece in pieces:
        if piece and not set(forced) & set(piece):
            forced.append(max(piece, key=lambda h: (weight[h], -h)))
    micros = sum(kind == "micro" for kind, _ in targets)
    places = np.array([point[h] for h in heads])
    if targets[0][0] in _AHEAD and not any(what == "hole" for what, _ in state.glued):
        # The first target is the oversized one: from the middle it has room; the ring around a hole is one too.
        # A crowded one stands in a corner, where few neighbours could help it.
        away = np.linalg.norm(places - places.mean(axis=0), axis=1)
        order = np.argsort(away if targets[0][0] == "oversized" else -away, kind="stable")
        chosen.append(next(heads[i] for i in order if heads[i] not in forced))
    chosen += forced[: len(targets) - micros - len(chosen)]
    while len(chosen) < len(targets):
        is_micro = len(chosen) >= len(targets) - micros
        low, high = (150.0, 860.0) if is_micro else (200.0, np.inf)
        open_heads = [i for i, h in enumerate(heads) if h not in chosen and low <= weight[h] <= high]
        open_heads = open_heads or [i for i, h in enumerate(heads) if h not in chosen]
        away = np.min(
            np.linalg.norm(
                places[open_heads][:, None] - np.array([point[h] for h in chosen] or [places[0]]), axis=2
            ),
            axis=1,
        )
        away = away * rng.uniform(0.75, 1.0, len(open_heads))
        chosen.append(heads[open_heads[int(np.argmax(away))]])
    return chosen


def _fill_up(state: Quarter, around: Surroundings) -> None:
    """Move blocks between the sound communities of a sub-district until they are evenly full."""
    members: dict[int, set[int]] = defaultdict(set)
    for b, c in sorted(state.owner.items()):
        if state.kinds[c] == "sound":
            members[c].add(b)
    size = {c: float(around.households[list(group)].sum()) for c, group in members.items()}
    fixed = {b for _, group in state.glued for b in group}
    while True:
        moves = []
        for b in sorted(set().union(*members.values()) - fixed):
            c, weight = state.owner[b], float(around.households[b])
            for taker in {state.owner.get(other, -1) for other in around.links[b]} & set(members) - {c}:
                # By this much the sum of the squares of their sizes falls, over two.
                gain = (size[c] - size[taker] - weight) * weight
                if gain > 0 and len(parts_of(members[c] - {b}, around.links)) == 1:
                    moves.append((gain, -b, c, taker))
        if not moves:
            return
        _, b, c, taker = max(moves)
        weight = float(around.households[-b])
        members[c].discard(-b)
        members[taker].add(-b)
        size[c], size[taker], state.owner[-b] = size[c] - weight, size[taker] + weight, taker


def follow_banks(owner: Ints, blocks: Blocks, links: Links) -> None:
    """Each half of the river goes to the community along most of its bank."""
    for b in np.flatnonzero(blocks.table["wet"]):
        banks: dict[int, float] = defaultdict(float)
        for other, (metres, _) in links[int(b)].items():
            if owner[other] >= 0:
                banks[int(owner[other])] += metres
        if banks:
            owner[b] = max(banks, key=lambda c: (banks[c], -c))
