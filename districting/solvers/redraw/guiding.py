"""A ground that leads the search for plans to those that are good by a stage's weights."""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Floats
from districting.solvers.columns import BORDER, DISTANCE, MOVED
from districting.solvers.ground import Ground
from districting.solvers.redraw.ground import Posed


def guide(posed: Posed, weights: Floats, number: int) -> Ground:
    """A ground whose cost leads the search to plans that are good by these weights; it proves nothing.

    Who sits at the centre of a community retains its households; number and size play no part.
    """
    measured = posed.measured
    ground = measured.ground
    cost = np.where(np.isfinite(ground.cost), weights[DISTANCE] * np.nan_to_num(ground.cost, posinf=0.0), np.inf)
    if weights[MOVED] > 0:
        retained = np.zeros_like(ground.cost)
        owned = np.flatnonzero(posed.owner >= 0)
        retained[:, owned] = measured.own[:, posed.owner[owned]]
        cost = cost + weights[MOVED] * (measured.own.sum(axis=1)[:, None] - retained)
    if not np.any(cost[np.isfinite(cost)]):
        cost = cost + np.where(np.isfinite(ground.cost), 1e-3 * np.nan_to_num(ground.cost, posinf=0.0), np.inf)
    gain = np.maximum(ground.border - measured.crossing, 0.0)
    return Ground(
        cost, ground.host, ground.edges, weights[BORDER] * gain, ground.windows, number,
        horizon=ground.horizon, apart=ground.apart, together=ground.together, broken=ground.broken,
    )  # fmt: skip
