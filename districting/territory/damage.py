"""Why a file, or a condition on it, cannot be used: told by what the file holds, not by what a library says of it.

Libraries speak English, of calls and formats; people need the file and the mend. Their words are kept in the
fault's ``why``, which only ``--json`` shows.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from districting.errors import Fault

#: First bytes of a file → what it is, in a word that both languages use.
_BEGINS: tuple[tuple[bytes, str], ...] = (
    (b"SQLite format 3\0", "SQLite"),
    (b"PK\x03\x04", "ZIP"),
    (b"PAR1", "Parquet"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "Excel 97–2003"),
    (b"\x00\x00\x27\x0a", "Shapefile"),
    (b"<!DOCTYPE html", "HTML"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
    (b"<", "XML"),
    (b"{", "JSON"),
)
#: Ending → what a file of that name is, and what its first bytes may say of it.
_ENDINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".gpkg": ("GeoPackage", ("SQLite",)),
    ".xlsx": ("Excel", ("ZIP",)),
    ".xlsm": ("Excel", ("ZIP",)),
    ".xls": ("Excel", ("Excel 97–2003",)),
    ".parquet": ("Parquet", ("Parquet",)),
    ".geoparquet": ("Parquet", ("Parquet",)),
    ".pq": ("Parquet", ("Parquet",)),
    ".shp": ("Shapefile", ("Shapefile",)),
    ".geojson": ("GeoJSON", ("JSON",)),
    ".json": ("GeoJSON", ("JSON",)),
    ".kml": ("KML", ("XML",)),
    ".gml": ("GML", ("XML",)),
    ".osm": ("OpenStreetMap", ("XML",)),
    ".pbf": ("OpenStreetMap PBF", ()),
    ".zip": ("ZIP", ("ZIP",)),
    ".fgb": ("FlatGeobuf", ()),
    ".gdb": ("FileGDB", ()),
    ".csv": ("CSV", ()),
    ".tsv": ("CSV", ()),
    ".txt": ("CSV", ()),
}
#: Of a workbook that is locked by a password: an OLE file that holds this name.
_LOCKED = "EncryptedPackage".encode("utf-16-le")
#: Words of SQL that are no columns.
_SQL = frozenset(
    ("and", "or", "not", "in", "is", "null", "like", "ilike", "between", "case", "when", "then", "else", "end",
     "true", "false", "as", "cast", "exists", "glob", "escape", "collate", "integer", "text", "real", "numeric",
     "float", "date", "timestamp", "interval", "distinct", "similar", "to", "any", "all", "some", "array")
)  # fmt: skip


def file_fault(path: Path, error: BaseException | None = None, *, file: str = "") -> Fault:
    """What is wrong with a file that cannot be read.

    Parameters
    ----------
    path
        On disk.
    error
        What the library said, for ``why``.
    file
        Name for the sentences; empty: the file's own.
    """
    values: dict[str, Any] = {"file": file or path.name, "why": str(error or "")}
    if isinstance(error, PermissionError):
        return Fault("fault.file_rights", values)
    suffix = path.suffix.lower()
    kind, begins = _ENDINGS.get(suffix, ("", ()))
    values["kind"] = kind
    if path.is_dir():
        return Fault("fault.file_damaged" if suffix == ".gdb" else "fault.file_folder", values)
    if not path.exists():
        return Fault("fault.file_gone", values)
    content = path.read_bytes()
    if not content.strip():
        return Fault("fault.file_empty", values)
    if not kind:
        return Fault("fault.file_unknown", values)
    if suffix == ".shp" and (lacking := shapefile_lacks(path)):
        return Fault("fault.file_parts", {**values, "lacking": ", ".join(lacking)})
    found = next((name for mark, name in _BEGINS if content.lstrip().startswith(mark)), "")
    if found == "Excel 97–2003" and suffix != ".csv":
        locked = _LOCKED in content
        return Fault("fault.file_locked" if locked else "fault.file_old_excel", values)
    if begins and found not in begins:
        known = {**values, "found": found}
        return Fault("fault.file_other", known) if found else Fault("fault.file_no_such", values)
    if kind == "CSV" and found in ("ZIP", "Excel 97–2003", "PDF", "HTML", "SQLite", "Parquet"):
        return Fault("fault.file_other", {**values, "found": found})
    if kind == "CSV" and b"\0" in content and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return Fault("fault.file_no_such", values)
    if kind == "GeoJSON":
        try:
            document = json.loads(content)
        except json.JSONDecodeError as broken:
            return Fault("fault.file_json", {**values, "line": broken.lineno, "column": broken.colno})
        except UnicodeDecodeError:
            return Fault("fault.file_no_such", values)
        if not isinstance(document, dict) or "type" not in document:
            return Fault("fault.file_no_such", values)
    return Fault("fault.file_damaged", values)


def shapefile_lacks(path: Path) -> list[str]:
    """The parts that a shapefile cannot be without and that do not lie beside it: ``.shx``, ``.dbf``."""
    there = {one.suffix.lower() for one in path.parent.iterdir() if one.stem == path.stem}
    return [part for part in (".shx", ".dbf") if part not in there]


def rows_fault(text: str, *, separator: str, file: str, why: str = "") -> Fault:
    """What is wrong with a CSV file whose rows cannot be told apart: a row too long, a quotation left open.

    Parameters
    ----------
    text
        The whole file.
    separator
        Between its cells.
    file
        Name for the sentences.
    """
    lines = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    wide, before = 0, 1
    for row in lines:
        wide = wide or len(row)
        if len(row) > wide:
            told = {"file": file, "line": before, "found": len(row), "wanted": wide, "why": why}
            return Fault("fault.csv_row", told)
        if lines.line_num > before and text.count('"') % 2:
            return Fault("fault.csv_quotes", {"file": file, "line": before, "why": why})
        before = lines.line_num + 1
    return Fault("fault.file_damaged", {"file": file, "kind": "CSV", "why": why})


def where_fault(condition: str, *, columns: Iterable[object], role: str, file: str, error: BaseException) -> Fault:
    """What is wrong with a condition: a column that the file lacks, else the way it is written."""
    names = [str(name) for name in columns]
    values: dict[str, Any] = {
        "role": role,
        "file": file,
        "where": condition,
        "known": ", ".join(names),
        "why": str(error),
    }
    if condition.count("'") % 2:
        return Fault("fault.layer_where", values)
    there = {name.casefold() for name in names} | {"fid", "rowid"}
    bare = re.sub(r"'(?:[^']|'')*'", "''", condition)
    quoted = re.findall(r'"([^"]+)"', bare)
    words = re.findall(r"(?<![\w.])[^\W\d]\w*(?!\w|\s*\()", re.sub(r'"[^"]*"', "", bare))
    strange = [one for one in (*quoted, *words) if one.casefold() not in there | _SQL]
    if strange:
        return Fault("fault.layer_where_column", {**values, "column": strange[0]})
    return Fault("fault.layer_where", values)


def query_fault(query: str, *, layers: Iterable[str], role: str, file: str, error: BaseException) -> Fault:
    """What is wrong with a query: a table or a column that is not there, else the way it is written."""
    said = str(error)
    values: dict[str, Any] = {"role": role, "file": file, "sql": query, "known": ", ".join(layers), "why": said}
    if table := re.search(r"no such table: ?(\S+)|from table (\S+) failed", said):
        return Fault("fault.layer_sql_table", {**values, "table": (table[1] or table[2]).strip("'\"")})
    if column := re.search(r"no such column: ?(\S+)|[Uu]nrecogni[sz]ed field name ([^\s.]+)", said):
        return Fault("fault.layer_sql_no_column", {**values, "column": (column[1] or column[2]).strip("'\"")})
    return Fault("fault.layer_sql", values)
