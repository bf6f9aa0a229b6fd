"""Contiguity without callbacks: neighbour rows a priori, separator cuts where a solution falls apart.

A part is rooted at the atom of its seat. An atom that does not touch the root can lie in the part only with a
neighbour (neighbour row); a component cut off from its root can lie in the part only with an atom of a minimal
separator between them (separator cut). `separations` finds the cuts that a fractional solution breaks, and the
size cuts beside them. Nothing here knows PuLP: rows are atoms, the models make them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from districting.plans.problem import Problem

#: Neighbours of each atom, each list sorted.
Neighbours = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Cut:
    """``atom`` lies in the part rooted at ``root`` only if an atom of ``separator`` does."""

    root: int
    atom: int
    separator: tuple[int, ...]


def neighbour_lists(n: int, links: Iterable[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Neighbours of each of ``n`` atoms from pairs of positions.

    Examples
    --------
    >>> neighbour_lists(3, [(0, 1), (1, 2)])
    ((1,), (0, 2), (1,))
    """
    found: list[set[int]] = [set() for _ in range(n)]
    for a, b in links:
        found[int(a)].add(int(b))
        found[int(b)].add(int(a))
    return tuple(tuple(sorted(near)) for near in found)


def neighbours_of(problem: Problem) -> tuple[tuple[int, ...], ...]:
    """Neighbours across crossable borders, and across the gaps of pieces that cannot stand alone (代管)."""
    return neighbour_lists(problem.n, [*problem.edges.tolist(), *problem.gaps])


def reachable(neighbours: Neighbours, root: int, inside: Collection[int]) -> set[int]:
    """Atoms of ``inside`` that a walk from ``root`` within ``inside`` comes to; empty if root is outside."""
    if root not in inside:
        return set()
    seen, queue = {root}, deque([root])
    while queue:
        for other in neighbours[queue.popleft()]:
            if other in inside and other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def components(neighbours: Neighbours, atoms: Iterable[int]) -> list[list[int]]:
    """Connected components of a set of atoms, each sorted, ordered by their first atom.

    Examples
    --------
    >>> components(((1,), (0, 2), (1,), ()), [0, 2, 3])
    [[0], [2], [3]]
    """
    left = set(atoms)
    found = []
    for atom in sorted(left):
        if atom in left:
            component = reachable(neighbours, atom, left)
            left -= component
            found.append(sorted(component))
    return found


def hops(neighbours: Neighbours, root: int, inside: Collection[int]) -> dict[int, int]:
    """Number of borders crossed from ``root`` to each atom of ``inside`` that it reaches within it."""
    if root not in inside:
        return {}
    steps, queue = {root: 0}, deque([root])
    while queue:
        atom = queue.popleft()
        for other in neighbours[atom]:
            if other in inside and other not in steps:
                steps[other] = steps[atom] + 1
                queue.append(other)
    return steps


def separator(
    neighbours: Neighbours, component: Collection[int], root: int, inside: Collection[int]
) -> tuple[int, ...]:
    """A minimal set of atoms of ``inside`` that every walk within it from ``component`` to ``root`` passes.

    The atoms around the component that a walk from the root can come to without passing another of them
    (Fischetti et al. 2017, doi:10.1007/s12532-016-0111-0; linear time). Empty if there is no way at all.
    """
    members = set(component)
    around = {near for atom in members for near in neighbours[atom] if near in inside} - members
    if root in around:
        return (root,)
    beyond = {atom for atom in inside if atom not in members and atom not in around}
    from_root = reachable(neighbours, root, beyond)
    return tuple(sorted(atom for atom in around if any(near in from_root for near in neighbours[atom])))


def neighbour_rows(neighbours: Neighbours, root: int, inside: Collection[int]) -> list[Cut]:
    """The rows to begin with: each atom of ``inside`` that does not touch the root needs a neighbour in it."""
    near_root = set(neighbours[root])
    return [
        Cut(root, atom, tuple(near for near in neighbours[atom] if near in inside))
        for atom in sorted(inside)
        if atom != root and atom not in near_root
    ]


def cuts_for(
    neighbours: Neighbours,
    part: Iterable[int],
    root: int,
    inside: Collection[int],
    weight: Sequence[int] | Sequence[float],
) -> list[Cut]:
    """Separator cuts that a part which falls apart breaks, one per component without the root; empty if it holds.

    Parameters
    ----------
    neighbours
        Of every atom.
    part
        Atoms assigned to the part.
    root
        Atom of its seat.
    inside
        Atoms that may lie in the part; a smaller set gives a stronger cut.
    weight
        The heaviest atom of a component carries the cut: one row a component is enough (trap 5).
    """
    cuts = []
    for component in components(neighbours, part):
        if root in component:
            continue
        atom = max(component, key=lambda pos: (weight[pos], -pos))
        cuts.append(Cut(root, atom, separator(neighbours, component, root, inside)))
    return cuts
