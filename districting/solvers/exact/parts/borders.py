"""Cuts on the border: what a fractional solution says of a border that its atoms cannot have together.

A border is cut if its two atoms lie in different parts. Site by site, z >= x_us − x_vs, this says little of shares
that are spread over many sites. It holds over any set A of sites too, z >= Σ_{s in A} (x_us − x_vs): u lies in one
part, so the sum is 1 at most, and 0 or less where v lies in the same. With A the sites that have more of u than of
v it says z >= ½ Σ_s |x_us − x_vs|, the share of u that would have to change sites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pulp

from districting.solvers.exact.parts.model import LAND, Key, PartModel

#: By how much a row must be broken to be worth adding.
VIOLATION = 0.05


@dataclass(frozen=True)
class BorderCut:
    """One row on a border: over ``sites``, from its first atom or from its second (``forward``).

    ``wished``: a cut is wished there and must be earned, z <= 2 − x_us − x_vs for the one site.
    """

    edge: int
    sites: frozenset[Key]
    forward: bool = True
    wished: bool = False


def border_cuts(model: PartModel, values: Mapping[str, float]) -> list[BorderCut]:
    """The rows that values break, at most two per border; empty where the border is not asked."""
    cuts = []
    gains = model.problem.open_km - model.problem.crossing_km
    keys = [model.key(pos) for pos in range(len(model.sites))]
    shares = _shares(model, values)
    for edge, z in model.border.items():
        u, v = model.problem.edges[edge].tolist()
        told = values[z.name]
        if gains[edge] < 0:
            both = shares[:-1, u] + shares[:-1, v]
            pos = int(np.argmax(both)) if len(both) else -1
            if pos >= 0 and both[pos] + told > 2.0 + VIOLATION:
                cuts.append(BorderCut(edge, frozenset([keys[pos]]), wished=True))
            continue
        for forward, more in ((True, shares[:, u] - shares[:, v]), (False, shares[:, v] - shares[:, u])):
            if more[more > 0].sum() > told + VIOLATION:
                where = np.flatnonzero(more > 1e-9).tolist()
                names = [keys[pos] if pos < len(keys) else (LAND, LAND) for pos in where]
                cuts.append(BorderCut(edge, frozenset(names), forward))
    return cuts


def add_border_cut(model: PartModel, cut: BorderCut) -> None:
    """Row of one cut; sites that are not in the model, or have nothing of the first atom, are left off."""
    z = model.border.get(cut.edge)
    if z is None:
        return
    u, v = model.problem.edges[cut.edge].tolist()
    if not cut.forward:
        u, v = v, u
    row = [(z, 1.0)] if cut.wished else [(z, -1.0)]
    for pos in range(len(model.sites)):
        if model.key(pos) in cut.sites:
            at_u, at_v = model.x.get((pos, u)), model.x.get((pos, v))
            if cut.wished and at_u is not None and at_v is not None:
                row += [(at_u, 1.0), (at_v, 1.0)]
            elif not cut.wished and at_u is not None and at_u is not at_v:
                row += [(at_u, 1.0)] if at_v is None else [(at_u, 1.0), (at_v, -1.0)]
    if model.land and not cut.wished and (LAND, LAND) in cut.sites and model.land[u] is not model.land[v]:
        row += [(model.land[u], 1.0), (model.land[v], -1.0)]
    coefficients: dict[pulp.LpVariable, float] = {}
    for variable, coefficient in row:
        coefficients[variable] = coefficients.get(variable, 0.0) + coefficient
    if len(coefficients) > 1:
        model.program += pulp.LpAffineExpression(coefficients) <= (2 if cut.wished else 0)


def _shares(model: PartModel, values: Mapping[str, float]) -> np.ndarray:
    """How much of each atom lies in each part; the last row is open land. Shape (sites + 1, n)."""
    shares = np.zeros((len(model.sites) + 1, model.problem.n))
    for (pos, atom), variable in model.x.items():
        shares[pos, atom] = values[variable.name]
    for atom, variable in enumerate(model.land):
        shares[-1, atom] = values[variable.name]
    return shares
