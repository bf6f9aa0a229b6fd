"""From the case's files to `Layers`: read, place, mend, join, and settle who lies in what.

The work of each step stands in its own module; this one is the order of the steps and the gathering of faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyproj

from districting.errors import Fault, LayerError
from districting.progress import Progress, Step, silent
from districting.territory.address_lists import (
    Accepted,
    ListOutcome,
    list_notes,
    list_sources,
    none_accepted,
    take_lists,
)
from districting.territory.assembly import assemble
from districting.territory.crs import metric_crs, short_name, to_case_crs
from districting.territory.database_layers import read_database
from districting.territory.databases import UNREACHED, Databases
from districting.territory.files import FileTable, read_file
from districting.territory.homes import count_points
from districting.territory.joining_files import joined
from districting.territory.layers import Layers, LayerSource
from districting.territory.list_cells import ListSpec
from districting.territory.roles import take
from districting.territory.specs import ROLES, Estimate, LayerSpec, Role
from districting.territory.vocabulary import says_generated

__all__ = ["Estimate", "LayerSpec", "read_layers"]

#: Roles of which one must be there: they say which land is the case's.
_LAND = frozenset(("subdistricts", "communities"))
#: Roles whose rows, and columns whose words, may say that the data were generated.
_TELLING_ROLES = ("buildings", "communities", "subdistricts")
_TELLING_COLUMNS = ("source", "hh_source", "data_source", "来源", "数据来源")


@dataclass(frozen=True)
class _Reading:
    """What came out of one spec; ``table`` None where it could not be used."""

    spec: LayerSpec
    table: gpd.GeoDataFrame | None = None
    source: LayerSource | None = None
    faults: tuple[Fault, ...] = field(default=())
    generated: bool = False


def read_layers(
    specs: Sequence[LayerSpec],
    *,
    crs: str,
    folder: Path,
    horizon: int | None = None,
    generated: bool = False,
    lists: Sequence[ListSpec] = (),
    accepted: Accepted = none_accepted,
    progress: Progress = silent,
) -> Layers:
    """The inputs of a case, read, mended and joined.

    Parameters
    ----------
    specs
        One per file layer. Buildings are needed, and sub-districts or communities; everything else is optional.
    crs
        The metric CRS of the case.
    folder
        That the specs' paths are relative to.
    horizon
        Year up to which planned housing counts for ``horizon_households``; None: it does not.
    generated
        That the case says its data are generated; files may say so themselves.
    lists
        Lists of households that sub-districts sent: they update the buildings.
    accepted
        What stands in for a list that cannot be read.
    progress
        Told of each file.

    Returns
    -------
    Layers
        As its docstring promises; everything repaired or assumed stands in ``notes``.

    Raises
    ------
    LayerError
        With every fault of the files, and of how they fit together where they could be read.
    """
    case_crs, faults = metric_crs(crs)
    for spec in specs:
        faults += spec.faults()
    if case_crs is None or faults:
        raise LayerError(faults)
    readings = []
    with Databases() as databases:
        for done, spec in enumerate(specs):
            progress(Step("stage.read", done, len(specs), where=spec.shown))
            readings.append(_read(spec, crs=case_crs, folder=folder, databases=databases))
    progress(Step("stage.read", len(specs), len(specs)))
    readings = _without_empty(readings)
    found = [fault for reading in readings for fault in reading.faults] + _missing_roles(specs)
    tables: dict[Role, gpd.GeoDataFrame] = {}
    origin: dict[Role, dict[str, object]] = {}
    for role in ROLES:
        parts = [reading for reading in readings if reading.spec.role == role and reading.table is not None]
        told: dict[str, object] = {
            "role": role,
            "file": ", ".join(dict.fromkeys(reading.spec.shown for reading in parts)),
            "layer": ", ".join(reading.source.layer or "" for reading in parts if reading.source),
            "gaps": any(reading.spec.gaps for reading in parts),
        }
        origin[role] = told
        tables[role], wrong = joined(role, _parts(role, parts), crs=case_crs, values=told)
        found += wrong
    outcome: ListOutcome | None = None
    if lists and "buildings" not in _broken(found):
        try:
            tables["buildings"], outcome = take_lists(
                lists, tables["buildings"], tables, folder=folder, accepted=accepted
            )
            found += list_notes(outcome)
        except LayerError as error:
            found += error.faults
    layers, wrong = assemble(tables, origin=origin, broken=_broken(found), crs=case_crs, horizon=horizon)
    found += wrong
    errors = [fault for fault in found if fault.severity == "error"]
    if errors or layers is None:
        raise LayerError(_unreached_once(errors))
    return replace(
        layers,
        sources=(
            *(reading.source for reading in readings if reading.source is not None),
            *(list_sources(outcome, crs=short_name(case_crs)) if outcome is not None else ()),
        ),
        lists=outcome,
        notes=tuple(found),
        generated=generated or any(reading.generated for reading in readings),
    )


def _read(spec: LayerSpec, *, crs: pyproj.CRS, folder: Path, databases: Databases) -> _Reading:
    """One spec, as far as it can be used."""
    try:
        file = read_database(spec, databases) if spec.in_database else read_file(spec, folder=folder)
    except LayerError as error:
        return _Reading(spec, faults=tuple(_with_layer(fault, spec) for fault in error.faults))
    placed, faults = to_case_crs(file.table, crs=crs, stated=spec.crs, values=file.values)
    if faults:
        return _Reading(spec, faults=(*file.notes, *faults))
    own = file.table.crs if file.table.crs is not None else pyproj.CRS.from_user_input(spec.crs)
    table, faults = take(replace(file, table=placed))
    source = LayerSource(spec.role, spec.shown, file.layer, file.sha256, len(file.table), short_name(own))
    return _Reading(spec, table, source, (*file.notes, *faults), generated=_generated(file))


def _without_empty(readings: Sequence[_Reading]) -> list[_Reading]:
    """The readings; layers without a row that the case can do without are noted instead of refused.

    A condition or a query that leaves nothing is refused all the same: nobody writes one to read nothing.
    """
    filled = {reading.spec.role for reading in readings if reading.table is not None}
    settled = []
    for reading in readings:
        role = reading.spec.role
        needed = role == "buildings" or (role in _LAND and not filled & _LAND)
        empty = [fault.key for fault in reading.faults] == ["fault.layer_no_rows"]
        if empty and (role in filled or not needed):
            noted = replace(reading.faults[0], key="note.layer_empty", severity="warning")
            reading = replace(reading, faults=(noted,))
        settled.append(reading)
    return settled


def _with_layer(fault: Fault, spec: LayerSpec) -> Fault:
    """The fault with role, file and layer, which every sentence about a layer names."""
    named = {"role": spec.role, "layer": spec.layer or "", **fault.values, "file": spec.shown}
    return replace(fault, values=named)


def _generated(file: FileTable) -> bool:
    """Whether the rows say of themselves that they were generated."""
    if file.spec.role not in _TELLING_ROLES:
        return False
    telling = [name for name in file.table.columns if str(name).lower() in _TELLING_COLUMNS]
    return any(says_generated(pd.unique(file.table[name].dropna())) for name in telling)


def _unreached_once(faults: Sequence[Fault]) -> list[Fault]:
    """The faults, a database that cannot be reached said once for all its layers."""
    away: dict[tuple[object, object], list[Fault]] = {}
    for fault in faults:
        if fault.key in UNREACHED:
            away.setdefault((fault.values["file"], fault.values["why"]), []).append(fault)
    told = [fault for fault in faults if fault.key not in UNREACHED]
    for same in away.values():
        roles = ", ".join(dict.fromkeys(str(fault.values["role"]) for fault in same))
        told.append(replace(same[0], values={**same[0].values, "role": roles}))
    return told


def _missing_roles(specs: Sequence[LayerSpec]) -> list[Fault]:
    """Roles without which there is nothing to do."""
    given = {spec.role for spec in specs}
    faults = []
    if "buildings" not in given:
        faults.append(Fault("fault.layers_no_buildings", {"given": ", ".join(sorted(given))}))
    if not given & _LAND:
        faults.append(Fault("fault.layers_no_land", {"given": ", ".join(sorted(given))}))
    return faults


def _parts(role: Role, readings: Sequence[_Reading]) -> list[gpd.GeoDataFrame]:
    """The tables of one role; household points go into the footprints that another file of the role draws."""
    tables = [reading.table for reading in readings if reading.table is not None]
    if role != "buildings":
        return tables
    points = [r.table for r in readings if r.spec.household_points and r.table is not None]
    others = [r.table for r in readings if not r.spec.household_points and r.table is not None]
    if not points or not others:
        return tables
    buildings, rest = count_points(pd.concat(others, ignore_index=True), pd.concat(points, ignore_index=True))
    return [buildings, rest] if len(rest) else [buildings]


def _broken(faults: Sequence[Fault]) -> frozenset[str]:
    """Roles that an error concerns; how they fit with others is not judged before they are mended."""
    return frozenset(str(fault.values.get("role", "")) for fault in faults if fault.severity == "error")
