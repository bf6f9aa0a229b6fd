"""What a move would do, told before it is made: totals, contiguity, size, seats. In milliseconds.

A preview reckons with sums over atoms; whether the plan is legal is for the checks alone to say, once it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from districting.plans.problem import Bools, Ints
from districting.policies.rule import Strength
from districting.review.asked import Standards
from districting.review.ground import Ground
from districting.review.locks import Held
from districting.review.proposals import Proposal
from districting.review.refusals import MissingError

#: Targets told for a selection: those with the longest border come first, more would only hide them.
MOST_OPTIONS = 8

SizeState = Literal["fits", "over", "under", "empty"]

#: A community that is to be founded by the move.
NEW = ""


@dataclass(frozen=True)
class Totals:
    """A community by the sums over its atoms; ``people`` None where unknown, ``loose`` parts too many."""

    households: int
    people: int | None
    area_m2: float
    atoms: int
    loose: int
    size: SizeState


@dataclass(frozen=True)
class Objection:
    """Why a move had better not be made.

    Parameters
    ----------
    key
        Sentence ``review.objection.<key>``.
    strength
        Of the rule; ``"stop"`` for what the server refuses.
    values
        What the sentence names.
    """

    key: str
    strength: Strength | Literal["stop"]
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """A community that the atoms could go to: its totals and those of who gives, before and after."""

    community_id: str
    before: Mapping[str, Totals]
    after: Mapping[str, Totals]
    objections: tuple[Objection, ...]


class Desktop:
    """One plan at one revision, ready for previews.

    Parameters
    ----------
    labels
        Community by atom.
    names
        Name by community.
    """

    def __init__(
        self,
        ground: Ground,
        labels: Mapping[str, str | None],
        names: Mapping[str, str],
        locks: Sequence[Held] = (),
    ) -> None:
        self.ground, self.names, self.locks = ground, names, locks
        self.label = np.array([labels.get(atom) or NEW for atom in ground.atom_ids], dtype=object)
        self._known: dict[str, Totals] = {}
        self._holding: list[Proposal] = []
        self._standards = Standards(ground)

    def hold_to(self, asked: Sequence[Proposal]) -> None:
        """Proposals that the plan holds to; only those that hold as it stands can be broken."""
        self._holding = [one for one in asked if self._standards.held(one.wish, self.label)]

    def totals(self, community_id: str) -> Totals:
        """A community as it stands."""
        if community_id not in self._known:
            self._known[community_id] = self._totals(self.label == community_id)
        return self._known[community_id]

    def options(self, atoms: Ints) -> list[Option]:
        """Where atoms could go: the communities around them, longest common border first, then a new one."""
        targets = [*self.neighbours(atoms)[:MOST_OPTIONS], NEW]
        return [self.option(atoms, target) for target in targets]

    def neighbours(self, atoms: Ints) -> list[str]:
        """Communities that share a walkable border with atoms, besides those that hold all of them."""
        ground, chosen = self.ground, np.zeros(self.ground.n, dtype=bool)
        chosen[atoms] = True
        ends = chosen[ground.edges]
        across = ends[:, 0] != ends[:, 1]
        outer = np.where(ends[across, 0], ground.edges[across, 1], ground.edges[across, 0])
        lengths: dict[str, float] = {}
        for community, shared in zip(self.label[outer], ground.shared_m[across], strict=True):
            lengths[community] = lengths.get(community, 0.0) + float(shared)
        own = set(self.label[atoms])
        for community in own & set(lengths) if len(own) == 1 else {NEW} & set(lengths):
            del lengths[community]
        return sorted(lengths, key=lambda one: (-lengths[one], one))

    def option(self, atoms: Ints, target: str) -> Option:
        """What would be if these atoms went to one community (`NEW`: to one that is founded)."""
        moving = np.zeros(self.ground.n, dtype=bool)
        moving[atoms] = True
        moving &= (self.label != target) if target else True
        givers = sorted(set(self.label[moving]) - {NEW, target})
        touched = [*givers, target]
        empty = Totals(0, 0, 0.0, 0, 0, "empty")
        before = {one: self.totals(one) if one else empty for one in touched}
        after = {one: self._totals((self.label == one) & ~moving) for one in givers}
        after[target] = self._totals(((self.label == target) & bool(target)) | moving)
        return Option(target, before, after, tuple(self._objections(moving, target, before, after)))

    def moves(self, atoms: Ints, target: str | None) -> dict[str, str | None]:
        """The atoms that change, with where to."""
        return {self.ground.atom_ids[at]: target for at in atoms if self.label[at] != (target or NEW)}

    def mend(self, community_id: str) -> dict[str, str | None]:
        """Moves that make a community connected: its loose parts go to whoever shares most of their border.

        The part that stays holds the service centre, else most households. A part that touches nobody else stays.

        Raises
        ------
        MissingError
            If the community has no land.
        """
        ground = self.ground
        inside = (self.label == community_id) & ground.land
        if not inside.any():
            raise MissingError("community", community=community_id)
        members, parts = np.flatnonzero(inside), ground.parts(inside)
        moves: dict[str, str | None] = {}
        for piece in np.unique(ground.piece[members]):
            here = ground.piece[members] == piece
            labels = np.unique(parts[here])
            seat = ground.seat_atom.get(community_id, -1)
            weight = {part: self._hold(members[parts == part], seat) for part in labels}
            stays = max(labels, key=lambda part: (weight[part], -part))
            for part in labels[labels != stays]:
                loose = members[parts == part]
                near = [one for one in self.neighbours(loose) if one not in (community_id, NEW)]
                fitting = [one for one in near if self._still_fits(loose, one)]
                if near:
                    moves |= dict.fromkeys((ground.atom_ids[at] for at in loose), (fitting or near)[0])
        return moves

    def _hold(self, atoms: Ints, seat: int) -> tuple[bool, int]:
        """How strongly a part holds its community: with the service centre, else by its households."""
        return bool((atoms == seat).any()), int(self.ground.households[atoms].sum())

    def _still_fits(self, atoms: Ints, target: str) -> bool:
        """Whether a community that takes atoms in stays below its maximum."""
        inside = self.label == target
        inside[atoms] = True
        return self._size(inside) != "over"

    def _totals(self, inside: Bools) -> Totals:
        ground = self.ground
        people = ground.people[inside & (ground.households > 0)]
        return Totals(
            households=int(ground.households[inside].sum()),
            people=None if np.isnan(people).any() else round(float(people.sum())),
            area_m2=round(float(ground.area_m2[inside].sum()), 1),
            atoms=int(inside.sum()),
            loose=ground.loose_parts(inside),
            size=self._size(inside),
        )

    def _size(self, inside: Bools) -> SizeState:
        """The size rule: either measure suffices; the first says which bound is missed."""
        if not self.ground.households[inside].any():
            return "empty"
        sums = [(float(window.weights[inside].sum()), window) for window in self.ground.windows]
        if any(window.low <= value <= window.high for value, window in sums):
            return "fits"
        value, first = sums[0]
        return "over" if value > first.high else "under"

    def _objections(
        self, moving: Bools, target: str, before: Mapping[str, Totals], after: Mapping[str, Totals]
    ) -> list[Objection]:
        """Everything that speaks against a move, strongest first."""
        ground = self.ground
        told = list(self._lock_objections(moving, target))
        taken = (self.label == target) & bool(target) | moving
        homes = {str(one) for one in np.array(ground.subdistrict, dtype=object)[taken & ground.land]}
        strength = ground.strength.get("nesting")
        if strength and len(homes) > 1:
            told.append(Objection("nesting", strength, {"count": len(homes)}))
        strength = ground.strength.get("contiguity")
        for one, totals in after.items():
            if strength and totals.loose > before[one].loose:
                told.append(Objection("loose", strength, {"name": self._name(one), "parts": totals.loose + 1}))
        told += self._size_objections(before, after)
        for one, seat in ground.seat_atom.items():
            if moving[seat] and self.label[seat] == one and one != target:
                told.append(Objection("seat", "should", {"name": self._name(one)}))
        told += self._compound_objections(moving, target)
        order: tuple[str, ...] = ("stop", "must", "should", "prefer")
        return sorted(told, key=lambda one: order.index(one.strength))

    def _lock_objections(self, moving: Bools, target: str) -> list[Objection]:
        """What the server would refuse."""
        ends = {*self.label[moving], target}
        told = [
            Objection("locked", "stop", {"name": self._name(lock.community_id or "")})
            for lock in self.locks
            if lock.kind == "community" and lock.community_id in ends and moving.any()
        ]
        for lock in self.locks:
            if lock.kind == "together":
                here = self.ground.positions(lock.atoms)
                if len(set(np.where(moving[here], target, self.label[here]))) > 1:
                    told.append(Objection("parted", "stop", {"count": len(here)}))
        after = np.where(moving, target, self.label)
        for one in self._holding:
            touched = self._standards.touched(one.wish, moving, ends)
            if touched and not self._standards.held(one.wish, after):
                told.append(Objection("asked", "stop", {"text": one.text}))
        return told

    def _size_objections(self, before: Mapping[str, Totals], after: Mapping[str, Totals]) -> list[Objection]:
        """Bounds that are missed after the move, and communities that end."""
        told = []
        window = self.ground.windows[0]
        for one, totals in after.items():
            if totals.size in ("over", "under"):
                values = {"name": self._name(one), "bound": window.high if totals.size == "over" else window.low}
                told.append(Objection(totals.size, self.ground.strength["size"], values))
            if totals.atoms == 0 and before[one].atoms:
                told.append(Objection("ends", "prefer", {"name": self._name(one)}))
        return told

    def _compound_objections(self, moving: Bools, target: str) -> list[Objection]:
        """Compounds that the move cuts and that are whole now."""
        strength = self.ground.strength.get("compound")
        compound = np.array(self.ground.compound, dtype=object)
        named = {str(one) for one in compound[moving]} - {""}
        if not strength or not named:
            return []
        told = []
        for one in sorted(named):
            own = compound == one
            now, then = self.label[own], np.where(moving, target, self.label)[own]
            if len(set(now)) == 1 and len(set(then)) > 1:
                told.append(Objection("compound", strength, {"name": one}))
        return told

    def _name(self, community_id: str) -> str:
        """The name that a sentence uses."""
        return self.names.get(community_id, community_id)
