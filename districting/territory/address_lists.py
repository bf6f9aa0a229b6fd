"""Lists of sub-districts become the households of buildings: rows added up, contradictions left out and told.

``[[lists]]`` of a case are read here into an update of the layer of buildings. A building that no list tells keeps
its count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from districting.errors import Fault, LayerError
from districting.territory.belonging import containing
from districting.territory.columns import examples
from districting.territory.layers import LayerSource
from districting.territory.list_cells import LIST_COLUMNS, AcceptedList, ListSpec, counted, list_date
from districting.territory.list_matching import WAYS, Matcher, Register
from districting.territory.list_tables import ListTable, no_file, read_accepted_list, read_list

#: More households in one building than this are taken for a slip of the pen where its dwellings are unknown.
MOST_HOUSEHOLDS = 3000
#: So many times the dwellings, and so many more, where they are known.
MOST_PER_DWELLING, MOST_MORE = 2, 20

#: A list as a run last took it, by its path in the case; None where none did.
Accepted = Callable[[str], AcceptedList | None]


def none_accepted(path: str) -> AcceptedList | None:
    """Nothing is known of any list."""
    return None


@dataclass(frozen=True)
class ListOutcome:
    """What came of the lists of a case.

    Parameters
    ----------
    tables
        As read.
    rows
        One per row of all tables, in their order: ``table`` (position in ``tables``), ``file``, ``line``,
        ``building_id``, ``how``, ``score``, ``reason``, ``values``, ``inside``, ``subdistrict`` (name, None where
        unknown), ``households``, ``people`` (float, NaN where nothing can be read), ``used`` and ``joined`` (bool:
        shares the count above).
    before, after
        Households of every building, index ``building_id``, int64.
    register
        Whom the lists were matched against.
    totals
        Faults: totals that differ from what they sum up.
    refused
        Faults of lists that cannot be read; nothing of such a file is taken, all others are.
    kept
        Of those, path → when a run took it last (UTC): what it said then is among ``tables`` and still counts.
    """

    tables: tuple[ListTable, ...]
    rows: pd.DataFrame
    before: pd.Series
    after: pd.Series
    register: Register
    totals: tuple[Fault, ...] = field(default=())
    refused: tuple[Fault, ...] = field(default=())
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> pd.DataFrame:
        """Rows that go back."""
        return self.rows[self.rows["reason"] != ""]

    def ways(self, table: int | None = None) -> dict[str, int]:
        """How many rows were used, by how they were matched; ``failed`` beside them.

        A row that says again what others say is neither; one that shares the count above it is used with that.
        """
        rows = self.rows if table is None else self.rows[self.rows["table"] == table]
        used = rows[rows["used"] | (rows["joined"] & (rows["reason"] == ""))]
        ways = {way: int((used["how"] == way).sum()) for way in WAYS}
        return {**ways, "failed": int((rows["reason"] != "").sum())}


def list_faults(specs: Sequence[ListSpec]) -> list[Fault]:
    """What is wrong with the words of the case, before any file is opened."""
    faults = []
    for spec in specs:
        if unknown := sorted(set(spec.columns) - set(LIST_COLUMNS)):
            told = {"file": spec.path, "columns": ", ".join(unknown), "known": ", ".join(LIST_COLUMNS)}
            faults.append(Fault("fault.list_column_name", told))
        if not 0 < spec.near_score <= 100 or spec.tolerance_m < 0:
            figures = {"file": spec.path, "near_score": spec.near_score, "tolerance_m": spec.tolerance_m}
            faults.append(Fault("fault.list_figures", figures))
        if list_date(spec.as_of) is None:
            faults.append(Fault("fault.list_date", {"file": spec.path, "value": spec.as_of}))
    return faults


def take_lists(
    specs: Sequence[ListSpec],
    buildings: gpd.GeoDataFrame,
    tables: Mapping[Any, gpd.GeoDataFrame],
    *,
    folder: Path,
    accepted: Accepted = none_accepted,
) -> tuple[gpd.GeoDataFrame, ListOutcome]:
    """The buildings with the households that the lists tell, and what came of every row.

    Parameters
    ----------
    specs
        The lists; those with a later ``as_of`` replace what earlier ones say of a building.
    buildings
        Table of the role, index ``building_id``.
    tables
        Of the other roles, by role: compounds, communities and sub-districts give names.
    folder
        Of the case.
    accepted
        What stands in for a list that cannot be read: nobody is to move because a file was saved wrongly.

    Returns
    -------
    tuple
        The buildings (``households`` and ``people`` as counted, ``estimated`` False where they were), and the
        outcome.

    Raises
    ------
    LayerError
        With every fault of the case's own words: a file that is not there, a column or a date that cannot be. What
        is wrong inside a file concerns its sender, and is among ``refused``.
    """
    faults = [*list_faults(specs), *(fault for spec in specs for fault in no_file(spec, folder=folder))]
    if faults:
        raise LayerError(faults)
    found: list[ListTable] = []
    refused: list[Fault] = []
    kept: dict[str, str] = {}
    for spec in specs:
        try:
            found += read_list(spec, folder=folder)
        except LayerError as error:
            refused += [replace(fault, severity="warning") for fault in error.faults]
            if (last := accepted(spec.path)) is not None:
                with suppress(LayerError):  # the case says else of it now: then its buildings keep their counts
                    found += read_accepted_list(spec, last)
                    kept[spec.path] = last.moment
    register = _register(buildings, tables)
    if not found:
        same = buildings["households"]
        return buildings, ListOutcome((), _no_rows(), same, same.copy(), register, refused=tuple(refused))
    matcher = Matcher(register, crs=pyproj.CRS(buildings.crs))
    parts = [
        _read_counts(table, matcher.match(table)).assign(table=at, file=table.spec.path)
        for at, table in enumerate(found)
    ]
    rows = pd.concat(parts, ignore_index=True)
    after, people = buildings["households"].copy(), buildings["people"].copy()
    estimated = buildings["estimated"].copy()
    dates = rows["table"].map({at: list_date(table.spec.as_of) for at, table in enumerate(found)})
    for date in sorted(dates.unique()):
        judged = _judged(rows[dates == date], register)
        rows.loc[judged.index, judged.columns] = judged
        used = judged[judged["used"]].groupby("building_id")
        sums = used["households"].sum().astype("int64")
        after[sums.index], estimated[sums.index] = sums, False
        heads = used["people"].sum()[used["people"].count() == used.size()]  # people of some entrances are not all
        people[heads.index] = heads
    outcome = ListOutcome(
        tuple(found),
        rows,
        buildings["households"],
        after,
        register,
        tuple(_totals(found, rows)),
        tuple(refused),
        kept,
    )
    return buildings.assign(households=after, people=people, estimated=estimated), outcome


def list_notes(outcome: ListOutcome) -> list[Fault]:
    """What the cleaning log says of the lists: one note a table, and every total that differs."""
    notes = []
    for at, table in enumerate(outcome.tables):
        ways = outcome.ways(at)
        told = {"file": table.spec.path, "layer": table.sheet, "role": "lists", "total": len(table.rows), **ways}
        notes.append(Fault("note.list_taken", told, severity="warning"))
        mine = outcome.rows[outcome.rows["table"] == at]
        near = mine[(mine["how"] == "near") & (mine["reason"] == "")]
        if len(near):
            named = [f"{line} → {one}" for line, one in zip(near["line"], near["building_id"], strict=True)]
            notes.append(Fault("note.list_near", {**told, "examples": examples(named)}, severity="warning"))
    held = [
        Fault("note.list_kept", {"role": "lists", "file": path, "date": moment[:10]}, severity="warning")
        for path, moment in outcome.kept.items()
    ]
    return [*notes, *outcome.totals, *outcome.refused, *held]


def list_sources(outcome: ListOutcome, *, crs: str) -> tuple[LayerSource, ...]:
    """The tables of the lists as inputs of a run; ``crs`` is that of the case where a list states none."""
    return tuple(
        LayerSource("lists", table.spec.path, table.sheet, table.sha256, len(table.rows), table.spec.crs or crs)
        for table in outcome.tables
    )


def _no_rows() -> pd.DataFrame:
    """The rows of an outcome where no list can be read."""
    columns = ["table", "file", "line", "building_id", "how", "score", "reason", "values", "inside", "subdistrict"]
    texts = pd.DataFrame(columns=columns, dtype=object)
    counts = pd.DataFrame(columns=["households", "people"], dtype=float)
    return texts.join(counts).join(pd.DataFrame(columns=["used", "joined"], dtype=bool))


def _register(buildings: gpd.GeoDataFrame, tables: Mapping[Any, gpd.GeoDataFrame]) -> Register:
    """The buildings with the names of what they lie in: as their columns say, else by place."""
    table = buildings[["address", "households", "people", "dwellings", "footprint", "geometry"]].copy()
    points = buildings.geometry.to_numpy()
    for ours, role in (("compound", "compounds"), ("community", "communities"), ("subdistrict", "subdistricts")):
        areas = tables[role]
        said = buildings[f"{ours}_id"].to_numpy(dtype=object).copy()
        if len(areas):
            names = areas["name"].where(areas["name"].notna(), pd.Series(areas.index, index=areas.index))
            open_ = pd.isna(said)
            said[open_] = containing(points[open_], areas.geometry, within_m=0.0)[0]
            said = np.array([names.get(one, one) for one in said], dtype=object)
        table[ours] = said
    areas = tables["subdistricts"]
    return Register(table, {str(key): str(name or key) for key, name in areas["name"].items()})


def _read_counts(table: ListTable, matched: pd.DataFrame) -> pd.DataFrame:
    """The matched rows with their counts; a row whose count cannot be used is not matched."""
    texts = table.told["households"].fillna("")
    households = pd.to_numeric(texts.map(counted), errors="coerce").astype(float)
    heads = table.told["people"].fillna("") if "people" in table.told.columns else texts.map(lambda _: "")
    people = pd.to_numeric(heads.map(counted), errors="coerce").astype(float)
    joined = table.joined.reindex(texts.index, fill_value=False)
    wrong = {
        "list.people": (heads != "") & ~(people >= 0),
        "list.no_number": (texts != "") & households.isna(),
        "list.negative": households < 0,
        "list.no_count": (texts == "") & ~joined,
    }
    rows = matched.assign(households=households, people=people, used=False, line=matched.index)
    for key, where in wrong.items():
        for line in rows.index[where]:
            _refuse(rows, [line], key, {"value": (heads if key == "list.people" else texts)[line]})
    above = rows["building_id"].where(~joined).ffill()
    parted = joined & (rows["building_id"] != above)
    rows.loc[parted, "reason"] = "list.joined_count"
    first = (~joined).cumsum()
    rows.loc[first.isin(first[parted]) & ~joined, "reason"] = "list.joined_count"
    rows.loc[joined & ~parted, "households"] = 0.0
    return rows.assign(joined=joined.to_numpy())


def _judged(rows: pd.DataFrame, register: Register) -> pd.DataFrame:
    """Rows of one date: which are used, and what contradicts what."""
    rows = rows.copy()
    good = rows[(rows["reason"] == "") & ~rows["joined"]]
    several = good["building_id"].duplicated(keep=False)
    rows.loc[good.index[~several], "used"] = True
    for _, mine in good[several].groupby("building_id", sort=True):
        key, values, used = _one_building(mine)
        rows.loc[used, "used"] = True
        if key:
            _refuse(rows, mine.index, key, values)
    sums = rows[rows["used"]].groupby("building_id")["households"].sum()
    dwellings = register.buildings["dwellings"].reindex(sums.index)
    most = (MOST_PER_DWELLING * dwellings + MOST_MORE).where(dwellings > 0, MOST_HOUSEHOLDS)
    for building_id in sums.index[sums > most]:
        told = {"count": int(sums[building_id]), "most": int(most[building_id])}
        _refuse(rows, good.index[good["building_id"] == building_id], "list.absurd", told)
    return rows


def _refuse(rows: pd.DataFrame, where: Iterable[Any], key: str, values: dict[str, Any]) -> None:
    """Mark rows of a table of ours that go back, and why."""
    told: Any = values  # a cell may hold anything, which the stubs of pandas do not know
    for at in where:
        rows.at[at, "reason"], rows.at[at, "used"], rows.at[at, "values"] = key, False, told


def _one_building(mine: pd.DataFrame) -> tuple[str, dict[str, Any], list[Any]]:
    """What contradicts what among the rows of one building (empty: nothing), and the rows that count."""
    # rows of one file that nothing tells apart may be one said again or several to be added; files may agree
    again = mine.duplicated(["file", "inside"], keep=False)
    again |= mine.groupby("inside")["households"].transform("nunique") > 1
    if again.any():
        twice = mine[mine["inside"] == mine.loc[again, "inside"].iloc[0]]
        told = sorted(set(twice["households"]))
        lines = examples(twice["line"], most=6)
        return "list.twice", {"values": " / ".join(f"{one:.0f}" for one in told), "lines": lines}, []
    first = mine[~mine.duplicated("inside")]
    whole, parts = first[first["inside"] == ""], first[first["inside"] != ""]
    if len(whole) and len(parts):
        if whole["households"].sum() != parts["households"].sum():
            sums = {"whole": int(whole["households"].sum()), "parts": int(parts["households"].sum())}
            return "list.whole_and_parts", sums, []
        first = parts
    return "", {}, list(first.index)


def _totals(tables: Sequence[ListTable], rows: pd.DataFrame) -> list[Fault]:
    """Totals that differ from what they sum up: of the rows of a table, and of a whole list as the case says."""
    faults = []
    for table in tables:
        told = {"role": "lists", "file": table.spec.path, "layer": table.sheet}
        for total in table.totals:
            if total.stated != total.counted:
                values = {
                    "line": total.line,
                    "label": total.label,
                    "stated": total.stated,
                    "counted": total.counted,
                }
                faults.append(Fault("note.list_total", {**told, **values}, severity="warning"))
    for spec in dict.fromkeys(id(table.spec) for table in tables):
        mine = [at for at, table in enumerate(tables) if id(table.spec) == spec]
        stated = tables[mine[0]].spec.total
        sums = int(rows.loc[rows["table"].isin(mine), "households"].clip(lower=0).sum())
        if stated is not None and stated != sums:
            told = {
                "role": "lists",
                "file": tables[mine[0]].spec.path,
                "layer": "",
                "line": "total",
                "label": "total",
            }
            values = {**told, "stated": stated, "counted": sums}
            faults.append(Fault("note.list_total", values, severity="warning"))
    return faults
