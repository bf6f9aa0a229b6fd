"""The compact model of parts rooted at seats: variables, and the way back from values to a solution.

Symbols (method §5): x_is = 1 if atom i lies in the part of site s, y_s = 1 if s is open, and with *open land*
n_i = 1 if atom i lies in some new community, wherever its seat. Open land makes the model a relaxation that
covers every site: what new communities must satisfy together is asked, how they share the land is left open.
Constraints and objectives stand in `constraints`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pulp

from districting.plans.problem import Floats, Problem
from districting.solvers.exact.contiguity import Cut, Neighbours, components, neighbours_of
from districting.solvers.exact.parts.sites import Site, groups
from districting.solvers.result import Chosen, Solution

#: Key of a site that survives from model to model: (community_pos, atom_pos); −2 for open land.
Key = tuple[int, int]
LAND = -2


@dataclass
class PartModel:
    """One PuLP model with its variables by meaning.

    Parameters
    ----------
    problem
        What is asked.
    sites
        The parts that may be.
    neighbours
        Of every atom, gaps included.
    program
        The PuLP problem; without objective until one is set.
    x
        (site position, atom) → variable. Atoms of one group, and the root and y, share theirs.
    y
        Site position → variable.
    land
        Atom → n_i, or empty without open land.
    new_parts
        Number of new communities on open land, or None.
    scope
        Atoms that are to be shared out; the others are no concern of this model.
    border
        Edge → z_e, once the border is asked; ``lazy_border``: its rows come as cuts.
    away
        |size − target| of each part, once it is asked.
    """

    problem: Problem
    sites: Sequence[Site]
    neighbours: Neighbours
    program: pulp.LpProblem
    x: dict[tuple[int, int], pulp.LpVariable] = field(default_factory=dict)
    y: list[pulp.LpVariable] = field(default_factory=list)
    land: list[pulp.LpVariable] = field(default_factory=list)
    new_parts: pulp.LpVariable | None = None
    scope: frozenset[int] = frozenset()
    border: dict[int, pulp.LpVariable] = field(default_factory=dict)
    lazy_border: bool = False
    away: list[pulp.LpVariable] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        problem: Problem,
        sites: Sequence[Site],
        *,
        open_land: bool = False,
        scope: frozenset[int] | None = None,
    ) -> PartModel:
        """Variables for ``sites``; atoms that must stay together share one. ``scope`` None: every atom."""
        model = cls(problem, sites, neighbours_of(problem), pulp.LpProblem("parts"))
        model.scope = frozenset(range(problem.n)) if scope is None else scope
        add, group = model.program.add_variable, groups(problem)
        members: dict[int, set[int]] = {}
        for atom, first in enumerate(group):
            members.setdefault(first, set()).add(atom)
        for pos, site in enumerate(sites):
            y = add(f"y{pos:03d}", 0, 1, cat=pulp.LpInteger)
            model.y.append(y)
            shared = {group[site.atom_pos]: y}
            for atom in sorted(site.atoms):
                if not site.frozen and not members[group[atom]] <= site.atoms:
                    continue  # its group cannot come along
                variable = y if site.frozen else shared.get(group[atom])
                if variable is None:
                    variable = add(f"x{pos:03d}_{group[atom]:04d}", 0, 1, cat=pulp.LpInteger)
                    shared[group[atom]] = variable
                model.x[pos, atom] = variable
        if open_land:
            first_land = {f: add(f"n{f:04d}", 0, 1, cat=pulp.LpInteger) for f in sorted(members)}
            model.land = [first_land[f] for f in group]
            model.new_parts = add("new_parts", 0, problem.n, cat=pulp.LpInteger)
        return model

    def atoms_of(self, pos: int) -> list[int]:
        """Atoms that may lie in the part of site ``pos``, sorted."""
        return [atom for atom in sorted(self.sites[pos].atoms) if (pos, atom) in self.x]

    def key(self, pos: int) -> Key:
        """Key of a site."""
        return self.sites[pos].community_pos, self.sites[pos].atom_pos

    def members(self, values: Mapping[str, float], pos: int) -> list[int]:
        """Atoms that lie in the part of site ``pos`` in a solution."""
        return [atom for atom in self.atoms_of(pos) if values.get(self.x[pos, atom].name, 0.0) > 0.5]

    def land_members(self, values: Mapping[str, float]) -> list[list[int]]:
        """Connected components of the land of new communities in a solution; empty without open land."""
        atoms = [atom for atom, n in enumerate(self.land) if values.get(n.name, 0.0) > 0.5]
        return components(self.neighbours, atoms)

    def add_cut(self, pos: int, cut: Cut) -> None:
        """Row of one cut for site ``pos``; `LAND` for open land."""
        if pos == LAND:
            left, right = self.land[cut.atom], [self.land[atom] for atom in cut.separator]
        else:
            left = self.x[pos, cut.atom]
            right = [self.x[pos, atom] for atom in cut.separator if (pos, atom) in self.x]
        if not any(variable is left for variable in right):
            terms = [(left, 1.0), *((variable, -1.0) for variable in dict.fromkeys(right))]
            self.program += pulp.LpAffineExpression(terms) <= 0

    def start_from(self, solution: Solution) -> dict[str, float]:
        """Values by name that say the same as a solution; parts without a site here are left out."""
        place = {self.key(pos): pos for pos in range(len(self.sites))}
        by_seat = {self.sites[pos].atom_pos: pos for pos in range(len(self.sites))}
        values = {variable.name: 0.0 for variable in [*self.y, *self.x.values(), *self.land]}
        taken: set[int] = set()
        new = 0
        for part, chosen in enumerate(solution.chosen):
            atoms = np.flatnonzero(solution.part == part).tolist()
            pos = place.get((chosen.community_pos, chosen.atom_pos))
            if pos is None and chosen.community_pos < 0 and not self.land:
                pos = by_seat.get(chosen.atom_pos)
            if pos is not None and pos not in taken:
                taken.add(pos)
                values[self.y[pos].name] = 1.0
                values.update({self.x[pos, atom].name: 1.0 for atom in atoms if (pos, atom) in self.x})
            elif self.land and chosen.community_pos < 0:
                new += 1
                values.update({self.land[atom].name: 1.0 for atom in atoms})
        if self.new_parts is not None:
            values[self.new_parts.name] = float(new)
        return values

    def solution(self, values: Mapping[str, float]) -> Solution:
        """The parts of a solution without open land, in the order of their sites."""
        part = np.full(self.problem.n, -1, dtype=np.int64)
        chosen: list[Chosen] = []
        for pos, site in enumerate(self.sites):
            if values.get(self.y[pos].name, 0.0) > 0.5:
                part[self.members(values, pos)] = len(chosen)
                chosen.append(chosen_from(site))
        return Solution(part, tuple(chosen))


def chosen_from(site: Site) -> Chosen:
    """The community that an open site becomes."""
    return Chosen(site.atom_pos, site.x, site.y, site.community_pos, site.existing)


def site_distances(problem: Problem, solution: Solution) -> Floats:
    """Distance of each atom from the seat of its part, m, shape (n,)."""
    seat_at = {(seat.community_pos, seat.atom_pos): pos for pos, seat in enumerate(problem.seats)}
    distance = np.zeros(problem.n)
    for part, chosen in enumerate(solution.chosen):
        atoms = solution.part == part
        seat = seat_at.get((chosen.community_pos, chosen.atom_pos)) if chosen.existing_seat else None
        column = problem.site_distance_m[:, chosen.atom_pos] if seat is None else problem.seat_distance_m[:, seat]
        distance[atoms] = column[atoms]
    return distance
