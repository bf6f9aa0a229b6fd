"""Edits by hand on drafts: look, move, mend, undo, lock, name, branch, mark; bound by locks and revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from districting.language import say
from districting.review.desk import Desk
from districting.review.drafts import CommunityNote, Kind, Labels, Status
from districting.review.locks import check_moves
from districting.review.refusals import ConflictError, MissingError

if TYPE_CHECKING:
    from districting.plans.problem import Ints
    from districting.review.preview import Desktop, Option


class Editor:
    """What people do to the drafts of a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._desktops: dict[tuple[str, int], Desktop] = {}

    def edit(
        self,
        plan_id: str,
        *,
        revision: int,
        atoms: Sequence[str],
        community_id: str | None,
        person: str,
        kind: Kind = "move",
    ) -> int:
        """Move atoms to a community, or to a new one for None; returns the new revision.

        Raises
        ------
        StaleError
            If the plan has moved on.
        ConflictError
            If a lock forbids it, the plan is no draft, or nothing would change.
        MissingError
            If an atom or the community is unknown.
        """
        positions = self.positions(atoms)
        labels = self.desk.drafts.labels(plan_id)
        known = self.desk.communities(plan_id)
        fresh: list[CommunityNote] = []
        if community_id is None:
            fresh = [self._found(labels, positions, known)]
            community_id = fresh[0].community_id
        elif community_id not in known:
            raise MissingError("community", community=community_id)
        elif community_id not in self.desk.drafts.communities(plan_id):
            fresh = [known[community_id]]  # one of today's that the plan had ended comes back
        asked = dict.fromkeys((self.desk.opened.ground.atom_ids[at] for at in positions), community_id)
        moves: Labels = {atom: to for atom, to in asked.items() if labels.get(atom) != to}
        return self.write(
            plan_id, revision=revision, kind=kind, moves=moves, communities=fresh, person=person, labels=labels
        )

    def write(
        self,
        plan_id: str,
        *,
        revision: int,
        kind: Kind,
        moves: Labels,
        person: str,
        labels: Labels,
        communities: Sequence[CommunityNote] = (),
        **detail: Any,
    ) -> int:
        """Write moves that the locks allow."""
        note = self.desk.drafts.get(plan_id)
        if note.revision == revision and not moves and not communities:
            raise ConflictError("nothing_moves")
        names = {one.community_id: one.name for one in self.desk.communities(plan_id).values()}
        if note.revision == revision:  # else the store tells what has changed meanwhile
            check_moves(self.desk.locks.of(plan_id), labels, moves, names)
            asked = self.desk.proposals.held_to(plan_id)
            self.desk.opened.standards.check_moves(asked, labels, moves)
        after = self.desk.drafts.revise(
            plan_id,
            expected=revision,
            kind=kind,
            moves=moves,
            communities=communities,
            person=person,
            **detail,
        )
        self.desk.judge_later(plan_id)
        return after

    def options(self, plan_id: str, revision: int, atoms: Sequence[str], target: str | None) -> list[Option]:
        """What moves would do: to one community, or to each around the atoms for None."""
        self._expect(plan_id, revision)
        desktop, positions = self.desktop(plan_id), self.positions(atoms)
        if target is None:
            return desktop.options(positions)
        if target and target not in self.desk.communities(plan_id):
            raise MissingError("community", community=target)
        return [desktop.option(positions, target)]

    def desktop(self, plan_id: str) -> Desktop:
        """A plan as it stands, ready for previews."""
        from districting.review.preview import Desktop  # read with the case, not with the first page

        note, locks = self.desk.drafts.get(plan_id), self.desk.locks.of(plan_id)
        key = (plan_id, note.revision)
        if key not in self._desktops:
            names = {one.community_id: one.name for one in self.desk.communities(plan_id).values()}
            made = Desktop(self.desk.opened.ground, self.desk.drafts.labels(plan_id), names)
            self._desktops = {**dict(list(self._desktops.items())[-7:]), key: made}
        desktop = self._desktops[key]
        desktop.locks = locks
        desktop.hold_to(self.desk.proposals.held_to(plan_id))
        return desktop

    def positions(self, atoms: Sequence[str]) -> Ints:
        """Positions of atoms by id, each once.

        Raises
        ------
        MissingError
            If one is unknown.
        """
        unique = list(dict.fromkeys(atoms))
        found = self.desk.opened.ground.positions(unique)
        if (found < 0).any() or not unique:
            raise MissingError("atom", atom=unique[int((found < 0).argmax())] if unique else "")
        return found

    def mend(self, plan_id: str, *, revision: int, community_id: str, person: str) -> int:
        """Give the loose parts of a community to its neighbours; returns the new revision.

        Raises
        ------
        ConflictError
            If it is connected already.
        """
        self._expect(plan_id, revision)
        moves = self.desktop(plan_id).mend(community_id)
        if not moves:
            raise ConflictError("connected")
        return self.write(
            plan_id,
            revision=revision,
            kind="mend",
            moves=moves,
            labels=self.desk.drafts.labels(plan_id),
            person=person,
            community=community_id,
        )

    def turn(self, kind: Literal["undo", "redo"], plan_id: str, *, revision: int, person: str) -> int:
        """Undo or redo the latest move; returns the new revision."""
        drafts = self.desk.drafts
        after = (drafts.undo if kind == "undo" else drafts.redo)(plan_id, expected=revision, person=person)
        self.desk.judge_later(plan_id)
        return after

    def rename(self, plan_id: str, *, revision: int, community_id: str, name: str, person: str) -> int:
        """Give a community of a draft another name; returns the new revision."""
        known = self.desk.communities(plan_id)
        if community_id not in known:
            raise MissingError("community", community=community_id)
        return self.write(
            plan_id,
            revision=revision,
            kind="rename",
            moves={},
            labels=self.desk.drafts.labels(plan_id),
            communities=[replace(known[community_id], name=name)],
            person=person,
            community=community_id,
            name=name,
        )

    def hold(
        self,
        plan_id: str,
        kind: Literal["community", "all", "together"],
        *,
        communities: Sequence[str],
        atoms: Sequence[str],
        person: str,
    ) -> None:
        """Lock communities, all of a plan, or let atoms stay together that are together now."""
        note = self.desk.drafts.get(plan_id)
        if not note.editable:
            raise ConflictError(note.status, plan=note.title)
        labels = self.desk.drafts.labels(plan_id)
        used = {one for one in labels.values() if one is not None}
        if kind == "together":
            self.positions(atoms)
            if len({labels.get(atom) for atom in atoms}) > 1:
                raise ConflictError("not_together")
            self.desk.locks.join(plan_id, atoms, person=person)
            return
        unknown = sorted(set(communities) - used)
        if kind == "community" and (unknown or not communities):
            raise MissingError("community", community=", ".join(unknown))
        self.desk.locks.hold(plan_id, used if kind == "all" else communities, person=person)

    def branch(self, plan_id: str, *, title: str, revision: int | None, person: str) -> str:
        """A draft that begins as a plan stands; returns its id."""
        made = self.desk.drafts.branch(plan_id, title=title, person=person, revision=revision)
        self.desk.judge_later(made.plan_id)
        self.desk.draw_later()
        return made.plan_id

    def change(
        self, plan_id: str, *, title: str | None, status: Status | None, revision: int | None, person: str
    ) -> None:
        """Another title, or another mark. What is marked has been judged; what is final is adoptable.

        Raises
        ------
        ConflictError
            If a plan with must-findings is to be final.
        """
        desk = self.desk
        note = desk.drafts.get(plan_id)
        if title is not None:
            desk.drafts.retitle(plan_id, title, person=person)
        if status is None:
            return
        expected = note.revision if revision is None else revision
        if status != "draft":
            judged = desk.judge(plan_id, note.revision)
            desk.judge_all(plan_id)
            if status == "final" and not judged.adoptable:
                must = sum(finding.strength == "must" for finding in judged.findings)
                raise ConflictError("not_adoptable", count=must)
        desk.drafts.mark(plan_id, status, expected=expected, person=person)

    def difference(self, first: str, second: str) -> dict[str, Any]:
        """Where two plans differ."""
        drafts, ground = self.desk.drafts, self.desk.opened.ground
        one, other = drafts.labels(first), drafts.labels(second)
        atoms = [atom for atom in ground.atom_ids if one.get(atom) != other.get(atom)]
        ends = {end for atom in atoms for end in (one.get(atom), other.get(atom)) if end is not None}
        return {
            "atoms": [{"atom": atom, "a": one.get(atom), "b": other.get(atom)} for atom in atoms],
            "households": int(ground.households[ground.positions(atoms)].sum()) if atoms else 0,
            "communities": sorted(ends),
        }

    def _expect(self, plan_id: str, revision: int) -> None:
        """Refuse a revision that the plan has left."""
        note = self.desk.drafts.get(plan_id)
        if note.revision != revision:
            raise self.desk.drafts.difference(plan_id, min(max(revision, 0), note.revision))

    def _found(self, labels: Labels, positions: Ints, known: dict[str, CommunityNote]) -> CommunityNote:
        """A new community on some atoms: numbered after the community that most households come from."""
        ground = self.desk.opened.ground
        weight: dict[str, float] = {}
        for at in positions:
            one = ground.today.get(ground.atom_ids[at]) or ground.subdistrict[at]
            weight[one] = weight.get(one, 0.0) + float(ground.households[at]) + 1e-6
        stem = max(sorted(weight), key=lambda one: weight[one])
        number = 1
        while f"{stem}-{number}" in known or f"{stem}-{number}" in labels.values():
            number += 1
        names = self.desk.opened.study.layers.subdistricts["name"]
        name = known[stem].name if stem in known else str(names.get(stem, stem))
        return CommunityNote(
            f"{stem}-{number}",
            say("name.new", self.desk.language, name=name, n=number),
            str(ground.subdistrict[int(positions[0])]),
            None,
        )
