"""How rules are asked: each constraint and each objective of the models is one function, named by its meaning.

How the same rules are told from a finished plan stands in `districting.plans.checks`, which shares no code with
this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pulp

from districting.plans.problem import Window
from districting.solvers.exact.contiguity import Cut, hops, neighbour_rows
from districting.solvers.exact.parts.model import LAND, PartModel
from districting.solvers.exact.separations import Minimum

#: What of each kind of rule the models ask, or why it is only checked.
ASKED: Mapping[str, str] = {
    "size": "size_windows: every community within the first window, or the second; land_size for new ones",
    "reach": "pairs out of reach are left out of the model (sites._allowed) where the rule is a must for every "
    "household; of a share only nothing is asked, as every building would be too much: the checks tell",
    "border": "objective open_border: km of border that is not on a line of the rule's classes",
    "crossing": "a must: borders along such a road are no adjacency (parting.barred_borders); otherwise objective "
    "open_border: km of line that runs through a community. Lines without a crossing are never an adjacency",
    "shape": "checked, not optimised: distance and border pull parts together, and a hole or a neck is rare "
    "enough to be shown rather than forbidden",
    "contiguity": "neighbours_first and hop_ordered a priori, separator cuts on demand; an excepted community "
    "that lies in parts is kept as it is (agreements.kept_in_pieces)",
    "coverage": "every_atom_in_one_part",
    "nesting": "subdistrict: every problem is one sub-district. Zones, a must: atoms are cut along their borders, "
    "which are no adjacency (parting.barred_borders); otherwise charged like a main road (objective open_border)",
    "compound": "atoms of one compound share their variables (sites.groups)",
    "office": "the root of a part is the atom of its seat",
    "growth": "size_windows on the horizon windows",
    "whole_unit": "in mode whole every column is a union of whole communities or a part of one split; adjust and "
    "redraw move pieces by design and are only told",
    "stability": "checked, not optimised: adjust and whole minimise moved first, so where a plan keeps within the "
    "cap theirs does",
    "naming": "checked, not optimised: names follow the successor, which the models settle (one_successor)",
    "hollow": "checked, not optimised: it says which communities call for a change, not what the change is",
    "remote": "checked, not optimised: it says which communities call for a change; distance is minimised anyway",
    "grid": "checked, not optimised here: grids divide one community and are a problem of their own each",
}


#: What empty land may add to `moved`: less than one household in all.
LIGHT = 1.0 - 1e-6


def every_atom_in_one_part(m: PartModel) -> None:
    """sum_s x_is (+ n_i) = 1."""
    of_atom: list[list[pulp.LpVariable]] = [[] for _ in range(m.problem.n)]
    for (_, atom), variable in m.x.items():
        of_atom[atom].append(variable)
    said = set()
    for atom, variables in enumerate(of_atom):
        if atom not in m.scope:
            continue
        row = [*variables, m.land[atom]] if m.land else variables
        names = tuple(variable.name for variable in row)
        if names not in said:  # atoms of one group say it once
            said.add(names)
            m.program += pulp.LpAffineExpression([(variable, 1.0) for variable in row]) == 1


def only_open_parts(m: PartModel) -> None:
    """x_is <= y_s."""
    for pos in range(len(m.sites)):
        y = m.y[pos]
        for variable in dict.fromkeys(m.x[pos, atom] for atom in m.atoms_of(pos)):
            if variable is not y:
                m.program += pulp.LpAffineExpression([(variable, 1.0), (y, -1.0)]) <= 0


def hold_old_seat(m: PartModel) -> None:
    """Where a lock puts the seat elsewhere, the successor still holds the old centre: that is who it is."""
    for pos, site in enumerate(m.sites):
        for atom in site.holds:
            if (pos, atom) in m.x:
                m.program += pulp.LpAffineExpression([(m.y[pos], 1.0), (m.x[pos, atom], -1.0)]) <= 0
            else:
                m.program += pulp.LpAffineExpression([(m.y[pos], 1.0)]) <= 0


def one_successor(m: PartModel) -> None:
    """An old community has at most one successor; a locked one has one."""
    of: dict[int, list[int]] = {}
    for pos, site in enumerate(m.sites):
        if site.community_pos >= 0:
            of.setdefault(site.community_pos, []).append(pos)
    for places in of.values():
        total = pulp.LpAffineExpression([(m.y[pos], 1.0) for pos in places])
        if any(m.sites[pos].must_open for pos in places):
            m.program += total == 1
        elif len(places) > 1:
            m.program += total <= 1


def size_windows(m: PartModel) -> None:
    """L y_s <= sum_i w_i x_is <= room U y_s, today and at the horizon; with two windows either suffices."""
    for family, windows in (("t", m.problem.windows), ("h", m.problem.horizon)):
        for pos, site in enumerate(m.sites):
            if windows and not site.frozen:
                _size_of_part(m, pos, windows, f"w{family}{pos:03d}")


def _size_of_part(m: PartModel, pos: int, windows: Sequence[Window], name: str) -> None:
    y, room = m.y[pos], m.sites[pos].room
    sums = [weigh(m, pos, window) for window in windows]
    if len(windows) == 1:
        m.program += sums[0] - windows[0].low * y >= 0
        m.program += sums[0] - windows[0].high * room * y <= 0
        return
    which = [m.program.add_variable(f"{name}_{k}", 0, 1, cat=pulp.LpInteger) for k in range(len(windows))]
    m.program += pulp.lpSum(which) - y == 0
    for window, total, used in zip(windows, sums, which, strict=True):
        everything = float(window.weights[m.atoms_of(pos)].sum())
        high = min(window.high * room, everything)
        m.program += total - window.low * used >= 0
        m.program += total - everything * y + (everything - high) * used <= 0


def weigh(m: PartModel, pos: int, window: Window) -> pulp.LpAffineExpression:
    """sum_i w_i x_is of one window; atoms that share a variable add up."""
    coefficients: dict[pulp.LpVariable, float] = {}
    for atom in m.atoms_of(pos):
        variable = m.x[pos, atom]
        coefficients[variable] = coefficients.get(variable, 0.0) + float(window.weights[atom])
    return pulp.LpAffineExpression(coefficients)


def land_size(m: PartModel) -> None:
    """L k <= sum_i w_i n_i <= (1 − headroom) U k for the k new communities together; and no crumb of land.

    An atom that is too small to be a community needs a neighbour that is new land too: the size cut of one atom.
    """
    if m.new_parts is None:
        return
    for windows in (m.problem.windows, m.problem.horizon):
        if len(windows) == 1:
            total = total_of((m.land[atom], float(w)) for atom, w in enumerate(windows[0].weights))
            m.program += total - windows[0].low * m.new_parts >= 0
            m.program += total - windows[0].high * (1.0 - m.problem.headroom) * m.new_parts <= 0
    minimum = Minimum.of(m.problem)
    for atom in range(m.problem.n):
        m.program += m.new_parts - m.land[atom] >= 0
        if minimum.missed_by(minimum.weights[atom]):
            m.add_cut(LAND, Cut(atom, atom, tuple(m.neighbours[atom])))


def neighbours_first(m: PartModel) -> None:
    """x_is <= sum of x_us over the neighbours u of i, for atoms that do not touch the root."""
    for pos, site in enumerate(m.sites):
        if not site.frozen:
            for cut in neighbour_rows(m.neighbours, site.atom_pos, set(m.atoms_of(pos))):
                m.add_cut(pos, cut)


def hop_ordered(m: PartModel) -> None:
    """x_is <= sum of x_us over neighbours u nearer to the root: contiguous without a cut, but a restriction."""
    for pos, site in enumerate(m.sites):
        if site.frozen:
            continue
        steps = hops(m.neighbours, site.atom_pos, set(m.atoms_of(pos)))
        for atom in m.atoms_of(pos):
            if atom not in steps:
                m.program += pulp.LpAffineExpression([(m.x[pos, atom], 1.0)]) <= 0
            elif steps[atom] > 1:
                near = [u for u in m.neighbours[atom] if steps.get(u, m.problem.n) < steps[atom]]
                m.add_cut(pos, Cut(site.atom_pos, atom, tuple(near)))


def stay_apart(m: PartModel) -> None:
    """No two atoms of an ``apart`` lock in one community."""
    for lock in m.problem.locks:
        if lock.kind == "apart":
            for pos in range(len(m.sites)):
                row = total_of((m.x[pos, atom], 1.0) for atom in lock.atoms if (pos, atom) in m.x)
                m.program += row - m.y[pos] <= 0


def split_in_two(m: PartModel) -> None:
    """The inhabited atoms of a ``split`` lock's community do not all lie in one community."""
    for lock in m.problem.locks:
        if lock.kind != "split":
            continue
        for community in lock.communities:
            own = np.flatnonzero((m.problem.today == community) & (m.problem.households > 0)).tolist()
            for pos in range(len(m.sites)):
                if all((pos, atom) in m.x for atom in own):
                    m.program += total_of((m.x[pos, atom], 1.0) for atom in own) <= len(own) - 1


def number_of_communities(m: PartModel) -> None:
    """Fewest to most communities."""
    if m.problem.number is not None:
        fewest, most = m.problem.number
        m.program += communities(m) >= fewest
        m.program += communities(m) <= most


def at_most(m: PartModel, what: pulp.LpAffineExpression, value: float) -> None:
    """Keep an earlier term within what was proved. Its constant counts (trap 1)."""
    m.program += what <= value


def moved(m: PartModel) -> pulp.LpAffineExpression:
    """Households that change community: sum_i h_i (1 − x_i,s(o(i))); new land moves everything on it.

    Land where nobody lives is charged less than one household in all, so that it stays where it is in a tie.
    """
    today, households = m.problem.today, m.problem.households
    light = 1.0 / (m.problem.n + 1)
    stays = [
        (variable, -(float(households[atom]) or light))
        for (pos, atom), variable in m.x.items()
        if today[atom] == m.sites[pos].community_pos and today[atom] >= 0
    ]
    charged = households[today >= 0]
    return total_of(stays) + float(charged.sum() + light * (charged == 0).sum())


def moved_bound(m: PartModel, bound: float) -> float:
    """Households that every plan moves, from a bound on `moved`: whole households, the light charge taken off."""
    charged = m.problem.households[m.problem.today >= 0]
    light = float((charged == 0).sum()) / (m.problem.n + 1)
    return float(np.ceil(bound - light - 1e-6)) if np.isfinite(bound) else bound


def communities(m: PartModel) -> pulp.LpAffineExpression:
    """Number of communities."""
    counted = [(y, 1.0) for y in m.y]
    return total_of(counted if m.new_parts is None else [*counted, (m.new_parts, 1.0)])


def distance(m: PartModel) -> pulp.LpAffineExpression:
    """Sum of (h_i + 1) d_is in km; the 1 draws land where nobody lives to the nearest part.

    On open land each atom is charged the way to the nearest place where its seat might stand at all.
    """
    weight = (m.problem.households + 1.0) / 1000.0
    terms = [
        (variable, float(weight[atom] * m.sites[pos].distance_m[atom])) for (pos, atom), variable in m.x.items()
    ]
    if m.land:
        problem, ways = m.problem, m.problem.site_distance_m
        if problem.reach_limit_m is not None:
            near = (problem.site_reach_m <= problem.reach_limit_m) | (problem.households == 0)[:, None]
            ways = np.where(near, ways, np.inf)
        nearest = ways.min(axis=1)
        nearest = np.where(np.isfinite(nearest), nearest, 0.0)  # an atom that is never land
        terms += [(variable, float(weight[atom] * nearest[atom])) for atom, variable in enumerate(m.land)]
    return total_of(terms)


def open_border(m: PartModel) -> pulp.LpAffineExpression:
    """Km of border off the policy's lines, and km of main road inside a community.

    z_e = 1 on cut edges: z_e >= x_us − x_vs for every site; charged open_km z_e + crossing_km (1 − z_e). Borders
    inside open land are charged at their cheaper side. A model with ``lazy_border`` gets the rows as cuts.
    """
    gains = m.problem.open_km - m.problem.crossing_km
    if not m.border:
        for edge in np.flatnonzero(np.abs(gains) > 1e-9).tolist():
            m.border[edge] = m.program.add_variable(f"z{edge:04d}", 0, 1)
        if not m.lazy_border:
            for edge in m.border:
                _border_rows(m, edge, wished=bool(gains[edge] < 0))
    return total_of((z, float(gains[edge])) for edge, z in m.border.items()) + float(m.problem.crossing_km.sum())


def _border_rows(m: PartModel, edge: int, *, wished: bool) -> None:
    """One row per site and direction, or per site where a cut is wished: z_e <= 1 − (both in s)."""
    z = m.border[edge]
    u, v = m.problem.edges[edge].tolist()
    pairs = [(m.x.get((pos, u)), m.x.get((pos, v))) for pos in range(len(m.sites))]
    if m.land and not wished:
        pairs.append((m.land[u], m.land[v]))
    for at_u, at_v in pairs:
        if at_u is at_v:
            if wished and at_u is not None:
                m.program += total_of([(z, 1.0), (at_u, 1.0)]) <= 1
        elif wished:
            if at_u is not None and at_v is not None:
                m.program += total_of([(z, 1.0), (at_u, 1.0), (at_v, 1.0)]) <= 2
        else:
            for one, other in ((at_u, at_v), (at_v, at_u)):
                if one is not None:
                    m.program += (
                        total_of([(one, 1.0), (z, -1.0), *([] if other is None else [(other, -1.0)])]) <= 0
                    )


def deviation(m: PartModel) -> pulp.LpAffineExpression:
    """Sum over open parts of |size − target|, two rows per site; on open land of all new parts together.

    The sum of distances to the target is at least the distance of the sums, so open land underestimates.
    """
    window, target = m.problem.windows[0], m.problem.target
    terms = []

    def away(name: str, size: pulp.LpAffineExpression, parts: pulp.LpVariable) -> None:
        off = m.program.add_variable(name, 0, None)
        m.program += size - target * parts - off <= 0
        m.program += target * parts - size - off <= 0
        terms.append((off, 1.0))

    if not m.away:
        for pos, y in enumerate(m.y):
            away(f"dev{pos:03d}", weigh(m, pos, window), y)
        if m.new_parts is not None:
            land = total_of((variable, float(w)) for variable, w in zip(m.land, window.weights, strict=True))
            away("dev_land", land, m.new_parts)
        m.away = [variable for variable, _ in terms]
    return total_of((variable, 1.0) for variable in m.away)


def total_of(terms: Iterable[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """Linear expression of (variable, coefficient) pairs; a variable may come several times."""
    coefficients: dict[pulp.LpVariable, float] = {}
    for variable, coefficient in terms:
        coefficients[variable] = coefficients.get(variable, 0.0) + coefficient
    return pulp.LpAffineExpression(coefficients)
