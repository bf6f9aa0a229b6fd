"""Every legal plan of a tiny town by the rules taken word for word (method §4–§6), with what each is worth.

A partition of the atoms into connected parts is a plan if every part may bear a name and the locks hold. No solver
has a hand in it: what a part may be is asked of one part at a time, what locks and numbers ask of all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from districting.plans.problem import Lock, Problem
from districting.solvers.profile import TermName
from districting.solvers.result import Solution
from tests.solvers.part_rules import Mode, Part, Parts, Rules, labelled

#: Order of the terms in a plan's worth.
TERMS: tuple[TermName, ...] = (
    "moved_households", "communities", "distance_m_households", "open_border_km", "deviation_households",
)  # fmt: skip


def partitions(problem: Problem) -> Iterator[Parts]:
    """Every partition of the atoms into parts that hold together; kept communities stay as they are."""
    near = [0] * problem.n
    inside = [0] * problem.n
    for links, rows in ((problem.edges.tolist(), (near, inside)), (problem.gaps, (near,))):
        for a, b in links:
            for row in rows:
                row[a] |= 1 << b
                row[b] |= 1 << a
    kept = sorted({pos for lock in problem.locks if lock.kind == "keep" for pos in lock.communities})
    aside = tuple(frozenset(np.flatnonzero(problem.today == pos).tolist()) for pos in kept)
    free = sum(1 << atom for atom in range(problem.n) if not any(atom in part for part in aside))
    pieces = [
        sum(1 << int(atom) for atom in np.flatnonzero(problem.piece == label))
        for label in np.unique(problem.piece)
    ]
    known: dict[int, list[Parts]] = {0: [()]}

    def holds(part: int) -> bool:
        """In one by borders and gaps, and in one inside each piece by borders alone (§3.2)."""
        return _one(part, near) and all(_one(part & piece, inside) for piece in pieces if part & piece)

    def split(left: int) -> list[Parts]:
        if left not in known:
            first = left & -left
            found = []
            others = left ^ first
            chosen = others
            while True:
                part = first | chosen
                if holds(part):
                    found += [(_atoms(part), *rest) for rest in split(left ^ part)]
                if not chosen:
                    break
                chosen = (chosen - 1) & others
            known[left] = found
        return known[left]

    return (aside + parts for parts in split(free))


def _one(part: int, near: list[int]) -> bool:
    """Whether a set of atoms, as bits, is connected."""
    reached = part & -part
    fresh = reached
    while fresh:
        atom = (fresh & -fresh).bit_length() - 1
        fresh ^= 1 << atom
        more = near[atom] & part & ~reached
        reached |= more
        fresh |= more
    return reached == part


def _atoms(part: int) -> Part:
    """The atoms of a set of bits."""
    return frozenset(atom for atom in range(part.bit_length()) if part >> atom & 1)


def legal_plans(problem: Problem, mode: Mode, every: Collection[Parts] | None = None) -> np.ndarray:
    """The worth of every legal plan, shape (plans, 5) in the order of `TERMS`; equal ones once.

    ``every``: the partitions to choose from, where they are known.
    """
    rules = Rules(problem, mode)
    everyone = float(problem.households[problem.today >= 0].sum())
    rows = set()
    for parts in partitions(problem) if every is None else every:
        named = [rules.names(part) for part in parts]
        if not all(named) or not rules.hold(parts):
            continue
        border, off = _border_and_deviation(problem, parts)
        for names in product(*named):
            if rules.bear(parts, [name.owner for name in names]):
                stays, ways = sum(name.stays for name in names), sum(name.ways for name in names)
                rows.add((everyone - stays, float(len(parts)), round(ways, 6), round(border, 9), round(off, 6)))
    return np.array(sorted(rows)).reshape(-1, len(TERMS))


def legal_partitions(problem: Problem, mode: Mode) -> list[Parts]:
    """Every partition that is a legal plan under some names."""
    rules = Rules(problem, mode)
    return [
        parts
        for parts in partitions(problem)
        if all(rules.names(part) for part in parts)
        and rules.hold(parts)
        and any(rules.bear(parts, [n.owner for n in names]) for names in product(*(rules.names(p) for p in parts)))
    ]


def worth_of(problem: Problem, solution: Solution) -> np.ndarray:
    """What a plan is worth with the seats that it tells, shape (5,) in the order of `TERMS`."""
    parts = _parts_of(solution)
    owner = np.array([chosen.community_pos for chosen in solution.chosen])[solution.part]
    moved = problem.households[(problem.today >= 0) & (owner != problem.today)].sum()
    seat = {one.community_pos: at for at, one in enumerate(problem.seats)}
    at_seat = {(one.x, one.y): at for at, one in enumerate(problem.seats)}
    ways = 0.0
    for part, chosen in zip(parts, solution.chosen, strict=True):
        atoms = np.array(sorted(part))
        if chosen.existing_seat:
            at = at_seat.get((chosen.x, chosen.y), seat.get(chosen.community_pos, 0))
            column = problem.seat_distance_m[atoms, at]
        else:
            column = problem.site_distance_m[atoms, chosen.atom_pos]
        ways += float((problem.households[atoms] + 1.0) @ column)
    border, off = _border_and_deviation(problem, parts)
    return np.array([float(moved), float(len(parts)), ways, border, off])


def illegal(problem: Problem, mode: Mode, solution: Solution) -> list[str]:
    """What makes a plan illegal, in words; empty if nothing."""
    rules, parts = Rules(problem, mode), _parts_of(solution)
    if not all(parts):
        return ["a part is empty"]
    wrong = []
    for part, chosen in zip(parts, solution.chosen, strict=True):
        names = rules.names(part)
        if chosen.community_pos not in [name.owner for name in names]:
            wrong.append(f"{sorted(part)} cannot be {chosen.community_pos}, only {[n.owner for n in names]}")
        if chosen.atom_pos not in part and chosen.community_pos not in rules.kept:
            wrong.append(f"{sorted(part)} has its seat at {chosen.atom_pos}")
    if frozenset(parts) not in {frozenset(one) for one in partitions(problem)}:
        wrong.append("a part lies in pieces")
    if not rules.hold(parts):
        wrong.append("number, locks, compounds or unlike plans forbid the parts together")
    if not rules.bear(parts, [chosen.community_pos for chosen in solution.chosen]):
        wrong.append("names twice, not where most are, or a community that must live on does not")
    return wrong


def staying(problem: Problem, alone: Collection[int]) -> Problem:
    """The problem with these communities left exactly as they are (method §12.5)."""
    return replace(problem, locks=(*problem.locks, Lock("keep", communities=tuple(sorted(alone)))))


def _parts_of(solution: Solution) -> Parts:
    return tuple(
        frozenset(np.flatnonzero(solution.part == label).tolist()) for label in range(len(solution.chosen))
    )


def _border_and_deviation(problem: Problem, parts: Parts) -> tuple[float, float]:
    """Km of open border with main roads inside, and what sizes are off the target."""
    label = labelled(problem.n, parts)
    cut = label[problem.edges[:, 0]] != label[problem.edges[:, 1]]
    border = float(problem.open_km[cut].sum() + problem.crossing_km[~cut].sum())
    sizes = np.bincount(label, weights=problem.windows[0].weights, minlength=len(parts))
    return border, float(np.abs(sizes - problem.target).sum())
