"""What lies between today and a new division: the division after some of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from districting.assessment.proposal import apply_steps
from districting.assessment.steps import Step, relabelled
from districting.plans.division import Division
from districting.plans.evidence import carried_ids
from districting.plans.land import as_text
from districting.plans.plan import Plan
from districting.territory.territory import Territory

#: A seat this close to its land stands on it, m.
_ON_LAND_M = 1.0


def interim_division(
    before: Division, after: Division, steps: Sequence[Step], territory: Territory, *, name: str
) -> Division:
    """The division when just these steps have been taken.

    Every building goes by the steps. An atom goes once all of its buildings have gone; where the new division is
    no plan of atoms, land follows the buildings. A community that no step has touched keeps name and seat of
    today; one that has been touched has those of the new division, but keeps its old seat until the new one
    lies on its land.

    Parameters
    ----------
    before, after
        Today's division and the new one; ids are those of ``after``, of today where a community still ends.
    steps
        Of `districting.assessment.proposal.propose_steps`; any of them, in any order.
    name
        Of the division.
    """
    if not steps:
        return replace(before, name=name)
    buildings = apply_steps(before, after, steps)
    touched = frozenset().union(*(step.communities for step in steps))
    rows = _rows(before, after, touched)
    if after.atoms is None:
        drawn = Division.of_buildings(buildings, territory, name=name)
        return replace(drawn, outlines=_described(drawn.outlines, rows, before))
    atoms = _atoms(before, after, steps, buildings, territory)
    rows = rows[rows.index.isin(set(atoms.dropna()) | set(buildings.dropna()))].sort_index()
    made = Division.of_plan(Plan(name, "hand", atoms, rows), territory)
    kept = as_text(buildings.where(buildings.isin(made.outlines.index), made.buildings))
    return replace(made, buildings=kept, outlines=_described(made.outlines, rows, before))


def _rows(before: Division, after: Division, touched: frozenset[str]) -> pd.DataFrame:
    """Name, sub-district, origin and seat of every community of today or after, as it is known by now."""
    carried = carried_ids(after, before)
    now = pd.DataFrame(before.outlines.drop(columns="geometry"))
    now["origin"] = now.index.to_series().astype(object)
    heirs = {str(old): str(new) for new, old in carried.items() if old is not None and not pd.isna(old)}
    now.index = pd.Index([heirs.get(str(key), str(key)) for key in now.index], name="community_id")
    then = pd.DataFrame(after.outlines.drop(columns="geometry"))
    then["origin"] = as_text(carried)
    changed = then[then.index.isin(touched) | ~then.index.isin(now.index)]
    return pd.concat([now[~now.index.isin(changed.index)], changed]).sort_index()


def _atoms(
    before: Division, after: Division, steps: Sequence[Step], buildings: pd.Series[str], territory: Territory
) -> pd.Series[str]:
    """Community of each atom: the new one once every building, or the bare atom itself, has gone there."""
    assert after.atoms is not None
    table = territory.atoms.table
    now = as_text(relabelled(as_text(table["community_id"]), before, after))
    then = as_text(after.atoms.reindex(table.index))
    gone = buildings.fillna("") == after.buildings.reindex(buildings.index).fillna("")
    settled = gone.groupby(territory.atoms.building_atom.reindex(buildings.index).to_numpy()).all()
    done = settled.reindex(table.index, fill_value=False).to_numpy(dtype=bool)
    bare = {atom for step in steps for flow in step.flows for atom in flow.atoms}
    done = np.asarray(done | table.index.isin(list(bare)), dtype=np.bool_)
    return as_text(then.where(done, now))


def _described(outlines: pd.DataFrame, rows: pd.DataFrame, before: Division) -> pd.DataFrame:
    """Outlines with what is known of each community; the old seat where the new one is not on its land yet."""
    made = outlines.copy()
    known = rows.reindex(made.index)
    for column in ("name", "subdistrict_id", "origin", "seat_x", "seat_y", "seat_kind"):
        made[column] = known[column].where(known.index.isin(rows.index), made[column])
    old = before.outlines.reindex(as_text(made["origin"]))
    new_away, old_away = (
        _away_m(made, columns.to_numpy(dtype=np.float64))
        for columns in (made[["seat_x", "seat_y"]], old[["seat_x", "seat_y"]])
    )
    stays = (old_away <= _ON_LAND_M) & ~(new_away <= _ON_LAND_M)
    for column in ("seat_x", "seat_y", "seat_kind"):
        made[column] = np.where(stays, old[column].to_numpy(), made[column].to_numpy())
    for column in ("seat_x", "seat_y"):
        made[column] = made[column].astype(float)
    made["seat_kind"] = as_text(made["seat_kind"])
    return made


def _away_m(outlines: pd.DataFrame, seats: np.ndarray) -> np.ndarray:
    """Distance from seats to the land of their communities, m; inf without a seat."""
    seated = ~np.isnan(seats[:, 0])
    metres = np.full(len(seats), np.inf)
    shapes = outlines["geometry"].to_numpy()
    metres[seated] = shapely.distance(shapely.points(seats[seated]), shapes[seated])
    return metres
