"""What each mode asks of one part, and of all parts together, taken word for word (method §4–§6, §13.2).

No solver has a hand in it: the oracle behind `legal_plans`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from districting.plans.problem import Floats, Problem, Window

Part = frozenset[int]
Parts = tuple[Part, ...]
Mode = Literal["whole", "adjust", "redraw"]
MODES: tuple[Mode, ...] = ("whole", "adjust", "redraw")

_HAIR = 1e-9
#: Part that succeeds nobody.
NEW = -1


class Name(NamedTuple):
    """Whom a part may succeed: households that stay then, and household-metres to the best seat under this name."""

    owner: int
    stays: float
    ways: float


class Rules:
    """What one mode asks of a part, and of all parts together."""

    def __init__(self, problem: Problem, mode: Mode) -> None:
        self.problem, self.mode = problem, mode
        self.homes = problem.households
        counted = np.any([window.weights > 0 for window in (*problem.windows, *problem.horizon)], axis=0)
        #: Where somebody lives or will live, and what a lock names: no open land.
        self.solid = frozenset(np.flatnonzero(counted | (self.homes > 0)).tolist()).union(
            *(lock.atoms for lock in problem.locks if lock.kind in ("together", "apart"))
        )
        count = range(len(problem.community_ids))
        self.own = {pos: frozenset(np.flatnonzero(problem.today == pos).tolist()) for pos in count}
        self.lived = {pos: frozenset(a for a in own if self.homes[a] > 0) for pos, own in self.own.items()}
        self.seat = {seat.community_pos: at for at, seat in enumerate(problem.seats)}
        self.kept = self._locked("keep")
        self.placed = {
            pos: lock.atoms for lock in problem.locks if lock.kind == "seat" for pos in lock.communities
        }
        self.over = {
            pos
            for pos in count
            if all(window.weights[problem.today == pos].sum() > window.high for window in problem.windows)
        }
        self.broken = (self.over | self._locked("split")) - self.kept
        self._known: dict[Part, list[Name]] = {}
        self._units = self._whole_units() if mode == "whole" else {}
        self._tied = self._ties()

    def names(self, part: Part) -> list[Name]:
        """Every name that a part may bear; none if no plan may have it."""
        if part not in self._known:
            named = {"adjust": self._in_adjust, "redraw": self._in_redraw, "whole": self._in_whole}[self.mode]
            touched = [pos for pos in self.kept if part & self.own[pos]]
            if touched:
                self._known[part] = [self._kept_name(touched[0])] if part == self.own[touched[0]] else []
            else:
                self._known[part] = named(part, np.array(sorted(part)))
        return self._known[part]

    def hold(self, parts: Parts) -> bool:
        """Whether number, locks, compounds and unlike plans allow parts that may all bear names."""
        problem = self.problem
        if problem.number is not None and not problem.number[0] <= len(parts) <= problem.number[1]:
            return False
        label = labelled(problem.n, parts)
        if any(len(set(label[list(atoms)])) > 1 for atoms in self._tied):
            return False
        for lock in problem.locks:
            if lock.kind == "apart" and len(set(label[list(lock.atoms)])) < len(lock.atoms):
                return False
            if lock.kind == "split" and any(
                len(set(label[list(self.lived[pos])])) < 2 for pos in lock.communities
            ):
                return False
        if not all(self.own[pos] in parts for pos in self.kept):
            return False
        return all(
            placed_differently(label, one.part, problem.households) >= one.households - _HAIR
            for one in problem.unlike
        )

    def bear(self, parts: Parts, owners: Sequence[int]) -> bool:
        """Whether parts may bear these names together.

        Nobody has two successors, who must live on does, and who has no centre does in the part with most of them.
        """
        bearers = [owner for owner in owners if owner != NEW]
        if len(set(bearers)) < len(bearers) or any(pos not in bearers for pos in self.placed):
            return False
        for part, owner in zip(parts, owners, strict=True):
            if owner != NEW and owner not in self.seat and owner not in self.placed and owner not in self.kept:
                own = self.lived[owner]
                if any(self._people(own & other) > self._people(own & part) for other in parts):
                    return False
        return True

    def _people(self, atoms: Collection[int]) -> int:
        return int(self.homes[list(atoms)].sum())

    def open_land(self) -> Part:
        """Land of ``whole`` that is in no unit: it may lie in any part."""
        if self.mode != "whole":
            return frozenset()
        return frozenset(range(self.problem.n)) - self.solid.union(*self._units.values())

    def _locked(self, kind: str) -> set[int]:
        return {pos for lock in self.problem.locks if lock.kind == kind for pos in lock.communities}

    def _ties(self) -> list[tuple[int, ...]]:
        """Atoms that no plan may part: compounds (in ``whole`` those of one community), together, merge."""
        today = self.problem.today
        tied = [tuple(a for a in atoms if int(today[a]) not in self.kept) for atoms in self.problem.compounds]
        if self.mode == "whole":
            tied = [atoms for atoms in tied if len(set(today[list(atoms)].tolist())) == 1]
        for lock in self.problem.locks:
            if lock.kind == "together":
                tied.append(lock.atoms)
            if lock.kind == "merge":
                tied.append(tuple(a for pos in lock.communities for a in self.lived[pos]))
        return tied

    def _fits(self, atoms: Floats, *, roomy: bool) -> bool:
        """Within one window of today and one of the horizon; ``roomy``: with the headroom left free."""
        share = 1.0 - self.problem.headroom if roomy else 1.0

        def within(window: Window) -> bool:
            size = float(window.weights[atoms].sum())
            return window.low - _HAIR <= size <= window.high * share + _HAIR * max(window.high, 1.0)

        families = (self.problem.windows, self.problem.horizon)
        return all(any(map(within, family)) for family in families if family)

    def _near(self, atoms: Floats, reach_m: Floats) -> bool:
        """Whether everybody lives within reach of the seat of this column."""
        limit = self.problem.reach_limit_m
        return limit is None or bool((reach_m[atoms[self.homes[atoms] > 0]] <= limit).all())

    def _stay(self, atoms: Floats, pos: int) -> float:
        return float(self.homes[atoms[self.problem.today[atoms] == pos]].sum())

    def _to_seat(self, atoms: Floats, at: int) -> list[float]:
        """Ways to a service centre of today, if all are within reach of it."""
        problem = self.problem
        if not self._near(atoms, problem.seat_reach_m[:, at]):
            return []
        return [float((self.homes[atoms] + 1.0) @ problem.seat_distance_m[atoms, at])]

    def _to_sites(self, atoms: Floats, sites: Collection[int]) -> list[float]:
        """Ways to a seat at each of ``sites`` of which all are within reach."""
        problem = self.problem
        return [
            float((self.homes[atoms] + 1.0) @ problem.site_distance_m[atoms, site])
            for site in sites
            if self._near(atoms, problem.site_reach_m[:, site])
        ]

    def _moved_seat(self, pos: int) -> tuple[int, ...]:
        """Where a lock puts the seat of a community, if not where its centre stands."""
        atoms = self.placed.get(pos, ())
        return () if pos in self.seat and self._centre(pos) in atoms else atoms

    def _centre(self, pos: int) -> int:
        return self.problem.seats[self.seat[pos]].atom_pos

    def _inhabited(self, atoms: Floats) -> list[int]:
        return [int(atom) for atom in atoms if self.homes[atom] > 0]

    def _kept_name(self, pos: int) -> Name:
        """A kept community, at its centre or its best own atom, whatever its size and reach."""
        atoms = np.array(sorted(self.own[pos]))
        problem, weight = self.problem, self.homes[atoms] + 1.0
        if pos in self.seat:
            ways = float(weight @ problem.seat_distance_m[atoms, self.seat[pos]])
        else:
            ways = float((weight @ problem.site_distance_m[np.ix_(atoms, atoms)]).min())
        return Name(pos, self._stay(atoms, pos), ways)

    def _in_adjust(self, part: Part, atoms: Floats) -> list[Name]:
        """The successor of a community whose seat it holds, at that seat; or new at any atom, with room to grow."""
        found = []
        for pos in self.own.keys() - self.kept:
            if not self._fits(atoms, roomy=pos in self.over):
                continue
            stays = self._stay(atoms, pos)
            ways: list[float] = []
            if pos in self.seat:
                if self._centre(pos) in part and self._moved_seat(pos):
                    ways = self._to_sites(atoms, [a for a in self._moved_seat(pos) if a in part])
                elif self._centre(pos) in part:
                    ways = self._to_seat(atoms, self.seat[pos])
            elif self.lived[pos] or pos in self.placed:
                places = self._moved_seat(pos) or tuple(part)
                held = [a for a in places if a in part and (stays or pos in self.placed or a in self.own[pos])]
                ways = self._to_sites(atoms, held)
            if ways:
                found.append(Name(pos, stays, min(ways)))
        if self._fits(atoms, roomy=True) and self._inhabited(atoms) and (ways := self._to_sites(atoms, part)):
            found.append(Name(NEW, 0.0, min(ways)))
        return self._with_locked_centres(part, found)

    def _with_locked_centres(self, part: Part, found: list[Name]) -> list[Name]:
        """Whoever holds the centre of a community that must live on bears its name."""
        must = [pos for pos in self.placed if pos in self.seat and self._centre(pos) in part]
        return found if not must else [name for name in found if len(must) == 1 and name.owner == must[0]]

    def _in_redraw(self, part: Part, atoms: Floats) -> list[Name]:
        """Any seat inside, a centre or an atom; the name of a community whose centre it holds, or of one without."""
        if not self._fits(atoms, roomy=False):
            return []
        centres = [pos for pos in self.seat if pos not in self.kept and self._centre(pos) in part]
        must = [pos for pos in centres if pos in self.placed]
        if len(must) > 1:
            return []
        if must and self._moved_seat(must[0]):
            ways = self._to_sites(atoms, [a for a in self._moved_seat(must[0]) if a in part])
        elif must and not self.placed[must[0]]:
            ways = self._to_seat(atoms, self.seat[must[0]])
        elif must:
            ways = self._to_sites(atoms, [a for a in self.placed[must[0]] if a in part])
            ways += self._to_seat(atoms, self.seat[must[0]])
        else:
            ways = self._to_sites(atoms, part)
            ways += [one for pos in centres for one in self._to_seat(atoms, self.seat[pos])]
        if not ways:
            return []
        if must:
            return [Name(must[0], self._stay(atoms, must[0]), min(ways))]
        found = [Name(pos, self._stay(atoms, pos), min(ways)) for pos in centres] or [Name(NEW, 0.0, min(ways))]
        for pos in self.own.keys() - self.seat.keys() - self.kept:
            stays, places = self._stay(atoms, pos), [a for a in self._moved_seat(pos) if a in part]
            if places and (there := self._to_sites(atoms, places)):
                found.append(Name(pos, stays, min(there)))
            elif stays and not self._moved_seat(pos):
                found.append(Name(pos, stays, min(ways)))
        return found

    def _whole_units(self) -> dict[int, Part]:
        """What moves as a whole by community; all other land is open, but for atoms that count for themselves.

        A piece of a community, apart from the rest of it, where nobody lives and nothing stands, is open, too.
        """
        units = {}
        for pos, own in self.own.items():
            if self.lived[pos] or pos in self.seat or pos in self.placed or pos in self.kept:
                needed = own & self.solid | ({self._centre(pos)} if pos in self.seat else set())
                units[pos] = frozenset().union(*(piece for piece in self.pieces(own) if piece & needed)) or own
        return units

    def pieces(self, atoms: Part) -> list[Part]:
        """Connected pieces of some land."""
        links = [*self.problem.edges.tolist(), *self.problem.gaps]
        left, found = set(atoms), []
        while left:
            piece = {left.pop()}
            while more := {b for a, b in [*links, *((b, a) for a, b in links)] if a in piece and b in left}:
                piece |= more
                left -= more
            found.append(frozenset(piece))
        return found

    def _in_whole(self, part: Part, atoms: Floats) -> list[Name]:
        """A union of whole communities at the centre of one of them, or a part of one that is broken up.

        Open land may lie in any part.
        """
        owners = [pos for pos, unit in self._units.items() if unit & part]
        if len(owners) == 1 and owners[0] in self.broken:
            return self._split_off(part, atoms, owners[0])
        if any(not self._units[pos] <= part or pos in self.broken for pos in owners):
            return []
        if not self._fits(atoms, roomy=False):
            return []
        must = [pos for pos in self.placed if pos in owners]
        if len(must) > 1:
            return []
        solid = sorted(part & self.solid.union(*(self._units[pos] for pos in owners)))
        found = []
        for pos in must or owners:
            if pos in self.seat and not self._moved_seat(pos):
                ways = self._to_seat(atoms, self.seat[pos])
            else:
                ways = self._to_sites(atoms, [a for a in self._moved_seat(pos) or solid if a in part])
            found += [Name(pos, self._stay(atoms, pos), min(ways)) for _ in ways[:1]]
        if not owners and (ways := self._to_sites(atoms, solid)):
            found.append(Name(NEW, 0.0, min(ways)))
        return found

    def _split_off(self, part: Part, atoms: Floats, pos: int) -> list[Name]:
        """A part of a community that is broken up, with nobody of any other: named by `adjust` on that land."""
        if part & self.solid - self.own[pos] or not self.lived[pos] - part:
            return []
        names = [name for name in self._in_adjust(part, atoms) if name.owner in (NEW, pos)]
        held = pos in self.seat and self._centre(pos) in part
        return [name for name in names if not held or name.owner == pos]


def labelled(n: int, parts: Parts) -> np.ndarray:
    """Part of each atom, shape (n,)."""
    label = np.zeros(n, dtype=np.int64)
    for position, part in enumerate(parts):
        label[list(part)] = position
    return label


def placed_differently(part: np.ndarray, other: np.ndarray, households: np.ndarray) -> float:
    """Households outside the best matching of one plan's parts with another's (method §13.2)."""
    shared = np.array(
        [
            [households[(part == a) & (other == b)].sum() for b in range(int(other.max()) + 1)]
            for a in range(int(part.max()) + 1)
        ]
    )
    return float(households.sum() - shared[linear_sum_assignment(-shared)].sum())
