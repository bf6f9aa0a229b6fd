"""A first look into files nobody has described: what they hold, and what a case of them would be."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from districting.errors import Fault, LayerError
from districting.territory.columns import as_text, examples
from districting.territory.crs import metric_crs, short_name, suggest_crs, to_degrees
from districting.territory.files import layer_names, read_file
from districting.territory.headings import guess_columns, guess_role
from districting.territory.osm import EXTRACT_ROLES, is_extract
from districting.territory.specs import ROLE_COLUMNS, LayerSpec, Role
from districting.territory.vocabulary import barrier_kinds, road_classes, says_estimated
from districting.territory.words import column_words, words

#: Share of a column's rows whose words must be known for the column to be taken.
_KNOWN_SHARE = 0.9
#: Columns that may tell service centres from other facilities.
_KIND_COLUMNS = ("kind", "amenity", "facility_type", "type", "fclass", "设施类型", "设施类别", "类型", "类别")
#: What reading says of a layer, or of an extract's part, that holds nothing.
_EMPTY = ("fault.layer_empty", "fault.layer_no_rows")
#: Roles that one layer plays alone; of several candidates the first is taken.
_SINGLE = ("communities", "subdistricts", "facilities", "planned")


@dataclass(frozen=True)
class FileColumn:
    """A column of a file: its name, the type it is stored in, and a few of its values."""

    name: str
    dtype: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class FileLayer:
    """One layer of a file, and what it most likely is.

    Parameters
    ----------
    path, layer
        Where it lies; ``layer`` is the file's stem for files that hold one table.
    geometry
        ``point``, ``line``, ``polygon``, or ``none``.
    crs
        As its authority writes it, e.g. ``"EPSG:4490"``; None where the file states none.
    features
        How many.
    columns
        In the file's order, without the geometry.
    middle
        Longitude and latitude of the middle of the layer, in degrees; None without a CRS.
    role
        Guessed; None where nothing speaks for one.
    spec
        How a case would name it (``path`` as given); None without a role.
    notes
        What reading it had to mend.
    """

    path: Path
    layer: str
    geometry: str
    crs: str | None
    features: int
    columns: tuple[FileColumn, ...]
    middle: tuple[float, float] | None = None
    role: Role | None = None
    spec: LayerSpec | None = None
    notes: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class GuessedCase:
    """What a case of some files would be.

    Parameters
    ----------
    layers
        Specs with paths relative to the case's folder.
    crs
        The metric CRS of most buildings, else a suggestion for the place; None where nothing states one.
    remarks
        What was left out, taken on trust, or is missing; an error where the case cannot be read as it is.
    files
        Every layer that was looked at.
    aside
        Columns of each of ``layers``, in the same order, that the case makes no use of.
    """

    layers: tuple[LayerSpec, ...]
    crs: str | None
    remarks: tuple[Fault, ...]
    files: tuple[FileLayer, ...] = field(default=())
    aside: tuple[tuple[str, ...], ...] = field(default=())


def inspect_file(path: Path) -> list[FileLayer]:
    """Every layer of a file; an OSM extract counts as one layer a role.

    Raises
    ------
    LayerError
        If the file cannot be opened, or a layer cannot be read.
    """
    return list(_layers(path))


def guess_case(paths: Sequence[Path], *, folder: Path) -> GuessedCase:
    """What a case of these files would be: roles, columns, conditions, CRS.

    Parameters
    ----------
    paths
        Files, in the order in which they are preferred.
    folder
        Where the case file will lie.

    Returns
    -------
    GuessedCase
        A file that cannot be read is a remark, not an error.
    """
    remarks: list[Fault] = []
    files: list[FileLayer] = []
    for path in dict.fromkeys(paths):
        try:
            files += inspect_file(path)
        except LayerError as error:
            blank = {"layer": "", "role": "—", "where": ""}
            remarks += [replace(fault, values={**blank, **fault.values}) for fault in error.faults]
    taken: dict[Role, str] = {}
    specs: list[LayerSpec] = []
    aside: list[tuple[str, ...]] = []
    for file in files:
        named = {"file": file.path.name, "layer": file.layer}
        columns = examples([column.name for column in file.columns], most=12)
        remarks += file.notes
        if not file.features:
            remarks.append(Fault("note.init_empty", named, severity="warning"))
            continue
        if file.role is None or file.spec is None:
            shape = {"geometry": file.geometry, "features": file.features, "columns": columns}
            remarks.append(Fault("note.init_no_role", {**named, **shape}, severity="warning"))
            continue
        named["role"] = file.role
        if file.role in taken and file.role in _SINGLE:
            told = {**named, "taken": taken[file.role]}
            remarks.append(Fault("note.init_second", told, severity="warning"))
            continue
        taken.setdefault(file.role, f"{file.path.name}:{file.layer}")
        if file.spec.crs is not None:
            told = {**named, "crs": file.spec.crs}
            remarks.append(Fault("note.init_guessed_crs", told, severity="warning"))
        elif file.crs is None:
            remarks.append(Fault("fault.layer_no_crs", named))
        uncounted = "households" not in file.spec.columns and not file.spec.household_points
        if file.role == "buildings" and uncounted:
            remarks.append(Fault("note.init_no_households", {**named, "columns": columns}, severity="warning"))
        aside.append(_aside(file, file.spec))
        specs.append(replace(file.spec, path=Path(os.path.relpath(file.path, folder)).as_posix()))
    needed: tuple[Role, ...] = ("buildings", "roads", "communities", "subdistricts", "facilities")
    for role in needed:
        if role not in taken:
            remarks.append(Fault("note.init_no_layer", {"role": role}, severity="warning"))
    crs = _case_crs([file for file in files if file.role is not None])
    if crs is None:
        remarks.append(Fault("fault.init_no_crs", {}))
    return GuessedCase(tuple(specs), crs, tuple(remarks), tuple(files), tuple(aside))


def _aside(file: FileLayer, spec: LayerSpec) -> tuple[str, ...]:
    """Columns that a case with this spec does not read: neither named, nor ours, nor in its condition."""
    read = {*spec.columns.values(), *(name for name in ROLE_COLUMNS[spec.role] if name not in spec.columns)}
    names = (column.name for column in file.columns)
    return tuple(name for name in names if name not in read and name not in re.findall(r"\w+", spec.where or ""))


def _case_crs(files: Sequence[FileLayer]) -> str | None:
    """The metric CRS that the buildings, else any layer, are in; else one for the place."""
    ranked = sorted(files, key=lambda file: file.role != "buildings")
    for file in ranked:
        if file.crs is not None and metric_crs(file.crs)[0] is not None:
            return file.crs
    middles = [file.middle for file in ranked if file.middle is not None]
    return suggest_crs(*middles[0]) if middles else None


def _layers(path: Path) -> Iterator[FileLayer]:
    """Each layer of a file, read as a case would read it."""
    if not path.exists():
        raise LayerError([Fault("fault.no_such_path", {"path": str(path)})])
    if is_extract(path):
        for role in EXTRACT_ROLES:
            spec = LayerSpec(role, path.name)
            try:
                yield _described(path, path.stem, spec, several=False)
            except LayerError as error:
                if any(fault.key not in _EMPTY for fault in error.faults):
                    raise
        return
    names = layer_names(path)
    several = len(names) > 1
    for name in names:
        # any role will do: columns are read as they are
        spec = LayerSpec("zones", path.name, layer=name if several else None)
        try:
            yield _described(path, name, spec, several=several)
        except LayerError as error:
            if any(fault.key not in _EMPTY for fault in error.faults):
                raise
            yield FileLayer(path, name, "none", None, 0, ())


def _described(path: Path, layer: str, spec: LayerSpec, *, several: bool) -> FileLayer:
    """A layer with its columns, its likely role and the spec that a case would hold."""
    found = read_file(spec, folder=path.parent)
    table = found.table
    geometry = _geometry(table)
    columns = tuple(
        FileColumn(str(name), str(table[name].dtype), tuple(as_text(table[name]).dropna().unique()[:3]))
        for name in table.columns
        if name != table.geometry.name
    )
    names = [column.name for column in columns]
    role: Role | None
    if is_extract(path):
        role = spec.role
        where = _centres(table) if role == "facilities" else None
        guessed: LayerSpec | None = LayerSpec(role, str(path), where=where)
    else:
        role = guess_role(layer=layer, file=path.stem, geometry=geometry, names=names)
        guessed = None if role is None else _spec(role, path, layer if several else None, table)
    crs = short_name(table.crs) if table.crs is not None else None
    if table.crs is None and guessed is not None and _looks_like_degrees(table):
        x, y = _middle(table)
        guessed = replace(guessed, crs="EPSG:4490" if 73 <= x <= 136 and 17 <= y <= 54 else "EPSG:4326")
    stated = table.crs if table.crs is not None else (guessed.crs if guessed is not None else None)
    middle = _in_degrees(_middle(table), stated) if stated is not None else None
    return FileLayer(path, layer, geometry, crs, len(table), columns, middle, role, guessed, found.notes)


def _geometry(table: gpd.GeoDataFrame) -> str:
    """What most features are."""
    dimensions = shapely.get_dimensions(table.geometry.to_numpy())
    kinds, counts = np.unique(dimensions[dimensions >= 0], return_counts=True)
    return ("point", "line", "polygon")[int(kinds[np.argmax(counts)])] if len(kinds) else "none"


def _middle(table: gpd.GeoDataFrame) -> tuple[float, float]:
    west, south, east, north = table.total_bounds
    return (float(west + east) / 2, float(south + north) / 2)


def _looks_like_degrees(table: gpd.GeoDataFrame) -> bool:
    west, south, east, north = table.total_bounds
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)


def _in_degrees(middle: tuple[float, float], crs: pyproj.CRS | str) -> tuple[float, float] | None:
    longitude, latitude = to_degrees(pyproj.CRS.from_user_input(crs)).transform(*middle)
    return (longitude, latitude) if np.isfinite([longitude, latitude]).all() else None


def _spec(role: Role, path: Path, layer: str | None, table: gpd.GeoDataFrame) -> LayerSpec:
    """How a case would name a layer: columns whose values bear the guess out, conditions, constant kinds."""
    names = [str(name) for name in table.columns if name != table.geometry.name]
    columns = guess_columns(role, names)
    own_id = ROLE_COLUMNS[role][0]
    if own_id in columns and not _identifies(table[columns[own_id]]):
        del columns[own_id]
    where = kind = None
    household_points = False
    if role == "roads":
        columns |= _fitting(table, role, "road_class", road_classes)
    elif role == "barriers":
        columns.pop("kind", None)
        columns |= _fitting(table, role, "kind", barrier_kinds)
        if "kind" not in columns:
            by_name = barrier_kinds(pd.Series([layer or "", path.stem])).dropna()
            kind = next((word for word in by_name if word), None)
    elif role == "zones" and "kind" not in columns:
        kind = "school" if re.search("school|学区|学校", f"{layer} {path.stem}", re.IGNORECASE) else None
    elif role == "facilities":
        where = _centres(table)
    elif role == "buildings":
        if "estimated" in columns and not says_estimated(table[columns["estimated"]]).any():
            del columns["estimated"]
        uncounted = not {"households", "dwellings"} & set(columns) and _geometry(table) == "point"
        household_points = uncounted and bool(re.search("household|住户|户籍|居民户", f"{layer} {path.stem}"))
    return LayerSpec(
        role, str(path), layer=layer, columns=columns, where=where, kind=kind, household_points=household_points
    )


def _identifies(column: pd.Series) -> bool:
    """Whether every row has a value of its own."""
    ids = as_text(column)
    return bool(ids.notna().all() and ids.is_unique)


def _fitting(
    table: gpd.GeoDataFrame, role: Role, ours: str, translate: Callable[[pd.Series], pd.Series]
) -> Mapping[str, str]:
    """The first candidate for a column whose words are mostly known."""
    for theirs in _candidates(table, column_words(role)[ours]):
        if translate(as_text(table[theirs])).notna().mean() >= _KNOWN_SHARE:
            return {ours: theirs}
    return {}


def _candidates(table: gpd.GeoDataFrame, names: Sequence[str]) -> Iterator[str]:
    """Columns of the table that bear one of the names, in the order of the names."""
    by_lower = {str(name).lower(): str(name) for name in table.columns}
    yield from (by_lower[name.lower()] for name in names if name.lower() in by_lower)


def _centres(table: gpd.GeoDataFrame) -> str | None:
    """The condition that keeps service centres only; None where no column tells."""
    for column in _candidates(table, _KIND_COLUMNS):
        kinds = as_text(table[column]).dropna().unique()
        for marks in words("centres").values():
            fitting = sorted({kind for kind in kinds if kind.lower() in marks})
            if not fitting:  # Chinese words may stand inside longer ones
                parts = [mark for mark in marks if not mark.isascii()]
                fitting = sorted({kind for kind in kinds if any(part in kind for part in parts)})
            if fitting:
                quoted = column if column.isascii() and column.isidentifier() else f'"{column}"'
                values = ["'" + kind.replace("'", "''") + "'" for kind in fitting]
                return f"{quoted} = {values[0]}" if len(values) == 1 else f"{quoted} IN ({', '.join(values)})"
    return None
