"""Splits inside `whole`: each community that must split is a problem by itself, solved by `adjust` on its land.

They are independent, so a proof of each is a proof of all, and the gap asked of the plan is shared out among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from districting.plans.problem import Lock, Problem
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.parts.restriction import restrict
from districting.solvers.exact.whole.unions import Column, Judge
from districting.solvers.params import Params
from districting.solvers.profile import Profile
from districting.solvers.redraw.numbers import number_asked, numbers_to_try
from districting.solvers.result import Chosen, Result

#: Share of the time that is left to set partitioning.
MASTER = 0.1
#: Where the number of communities is asked, each split is made in so many numbers of parts.
NUMBERS = 3

Lands = tuple[int, ...]


@dataclass
class Splits:
    """Makes columns of splits, and remembers how they ended.

    Parameters
    ----------
    counted
        The number of communities is asked, so each is split into several numbers of parts.
    still_open
        Whether some split was neither found nor proved impossible.
    failed
        Results without a plan by first unit.
    """

    judge: Judge
    params: Params
    profile: Profile
    clock: Clock
    counted: bool
    still_open: bool = False
    failed: dict[int, Result] = field(default_factory=dict)

    def made(self, groups: Sequence[tuple[int, ...]]) -> list[Column]:
        """Columns that split each group of units on its own land."""
        columns: list[Column] = []
        for number, group in enumerate(groups):
            left = max(self.clock.left_s - MASTER * self.params.time_limit_s, 0.0)
            until = self.clock.seconds + left / (len(groups) - number)
            columns += self._of(group, until=until, share=len(groups))
        return columns

    def _of(self, group: tuple[int, ...], *, until: float, share: int) -> list[Column]:
        """Columns of one group."""
        if self.counted:
            several = self._in_several_numbers(group, until=until, share=share)
            if several:
                return several
        lands: Lands = ()
        result = self._solved(group, lands, until=until, share=share)
        around = tuple(self.judge.touching(self.judge.atoms(group)))
        if result.status == "infeasible" and around:
            lands = around
            result = self._solved(group, lands, until=until, share=share)
        if result.solution is None:
            self.still_open |= result.status != "infeasible"
            self.failed[group[0]] = result
            return []
        return [self._column(group, lands, result)]

    def _in_several_numbers(self, group: tuple[int, ...], *, until: float, share: int) -> list[Column]:
        """A group split into the numbers of parts around its own size over the target."""
        land = self._land(group, ())
        numbers = numbers_to_try(land, number_asked(land))[:NUMBERS]
        columns = []
        for tried, parts in enumerate(numbers):
            left = (until - self.clock.seconds) / (len(numbers) - tried)
            result = self._solved(group, (), until=self.clock.seconds + left, share=share, number=parts)
            if result.solution is not None:
                columns.append(self._column(group, (), result))
        return columns

    def _solved(
        self, group: tuple[int, ...], lands: Lands, *, until: float, share: int, number: int | None = None
    ) -> Result:
        """`adjust` on the land of a group of units, and on the components ``lands`` of open land.

        Half of its share of the gap asked of all is for the proof, half is what later stages may use of it, so
        that all splits together stay within the gap.
        """
        problem, land = self.judge.problem, self._land(group, lands)
        if number is not None:
            land = replace(land, number=(number, number))
        half = 1.0 / (2 * share)
        stages = tuple(
            replace(stage, slack_abs=max(stage.slack_abs, half * terms.tolerance(problem, self.params, stage)))
            for stage in self.profile.stages
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

    def _column(self, group: tuple[int, ...], lands: Lands, result: Result) -> Column:
        """The parts of a split as a column; its bounds stay as far below as they were proved."""
        assert result.solution is not None
        judge = self.judge
        atoms, owners = judge.with_land(judge.atoms(group), lands), self._owners(group)
        parts: list[tuple[tuple[int, ...], Chosen]] = []
        for pos, chosen in enumerate(result.solution.chosen):
            mine = tuple(atoms[atom] for atom in np.flatnonzero(result.solution.part == pos).tolist())
            owner = owners[chosen.community_pos] if chosen.community_pos >= 0 else -1
            parts.append((mine, replace(chosen, atom_pos=atoms[chosen.atom_pos], community_pos=owner)))
        worth = judge.measure.worth(parts)
        lower = tuple(
            value - (term.value - term.lower_bound) for value, term in zip(worth, result.terms, strict=True)
        )
        return Column(group, tuple(parts), worth, lower, lands)

    def _owners(self, group: Sequence[int]) -> list[int]:
        """Communities of a group of units."""
        units = (self.judge.units[unit] for unit in group)
        return sorted(unit.community_pos for unit in units if unit.community_pos >= 0)
