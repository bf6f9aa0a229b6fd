"""Splits inside `whole`: each community that must split is a problem by itself, solved by `adjust` on its land.

They are independent, so a proof of each is a proof of all, and the gap asked of the plan is shared out among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice, product
from typing import NamedTuple

import numpy as np

from districting.plans.problem import Lock, Problem
from districting.solvers.exact.adjust.adjust import solve_adjust
from districting.solvers.exact.parts import terms
from districting.solvers.exact.parts.cutting import Clock
from districting.solvers.exact.parts.restriction import restrict
from districting.solvers.exact.whole.union_worth import Part
from districting.solvers.exact.whole.unions import Column, Judge
from districting.solvers.params import Params
from districting.solvers.profile import Profile
from districting.solvers.redraw.numbers import number_asked, number_range
from districting.solvers.result import Result

#: Shares of the time that are left to set partitioning, and to splits that use the tolerance of earlier stages.
MASTER, WIDER = 0.1, 0.3
#: Where the number of communities is asked, each split is made in so many numbers of parts at most.
NUMBERS = 12
#: So many ways to give components of open land to the parts of a split are tried.
MOST_JOINTS = 1000

Lands = tuple[int, ...]


class Ask(NamedTuple):
    """Units to split into so many parts (None: any number), which may hold together across open land."""

    group: tuple[int, ...]
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
        several = self._in_several_numbers(group, self._numbers(group), until=until, share=share)
        if several:
            return several
        column, result = self._answered(Ask(group, None), until=until, share=share)
        if column is None:
            self.still_open |= result.status != "infeasible"
            self.failed[group[0]] = result
        return [column] if column is not None else []

    def _answered(self, ask: Ask, *, until: float, share: int) -> tuple[Column | None, Result]:
        """The column of a split that had none, and how the search for it ended.

        First own atoms count as neighbours wherever they touch the same open land: no split of a plan is better.
        Where its parts do not hold together, each component of open land in one of them, a split on its own land,
        or on all open land around, is the column; the bound stays.
        """
        around = tuple(self.judge.touching(self.judge.atoms(ask.group)))
        left = until - self.clock.seconds
        result = self._solved(ask, until=until - (0.5 * left if around else 0.0), share=share)
        if result.solution is None:
            return None, result
        lower = self._lower(ask, result)
        parts = self._realised(ask, result)
        for lands in ((), around) if parts is None else ():
            found = self._solved(ask, until=until, share=share, lands=lands)
            if found.solution is not None:
                parts = self._parts(ask, found, lands), lands
                break
            if lands == around or found.status != "infeasible":
                result = found
        if parts is None:
            return None, result
        self.asks.append(ask)
        return self._column(ask, parts, lower), result

    def _numbers(self, group: tuple[int, ...]) -> list[int]:
        """Every number of parts that a group may have, those around its size over the target first.

        Empty where no number is asked, or it allows none of them: then any split shows that there is no plan.
        """
        if not self.counted:
            return []
        land = self._land(Ask(group, None), None)
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
            column, result = self._answered(Ask(group, parts), until=self.clock.seconds + left, share=share)
            if column is not None:
                columns.append(column)
            self.partial |= column is None and result.status != "infeasible"
        return columns

    def wider(self, at: int, room: Sequence[float]) -> tuple[dict[int, float], list[Column]]:
        """The splits again for stage ``at``, each free to use all by which the plan may worsen earlier ones.

        A plan within the ceilings has of a split at most what the split has at least, and this room; so the bound
        of stage ``at`` is one for the split in every such plan. Returned: these bounds by position in ``asks``;
        columns.
        """
        least: dict[int, float] = {}
        columns = []
        stages = len(self.profile.stages)
        reserve = MASTER * self.params.time_limit_s
        for number, ask in enumerate(self.asks):
            left = max(self.clock.left_s - reserve, 0.0) / (stages - at) / (len(self.asks) - number)
            result = self._solved(
                ask, until=self.clock.seconds + left, share=len(self.asks), at=at, room=room
            )  # fmt: skip
            if result.solution is not None:
                lower = self._lower(ask, result)
                least[number] = lower[at]
                parts = self._realised(ask, result)
                if parts is not None:
                    columns.append(self._column(ask, parts, lower))
        return least, columns

    def _solved(
        self, ask: Ask, *, until: float, share: int, at: int | None = None, room: Sequence[float] = (),
        lands: Lands | None = None,
    ) -> Result:  # fmt: skip
        """`adjust` on the land that is asked about; the stages up to ``at``, with ``room`` in the ones before it.

        ``lands``: these components of open land go to the split; None: open land is crossed and goes to nobody.

        Half of its share of the gap asked of all is for the proof, half is what later stages may use of it, so
        that all splits together stay within the gap. What a stage may be worsened by is the whole plan's: nothing
        of it is used before the plan is known (`wider`).
        """
        problem, land = self.judge.problem, self._land(ask, lands)
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

    def _land(self, ask: Ask, lands: Lands | None) -> Problem:
        """A group of units by itself: whole ones stay together, oversized ones live on at their seat."""
        judge, group = self.judge, ask.group
        atoms, owners = judge.with_land(judge.atoms(group), lands or ()), self._owners(group)
        part = restrict(judge.problem, atoms, owners)
        if lands is None:
            part = self._across(part, atoms)
        rank = {pos: place for place, pos in enumerate(owners)}
        place = {atom: pos for pos, atom in enumerate(atoms)}
        seated = [rank[pos] for pos in owners if pos in judge.seat_of and pos in judge.splitting]
        whole = [judge.units[unit] for unit in group if judge.units[unit].community_pos not in judge.splitting]
        locks = [
            *(Lock("seat", communities=(pos,)) for pos in seated),
            *(Lock("together", atoms=tuple(place[atom] for atom in unit.atoms)) for unit in whole),
        ]
        return replace(part, locks=(*part.locks, *locks))

    def _across(self, part: Problem, atoms: Sequence[int]) -> Problem:
        """Own atoms as neighbours wherever they touch the same open land; there is no border between them."""
        judge, place = self.judge, {atom: pos for pos, atom in enumerate(atoms)}
        links = {tuple(sorted(pair)) for pair in part.gaps}
        for land in judge.touching(atoms):
            beside = {place[near] for atom in judge.land[land] for near in judge.neighbours[atom] if near in place}
            links |= set(combinations(sorted(beside), 2))
        links -= {tuple(sorted(pair)) for pair in part.edges.tolist()}
        if links <= {tuple(sorted(pair)) for pair in part.gaps}:
            return part
        none = np.zeros(len(links))
        return replace(
            part,
            edges=np.concatenate([part.edges, np.array(sorted(links), dtype=np.int64)]),
            open_km=np.concatenate([part.open_km, none]),
            crossing_km=np.concatenate([part.crossing_km, none]),
            piece=np.zeros(part.n, dtype=np.int64),
            gaps=(),
        )

    def _realised(self, ask: Ask, result: Result) -> tuple[list[Part], Lands] | None:
        """The parts of a split with the open land that joins each, no component in two; None if there is none."""
        judge, parts = self.judge, self._parts(ask, result, ())
        joints = [judge.joints(list(atoms)) for atoms, _ in parts]
        for lands in islice(product(*joints), MOST_JOINTS):
            used = [land for mine in lands for land in mine]
            if len(set(used)) == len(used):
                joined = [
                    (judge.with_land(atoms, mine), place)
                    for (atoms, place), mine in zip(parts, lands, strict=True)
                ]
                return joined, tuple(sorted(used))
        return None

    def _parts(self, ask: Ask, result: Result, lands: Lands) -> list[Part]:
        """The parts of a split by atoms and communities of the whole problem."""
        assert result.solution is not None
        judge = self.judge
        atoms, owners = judge.with_land(judge.atoms(ask.group), lands), self._owners(ask.group)
        parts: list[Part] = []
        for pos, chosen in enumerate(result.solution.chosen):
            mine = tuple(atoms[atom] for atom in np.flatnonzero(result.solution.part == pos).tolist())
            owner = owners[chosen.community_pos] if chosen.community_pos >= 0 else -1
            parts.append((mine, replace(chosen, atom_pos=atoms[chosen.atom_pos], community_pos=owner)))
        return parts

    def _lower(self, ask: Ask, result: Result) -> tuple[float, ...]:
        """What is proved of a split across open land: as far below its worth as its bounds are."""
        worth = self.judge.measure.worth(self._parts(ask, result, ()))
        below = [term.value - term.lower_bound for term in result.terms]
        below += worth[len(below) :]
        return tuple(value - less for value, less in zip(worth, below, strict=True))

    def _column(self, ask: Ask, parts: tuple[list[Part], Lands], lower: tuple[float, ...]) -> Column:
        """The parts of a split as a column, with what is proved of every split that is asked so."""
        made, lands = parts
        worth = self.judge.measure.worth(made)
        lower = tuple(map(min, lower, worth))
        return Column(ask.group, tuple(made), worth, lower, lands, self.asks.index(ask))

    def _owners(self, group: Sequence[int]) -> list[int]:
        """Communities of a group of units."""
        units = (self.judge.units[unit] for unit in group)
        return sorted(unit.community_pos for unit in units if unit.community_pos >= 0)
