"""Whether a finished plan keeps the locks of the case, told from the plan alone, by no code of the solvers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import shapely

from districting.plans.division import Division
from districting.plans.posing import LockRequest
from districting.territory.territory import Territory


def broken_locks(
    division: Division, territory: Territory, requests: Sequence[LockRequest], subdistrict_ids: Sequence[str]
) -> list[str]:
    """Locks that a plan of atoms does not keep, each as its kind and names; empty if it keeps all.

    Parameters
    ----------
    division
        The plan.
    requests
        Locks as the case names them.
    subdistrict_ids
        Sub-districts that were solved; a lock that reaches beyond them is not judged.
    """
    atoms = territory.atoms.table
    if division.atoms is None:
        return []
    inside = set(atoms.index[atoms["subdistrict_id"].isin(list(subdistrict_ids))])
    broken = []
    for request in requests:
        named = _atoms_of(request, territory)
        held = pd.Index(atoms.index[atoms["community_id"].isin(request.communities)])
        if not {*named, *held} <= inside:
            continue
        if not (
            _kept(request, named, held, division, territory)
            and _borders_held(request.roads, inside, division, territory)
        ):
            names = (
                *request.communities, *request.buildings, *request.compounds, *request.atoms, *request.roads
            )  # fmt: skip
            broken.append(f"{request.kind} {', '.join(names)}".strip())
    return broken


def _atoms_of(request: LockRequest, territory: Territory) -> pd.Index[str]:
    """Atoms that a lock names by themselves, by building or by compound."""
    atoms = territory.atoms.table
    by_compound = atoms.index[atoms["compound_id"].isin(request.compounds)]
    by_building = territory.atoms.building_atom.loc[list(request.buildings)]
    return pd.Index(sorted({*request.atoms, *by_compound, *by_building}))


def _borders_held(roads: tuple[str, ...], inside: set[str], division: Division, territory: Territory) -> bool:
    """Whether no community lies on both sides of these roads."""
    edges, plan = territory.graph.edges, division.atoms
    assert plan is not None
    along = edges[edges["border_name"].isin(roads) & edges["atom_a"].isin(inside) & edges["atom_b"].isin(inside)]
    land = ~territory.atoms.table["water"]
    along = along[land.loc[along["atom_a"]].to_numpy() & land.loc[along["atom_b"]].to_numpy()]
    return not (plan.loc[along["atom_a"]].to_numpy() == plan.loc[along["atom_b"]].to_numpy()).any()


def _kept(
    request: LockRequest, named: pd.Index[str], held: pd.Index[str], division: Division, territory: Territory
) -> bool:
    """Whether one lock holds."""
    atoms, plan = territory.atoms.table, division.atoms
    assert plan is not None
    land = atoms.index[~atoms["water"]]
    lived_in = pd.Index(held[atoms.loc[held, "households"] > 0])
    match request.kind:
        case "keep":
            before = atoms.loc[land, "community_id"]
            return all(((plan.loc[land] == one) == (before == one)).all() for one in request.communities)
        case "together":
            return bool(plan.loc[named].nunique(dropna=False) <= 1)
        case "apart":
            return bool(plan.loc[named].is_unique)
        case "merge":
            return bool(plan.loc[lived_in].nunique(dropna=False) <= 1)
        case "split":
            return all(len(set(parts)) > 1 for parts in _parts(request, lived_in, plan, atoms))
        case "seat":
            return _seated(request, named, division)


def _parts(
    request: LockRequest, lived_in: pd.Index[str], plan: pd.Series[str], atoms: pd.DataFrame
) -> Iterator[Sequence[str]]:
    """Where each community of a ``split`` lock ends; communities where nobody lives have nothing to split."""
    for one in request.communities:
        mine = lived_in[(atoms.loc[lived_in, "community_id"] == one).to_numpy()]
        if len(mine):
            yield plan.loc[mine].tolist()


def _seated(request: LockRequest, named: pd.Index[str], division: Division) -> bool:
    """Whether the communities of a ``seat`` lock live on, with the place or one of the atoms on their land."""
    outlines, plan = division.outlines, division.atoms
    origin = outlines["origin"]
    for one in request.communities:
        mine = outlines.index[(origin == one).to_numpy()]
        if not len(mine):
            return False
        if request.place is not None:
            ground = outlines.geometry.loc[mine].to_numpy()
            if not shapely.dwithin(ground, shapely.Point(request.place), 1.0).any():
                return False
        elif len(named) and plan is not None and not np.isin(plan.loc[named].to_numpy(), mine).any():
            return False
    return True
