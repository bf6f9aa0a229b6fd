"""The reference of a rerun: the plan that is in force, as its run has written it down.

It is the adopted plan of the case where there is one, else a plan of an earlier output folder.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import pyogrio
import pyogrio.errors
import pyproj
import shapely

from districting.case import Case
from districting.errors import Fault, PlanError
from districting.plans.community_list import read_abolished
from districting.records.adoption import Plans, adopted_plan
from districting.records.archive import Archive
from districting.records.store import reading
from districting.reports.atomic import recover

#: Tables of a plan that a rerun carries on, with the column by which a row is known.
TABLES = {"plan.csv": "atom_id", "buildings.csv": "building_id", "communities.csv": "community_id"}
#: Files without which a plan cannot be carried over.
_NEEDED = ("buildings.csv", "communities.csv", "plan.gpkg", "findings.json")
#: Communities that had ended by then; a plan without any may lack it.
_GONE = "abolished.csv"


@dataclass(frozen=True, eq=False)
class Reference:
    """A plan in force, with what was known of it when it was made.

    Parameters
    ----------
    source
        ``adopted``: approved in the records of the case. ``previous``: of an output folder.
    plan_id
        Of the plan in its run.
    label
        What people know it by: its document number, or the folder.
    communities
        Index ``community_id``; ``name``, ``code`` (None), ``subdistrict_id``, ``households``, ``seat_x``,
        ``seat_y`` (m), ``seat_kind``, geometry in the case's CRS.
    buildings
        Index ``building_id``; ``community_id``, ``atom_id`` (None), ``households``, geometry Point.
    atoms
        Index ``atom_id``; ``community_id``, ``subdistrict_id``, ``water``, geometry Polygon. Empty where the plan
        is no plan of atoms or was written before these were kept.
    findings
        What the checks found when the plan was made: rows of ``findings.json``.
    abolished
        Communities that had ended by then.
    record
        The content of its run's ``run.json``.
    tables
        The tables of `TABLES` as text, row by row, so that rows can be carried on letter by letter.
    archive
        Its files, by which the records know it: the whole folder of an adopted plan, of another what is read here.
    """

    source: Literal["adopted", "previous"]
    plan_id: str
    label: str
    communities: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    atoms: gpd.GeoDataFrame
    findings: Sequence[Mapping[str, Any]]
    abolished: pd.DataFrame
    record: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    archive: Archive

    @property
    def basis(self) -> Mapping[str, Any]:
        """What its run stood on; empty for a run that did not keep it."""
        known: Mapping[str, Any] = self.record.get("fingerprints") or {}
        return known

    @property
    def atom_cap(self) -> int:
        """Households that an atom of its run was to hold; 0 where unknown."""
        return int(self.record.get("totals", {}).get("atom_cap", 0))

    def to_json(self) -> dict[str, Any]:
        """Which plan it is, as in ``rerun.json``."""
        return {
            "source": self.source,
            "plan_id": self.plan_id,
            "label": self.label,
            "started": self.record.get("started", ""),
            "communities": len(self.communities),
            "households": int(self.buildings["households"].sum()),
        }


def find_reference(
    case: Case, previous: Path | None, *, plan: str | None = None, crs: pyproj.CRS | None = None
) -> Reference:
    """The adopted plan of the case, else a plan of the folder ``previous``.

    Parameters
    ----------
    plan
        Which plan of ``previous``; None: the first adoptable one, else the first.
    crs
        That shapes are wanted in; None: as they are.

    Raises
    ------
    PlanError
        If there is neither, or a file of it is missing or cannot be read. A plan on its way to approval is named.
    """
    adopted = adopted_plan(case)
    if adopted is not None:
        with tempfile.TemporaryDirectory() as place:
            label = adopted.entry.document or adopted.entry.title
            folder = adopted.unpack(Path(place))
            return read_reference(folder, source="adopted", label=label, crs=crs, archive=adopted.archive)
    if previous is None:
        raise PlanError([_no_reference(case)])
    if previous.name:
        recover(previous)  # whoever wrote it may have been killed in the moment of replacing it
    folder = _plan_folder(previous, plan)
    return read_reference(folder, source="previous", label=previous.name, crs=crs)


def read_reference(
    folder: Path,
    *,
    source: Literal["adopted", "previous"],
    label: str,
    crs: pyproj.CRS | None = None,
    archive: Archive | None = None,
) -> Reference:
    """The plan in a folder like ``out/plans/adjust``, with the ``run.json`` of its run.

    Parameters
    ----------
    archive
        The files as the records have them; None: packed now.

    Raises
    ------
    PlanError
        Naming every file that is missing, or the one that cannot be read.
    """
    run = folder.parent.parent / "run.json"
    needed = [*(folder / name for name in _NEEDED), run]
    missing = ", ".join(path.name for path in needed if not path.is_file())
    if missing:
        raise PlanError([Fault("fault.rerun_incomplete", {"folder": str(folder), "missing": missing})])
    at = folder
    try:
        tables = {name: _texts(folder / name) for name in TABLES if (folder / name).is_file()}
        at = folder / "findings.json"
        findings = json.loads(at.read_text(encoding="utf-8"))
        at = run
        record = json.loads(at.read_text(encoding="utf-8"))
        at = folder / "plan.gpkg"
        layers = {name: gpd.read_file(at, layer=name) for name in ("communities", "atoms", "buildings")}
        communities, atoms, buildings = _shaped(layers, tables, crs)
        packed = archive or Archive.pack(folder, run, only=(*_NEEDED, *TABLES, _GONE))
    except PermissionError as error:
        raise PlanError([Fault("fault.file_rights", {"file": str(at), "why": str(error)})]) from error
    except (OSError, ValueError, KeyError, pyogrio.errors.DataSourceError) as error:
        raise PlanError([Fault("fault.rerun_unreadable", {"file": str(at), "why": str(error)})]) from error
    gone = folder / _GONE
    columns = ["code", "name", "community_id", "subdistrict_id"]
    abolished = read_abolished(gone) if gone.is_file() else pd.DataFrame(columns=columns, dtype=object)
    return Reference(
        source=source,
        plan_id=folder.name,
        label=label,
        communities=communities,
        buildings=buildings,
        atoms=atoms,
        findings=tuple(findings),
        abolished=abolished,
        record=record,
        tables=tables,
        archive=packed,
    )


def _no_reference(case: Case) -> Fault:
    """That there is no plan in force; of plans on their way, the one that came farthest, the latest of several."""
    told = {"file": case.path.name, "case": str(case.path)}
    with reading(case.path) as store:
        entered = [] if store is None else Plans(store).all()
    for status in ("submitted", "draft"):
        waiting = [entry.plan_ref for entry in entered if entry.status == status]
        if waiting:
            return Fault(f"fault.rerun_{status}", {**told, "plan": waiting[-1]})
    return Fault("fault.rerun_no_reference", told)


def _plan_folder(previous: Path, plan: str | None) -> Path:
    """The folder of the plan that is meant: ``previous`` may be an output folder or the plan's own."""
    if (previous / "plan.gpkg").is_file():
        return previous
    held = previous / "plans"
    known = sorted(path.name for path in held.iterdir() if path.is_dir()) if held.is_dir() else []
    if not known:
        raise PlanError([Fault("fault.rerun_no_plans", {"folder": str(previous)})])
    if plan is not None:
        if plan not in known:
            values = {"folder": str(previous), "plan": plan, "known": ", ".join(known)}
            raise PlanError([Fault("fault.rerun_no_such_plan", values)])
        return held / plan
    return held / _first(previous, known)


def _first(previous: Path, known: Sequence[str]) -> str:
    """The first plan of a run that may be adopted, in the order of its record; else the first."""
    try:
        plans = json.loads((previous / "run.json").read_text(encoding="utf-8"))["plans"]
        told = [(str(plan["plan_id"]), bool(plan.get("adoptable"))) for plan in plans]
    except (OSError, ValueError, KeyError, TypeError):
        return known[0]
    there = [(plan_id, fit) for plan_id, fit in told if plan_id in known] or [(known[0], True)]
    return next((plan_id for plan_id, fit in there if fit), there[0][0])


def _shaped(
    layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], crs: pyproj.CRS | None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Communities, atoms and buildings of a plan, as `Reference` promises them."""
    placed = {name: table if crs is None else table.to_crs(crs) for name, table in layers.items()}
    communities = _by_id(placed["communities"], "community_id")
    told = tables["communities.csv"].set_index("community_id").reindex(communities.index)
    texts = {name: _known(told[name]) for name in ("name", "code", "subdistrict_id", "seat_kind")}
    figures = {name: pd.to_numeric(told[name]) for name in ("seat_x", "seat_y")}
    held = pd.to_numeric(told["households"]).fillna(0).astype("int64")
    if crs is not None and layers["communities"].crs not in (None, crs):
        figures = _moved(figures, layers["communities"].crs, crs)
    columns = {**texts, **figures, "households": held}
    communities = gpd.GeoDataFrame(columns, geometry=communities.geometry, crs=communities.crs)

    buildings = _by_id(placed["buildings"], "building_id")
    after = tables["buildings.csv"].set_index("building_id")["community_after"].reindex(buildings.index)
    buildings = gpd.GeoDataFrame(
        {
            "community_id": _known(after),
            "atom_id": _known(buildings["atom_id"]),
            "households": buildings["households"].astype("int64"),
        },
        geometry=buildings.geometry,
        crs=buildings.crs,
    )

    atoms = _by_id(placed["atoms"], "atom_id")
    if not {"subdistrict_id", "water"} <= set(atoms.columns) or "plan.csv" not in tables:
        atoms = atoms.iloc[:0].assign(subdistrict_id=None, water=False)
    shapes = shapely.get_geometry(atoms.geometry.to_numpy(), 0)
    atoms = gpd.GeoDataFrame(
        {
            "community_id": _known(atoms["community_id"]),
            "subdistrict_id": _known(atoms["subdistrict_id"]),
            "water": atoms["water"].astype(bool),
        },
        geometry=shapes,
        index=atoms.index,
        crs=placed["atoms"].crs,
    )
    return communities, atoms, buildings


def _moved(seats: Mapping[str, pd.Series[Any]], old: Any, new: Any) -> dict[str, pd.Series[Any]]:
    """Seats in another CRS."""
    x, y = seats["seat_x"], seats["seat_y"]
    east, north = pyproj.Transformer.from_crs(old, new, always_xy=True).transform(x.to_numpy(), y.to_numpy())
    return {"seat_x": pd.Series(east, index=x.index), "seat_y": pd.Series(north, index=y.index)}


def _by_id(table: gpd.GeoDataFrame, key: str) -> gpd.GeoDataFrame:
    """A layer by its ids, as sorted text."""
    index = pd.Index(table[key].astype(str).to_numpy(dtype=object), name=key, dtype=object)
    return table.drop(columns=key).set_index(index).sort_index()


def _known(texts: pd.Series[Any]) -> pd.Series[Any]:
    """A column of text with None where there is nothing."""
    return texts.astype(object).where(texts.notna() & (texts.astype(str) != ""), None)


def _texts(path: Path) -> pd.DataFrame:
    """A table of ours with every cell as text, empty where it is empty."""
    return pd.read_csv(path, dtype=str, encoding="utf-8", keep_default_na=False)
