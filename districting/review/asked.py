"""What a draft holds to besides its locks: proposals that planners took up. They bind edits and the optimizer.

A hand cannot do at once all that a proposal asks for. So an edit is refused only if it breaks what held before it;
what does not hold yet is left to the next search.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from districting.plans.posing import LockRequest
from districting.plans.problem import Bools
from districting.review.ground import Ground
from districting.review.proposals import Proposal, Wish
from districting.review.refusals import ConflictError, MissingError

#: Community by atom position, empty for none.
LabelArray = npt.NDArray[np.object_]


class Standards:
    """When a proposal holds, on one ground. Meanings are those of the locks of a case (method, locks).

    Parameters
    ----------
    ground
        Atoms as arrays.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.today: LabelArray = np.array([ground.today.get(atom) or "" for atom in ground.atom_ids], dtype=object)
        self.compound: LabelArray = np.array(ground.compound, dtype=object)

    def check(self, wish: Wish) -> None:
        """Refuse what names nothing, or what there is not.

        Raises
        ------
        MissingError
            Naming the first id that is unknown.
        """
        known = (
            ("community", wish.communities, set(self.today)),
            ("atom", wish.atoms, set(self.ground.atom_ids)),
            ("compound", wish.compounds, set(self.ground.compound)),
        )
        for key, ids, there in known:
            for one in ids:
                if not one or one not in there:
                    raise MissingError(key, **{key: one})
        needs = {"merge": len(wish.communities) > 1, "together": self.named(wish).sum() > 1}
        needs |= {"apart": len(wish.atoms) > 1, **dict.fromkeys(("keep", "split", "seat"), bool(wish.communities))}
        if not needs[wish.kind]:
            raise MissingError("wish")

    def named(self, wish: Wish) -> Bools:
        """Atoms that a proposal names by themselves or by compound, shape (n,)."""
        inside: Bools = np.isin(self.compound, list(wish.compounds)) & (self.compound != "")
        if wish.atoms:
            inside[self.ground.positions(wish.atoms)] = True
        return inside

    def touched(self, wish: Wish, moving: Bools, ends: Collection[str]) -> bool:
        """Whether a move of some atoms between some communities can make a difference to a proposal."""
        if not set(wish.communities).isdisjoint(ends):
            return True
        return bool((self.named(wish) | np.isin(self.today, list(wish.communities)))[moving].any())

    def held(self, wish: Wish, label: LabelArray) -> bool:
        """Whether a plan keeps to a proposal.

        Parameters
        ----------
        label
            Community by atom position, empty for none.
        """
        ground = self.ground
        lived_in = ground.households > 0
        match wish.kind:
            case "keep":
                land = ground.land
                return all(
                    bool(((label[land] == one) == (self.today[land] == one)).all()) for one in wish.communities
                )
            case "together":
                return len(set(label[self.named(wish)])) <= 1
            case "apart":
                ends = list(label[self.named(wish)])
                return len(set(ends)) == len(ends)
            case "merge":
                return len(set(label[np.isin(self.today, list(wish.communities)) & lived_in])) <= 1
            case "split":
                parts = [set(label[(self.today == one) & lived_in]) for one in wish.communities]
                return all(len(ends) != 1 for ends in parts)
            case "seat":
                return set(wish.communities) <= set(label)

    def check_moves(
        self,
        asked: Sequence[Proposal],
        labels: Mapping[str, str | None],
        moves: Mapping[str, str | None],
    ) -> None:
        """Refuse moves that break what a draft holds to.

        Raises
        ------
        ConflictError
            Naming the first proposal in the way.
        """
        if not asked or not moves:
            return
        atoms = self.ground.atom_ids
        before: LabelArray = np.array([labels.get(atom) or "" for atom in atoms], dtype=object)
        after: LabelArray = np.array([moves.get(atom, labels.get(atom)) or "" for atom in atoms], dtype=object)
        for one in asked:
            if self.held(one.wish, before) and not self.held(one.wish, after):
                raise ConflictError("asked", text=one.text)


def lock_of(wish: Wish) -> LockRequest:
    """A proposal as a lock of the case."""
    return LockRequest(**asdict(wish))
