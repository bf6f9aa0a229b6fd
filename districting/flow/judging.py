"""Verdicts on the divisions of a case: today, plans of ours, plans of anybody; and their figures side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from districting.assessment.comparison import Comparison, compare
from districting.assessment.proposal import Proposal, propose_steps
from districting.assessment.resources import resources
from districting.assessment.seating import choose_seats
from districting.flow.accounts import hold_to_account
from districting.flow.at_hand import AtHand
from districting.flow.freeze import freeze_locks
from districting.flow.gridding import plan_file
from districting.flow.run import Alternative, Judged
from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.posing import Posed
from districting.solvers.approach import Approach
from districting.solvers.assembly import Answer, assemble
from districting.solvers.result import Result


class Judging(AtHand):
    """A case with its judge; see `districting.study.Study`."""

    def judge(self, division: Division) -> Judged:
        """The verdict on a division, the steps that lead to it from today, and names for its new communities."""
        division, identities = self._identified(division)
        if division is self.today:
            findings = self._diagnosis.findings  # the same checks have been made
        else:
            findings = check(division, self.territory, self.policy, today=self.today, network=self._network)

        @cache
        def propose() -> Proposal:
            return propose_steps(
                self.today,
                division,
                self.territory,
                policy=self.policy,
                findings_before=self._diagnosis.findings,
                findings_after=findings,
            )

        return Judged(division, findings, propose, identities)

    def check(self, path: Path | str) -> Judged:
        """The verdict on a plan file, ours or drawn by hand.

        Raises
        ------
        PlanError
            Listing everything that is wrong with the file.
        """
        return self.judge(self.read_plan(path))

    def _plan_named(self, path: Path | str) -> Division:
        """A plan, from a file or the folder that holds it, under a name that tells it from today."""
        file = plan_file(Path(path))
        return dataclasses.replace(self.read_plan(file), name=unused_name(file, {self.today.name}))

    def compare(self, paths: Sequence[Path | str]) -> tuple[list[Judged], Comparison]:
        """Today and any number of plan files, measured side by side."""
        judged: list[Judged] = []
        names = {self.today.name}
        for path in paths:
            one = self.check(path)
            name = unused_name(Path(path), names)
            names.add(name)
            judged.append(dataclasses.replace(one, division=dataclasses.replace(one.division, name=name)))
        return judged, self.measure(judged)

    def measure(self, judged: Sequence[Judged]) -> Comparison:
        """Today and divisions that have been judged, side by side."""
        return self._measure([self.judge(self.today), *judged])

    def _only(self, judged: Judged, subdistricts: Sequence[str]) -> Judged:
        """The verdict on the sub-districts that were asked for; on all for none."""
        if not subdistricts:
            return judged
        names = {self._names[key] for key in self.subdistrict_ids(subdistricts)}
        kept = tuple(finding for finding in judged.findings if finding.subdistrict in names)
        return dataclasses.replace(judged, findings=kept)

    def _measure(self, judged: Sequence[Judged], subdistricts: Sequence[str] = ()) -> Comparison:
        """Divisions that have been judged, side by side, in the sub-districts that were asked for."""
        return compare(
            [one.division for one in judged],
            self.territory,
            self.policy,
            findings={one.division.name: one.findings for one in judged},
            network=self._network,
            subdistricts=self.subdistrict_ids(subdistricts) if subdistricts else (),
        )

    def _alternative(
        self,
        approach: Approach,
        plan_id: str,
        found: Mapping[str, Result],
        posed: Mapping[str, Posed],
        subdistricts: Sequence[str],
    ) -> Alternative:
        """One plan of the whole case from the results of its sub-districts, judged and held to account."""
        answers = {name: Answer(posed[name].problem, result) for name, result in found.items()}
        plan = assemble(plan_id, approach.mode, answers, self.territory, today=self.today.outlines)
        division = Division.of_plan(plan, self.territory)
        ground = (self.today, self.territory, self.policy)
        judged = self.judge(choose_seats(division, *ground, network=self._network))
        plan = plan.described(judged.division.outlines)
        left_alone = {one for result in found.values() for one in result.notes.get("left_alone", ())}
        locks = self.case.locks + freeze_locks(self.case, self.layers)
        hold_to_account(plan, judged, posed, self.territory, self.policy, locks=locks, left_alone=left_alone)
        judged = self._only(judged, subdistricts)
        forced = {name: ask.forced_households for name, ask in posed.items() if ask.forced_households}
        table = resources(judged.division, self.territory, self.policy, before=self.today)
        return Alternative(plan, judged, answers, approach.profile, forced, self._names, table)


def unused_name(path: Path, names: set[str]) -> str:
    """A name for a plan file that no other bears: our plans are all called plan.csv, each in its own folder."""
    stem = path.resolve().parent.name if path.stem == "plan" else path.stem
    name, number = stem, 2
    while name in names:
        name, number = f"{stem} ({number})", number + 1
    return name
