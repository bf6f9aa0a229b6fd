"""What the case says of each input: which file plays which role, and how to read it. Nothing is read here."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from districting.errors import Fault
from districting.territory.database_urls import is_database, redacted

Role = Literal[
    "buildings",
    "roads",
    "barriers",
    "communities",
    "subdistricts",
    "facilities",
    "compounds",
    "zones",
    "planned",
]

#: Every role a layer may play, in the order in which faults are reported.
ROLES: tuple[Role, ...] = get_args(Role)

#: Who works for a community today: members of the residents' committee (居委会), of the party organisation's
#: committee (党组织班子), community workers (社区工作者), grid workers (网格员).
STAFF_COLUMNS = ("committee_members", "party_committee_members", "workers", "grid_workers")

#: Columns that each role understands, by our name; any other name in ``columns`` is a fault.
ROLE_COLUMNS: Mapping[Role, tuple[str, ...]] = {
    "buildings": (
        "building_id",
        "households",
        "people",
        "registered_people",
        "dwellings",
        "floors",
        "estimated",
        "residential",
        "address",
        "compound_id",
        "community_id",
        "subdistrict_id",
    ),
    "roads": ("road_id", "road_class", "name", "bridge", "tunnel", "level"),
    "barriers": ("barrier_id", "kind", "name"),
    "communities": ("community_id", "name", "code", "subdistrict_id", *STAFF_COLUMNS),
    "subdistricts": ("subdistrict_id", "name"),
    "facilities": ("facility_id", "name", "community_id", "use", "floor_area_m2", "candidate"),
    "compounds": ("compound_id", "name", "phase"),
    "zones": ("zone_id", "kind", "name"),
    "planned": ("planned_id", "households", "dwellings", "year", "occupied"),
}

#: Columns of tables (CSV, Excel) that hold the place: coordinates, or well-known text.
PLACE_COLUMNS = ("x", "y", "geometry")


def with_logins(layers: Sequence[LayerSpec], known: Sequence[LayerSpec]) -> tuple[LayerSpec, ...]:
    """Layers of an earlier case file, kept without passwords, with the logins that a case has today.

    Parameters
    ----------
    layers
        As they were kept.
    known
        Of the case: the same database is known by its address without the password.
    """
    logins = {spec.shown: (spec.path, spec.password_env) for spec in known if spec.in_database}
    return tuple(
        replace(spec, path=logins[spec.shown][0], password_env=logins[spec.shown][1])
        if spec.shown in logins
        else spec
        for spec in layers
    )


@dataclass(frozen=True)
class Estimate:
    """How households are estimated where nobody counted them. Every estimated building says so.

    From dwellings: dwellings × ``occupancy``. Else, from a footprint: area × floors × ``residential_share`` /
    ``mean_dwelling_m2`` × ``occupancy``; rounded half to even.

    Parameters
    ----------
    residential_share
        Share of the gross floor area that is dwellings, in (0, 1]. 0.9 is ours: stairs, shops on the ground floor.
    mean_dwelling_m2
        Gross floor area of a dwelling in m². 92.17 is the mean of a household in cities in China Population
        Census Yearbook 2020 (中国人口普查年鉴-2020).
    occupancy
        Households per dwelling, in (0, 1]. 0.85 is ours; enter the local rate where it is known.
    floors
        Floors of a building that does not say: 6 is ours, the walk-up; its count is logged.
    min_footprint_m2
        Smaller footprints are sheds and kiosks and get no household; 25 is ours.
    """

    residential_share: float = 0.9
    mean_dwelling_m2: float = 92.17
    occupancy: float = 0.85
    floors: float = 6.0
    min_footprint_m2: float = 25.0

    def problems(self) -> list[str]:
        """What is wrong with the figures; empty if nothing."""
        wrong = [
            f"{name} = {value} (0 < {name} ≤ 1)"
            for name, value in (("residential_share", self.residential_share), ("occupancy", self.occupancy))
            if not 0 < value <= 1
        ]
        wrong += [
            f"{name} = {value} (> 0)"
            for name, value in (("mean_dwelling_m2", self.mean_dwelling_m2), ("floors", self.floors))
            if value <= 0
        ]
        return wrong

    def formula_values(self) -> dict[str, float]:
        """Figures of the sentence ``layers.estimate_formula``, which reports print."""
        return {
            "residential_share": self.residential_share,
            "mean_dwelling_m2": self.mean_dwelling_m2,
            "occupancy": self.occupancy,
            "floors": self.floors,
        }


@dataclass(frozen=True)
class LayerSpec:
    """One file layer of a case: what it is, where it lies, how it is to be read.

    Parameters
    ----------
    role
        One of `ROLES`. A role may be given by several specs; their features are joined.
    path
        File, relative to the case's folder: anything GDAL reads, GeoParquet, CSV, Excel, ``.osm``/``.pbf``; or a
        PostgreSQL database, ``postgresql://user@host:port/database`` (`districting.territory.databases`).
    layer
        Layer or sheet in the file; may be left out where the file has one only.
    table
        Table or view of a database, ``schema.table``; a name with a point in it stands in double quotes.
    password_env
        Environment variable that holds the password of the database, where neither the address nor libpq's own
        ways (``PGPASSWORD``, ``.pgpass``, a service file) tell it.
    timeout_s
        Seconds that one statement in a database may take.
    columns
        Our name → theirs. A column that already bears our name need not be named; an empty string says that a
        column is not to be used. Tables give ``x`` and ``y``, or ``geometry`` (WKT).
    where
        SQL condition on the file's own columns, e.g. ``kind = 'community_service_centre'``.
    sql
        A query instead of a layer; databases and GDAL files only.
    encoding
        Text encoding where the file does not say, e.g. ``"GBK"``.
    crs
        CRS of a file that states none, e.g. ``"EPSG:4490"``. A CRS that the file states wins unless equal.
    kind
        Kind of every feature (barriers, zones) where no column says, e.g. ``"rail"``.
    gaps
        Communities are drawn with gaps between them on purpose, e.g. without their streets.
    household_points
        Each point is one household (buildings only).
    estimate
        How to estimate households where the file has none.
    """

    role: Role
    path: str
    layer: str | None = None
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    sql: str | None = None
    encoding: str | None = None
    crs: str | None = None
    kind: str | None = None
    gaps: bool = False
    household_points: bool = False
    estimate: Estimate = field(default_factory=Estimate)
    password_env: str | None = None
    timeout_s: float = 300.0

    @property
    def in_database(self) -> bool:
        """Whether the layer lies in a database."""
        return is_database(self.path)

    @property
    def shown(self) -> str:
        """The path as people may see it: the address of a database without its password."""
        return redacted(self.path)

    def faults(self) -> list[Fault]:
        """What is wrong with the words of the case, before any file is opened."""
        if self.role not in ROLES:
            values = {"file": self.shown, "role": self.role, "known": ", ".join(ROLES)}
            return [Fault("fault.layer_role", values)]
        known = (*ROLE_COLUMNS[self.role], *PLACE_COLUMNS)
        unknown = sorted(set(self.columns) - set(known))
        faults = []
        if unknown:
            values = {
                "role": self.role,
                "file": self.shown,
                "columns": ", ".join(unknown),
                "known": ", ".join(known),
            }
            faults.append(Fault("fault.layer_column_name", values))
        if wrong := self.estimate.problems():
            values = {"role": self.role, "file": self.shown, "figures": "; ".join(wrong)}
            faults.append(Fault("fault.layer_estimate", values))
        if self.encoding is not None and not _is_encoding(self.encoding):
            told = {"role": self.role, "file": self.shown, "value": self.encoding}
            faults.append(Fault("fault.layer_encoding", told))
        if not self.in_database and (self.table or self.password_env):
            faults.append(Fault("fault.layer_table_of_file", {"role": self.role, "file": self.shown}))
        if not isinstance(self.timeout_s, (int, float)) or self.timeout_s <= 0:
            limit = {"role": self.role, "file": self.shown, "value": self.timeout_s}
            faults.append(Fault("fault.layer_timeout", limit))
        return faults


def _is_encoding(name: str) -> bool:
    try:
        return bool(codecs.lookup(name))
    except LookupError:
        return False
