"""Splits inside `whole`: each community that must split is a problem by itself, solved by `adjust` on its land.

They are independent, so a proof of each is a proof of all, and the gap asked of the plan is shared out among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from districting.plans.problem import Lock, Problem
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.parts.restriction import restrict
from districting.solvers.exact.whole.unions import Column, Judge
from districting.solvers.params import Params
from districting.solvers.profile import Profile
from districting.solvers.redraw.numbers import number_asked, number_range
from districting.solvers.result import Chosen, Result

#: Shares of the time that are left to set partitioning, and to splits that use the tolerance of earlier stages.
MASTER, WIDER = 0.1, 0.3
#: Where the number of communities is asked, each split is made in so many numbers of parts at most.
NUMBERS = 12

Lands = tuple[int, ...]


class Ask(NamedTuple):
    """Units to split on their own land and on components of open land, into so many parts; None: any number."""

    group: tuple[int, ...]
    lands: Lands
    number: int | None


@dataclass
class Splits:
    """Makes columns of splits, and remembers how they ended.

    Parameters
    ----------
    counted
        The number of communities is asked, so each is split into several numbers of parts.
    still_open
        Whether some split was neither found nor proved impossible.
    partial
        Whether there may be splits into numbers of parts that have no column.
    asks
        What was asked of the splits that have columns: `Column.ask` is a position in it.
    failed
        Results without a plan by first unit.
    """

    judge: Judge
    params: Params
    profile: Profile
    clock: Clock
    counted: bool
    still_open: bool = False
    partial: bool = False
    asks: list[Ask] = field(default_factory=list)
    failed: dict[int, Result] = field(default_factory=dict)

    def made(self, groups: Sequence[tuple[int, ...]]) -> list[Column]:
        """Columns that split each group of units on its own land."""
        columns: list[Column] = []
        several = len(self.profile.stages) > 1
        for number, group in enumerate(groups):
            reserve = (MASTER + WIDER * several) * self.params.time_limit_s
            left = max(self.clock.left_s - reserve, 0.0)
            until = self.clock.seconds + left / (len(groups) - number)
            columns += self._of(group, until=until, share=len(groups))
        return columns

    def _of(self, group: tuple[int, ...], *, until: float, share: int) -> list[Column]:
        """Columns of one group."""
        numbers = self._numbers(group)
        several = self._in_several_numbers(group, numbers, until=until, share=share)
        if several:
            return several
        ask = Ask(group, (), None)
        result = self._solved(ask, until=until, share=share)
        around = tuple(self.judge.touching(self.judge.atoms(group)))
        if result.status == "infeasible" and around:
            ask = Ask(group, around, None)
            result = self._solved(ask, until=until, share=share)
        if result.solution is None:
            self.still_open |= result.status != "infeasible"
            self.failed[group[0]] = result
            return []
        self.partial |= bool(numbers and ask.lands)  # on its own land all numbers have been tried
        return [self._new_column(ask, result)]

    def _numbers(self, group: tuple[int, ...]) -> list[int]:
        """Every number of parts that a group may have, those around its size over the target first.

        Empty where no number is asked, or it allows none of them: then any split shows that there is no plan.
        """
        if not self.counted:
            return []
        land = self._land(group, ())
        low, high = number_range(land)
        if self.judge.problem.number is not None:
            high = min(high, self.judge.problem.number[1])
        asked = number_asked(land)
        return sorted(range(low, high + 1), key=lambda parts: (abs(parts - asked), parts))

    def _in_several_numbers(
        self, group: tuple[int, ...], numbers: list[int], *, until: float, share: int
    ) -> list[Column]:
        """A group split into each number of parts."""
        self.partial |= len(numbers) > NUMBERS
        columns = []
        for tried, parts in enumerate(numbers[:NUMBERS]):
            left = (until - self.clock.seconds) / (min(len(numbers), NUMBERS) - tried)
            ask = Ask(group, (), parts)
            result = self._solved(ask, until=self.clock.seconds + left, share=share)
            if result.solution is not None:
                columns.append(self._new_column(ask, result))
            self.partial |= result.solution is None and result.status != "infeasible"
        return columns

    def wider(self, at: int, room: Sequence[float]) -> list[Column]:
        """The splits again for stage ``at``, each free to use all by which the plan may worsen earlier ones.

        A plan within the ceilings has of a split at most what the split has at least, and this room; so the bound
        of stage ``at`` is one for the split in every such plan.
        """
        columns = []
        stages = len(self.profile.stages)
        reserve = MASTER * self.params.time_limit_s
        for number, ask in enumerate(self.asks):
            left = max(self.clock.left_s - reserve, 0.0) / (stages - at) / (len(self.asks) - number)
            result = self._solved(
                ask, until=self.clock.seconds + left, share=len(self.asks), at=at, room=room
            )  # fmt: skip
            if result.solution is not None:
                columns.append(self._column(ask, number, result))
        return columns

    def _solved(
        self, ask: Ask, *, until: float, share: int, at: int | None = None, room: Sequence[float] = ()
    ) -> Result:
        """`adjust` on the land that is asked about; the stages up to ``at``, with ``room`` in the ones before it.

        Half of its share of the gap asked of all is for the proof, half is what later stages may use of it, so
        that all splits together stay within the gap. What a stage may be worsened by is the whole plan's: nothing
        of it is used before the plan is known (`wider`).
        """
        problem, land = self.judge.problem, self._land(ask.group, ask.lands)
        if ask.number is not None:
            land = replace(land, number=(ask.number, ask.number))
        half = 1.0 / (2 * share)
        wanted = self.profile.stages if at is None else self.profile.stages[: at + 1]
        slack = [half * terms.tolerance(problem, self.params, stage) for stage in wanted]
        slack = [max(one, more) for one, more in zip(slack, [*room, *slack[len(room) :]], strict=True)]
        stages = tuple(
            replace(stage, slack_share=0.0, slack_abs=most) for stage, most in zip(wanted, slack, strict=True)
        )
        people = float(problem.households.sum())
        params = replace(
            self.params,
            time_limit_s=max(until - self.clock.seconds, 0.1),
            gap_households=max(self.params.gap_households, self.params.gap_share * people) * half,
            gap_share=self.params.gap_share * half,
            profile=replace(self.profile, stages=stages, number="free"),
        )
        return solve_adjust(land, params, stop=self.clock.stop)

    def _land(self, group: tuple[int, ...], lands: Lands) -> Problem:
        """A group of units by itself: whole ones stay together, oversized ones live on at their seat."""
        judge = self.judge
        atoms, owners = judge.with_land(judge.atoms(group), lands), self._owners(group)
        part = restrict(judge.problem, atoms, owners)
        rank = {pos: place for place, pos in enumerate(owners)}
        place = {atom: pos for pos, atom in enumerate(atoms)}
        seated = [rank[pos] for pos in owners if pos in judge.seat_of and pos in judge.splitting]
        whole = [judge.units[unit] for unit in group if judge.units[unit].community_pos not in judge.splitting]
        locks = [
            *(Lock("seat", communities=(pos,)) for pos in seated),
            *(Lock("together", atoms=tuple(place[atom] for atom in unit.atoms)) for unit in whole),
        ]
        return replace(part, locks=(*part.locks, *locks))

    def _new_column(self, ask: Ask, result: Result) -> Column:
        """The column of a split that had none."""
        self.asks.append(ask)
        return self._column(ask, len(self.asks) - 1, result)

    def _column(self, ask: Ask, place_of_ask: int, result: Result) -> Column:
        """The parts of a split as a column; its bounds stay as far below as they were proved."""
        assert result.solution is not None
        judge = self.judge
        atoms, owners = judge.with_land(judge.atoms(ask.group), ask.lands), self._owners(ask.group)
        parts: list[tuple[tuple[int, ...], Chosen]] = []
        for pos, chosen in enumerate(result.solution.chosen):
            mine = tuple(atoms[atom] for atom in np.flatnonzero(result.solution.part == pos).tolist())
            owner = owners[chosen.community_pos] if chosen.community_pos >= 0 else -1
            parts.append((mine, replace(chosen, atom_pos=atoms[chosen.atom_pos], community_pos=owner)))
        worth = judge.measure.worth(parts)
        below = [term.value - term.lower_bound for term in result.terms]
        below += worth[len(below) :]
        lower = tuple(value - less for value, less in zip(worth, below, strict=True))
        return Column(ask.group, tuple(parts), worth, lower, ask.lands, place_of_ask)

    def _owners(self, group: Sequence[int]) -> list[int]:
        """Communities of a group of units."""
        units = (self.judge.units[unit] for unit in group)
        return sorted(unit.community_pos for unit in units if unit.community_pos >= 0)
