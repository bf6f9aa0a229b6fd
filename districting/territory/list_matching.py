"""Rows of a list and the buildings that they mean: by id, address, near address or place; or the reason why not.

A row that could mean two buildings means none. Nothing is taken from a near address without saying so.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from districting.territory.addresses import Address, NearKeys, house_number, parse_address
from districting.territory.columns import examples
from districting.territory.crs import to_case_crs
from districting.territory.list_tables import ListTable

#: How a row was matched, surest first; ``""``: not at all.
WAYS = ("id", "address", "near", "place")

#: A building's number without a word for it.
_BARE_NUMBER = re.compile(r"\s*(?:\d{1,4}|[A-Za-z]|[一二三四五六七八九十]{1,3})\s*")


@dataclass(frozen=True)
class Register:
    """The buildings that lists speak of.

    Parameters
    ----------
    buildings
        Index ``building_id``; point geometry in the case's CRS (m), ``footprint`` (polygon or None), ``address``,
        ``households``, ``dwellings``, ``people``; ``compound``, ``community`` and ``subdistrict`` by name, None
        where unknown.
    subdistricts
        Names of the sub-districts by id.
    """

    buildings: gpd.GeoDataFrame
    subdistricts: Mapping[str, str]


@dataclass
class _Row:
    """What is known of a row so far."""

    building_id: str = ""
    how: str = ""
    score: float = 100.0
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    inside: str = ""


class Matcher:
    """Matches the rows of lists against one register; what is looked up is made once.

    Parameters
    ----------
    register
        The buildings.
    crs
        Of the case.
    """

    def __init__(self, register: Register, *, crs: pyproj.CRS) -> None:
        self._register, self._crs = register, crs
        buildings = register.buildings
        lands = {str(one) for one in {*buildings["community"], *register.subdistricts.values()} if one}
        self._lands: dict[str, list[str]] = {}  # by their first two letters, the longest first
        for name in sorted({parse_address(one).key for one in lands}, key=lambda one: (-len(one), one)):
            if len(name) > 2:
                self._lands.setdefault(name[:2], []).append(name)
        self._ids = _unique({_code(str(name)): str(name) for name in buildings.index}, map(str, buildings.index))
        parsed = [self._parsed(text) if text else None for text in buildings["address"]]
        self._region_of = {
            str(one): address.region for one, address in zip(buildings.index, parsed, strict=True) if address
        }
        self._keys: dict[str, set[str]] = {}
        for building_id, compound, address in zip(buildings.index, buildings["compound"], parsed, strict=True):
            if address is None or not address.key:
                continue
            self._keys.setdefault(address.key, set()).add(str(building_id))
            number = house_number(address.key)
            if compound and number:
                self._keys.setdefault(parse_address(str(compound)).key + number, set()).add(str(building_id))
        self._near = NearKeys(self._keys)
        self._regions = sorted({region for region in self._region_of.values() if region})
        self._known = {office(name): name for name in register.subdistricts.values()}
        self._known |= dict(register.subdistricts)

    def match(self, table: ListTable) -> pd.DataFrame:
        """Every row with the building that it means.

        Returns
        -------
        DataFrame
            Index: the line. ``building_id`` (empty: none), ``how`` (one of `WAYS`, or empty), ``score`` (of 100),
            ``reason`` (key of a sentence ``list.…``, empty where matched) and its ``values``, ``inside`` (entrance
            and room), ``subdistrict`` (name; None where the row does not tell one that is known).
        """
        told = table.told.fillna("")
        addresses = [self._addresses(row) for row in told.to_dict("records")]
        home = self._home_regions(addresses)
        offices = _column(told, "subdistrict")
        said = [self._known.get(office(text)) for text in offices]
        known = any(said)
        rows = [
            self._row(code, tried, name, home, table.spec.near_score)
            for code, tried, name in zip(_column(told, "building_id"), addresses, said, strict=True)
        ]
        self._by_place(table, rows, said)
        for row, name, text in zip(rows, said, offices, strict=True):
            self._contradicts(row, name)
            if known and text and name is None:  # where others are known, this is one of another case
                row.building_id, row.how, row.reason, row.values = "", "", "list.stranger", {"said": text}
        units = _column(told, "unit")
        for row, unit in zip(rows, units, strict=True):
            row.inside = "-".join(part for part in (_unit(unit), row.inside) if part)
        frame = pd.DataFrame(
            [vars(row) for row in rows], index=told.index, columns=list(_Row.__dataclass_fields__)
        )
        return frame.assign(subdistrict=pd.Series(said, index=told.index, dtype=object))

    def _parsed(self, text: str) -> Address:
        """An address without the sub-district and community that it begins with."""
        found = parse_address(text)
        key = found.key
        for _ in range(2):
            near = self._lands.get(key[:2], ())
            before = next((one for one in near if key.startswith(one) and key != one), "")
            key = re.sub("^(?:办事处|街办)", "", key[len(before) :]) if before else key
        return Address(found.region, key, found.inside)

    def _addresses(self, row: Mapping[Any, str]) -> list[Address]:
        """What a row's columns may mean as an address, the most telling first."""
        street, compound, number = (row.get(name, "") for name in ("address", "compound", "number"))
        house = f"{number}号" if _BARE_NUMBER.fullmatch(number) else number
        texts = []
        if number:
            texts += [first + house for first in (street, compound) if first]
        if street:
            texts.append(street)
            if compound and compound not in street:
                texts.append(compound + street)
        found = [self._parsed(text) for text in texts]
        if compound and street and not number and (last := house_number(found[0].key)):
            found.append(self._parsed(compound + last))
        # a street with its house said twice, "长安路3号" beside "3", is meant once
        return [one for one in dict.fromkeys(found) if house_number(one.key)] or found

    def _home_regions(self, addresses: Sequence[Sequence[Address]]) -> Sequence[str]:
        """Cities and districts that a building without one in its address may lie in.

        Those of the register; where it tells none, the one of the list, and of several the one most of whose rows
        have an address of ours, and more of them than any other's.
        """
        if self._regions:
            return self._regions
        rows, ours = Counter[str](), Counter[str]()
        for tried in addresses:
            region = next((one.region for one in tried if one.region), "")
            rows[region] += 1
            ours[region] += any(one.key in self._keys for one in tried)
        told = [one for one in rows if one and not any(one != other and one in other for other in rows)]
        if len(told) <= 1:
            return told
        # 样例区 counts for 样例市样例区
        parts = {one: [other for other in rows if other and other in one] for one in told}
        held = {one: sum(ours[other] for other in parts[one]) for one in told}
        first, second = sorted(told, key=lambda one: -held[one])[:2]
        most = 2 * held[first] > sum(rows[other] for other in parts[first])
        return [first] if held[first] > held[second] and most else []

    def _fitting(self, held: set[str], region: str, home: Sequence[str]) -> set[str]:
        """Those of the buildings that may lie in the region that a row tells."""
        if not region:
            return held
        return {one for one in held if _fits(region, [self._region_of[one]] if self._region_of[one] else home)}

    def _row(
        self, code: str, tried: Sequence[Address], subdistrict: str | None, home: Sequence[str], score: float
    ) -> _Row:
        """A row by its id, else by its address, else by a near one."""
        found = _Row(inside=tried[0].inside if tried else "")
        exact, several = self._exactly(tried, subdistrict, home)
        by_id = self._ids.get(_code(code)) if code else None
        if by_id is not None:
            if exact is not None and exact != by_id and not self._same_house(exact, by_id):
                found.reason, found.values = "list.id_address", {"id": by_id, "other": self._named(exact)}
            else:
                found.building_id, found.how = by_id, "id"
        elif exact is not None:
            found.building_id, found.how = exact, "address"
        elif several:
            found.reason = "list.several"
            found.values = {"count": len(several), "known": examples(map(self._named, sorted(several)), most=3)}
        elif score < 100:
            self._nearly(found, tried, subdistrict, home, score)
        if not found.how and not found.reason:
            found.reason = "list.unknown" if tried or code else "list.nothing"
        return found

    def _exactly(
        self, tried: Sequence[Address], subdistrict: str | None, home: Sequence[str]
    ) -> tuple[str | None, set[str]]:
        """The one building of the first address that any has; else all that have it."""
        for one in tried:
            held = self._fitting(self._keys.get(one.key, set()), one.region, home)
            narrowed = self._inside(held, subdistrict) if len(held) > 1 else held
            if len(narrowed) == 1:
                return next(iter(narrowed)), set()
            if held:
                return None, held
        return None, set()

    def _nearly(
        self, found: _Row, tried: Sequence[Address], subdistrict: str | None, home: Sequence[str], score: float
    ) -> None:
        """The one building whose address is near, if there is one only."""
        for one in tried:
            near = self._near.near(one.key, score=score)
            alike = {held: points for key, points in reversed(near) for held in self._keys[key]}
            kept = self._inside(self._fitting(set(alike), one.region, home), subdistrict)
            if len(kept) == 1:
                (found.building_id,) = kept
                found.how, found.score = "near", alike[found.building_id]
                return
            if kept:
                known = examples(map(self._named, sorted(kept)), most=3)
                found.reason, found.values = "list.several_near", {"count": len(kept), "known": known}
                return
        for one in tried:
            if near := self._near.near(one.key, score=50.0):
                like = sorted(self._fitting(self._keys[near[0][0]], one.region, home))
                if like:
                    found.reason, found.values = "list.unknown_like", {"known": self._named(like[0])}
                    return

    def _inside(self, held: set[str], subdistrict: str | None) -> set[str]:
        """Those in the sub-district that the row names."""
        if subdistrict is None:
            return held
        where = self._register.buildings["subdistrict"]
        return {one for one in held if where[one] == subdistrict}

    def _by_place(self, table: ListTable, rows: Sequence[_Row], said: Sequence[str | None]) -> None:
        """Rows that are not yet matched, by their coordinates: inside a footprint, else the one building near."""
        open_ = [at for at, row in enumerate(rows) if not row.how and row.reason not in ("list.id_address",)]
        told = table.told.iloc[open_]
        if not open_ or table.spec.crs is None or not {"x", "y"} <= set(told.columns):
            return
        x, y = (pd.to_numeric(told[axis], errors="coerce").to_numpy(dtype=float) for axis in ("x", "y"))
        placed = np.isfinite(x) & np.isfinite(y)
        if not placed.any():
            return
        points = gpd.GeoDataFrame(geometry=shapely.points(x[placed], y[placed]))
        values: dict[str, object] = {"role": "lists", "file": table.spec.path, "layer": table.sheet}
        here, faults = to_case_crs(points, crs=self._crs, stated=table.spec.crs, values=values)
        buildings = self._register.buildings
        drawn = buildings["footprint"].notna().to_numpy()
        shapes = np.where(drawn, buildings["footprint"].to_numpy(dtype=object), buildings.geometry.to_numpy())
        point_pos, home_pos = shapely.STRtree(shapes).query(
            here.geometry.to_numpy(), predicate="dwithin", distance=table.spec.tolerance_m
        )
        away = shapely.distance(here.geometry.to_numpy()[point_pos], shapes[home_pos])
        for place, at in enumerate(np.flatnonzero(placed)):
            row, mine = rows[open_[at]], point_pos == place
            if faults:
                row.reason, row.values = "list.place", {"crs": table.spec.crs}
                continue
            near = home_pos[mine]
            inside = near[(away[mine] == 0) & drawn[near]]
            chosen = inside if len(inside) == 1 else near
            if len(chosen) == 1:
                row.building_id, row.how, row.reason, row.values = str(buildings.index[chosen[0]]), "place", "", {}
                row.score = 100.0
            elif len(chosen):
                known = examples((self._named(str(one)) for one in buildings.index[chosen]), most=3)
                row.reason, row.values = "list.several_places", {"count": len(chosen), "known": known}

    def _contradicts(self, row: _Row, said: str | None) -> None:
        """Unmatches a row whose building lies in another sub-district than it says."""
        lies = self._register.buildings["subdistrict"].get(row.building_id) if row.how else None
        if said is not None and lies is not None and said != lies:
            told = {"said": said, "lies": lies, "known": self._named(row.building_id)}
            row.building_id, row.how, row.reason, row.values = "", "", "list.elsewhere", told

    def _same_house(self, one: str, other: str) -> bool:
        """Whether two buildings have one address."""
        addresses = self._register.buildings["address"]
        return bool(addresses[one] == addresses[other])

    def _named(self, building_id: str) -> str:
        """A building as people know it."""
        address = self._register.buildings["address"].get(building_id)
        return f"{address} {building_id}" if address else building_id


def _fits(region: str, known: Sequence[str]) -> bool:
    """Whether a region is one of those known, or a part of its name is left out on either side."""
    return any(region in one or one in region for one in known)


def _column(told: pd.DataFrame, name: str) -> list[str]:
    """A column as texts; empty where the list has none."""
    return list(told[name]) if name in told.columns else [""] * len(told)


def _code(text: str) -> str:
    """An id as it is compared: without spaces, zeros in front and the case of letters."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper().lstrip("0") or "0"


def _unique(codes: Mapping[str, str], ids: Any) -> dict[str, str]:
    """Codes that mean one id only."""
    seen = pd.Series([_code(one) for one in ids], dtype=object)
    twice = set(seen[seen.duplicated()])
    return {code: one for code, one in codes.items() if code not in twice}


def office(text: str) -> str:
    """A sub-district as it is compared: without what its office is called."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"(?:街道办事处|街道办|街办|街道|镇人民政府|镇政府)$", "", plain)


def _unit(text: str) -> str:
    """An entrance as it is compared."""
    return re.sub(r"[\s第号单元]", "", unicodedata.normalize("NFKC", text)).lower()
