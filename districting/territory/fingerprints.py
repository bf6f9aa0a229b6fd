"""Content fingerprints of what was read: one per layer, and one per layer in every sub-district.

A fingerprint is of values and shapes, in an order of their own: neither the file's format, its row order, its path
nor the way a ring is wound changes it. Which settings and rules were in force: `districting.rerun.basis`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from districting.territory.layers import Layers
from districting.territory.specs import STAFF_COLUMNS, Role

#: Length of a digest in bytes (BLAKE2b): 128 bits tell any two contents apart.
DIGEST_BYTES = 16
#: Coordinates are compared to the millimetre: formats and projections differ below it.
GRID_DECIMALS = 3
#: Roads and barriers this near to a sub-district count as its own: borders and walks follow them, m.
NEAR_M = 200.0

#: What is compared of each role. What the program settles itself (whose a building is, planned housing by its
#: horizon) is left out: it follows from the other layers, from the settings and from the reference.
COLUMNS: Mapping[Role, tuple[str, ...]] = {
    "buildings": (
        "households",
        "people",
        "registered_people",
        "dwellings",
        "floors",
        "estimated",
        "address",
        "compound_id",
    ),
    "roads": ("road_class", "name", "bridge", "tunnel", "level"),
    "barriers": ("kind", "name"),
    "communities": ("name", "code", "subdistrict_id", *STAFF_COLUMNS),
    "subdistricts": ("name",),
    "facilities": ("name", "use", "floor_area_m2", "candidate"),
    "compounds": ("name", "phase"),
    "zones": ("kind", "name"),
    "planned": ("households", "dwellings", "year", "occupied"),
}
#: Roles whose ids mean something to people and to other layers. The others may be numbered by the row of the file.
NAMED: frozenset[Role] = frozenset({"buildings", "communities", "subdistricts", "compounds"})
#: Roles of lines, which belong to every sub-district that they come near.
LINES: frozenset[Role] = frozenset({"roads", "barriers"})

Digests = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Fingerprints:
    """Digests as hexadecimal text.

    Parameters
    ----------
    layers
        By role; a role that the case does not have has none.
    subdistricts
        By id of the sub-district, then by role: of the rows that lie in it, lines within `NEAR_M` of it included.
    """

    layers: Mapping[str, str]
    subdistricts: Mapping[str, Mapping[str, str]]


def fingerprints(layers: Layers) -> Fingerprints:
    """The fingerprints of what a case has read.

    Parameters
    ----------
    layers
        Clean, in one metric CRS. The CRS is part of every fingerprint of a shape, by its coordinates.
    """
    whole: dict[str, str] = {}
    parts: dict[str, dict[str, str]] = {str(key): {} for key in layers.subdistricts.index}
    for role in COLUMNS:
        table: gpd.GeoDataFrame = getattr(layers, role)
        if table.empty:
            continue
        rows = row_digests(table, COLUMNS[role], named=role in NAMED, more=_drawn(role, layers))
        whole[role] = digest(sorted(rows))
        for subdistrict_id, members in _by_subdistrict(role, table, layers):
            parts[subdistrict_id][role] = digest(sorted(rows[members]))
    return Fingerprints(whole, parts)


def row_digests(
    table: gpd.GeoDataFrame, columns: Sequence[str], *, named: bool, more: Sequence[bytes] | None = None
) -> Digests:
    """Digest of every row: its columns, its shape, and its id where ids mean something; shape (n,), bytes.

    Parameters
    ----------
    columns
        Those that the table lacks count as empty.
    more
        Something else of each row, in its order.
    """
    fields: list[Sequence[bytes]] = [
        _texts(table[name]) if name in table else [b""] * len(table) for name in columns
    ]
    fields.append(canonical_shapes(table.geometry.to_numpy()))
    if named:
        fields.append([str(key).encode() for key in table.index])
    if more is not None:
        fields.append(more)
    made = (hashlib.blake2b(_joined(row), digest_size=DIGEST_BYTES).digest() for row in zip(*fields, strict=True))
    return np.fromiter(made, dtype=object, count=len(table))


def canonical_shapes(shapes: Any) -> list[bytes]:
    """Each shape as bytes, whatever vertex a ring begins at, whichever way it runs, however parts are ordered."""
    rounded = shapely.transform(shapes, lambda xy: np.round(xy, GRID_DECIMALS) + 0.0)
    single = (shapely.get_type_id(rounded) >= 4) & (shapely.get_num_geometries(rounded) == 1)
    rounded[single] = shapely.get_geometry(rounded[single], 0)
    written = shapely.to_wkb(shapely.normalize(rounded), byte_order=1, output_dimension=2)
    return [b"" if one is None else one for one in written]


def digest(parts: Sequence[bytes]) -> str:
    """One digest of many, in the order given, as hexadecimal text."""
    return hashlib.blake2b(_joined(parts), digest_size=DIGEST_BYTES).hexdigest()


def _joined(parts: Sequence[bytes]) -> bytes:
    """Parts with their lengths, so that no two lists of parts read alike."""
    return b"".join(len(part).to_bytes(8, "little") + part for part in parts)


def _texts(column: pd.Series[Any]) -> list[bytes]:
    """A column as text; unknown is empty."""
    if column.dtype.kind == "f":
        return [b"" if value != value else f"{value:.10g}".encode() for value in column.tolist()]
    known = column.notna().to_numpy()
    return [str(value).encode() if here else b"" for value, here in zip(column.tolist(), known, strict=True)]


def _drawn(role: str, layers: Layers) -> list[bytes] | None:
    """Outlines of the buildings that came as polygons."""
    if role != "buildings" or layers.footprints.empty:
        return None
    shapes = layers.footprints.reindex(layers.buildings.index).to_numpy()
    return canonical_shapes(np.where(pd.isna(shapes), None, shapes))


def _by_subdistrict(
    role: str, table: gpd.GeoDataFrame, layers: Layers
) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    """Each sub-district that has rows of a role, with their positions."""
    ids = layers.subdistricts.index
    if role == "subdistricts":
        pairs = np.stack([np.arange(len(ids)), np.arange(len(ids))])
    elif role in ("buildings", "communities"):
        where = ids.get_indexer(pd.Index(table["subdistrict_id"]))
        pairs = np.stack([where, np.arange(len(table))])[:, where >= 0]
    else:
        tree = shapely.STRtree(table.geometry.to_numpy())
        near = NEAR_M if role in LINES else 0.0
        pairs = tree.query(layers.subdistricts.geometry.to_numpy(), predicate="dwithin", distance=near)
    order = np.argsort(pairs[0], kind="stable")
    found, begins = np.unique(pairs[0][order], return_index=True)
    for position, members in zip(found, np.split(pairs[1][order], begins[1:]), strict=True):
        yield str(ids[position]), members
