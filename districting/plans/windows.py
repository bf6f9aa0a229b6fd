"""How large a community may be, as it is asked: sums over atoms and their bounds, today and at the horizon."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from districting.errors import CaseError, Fault
from districting.plans.problem import Floats, Ints, Window
from districting.policies.policy import Policy
from districting.policies.sizes import GrowthRule


def size_windows(
    policy: Policy, buildings: gpd.GeoDataFrame, atom_pos: Ints, n: int, *, case: gpd.GeoDataFrame, horizon: bool
) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """The size windows of n atoms, today and at the horizon.

    A size that is only preferred binds nobody: the checks tell it, and the models take any. An alternative counts
    only where every home is known. A household to come brings as many people as those of its
    building do, on new ground as many as a household of the whole case.

    Parameters
    ----------
    buildings, atom_pos
        Buildings of the sub-district, and the atom of each.
    case
        All buildings of the case.
    horizon
        True: ask the bounds at the horizon too, whatever the policy says.

    Raises
    ------
    CaseError
        If a home's figure for the policy's measure is unknown.
    """
    size = policy.size
    now = buildings["households"].to_numpy(dtype=np.float64)
    inhabited = now > 0

    def weights(column: str, more: Floats | None = None) -> Floats | None:
        values = buildings[column].to_numpy(dtype=np.float64)
        if np.isnan(values[inhabited]).any():
            return None
        values = np.nan_to_num(values)
        return _per_atom(atom_pos, values if more is None else values + more * brings(column), n)

    def brings(column: str) -> Floats:
        homes, values = (case[name].to_numpy(dtype=np.float64) for name in ("households", column))
        told = (homes > 0) & ~np.isnan(values)
        usual = values[told].sum() / homes[told].sum()
        each: Floats = np.divide(
            buildings[column].to_numpy(dtype=np.float64), now, out=np.full_like(now, usual), where=inhabited
        )
        return each

    first = weights(size.measure)
    if first is None:
        known = [c for c in ("households", "dwellings", "people", "registered_people") if weights(c) is not None]
        raise CaseError([Fault("fault.measure_unknown", {"measure": size.measure, "known": ", ".join(known)})])
    if size.strength == "prefer":
        return (Window(size.measure, first, 0.0, max(float(first.sum()), float(size.max))),), ()
    today = [Window(size.measure, first, size.min, size.max)]
    second = weights(size.alternative) if size.alternative else None
    if second is not None and size.alternative is not None:
        low, high = size.alternative_min or 0, size.alternative_max or 0
        today.append(Window(size.alternative, second, low, high))
    if not (horizon or any(rule.strength != "prefer" for rule in policy.of_kind(GrowthRule))):
        return tuple(today), ()
    later = buildings["horizon_households"].to_numpy(dtype=np.float64)
    later_windows = []
    for window in today:
        if window.measure == "households":
            scaled: Floats | None = _per_atom(atom_pos, later, n)
        else:
            scaled = weights(window.measure, later - now)
        if scaled is not None:
            later_windows.append(Window(window.measure, scaled, window.low, window.high))
    return tuple(today), tuple(later_windows)


def grows(today: tuple[Window, ...], horizon: tuple[Window, ...]) -> bool:
    """True if planned housing changes anything here: then the horizon windows say how much room is needed."""
    pairs = zip(today[: len(horizon)], horizon, strict=True)
    return any(not np.array_equal(now.weights, later.weights) for now, later in pairs)


def _per_atom(atom_pos: Ints, values: Floats, n: int) -> Floats:
    """Sum of a building column by atom, shape (n,)."""
    return np.bincount(atom_pos, weights=values, minlength=n).astype(np.float64)
