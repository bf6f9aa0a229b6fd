"""Safe fixing: which atoms may lie in which parts of a plan that is good enough, by reduced costs.

Every plan is worth the relaxation's bound plus the reduced costs of what it does otherwise (linear duality), each
at least 0. So a pair (atom, site) whose own reduced costs lift the bound above a cutoff is in no plan below it.
"""

from __future__ import annotations

import numpy as np

from districting.solvers.exact.parts.model import Key, PartModel
from districting.solvers.exact.relaxation import Relaxed

#: Reduced costs are exact to so much of the bound.
ROUNDING = 1e-6


def survivors(model: PartModel, relaxed: Relaxed, *, cutoff: float) -> dict[Key, frozenset[int]]:
    """Atoms by site that may lie in its part in a plan worth ``cutoff`` or less, in the model's own units.

    Atom i in site s is charged the reduced costs of x_is and of y_s, and those of the sites that it leaves
    although the relaxation has it there whole. Everything survives without reduced costs (CBC).
    """
    room = cutoff - relaxed.bound + ROUNDING * max(abs(cutoff), abs(relaxed.bound), 1.0)
    cost = relaxed.reduced
    if not cost or not np.isfinite(room):
        return {model.key(pos): frozenset(model.atoms_of(pos)) for pos in range(len(model.sites))}
    leaves = np.zeros(model.problem.n)
    for (_, atom), variable in model.x.items():
        leaves[atom] += max(-cost[variable.name], 0.0)
    alive = {}
    for pos, site in enumerate(model.sites):
        y = model.y[pos]
        opens = max(cost[y.name], 0.0)
        atoms = []
        for atom in model.atoms_of(pos):
            variable = model.x[pos, atom]
            own = cost[variable.name]
            rise = leaves[atom] - max(-own, 0.0) + max(own, 0.0) + (0.0 if variable is y else opens)
            if rise <= room or site.frozen:
                atoms.append(atom)
        alive[model.key(pos)] = frozenset(atoms)
    return alive
