"""Names for new communities, from what stands there: compounds, roads, waters, facilities; else from their place.

A name that a community bears today, or that an abolished one bore, is never proposed, nor one twice in a case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely

from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.measures import centres
from districting.territory.territory import Territory

Source = Literal["compound", "road", "water", "facility", "place"]

#: Proposals for each new community.
MOST_NAMES = 3
#: Names from the mere place are proposed only where there are fewer than this.
LEAST_NAMES = 2
#: A road or a bank names a community that it runs along or through for this far, m.
LEAST_ALONG_M = 150.0
#: Lines this close to the outline run along it, m: half a wide road.
ALONG_M = 20.0
#: A compound names a community in which this share of the households live.
LEAST_SHARE = 0.1
#: Classes of road that name communities.
_NAMING_ROADS = ("trunk", "primary", "secondary", "tertiary", "residential", "pedestrian")
_SHARED = 0.5
_HAN = re.compile(r"[\u4e00-\u9fff]")
_OLD_ENDINGS = ("社区居民委员会", "社区居委会", "居民委员会", "居委会", "社区")
#: What is left off: a compound's phase and the word for any estate; a road's section, ramps and viaducts.
_PHASE = re.compile(r"[（(]?[第]?[一二三四五六七八九十\d]+[期区]?[期][)）]?$")
_SECTION = re.compile(r"(?<=.)([东西南北中]?段|高架桥?|辅路|辅道|立交桥?|匝道)$")
_GENERIC = re.compile(r"(住宅小区|小区|Residential Quarter|Residential Compound)$", re.IGNORECASE)


#: Words of a facility's trade, which a community does not bear.
_TRADE = re.compile(
    r"(社区)?(党群|便民|综合|公共)*(服务)?(中心|站|用房)$|\s*(Community|Service)\s+(Service\s+)?(Centre|Center)$"
)


@dataclass(frozen=True)
class NameProposal:
    """One name for a new community, and why.

    Parameters
    ----------
    name
        With the ending that names have in this case.
    source
        What it comes from.
    of
        The name of that thing, or the part of the sub-district.
    measure
        Households of the compound, metres along the road or the bank; 0 for facilities and places.
    """

    name: str
    source: Source
    of: str
    measure: float = 0.0

    def reason(self, language: Language) -> str:
        """Why, in words."""
        of = say(f"naming.at_{self.of.partition('-')[0]}", language) if self.source == "place" else self.of
        return say(f"naming.from_{self.source}", language, of=of, n=round(self.measure))

    def to_json(self, language: Language) -> dict[str, Any]:
        """Plain data."""
        return {"name": self.name, "source": self.source, "reason": self.reason(language)}


def propose_names(
    division: Division,
    new: Sequence[str],
    territory: Territory,
    *,
    language: Language,
    taken: Iterable[str] = (),
) -> dict[str, tuple[NameProposal, ...]]:
    """Two or three names for each new community, the best first.

    A large compound names it first, then the roads and banks that it has most of, further compounds, facilities;
    at least two in all, the last from where it lies in its sub-district.

    Parameters
    ----------
    new
        Ids of the communities to name.
    language
        Where no community of today has a name that shows the case's own.
    taken
        Names never to be given, besides those of today: of abolished communities.

    Returns
    -------
    dict
        By ``community_id``, in the order of the ids; no name twice.
    """
    if not new:
        return {}
    known = territory.layers.communities["name"].dropna()
    today = [str(name) for name in known[known != known.index]]  # an id in the place of a name is none
    pattern = _Pattern.of(today, language)
    used = {pattern.stem(name) for name in [*today, *taken]}
    chosen = division.outlines.loc[sorted(new)]
    sources = _Sources(division, chosen, territory)
    ranked = {str(key): sources.ranked(str(key), pattern) for key in chosen.index}
    found: dict[str, tuple[NameProposal, ...]] = dict.fromkeys(ranked, ())
    # In turns, so that the first name of one is not spent as the third of another.
    for turn in range(MOST_NAMES):
        for key, offers in ranked.items():
            for stem, offer in offers:
                if stem not in used and (offer.source != "place" or turn < LEAST_NAMES):
                    found[key] += (offer,)
                    used.add(stem)
                    break
    return found


@dataclass(frozen=True)
class _Pattern:
    """How names are made in this case: script and ending."""

    ending: str
    is_chinese: bool

    @classmethod
    def of(cls, names: Sequence[str], language: Language) -> _Pattern:
        """The ending that most names of today share; the language's own where there are no names."""
        if not names:
            return cls(say("naming.ending", language), language == "zh")
        is_chinese = sum(bool(_HAN.search(name)) for name in names) >= _SHARED * len(names)
        if is_chinese:
            endings = Counter(next((end for end in _OLD_ENDINGS if name.endswith(end)), "") for name in names)
        else:
            endings = Counter(f" {name.split()[-1]}" if len(name.split()) > 1 else "" for name in names)
        ending, count = endings.most_common(1)[0]
        return cls(ending if count >= _SHARED * len(names) else "", is_chinese)

    def stem(self, name: str) -> str:
        """A name without its ending; a Chinese one without any of the usual endings."""
        endings = (self.ending, *_OLD_ENDINGS) if self.is_chinese else (self.ending,)
        return next((name.removesuffix(end) for end in endings if end and name.endswith(end)), name).strip()

    def name(self, stem: str) -> str:
        """A stem with the case's ending."""
        return stem + self.ending

    def fits(self, stem: str) -> bool:
        """Whether a stem is in the script of the case's names, and of a length that people can say."""
        return 2 <= len(stem) <= (10 if self.is_chinese else 40) and bool(_HAN.search(stem)) == self.is_chinese

    def placed(self, subdistrict: str, part: str) -> str:
        """A stem from the sub-district and the part of it."""
        language: Language = "zh" if self.is_chinese else "en"
        plain = re.sub(r"(街道办事处|街道|镇|乡|[ ]?[Ss]ub-?district)$", "", subdistrict)
        number = part.rpartition("-")[2] if "-" in part else ""
        word = say(f"naming.part_{part.partition('-')[0]}", language)
        return say("naming.placed", language, subdistrict=plain, part=word, number=number).strip()


class _Sources:
    """What new communities may be named after, measured in bulk."""

    def __init__(self, division: Division, chosen: gpd.GeoDataFrame, territory: Territory) -> None:
        self.territory, self.chosen = territory, chosen
        self.compounds = self._compounds(division)
        self.lines = pd.concat([self._along(self._roads(), "road"), self._along(self._waters(), "water")])
        self.facilities = self._facilities()
        self.middle = pd.DataFrame(centres(division, territory), index=division.outlines.index, columns=["x", "y"])

    def ranked(self, community_id: str, pattern: _Pattern) -> list[tuple[str, NameProposal]]:
        """Stems with their proposals, the best first."""
        made = []
        for source, of, measure in [*self.things(community_id), *self.places(community_id)]:
            raw = of if source != "place" else pattern.placed(self.subdistrict(community_id), of)
            plain = _SECTION.sub("", raw.strip()) if source == "road" else raw.strip()
            stem = pattern.stem(_PHASE.sub("", _GENERIC.sub("", _PHASE.sub("", plain))).strip())
            if stem and pattern.fits(stem):
                made.append((stem, NameProposal(pattern.name(stem), source, of, measure)))
        return made

    def things(self, community_id: str) -> list[tuple[Source, str, float]]:
        """Names of things, the most telling first: the largest compound, then lines, compounds, facilities."""
        compounds = self.compounds[self.compounds["community_id"] == community_id]
        lines = self.lines[self.lines["community_id"] == community_id].sort_values(
            ["metres", "name"], ascending=[False, True]
        )
        homes: list[tuple[Source, str, float]] = [
            ("compound", str(name), float(count))
            for name, count in zip(compounds["name"], compounds["households"], strict=True)
        ]
        along: list[tuple[Source, str, float]] = [
            (kind, str(name), float(metres))
            for kind, name, metres in zip(lines["kind"], lines["name"], lines["metres"], strict=True)
        ]
        mine = self.facilities[self.facilities["community_id"] == community_id]
        stands: list[tuple[Source, str, float]] = [("facility", str(name), 0.0) for name in sorted(mine["name"])]
        return [*homes[:1], *along[:2], *homes[1:2], *along[2:], *homes[2:], *stands]

    def places(self, community_id: str) -> list[tuple[Source, str, float]]:
        """Where it lies in its sub-district, then the same with numbers, until one is free."""
        area = self.territory.layers.subdistricts.geometry.get(self.chosen.at[community_id, "subdistrict_id"])
        part = "middle"
        if area is not None:
            x0, y0, x1, y1 = area.bounds
            x, y = self.middle.loc[community_id]
            east, north = (x - (x0 + x1) / 2) / max(x1 - x0, 1.0), (y - (y0 + y1) / 2) / max(y1 - y0, 1.0)
            if max(abs(east), abs(north)) > 0.1:
                part = (
                    ("east" if east > 0 else "west")
                    if abs(east) >= abs(north)
                    else ("north" if north > 0 else "south")
                )
        return [("place", part, 0.0), *[("place", f"{part}-{n}", 0.0) for n in range(2, 10)]]

    def subdistrict(self, community_id: str) -> str:
        """Name of its sub-district."""
        key = self.chosen.at[community_id, "subdistrict_id"]
        name = self.territory.layers.subdistricts["name"].get(key)
        return str(key if name is None or pd.isna(name) else name)

    def _compounds(self, division: Division) -> pd.DataFrame:
        """Named compounds by community, with the households there; small ones left out, the largest first."""
        buildings, named = self.territory.layers.buildings, self.territory.layers.compounds
        table = pd.DataFrame(
            {
                "community_id": division.buildings.reindex(buildings.index),
                "name": buildings["compound_id"].map(named["name"]) if "name" in named else None,
                "households": buildings["households"],
            }
        )
        table = table[table["community_id"].isin(self.chosen.index)]
        whole = table.groupby("community_id")["households"].sum()
        sums = table.dropna().groupby(["community_id", "name"])["households"].sum().reset_index()
        sums = sums[sums["households"] >= LEAST_SHARE * sums["community_id"].map(whole)]
        return sums.sort_values(["community_id", "households", "name"], ascending=[True, False, True])

    def _roads(self) -> gpd.GeoDataFrame:
        roads = self.territory.layers.roads
        return roads[roads["name"].notna() & (roads["name"] != "") & roads["road_class"].isin(_NAMING_ROADS)]

    def _waters(self) -> gpd.GeoDataFrame:
        barriers = self.territory.layers.barriers
        return barriers[barriers["name"].notna() & (barriers["name"] != "") & (barriers["kind"] == "water")]

    def _along(self, lines: gpd.GeoDataFrame, kind: Source) -> pd.DataFrame:
        """Metres of each name along or inside each community; of water, of its bank."""
        columns = ["community_id", "name", "kind", "metres"]
        shapes = lines.geometry.to_numpy().copy()
        areas = shapely.get_dimensions(shapes) == 2
        shapes[areas] = shapely.boundary(shapes[areas])
        land = shapely.buffer(self.chosen.geometry.to_numpy(), ALONG_M)
        if not len(shapes):
            return pd.DataFrame(columns=columns)
        community, line = shapely.STRtree(shapes).query(land, predicate="intersects")
        table = pd.DataFrame(
            {
                "community_id": self.chosen.index.to_numpy()[community],
                "name": lines["name"].to_numpy()[line],
                "kind": kind,
                "metres": shapely.length(shapely.intersection(shapes[line], land[community])),
            }
        )
        sums = table.groupby(["community_id", "name", "kind"], as_index=False)["metres"].sum()
        return pd.DataFrame(sums[sums["metres"] >= LEAST_ALONG_M])[columns]

    def _facilities(self) -> pd.DataFrame:
        """Named facilities on the land of each community, without the words of their trade."""
        found = self.territory.layers.facilities
        found = found[found["name"].notna()]
        empty = pd.DataFrame({"community_id": [], "name": []}, dtype=object)
        if found.empty:
            return empty
        community, at = shapely.STRtree(found.geometry.to_numpy()).query(
            self.chosen.geometry.to_numpy(), predicate="intersects"
        )
        names = found["name"].astype(str).str.replace(_TRADE, "", regex=True).to_numpy()
        table = pd.DataFrame({"community_id": self.chosen.index.to_numpy()[community], "name": names[at]})
        return pd.DataFrame(table[table["name"].str.len() > 1]) if len(table) else empty
