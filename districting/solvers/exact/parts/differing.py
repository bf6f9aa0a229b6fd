"""How a model is asked to differ from plans that are known (`Problem.unlike`).

Each part shares at most its largest overlap with any one part of the other plan, so the sum of these is no less
than the best matching: what is asked is enough, and a little more than needed. The finished plan is measured anew
(`variety.differs`). On open land nothing is asked, which leaves bounds valid.
"""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Unlike
from districting.solvers.exact.parts.constraints import total_of
from districting.solvers.exact.parts.model import PartModel


def differ(model: PartModel) -> None:
    """Sum over parts of the largest overlap ≤ households − those to be placed differently, per known plan."""
    for number, other in enumerate(model.problem.unlike):
        _differ_from(model, other, number)


def _differ_from(model: PartModel, other: Unlike, number: int) -> None:
    """Rows for one known plan."""
    households = model.problem.households
    shared = []
    for pos in range(len(model.sites)):
        atoms = np.array([atom for atom in model.atoms_of(pos) if households[atom] > 0], dtype=np.int64)
        largest = model.program.add_variable(f"overlap{number}_{pos}", 0)
        shared.append((largest, 1.0))
        for part in np.unique(other.part[atoms]):
            inside = [
                (model.x[pos, int(atom)], float(households[atom])) for atom in atoms[other.part[atoms] == part]
            ]
            model.program += total_of(inside) - largest <= 0
    model.program += total_of(shared) <= max(float(households[sorted(model.scope)].sum()) - other.households, 0.0)
