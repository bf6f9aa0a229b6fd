"""The sample's layers as tables: ids, names, codes, addresses, service centres, school zones, planned housing."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.territory.sample_blocks import CRS, GRID_M, Blocks
from districting.territory.sample_communities import HOLLOW_SHARE, Division
from districting.territory.sample_homes import Homes
from districting.territory.sample_names import SOURCE, Names, great_name, numeral, phase
from districting.territory.sample_nature import Nature

#: First six digits of the codes; numbers that GB/T 2260 gives to no place.
_DIVISION_CODE = 990_100

#: Sub-districts in one district: their number has three digits, and a real district seldom has more.
_IN_DISTRICT = 25

#: House numbers count up by two every so many metres of street.
_NUMBER_EVERY_M = 14.0

#: Kinds of community that are troubles.
_PLANTED = ("oversized", "crowded", "micro", "hollow", "empty", "inner")

Texts = npt.NDArray[np.object_]


def tabulate(
    blocks: Blocks,
    nature: Nature,
    homes: Homes,
    roads: gpd.GeoDataFrame,
    division: Division,
    *,
    names: Names,
    rng: np.random.Generator,
    settled: bool = False,
) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, tuple[str, ...]]]:
    """Every layer by its name, and the community codes by planted trouble.

    Parameters
    ----------
    settled
        True: ``homes`` hold exactly who lives there, and no trouble is planted beyond what ``division`` says; only
        a ``remote`` community has no service centre.
    """
    subdistricts = _subdistricts(blocks, names)
    codes = _codes(division, subdistricts)
    communities = _communities(blocks, division, codes, subdistricts, names)
    named_roads = _roads(roads, names)
    compounds = _compounds(homes, names)
    buildings = _buildings(blocks, homes, named_roads, compounds, None if settled else division, rng)
    facilities, office = _facilities(buildings, communities, division, codes, rng, planted=not settled)
    member = division.community[homes.buildings["block"].to_numpy()]
    buildings["community_id"] = np.where(member >= 0, codes[member], None)
    layers = {
        "buildings": buildings,
        "roads": named_roads,
        "barriers.barrier_lines": _barriers(nature.lines, names),
        "barriers.barrier_areas": _barriers(nature.areas, names),
        "communities": communities,
        "subdistricts": subdistricts,
        "facilities": facilities,
        "compounds": compounds.drop(columns="parcel"),
        "school_zones": _zones(blocks, names, rng),
        "planned_housing": _planned(blocks, rng),
    }
    kinds = np.array(division.kinds)
    troubles = {kind: tuple(codes[kinds == kind]) for kind in _PLANTED}
    troubles |= {what: tuple(codes[list(which)]) for what, which in division.astride.items()}
    troubles |= office
    return {name: layer.assign(source=SOURCE) for name, layer in layers.items()}, troubles


def _ids(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i:06d}" for i in range(1, n + 1)]


def _subdistricts(blocks: Blocks, names: Names) -> gpd.GeoDataFrame:
    """Sub-districts (街道) with nine-digit codes."""
    land = blocks.table.dissolve("quarter")
    n = len(land)
    several = n > _IN_DISTRICT
    district = np.arange(n) // _IN_DISTRICT + 1
    code = [f"{_DIVISION_CODE + d}{i % _IN_DISTRICT + 1:03d}" for i, d in enumerate(district)]
    return gpd.GeoDataFrame(
        {
            "subdistrict_id": code,
            "name": [names.place() + "街道" for _ in range(n)],
            "district": [f"样例{numeral(int(d))}区" if several else "样例区" for d in district],
        },
        geometry=shapely.normalize(land.geometry.to_numpy()),
        crs=CRS,
    )


def _codes(division: Division, subdistricts: gpd.GeoDataFrame) -> Texts:
    """Twelve digits for each community: six for the district, three for the sub-district, three of its own."""
    order = pd.Series(division.quarter).groupby(division.quarter).cumcount() + 1
    homes = subdistricts["subdistrict_id"].to_numpy()[division.quarter]
    return np.array([f"{home}{own:03d}" for home, own in zip(homes, order, strict=True)], dtype=object)


def _communities(
    blocks: Blocks, division: Division, codes: Texts, subdistricts: gpd.GeoDataFrame, names: Names
) -> gpd.GeoDataFrame:
    """Communities as unions of their blocks."""
    land = blocks.table.assign(community=division.community)
    land = land[land["community"] >= 0].dissolve("community").reindex(range(len(codes)))
    return gpd.GeoDataFrame(
        {
            "community_id": codes,
            "code": codes,
            "name": [names.place() + "社区" for _ in codes],
            "subdistrict_id": subdistricts["subdistrict_id"].to_numpy()[division.quarter],
        },
        geometry=shapely.normalize(land.geometry.to_numpy()),
        crs=CRS,
    )


def _roads(roads: gpd.GeoDataFrame, names: Names) -> gpd.GeoDataFrame:
    """Roads with names; pieces of one street share theirs."""
    firsts = roads[roads["street"] != ""].drop_duplicates("street").sort_values("street")
    called = {row.street: names.street(row.street, row.road_class) for row in firsts.itertuples()}
    table = roads.drop(columns="street")
    table.insert(0, "road_id", _ids("R", len(roads)))
    table.insert(2, "name", roads["street"].map(called).astype(object).where(roads["street"] != "", None))
    return table


def _compounds(homes: Homes, names: Names) -> gpd.GeoDataFrame:
    """Gated compounds; several in one block are phases of one."""
    gated = homes.parcels[homes.parcels["gated"] & homes.parcels.index.isin(homes.buildings["parcel"])]
    called = {block: names.estate() for block in gated["block"].unique()}
    parts = gated.groupby("block")["part"].rank(method="first").astype(int) - 1
    several = gated.groupby("block")["part"].transform("size") > 1
    return gpd.GeoDataFrame(
        {
            "compound_id": _ids("C", len(gated)),
            "name": gated["block"].map(called).to_numpy(),
            "phase": [phase(p) if many else None for p, many in zip(parts, several, strict=True)],
            "parcel": gated.index,
        },
        geometry=gated.geometry.to_numpy(),
        crs=CRS,
    )


def _buildings(
    blocks: Blocks,
    homes: Homes,
    roads: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    emptied: Division | None,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Buildings with addresses; the homes of hollow communities of ``emptied`` stand mostly empty."""
    made = homes.buildings
    counts = made[["dwellings", "households", "people", "registered_people"]].copy()
    if emptied is not None:
        kinds = np.array([*emptied.kinds, ""])
        hollow = kinds[emptied.community[made["block"].to_numpy()]] == "hollow"
        left = rng.binomial(made["households"], HOLLOW_SHARE)
        persons = made["people"] / made["households"].clip(lower=1)
        # Who moved away is still registered here.
        counts.loc[hollow, "registered_people"] = np.round(made["dwellings"] * 1.6)[hollow].astype(np.int64)
        counts.loc[hollow, "people"] = np.round(left * persons)[hollow].astype(np.int64)
        counts.loc[hollow, "households"] = left[hollow]
    compound = compounds.set_index("parcel")["compound_id"].reindex(made["parcel"]).to_numpy(dtype=object)
    return gpd.GeoDataFrame(
        {
            "building_id": _ids("B", len(made)),
            "use": made["label"],
            "floors": made["floors"],
            **counts,
            "address": _addresses(homes, roads),
            "compound_id": np.where(pd.isna(compound), None, compound),
        },
        geometry=made.geometry.to_numpy(),
        crs=CRS,
    )


def _addresses(homes: Homes, roads: gpd.GeoDataFrame) -> Texts:
    """XX路123弄5号 in compounds, XX路8号2幢 elsewhere; no two alike."""
    named = roads[roads["name"].notna() & ~roads["bridge"] & ~roads["tunnel"]].reset_index(drop=True)
    parcels = homes.parcels
    door = shapely.centroid(parcels.geometry.to_numpy())
    street = shapely.STRtree(named.geometry.to_numpy()).query_nearest(door, all_matches=False)[1]
    name = named["name"].to_numpy()[street]
    table = pd.DataFrame({"name": name, "x": shapely.get_x(door), "y": shapely.get_y(door)})
    # A street is counted from its south-western end, whichever way it runs.
    along = (table["x"] * 0.7 + table["y"]).groupby(table["name"]).transform(lambda at: at - at.min())
    number = 2 * np.ceil((along + 1) / _NUMBER_EVERY_M).astype(int) - (table.index % 2)
    while (again := pd.DataFrame({"s": name, "n": number}).duplicated()).any():
        number = number + 2 * again
    made = homes.buildings
    at = made["parcel"].to_numpy()
    own = (made.groupby("parcel").cumcount() + 1).to_numpy()
    gated = parcels["gated"].to_numpy()[at]
    return np.array(
        [
            f"{s}{n}弄{k}号" if inside else f"{s}{n}号{k}幢"
            for s, n, k, inside in zip(name[at], number.to_numpy()[at], own, gated, strict=True)
        ],
        dtype=object,
    )


def _facilities(
    buildings: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    division: Division,
    codes: Texts,
    rng: np.random.Generator,
    *,
    planted: bool,
) -> tuple[gpd.GeoDataFrame, dict[str, tuple[str, ...]]]:
    """Service centres on the ground floor of a building near the middle of most communities, and a few clinics.

    Where troubles are ``planted``, a few communities have none and in a few the centre stands across the border; a
    remote one never has any.
    """
    point = shapely.point_on_surface(buildings.geometry.to_numpy())
    xy = shapely.get_coordinates(point)
    homes = communities.sindex.query(point, predicate="intersects")
    member = np.full(len(buildings), -1)
    member[homes[0]] = homes[1]
    households = np.bincount(member[member >= 0], buildings["households"].to_numpy()[member >= 0], len(codes))

    sound = np.flatnonzero((np.array(division.kinds) == "sound") & (households > 0))
    sound = sound[~np.isin(sound, division.astride["exclave"])]
    few = max(1, len(codes) // 24) if planted else 0
    picked = rng.permutation(sound)[: 2 * few]
    bare, abroad = np.sort(picked[:few]), np.sort(picked[few:])
    remote = np.flatnonzero(np.array(division.kinds) == "remote")
    open_ = np.setdiff1d(np.flatnonzero(households > 0), [*bare, *remote])

    rows: list[tuple[str, str, str, float, shapely.Point]] = []
    for c in open_:
        inside = np.flatnonzero(member == c)
        weight = buildings["households"].to_numpy()[inside] + 1
        middle = np.average(xy[inside], axis=0, weights=weight)
        stands = inside
        if c in abroad:
            beside = (member >= 0) & (member != c) & (division.quarter[member] == division.quarter[c])
            stands = np.flatnonzero(beside)
        at = stands[np.argmin(np.hypot(*(xy[stands] - middle).T))]
        name = communities["name"].iloc[c]
        area = round(float(np.clip(households[c] * 0.3 * rng.uniform(0.45, 1.25), 180, 2_400)))
        rows.append((f"{name}党群服务中心", "community_service_centre", codes[c], area, point[at]))
        if rng.random() < 0.25:
            clinic = inside[int(rng.integers(len(inside)))]
            rows.append((f"{name}卫生服务站", "clinic", codes[c], round(rng.uniform(150, 600)), point[clinic]))
    table = pd.DataFrame(rows, columns=["name", "kind", "community_id", "floor_area_m2", "geometry"])
    table.insert(0, "facility_id", _ids("F", len(table)))
    layer = gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)
    layer["geometry"] = shapely.set_precision(layer.geometry.to_numpy(), GRID_M)
    return layer, {"no_centre": tuple(codes[bare]), "office_outside": tuple(codes[abroad])}


def _barriers(layer: gpd.GeoDataFrame, names: Names) -> gpd.GeoDataFrame:
    """Barriers with names."""
    endings = {"lake": "湖", "campus": "大学"}
    called = {
        thing: names.place() + endings[thing.split("-")[0]] if "-" in thing else great_name(thing)
        for thing in layer["thing"].unique()
    }
    table = layer.drop(columns="thing")
    table.insert(0, "barrier_id", _ids("L" if (layer.geom_type == "LineString").any() else "A", len(layer)))
    table.insert(2, "name", layer["thing"].map(called))
    return table


def _zones(blocks: Blocks, names: Names, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """School zones: the blocks nearest to each of a few primary schools."""
    table = blocks.table
    centre = shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy()))
    schools = np.flatnonzero(table["use"] == "school")
    wanted = max(3, 3 * int(table["quarter"].nunique()))
    if len(schools) < 3:
        schools = np.flatnonzero(table["use"].isin(["walkup", "midrise"]))
    chosen = np.sort(rng.choice(schools, min(wanted, len(schools)), replace=False))
    # In strips, so that a city needs no table of every block against every school.
    nearest = shapely.STRtree(shapely.points(centre[chosen])).query_nearest(
        shapely.points(centre), all_matches=False
    )
    land = table.assign(zone=nearest[1]).dissolve("zone")
    return gpd.GeoDataFrame(
        {
            "zone_id": _ids("Z", len(land)),
            "kind": "school",
            "name": [names.place() + "小学学区" for _ in range(len(land))],
        },
        geometry=shapely.normalize(land.geometry.to_numpy()),
        crs=CRS,
    )


def _planned(blocks: Blocks, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Housing to come: on vacant land, and instead of some old industry."""
    table = blocks.table
    vacant = table[table["use"] == "vacant"]
    old = table[(table["use"] == "industry") & (rng.random(len(table)) < 0.4)]
    land = pd.concat([vacant, old]).sort_index()
    ground = shapely.buffer(land.geometry.to_numpy(), -28.0, join_style="mitre")
    kept = (shapely.area(ground) > 4_000) & (shapely.get_type_id(ground) == 3)
    area = shapely.area(ground)[kept]
    homes = np.round(area / 10_000 * rng.uniform(120, 210, len(area)), -1).astype(np.int64)
    return gpd.GeoDataFrame(
        {
            "planned_id": _ids("P", len(area)),
            "households": np.clip(homes, 60, 1_600),
            "year": rng.choice([2027, 2028, 2029, 2030], len(area)),
            "status": rng.choice(["在建", "已批", "规划"], len(area)),
        },
        geometry=shapely.set_precision(ground[kept], GRID_M),
        crs=CRS,
    )
