"""A town to a specification: exactly so many communities of each class, households and people to the last one.

Nothing in it is real. Sizes are drawn first, then communities grow on the sample's ground until each has land in
proportion to its size, and at last exactly so many people move in. The same specification gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from districting.errors import Fault, InputError
from districting.language import Language
from districting.territory import sample_layers
from districting.territory.sample import SampleTown, lay_out
from districting.territory.sample_blocks import Blocks
from districting.territory.sample_communities import Division, follow_banks, grow
from districting.territory.sample_files import write_layers
from districting.territory.sample_ground import Floats, Ints, lay_ground
from districting.territory.sample_names import Names
from districting.territory.sample_settling import Wish, settle, share_out
from districting.territory.sample_spec import ClassSpec, TownSpec
from districting.territory.sample_troubles import Quarter, Surroundings, look_around, parts_of

#: Land in no community, while it grows like one.
_OUTSIDE = "outside"

#: A remote community holds the land around its corner of the town as far as this share of ``remote_m``.
_REMOTE_LAND = 1.0

#: Blocks whose middles lie this near the outermost ones are the edge of the town, m.
_OUTER_M = 500.0

#: Blocks with fewer households than this begin no community where others can.
_SEED_AT_LEAST = 150.0

#: Passes that bring the area to what is asked; each leaves a small part of the error of the one before.
_AREA_PASSES = 8


@dataclass(frozen=True)
class Member:
    """A community of today as drawn: its class, its sub-district, its households and people."""

    kind: ClassSpec
    subdistrict: int
    households: int
    people: int


def make_town(spec: TownSpec) -> SampleTown:
    """The town of a specification; ``troubles`` holds the community codes by class.

    Raises
    ------
    InputError
        If the land asked for cannot hold the people asked for, or no remote community can be remote.
    """
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(spec.seed).spawn(11)]
    members, outside = draw_members(spec, rng=streams[9])
    subdistricts, superblocks, gap_m = _extent(spec)
    plot = lay_out(subdistricts=subdistricts, superblocks=superblocks, gap_m=gap_m, streams=streams)
    blocks, homes = plot.blocks, plot.homes
    raw = np.bincount(homes.buildings["block"], homes.buildings["households"], len(blocks.table)).astype(np.int64)
    owner = _divide(spec, members, blocks, raw, rng=streams[6])
    holder = _holders(owner, blocks, len(members))
    wishes = [_wish(spec, one) for one in members] + [Wish(*land) for land in outside]
    settled = settle(homes, holder[homes.buildings["block"]], wishes, town_id=spec.town_id, rng=streams[10])
    kinds = tuple("remote" if one.kind.character == "remote" else "sound" for one in members)
    division = Division(owner, kinds, np.array([one.subdistrict for one in members]), {"exclave": ()})
    layers, _ = sample_layers.tabulate(
        blocks, plot.nature, settled, plot.roads, division, names=Names(streams[7]), rng=streams[8], settled=True
    )
    codes = layers["communities"]["community_id"].to_numpy()
    _rename_villages(layers, [one.kind.character == "village" for one in members])
    _hold_remote(spec, layers, codes, members)
    by_class = {
        kind.name: tuple(c for c, one in zip(codes, members, strict=True) if one.kind is kind)
        for kind in spec.classes
    }
    return SampleTown(layers, by_class)


def write_town(folder: Path, spec: TownSpec, *, language: Language = "zh") -> Path:
    """Write the town as a case that is ready to run; returns its ``case.toml``.

    Raises
    ------
    InputError
        As `make_town`.
    OSError
        If the folder cannot be written.
    """
    return write_layers(
        folder,
        make_town(spec).layers,
        town=spec.title[language],
        seed=spec.seed,
        language=language,
        policy=spec.policy,
        solve=spec.solve_toml,
    )


def draw_members(spec: TownSpec, *, rng: np.random.Generator) -> tuple[list[Member], list[tuple[int, int]]]:
    """Every community of today; and households and people of the land in none, by sub-district that has any."""
    n = len(spec.subdistricts)
    room = np.array([one.communities for one in spec.subdistricts])
    bound: list[list[ClassSpec]] = [
        [kind for kind in spec.classes if kind.subdistrict == q for _ in range(kind.count)] for q in range(n)
    ]
    free = [kind for kind in spec.classes if kind.subdistrict is None for _ in range(kind.count)]
    dealt = np.repeat(np.arange(n), room - np.array([len(kinds) for kinds in bound]))
    for at, q in zip(rng.permutation(len(free)), dealt, strict=True):
        bound[q].append(free[int(at)])
    kinds = [(kind, q) for q in range(n) for kind in bound[q]]
    households = _sizes([kind for kind, _ in kinds], spec.households - spec.outside, rng)
    outside = np.array([one.outside for one in spec.subdistricts])
    people = _people(spec, np.array([q for _, q in kinds]), households, outside)
    members = [Member(k, q, int(h), int(p)) for (k, q), h, p in zip(kinds, households, people, strict=False)]
    left = iter(people[len(kinds) :])
    return members, [(int(h), int(next(left))) for h in outside if h]


def _sizes(kinds: Sequence[ClassSpec], total: int, rng: np.random.Generator) -> Ints:
    """Households of each, inside the bounds of its class, adding up to ``total``."""
    low, high = np.array([kind.min for kind in kinds]), np.array([kind.max for kind in kinds])
    drawn = rng.integers(low, high, endpoint=True)
    short = total - int(drawn.sum())
    room = high - drawn if short > 0 else drawn - low
    moved = share_out(abs(short), room, most=room)
    sized: Ints = drawn + np.sign(short) * moved
    return sized


def _people(spec: TownSpec, quarter: Ints, households: Ints, outside: Ints) -> Ints:
    """People of each community, then of the land in none: as stated by sub-district, the rest in proportion."""
    at = np.concatenate([quarter, np.flatnonzero(outside)])
    homes = np.concatenate([households, outside[outside > 0]])
    people = np.zeros(len(homes), dtype=np.int64)
    stated = {q: one.people for q, one in enumerate(spec.subdistricts) if one.people is not None}
    for q, total in stated.items():
        people[at == q] = share_out(total, homes[at == q])
    rest = ~np.isin(at, list(stated))
    if rest.any():
        people[rest] = share_out(spec.people - sum(stated.values()), homes[rest])
    return people


def _extent(spec: TownSpec) -> tuple[int, float, float]:
    """Sub-districts, superblocks in each (a real number) and street gap that give the area asked for."""
    n, gap = len(spec.subdistricts), spec.street_gap_m
    superblocks = spec.area_km2 * 1e6 / n / gap**2
    for _ in range(_AREA_PASSES):
        rng = np.random.default_rng(np.random.SeedSequence(spec.seed).spawn(1)[0])
        ground = lay_ground(subdistricts=n, superblocks=superblocks, rng=rng, gap_m=gap)
        side = np.linspace(0, 1, 200)
        x, y = side * ground.width, side * ground.height
        edge = [(x, 0 * y), (0 * x + ground.width, y), (x[::-1], 0 * y + ground.height), (0 * x, y[::-1])]
        ring = np.concatenate([np.column_stack(part) for part in edge])
        superblocks *= spec.area_km2 * 1e6 / shapely.area(shapely.Polygon(ground.warp.points(ring)))
    return n, superblocks, gap


def _wish(spec: TownSpec, one: Member) -> Wish:
    """What one community is to hold."""
    hollow = spec.hollow_share if one.kind.character == "hollow" else None
    return Wish(one.households, one.people, hollow, one.kind.character == "remote")


def _divide(
    spec: TownSpec, members: Sequence[Member], blocks: Blocks, households: Ints, *, rng: np.random.Generator
) -> Ints:
    """Community of each block, −1 on land in none."""
    table = blocks.table
    quarter, water = table["quarter"].to_numpy(), (table["use"] == "water").to_numpy()
    around = look_around(blocks, households)
    middle = np.average(around.centre, axis=0, weights=around.area_m2)
    owner = np.full(len(table), -1, dtype=np.int64)
    for q, stream in enumerate(rng.spawn(len(spec.subdistricts))):
        here = {int(b) for b in np.flatnonzero((quarter == q) & ~water)}
        own = [at for at, one in enumerate(members) if one.subdistrict == q]
        # What goes to the edge of the town comes first: land in no community, then who is remote.
        own.sort(key=lambda at: members[at].kind.character != "remote")
        wanted = [(at, _raw_homes(spec, members[at])) for at in own]
        if spec.subdistricts[q].outside:
            wanted.insert(0, (-1, float(spec.subdistricts[q].outside)))
        remote = [k for k, (at, _) in enumerate(wanted) if at >= 0 and members[at].kind.character == "remote"]
        far = len(remote) + (wanted[0][0] < 0)
        edge = _edge(here, around, far, middle)
        lands = [_around(edge[k], here, around, _REMOTE_LAND * spec.remote_m) for k in remote]
        kept = {b for land in lands for b in land}
        starts = _starts(here - kept | set(edge), around, len(wanted), edge, stream)
        scale = float(households[sorted(here - kept)].sum()) / sum(
            size for k, (_, size) in enumerate(wanted) if k not in remote
        )
        targets = [(_OUTSIDE, size * scale) for _, size in wanted]
        for k, land in zip(remote, lands, strict=True):
            targets[k] = (_OUTSIDE, max(1.0, float(households[land].sum())))
        state = Quarter(free=here, glued=[(_OUTSIDE, land) for land in lands])
        grow(state, around, targets, stream, starts=starts)
        _give_away(state, around)
        for b, c in state.owner.items():
            owner[b] = wanted[c][0]
    follow_banks(owner, blocks, around.links)
    return owner


def _raw_homes(spec: TownSpec, one: Member) -> float:
    """Homes as drawn that a community's land should have."""
    if one.kind.character == "hollow":
        return one.households / spec.hollow_share
    return float(one.households)


def _edge(here: set[int], around: Surroundings, n: int, middle: Floats) -> list[int]:
    """``n`` blocks along the outer edge of the town, far from its middle and from each other."""
    hull = shapely.boundary(shapely.convex_hull(shapely.multipoints(around.centre)))
    lived = np.array(sorted(b for b in here if around.households[b] > 0))
    away = shapely.distance(shapely.points(around.centre[lived]), hull)
    blocks = [int(b) for b in lived[away <= max(_OUTER_M, float(away.min()))]]
    place = around.centre[blocks]
    worth = np.linalg.norm(place - middle, axis=1)
    chosen: list[int] = []
    while len(chosen) < n:
        chosen.append(blocks[int(np.argmax(worth))])
        worth = np.minimum(worth, np.linalg.norm(place - around.centre[chosen[-1]], axis=1))
    return chosen


def _around(start: int, here: set[int], around: Surroundings, radius_m: float) -> list[int]:
    """Blocks within reach of a start that hang together with it, the start first."""
    near = {b for b in here if np.linalg.norm(around.centre[b] - around.centre[start]) <= radius_m} | {start}
    part = next(part for part in parts_of(near, around.links) if start in part)
    return [start, *sorted(part - {start})]


def _starts(here: set[int], around: Surroundings, n: int, edge: list[int], rng: np.random.Generator) -> list[int]:
    """A block for each community to begin with: ``edge``, one in every piece of land, the others far apart."""
    heads = sorted(b for b in here if around.households[b] >= _SEED_AT_LEAST)
    heads = heads if len(heads) >= n else sorted(here)
    place = around.centre[heads]
    chosen = list(edge)
    pieces = sorted(parts_of(here, around.links), key=lambda piece: -float(around.households[sorted(piece)].sum()))
    for piece in pieces:
        inside = [b for b in heads if b in piece]
        if inside and not piece & set(chosen) and len(chosen) < n:
            chosen.append(max(inside, key=lambda b: (around.households[b], -b)))
    while len(chosen) < n:
        # Without one at the edge the first stands anywhere.
        away = np.ones(len(heads))
        if chosen:
            away = np.linalg.norm(place[:, None, :] - around.centre[chosen][None, :, :], axis=2).min(axis=1)
        away *= rng.uniform(0.75, 1.0, len(heads))
        away[np.isin(heads, chosen)] = -1.0
        chosen.append(heads[int(np.argmax(away))])
    return chosen


def _give_away(state: Quarter, around: Surroundings) -> None:
    """Land that no community could reach goes to the nearest block's."""
    owned = sorted(state.owner)
    for b in sorted(state.free - set(owned)):
        away = np.linalg.norm(around.centre[owned] - around.centre[b], axis=1)
        state.owner[b] = state.owner[owned[int(np.argmin(away))]]


def _holders(owner: Ints, blocks: Blocks, n: int) -> Ints:
    """Position of each block's wish: communities first, then the land in none by sub-district; −1 on water."""
    quarter, water = blocks.table["quarter"].to_numpy(), (blocks.table["use"] == "water").to_numpy()
    bare = np.unique(quarter[(owner < 0) & ~water])
    holder: Ints = np.where(owner >= 0, owner, n + np.searchsorted(bare, quarter))
    holder[(owner < 0) & water] = -1
    return holder


def _rename_villages(layers: dict[str, gpd.GeoDataFrame], village: Sequence[bool]) -> None:
    """Call villages so, and their facilities, too."""
    names = layers["communities"]["name"]
    called = {name: name.removesuffix("社区") + "村" for name in names[np.array(village)]}
    layers["communities"] = layers["communities"].assign(name=names.replace(called))
    for old, new in called.items():
        facilities = layers["facilities"]
        layers["facilities"] = facilities.assign(name=facilities["name"].str.replace(old, new, regex=False))


def _hold_remote(
    spec: TownSpec, layers: dict[str, gpd.GeoDataFrame], codes: np.ndarray, members: Sequence[Member]
) -> None:
    """Half of the households of every remote community live beyond ``remote_m`` of every service centre."""
    facilities, buildings = layers["facilities"], layers["buildings"]
    centres = facilities[facilities["kind"] == "community_service_centre"].geometry.to_numpy()
    tree, faults = shapely.STRtree(centres), []
    for code, one in zip(codes, members, strict=True):
        if one.kind.character != "remote":
            continue
        own = buildings[buildings["community_id"] == code]
        away = tree.query_nearest(own.geometry.to_numpy(), all_matches=False, return_distance=True)[1]
        share = float(own["households"].to_numpy()[away > spec.remote_m].sum()) / one.households
        if share < 0.5:
            values = {"town": spec.town_id, "community": code, "share": share, "metres": spec.remote_m}
            faults.append(Fault("fault.town_remote", values))
    if faults:
        raise InputError(faults)
