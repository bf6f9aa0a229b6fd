"""What one column of `whole` adds to each stage of a profile.

Every term is a sum over communities but the border, which lies between two: each column is charged half of what it
has around it. Land in no unit is given away at the end; what it may add to ways and borders is left out, so that
the sums of a master are never above those of the plan, and equal to them where there is no such land.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from districting.plans.problem import Bools, Floats, Problem
from districting.solvers.exact.parts.model import site_distances
from districting.solvers.profile import Stage, TermName
from districting.solvers.result import Chosen, Solution

#: A part of a column: its atoms and the community that they become.
Part = tuple[tuple[int, ...], Chosen]


@dataclass(frozen=True)
class UnionMeasure:
    """Measures columns stage by stage.

    Parameters
    ----------
    problem, stages
        What is asked, and what is wanted.
    loose
        Shape (n,): atoms in no unit.
    constant
        Of each stage: what every plan has on borders of loose land.
    """

    problem: Problem
    stages: tuple[Stage, ...]
    loose: Bools
    constant: tuple[float, ...]

    @classmethod
    def of(cls, problem: Problem, stages: Sequence[Stage], land: Sequence[Sequence[int]]) -> UnionMeasure:
        """For a problem whose atoms on ``land`` are in no unit."""
        loose = np.zeros(problem.n, dtype=np.bool_)
        loose[[atom for component in land for atom in component]] = True
        beside = loose[problem.edges].any(axis=1)
        least = float(np.minimum(problem.open_km, problem.crossing_km)[beside].sum())
        constant = tuple(stage.weights.get("open_border_km", 0.0) * least for stage in stages)
        return cls(problem, tuple(stages), loose, constant)

    def worth(self, parts: Sequence[Part]) -> tuple[float, ...]:
        """What the parts of one column add to each stage."""
        terms = self._terms(parts)
        return tuple(sum(weight * terms[term] for term, weight in stage.weights.items()) for stage in self.stages)

    def _terms(self, parts: Sequence[Part]) -> dict[TermName, float]:
        """Each term by name."""
        problem = self.problem
        part = np.full(problem.n, -1, dtype=np.int64)
        for position, (atoms, _) in enumerate(parts):
            part[list(atoms)] = position
        inside = part >= 0
        owner = np.array([chosen.community_pos for _, chosen in parts], dtype=np.int64)
        moves = inside & (problem.today >= 0) & (owner[part] != problem.today)
        ways = site_distances(problem, Solution(part, tuple(chosen for _, chosen in parts)))
        sizes = np.bincount(part[inside], weights=problem.windows[0].weights[inside], minlength=len(parts))
        return {
            "moved_households": float(problem.households[moves].sum()),
            "communities": float(len(parts)),
            "distance_m_households": float(((problem.households + 1.0) * ways)[inside & ~self.loose].sum()),
            "open_border_km": float(self._border(part).sum()),
            "deviation_households": float(np.abs(sizes - problem.target).sum()),
        }

    def _border(self, part: np.ndarray) -> Floats:
        """Share of each border that a column with these parts is charged, km."""
        problem = self.problem
        u, v = part[problem.edges[:, 0]], part[problem.edges[:, 1]]
        both = (u >= 0) & (v >= 0)
        here = np.where(u == v, problem.crossing_km, problem.open_km)
        around = 0.5 * problem.open_km * ((u >= 0) ^ (v >= 0))
        charged: Floats = np.where(both, here, around)
        beside = self.loose[problem.edges].any(axis=1)
        least = np.minimum(problem.open_km, problem.crossing_km)
        return np.where(beside, np.where(both, here - least, 0.0), charged)
