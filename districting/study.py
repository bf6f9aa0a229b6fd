"""The whole flow in one place: `Study` reads a case, cuts, diagnoses, proposes, judges and hands over.

The second file to read after the README: each method is one door of the command line and of the browser.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from districting.assessment.comparison import Comparison, compare
from districting.assessment.diagnosis import Diagnosis, diagnose
from districting.assessment.identity import derive_identity
from districting.assessment.proposal import propose_steps
from districting.case import Case
from districting.engine import Job, read_engine, run_jobs
from districting.errors import CaseError, Fault, LayerError, SolverError
from districting.further import further_plans
from districting.handover import Handover
from districting.language import Language
from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.lock_checks import broken_locks
from districting.plans.plan import Plan
from districting.plans.posing import LockRequest, Posed, check_locks, pose
from districting.plans.reading import read_plan
from districting.policies.access import ReachRule
from districting.policies.land import CrossingRule
from districting.policies.policy import Policy
from districting.prices import Price, crossed_roads, price_rules
from districting.progress import Progress, Step, Stop, never, silent
from districting.run import Alternative, Judged, Run
from districting.solvers.assembly import Answer, assemble
from districting.territory.cleaning import inspect_layers
from districting.territory.cutting import cut_atoms
from districting.territory.joining import join_atoms
from districting.territory.layers import Layers
from districting.territory.sources import read_layers
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork

#: Kinds of rule that the models ask for in full: a must-finding on one of them is a bug of ours.
ASKED_IN_FULL = {"size", "reach", "contiguity", "nesting", "coverage"}


class Study:
    """One case at work. What is read and cut is kept, so that every verb after the first is quick.

    Parameters
    ----------
    case
        The planner's file.
    language
        Of every sentence; None: the case's own.
    progress
        Told of every stage.
    """

    def __init__(self, case: Case, *, language: Language | None = None, progress: Progress = silent) -> None:
        self.case = case
        self.language: Language = language or case.language
        self.progress = progress

    @classmethod
    def open(cls, path: Path | str, *, language: Language | None = None, progress: Progress = silent) -> Study:
        """A study of the case file at ``path``.

        Raises
        ------
        CaseError
            Listing everything that is wrong with the file.
        """
        return cls(Case.read(path), language=language, progress=progress)

    @cached_property
    def policy(self) -> Policy:
        """The rules, with the case's overrides."""
        return self.case.policy()

    @cached_property
    def layers(self) -> Layers:
        """The inputs, read and cleaned.

        Raises
        ------
        LayerError
            Listing every fault of every layer.
        """
        layers = read_layers(
            self.case.layers,
            crs=self.case.crs,
            folder=self.case.folder,
            horizon=self.case.solve.horizon,
            progress=self.progress,
        )
        return dataclasses.replace(layers, generated=layers.generated or self.case.generated)

    @cached_property
    def territory(self) -> Territory:
        """The ground: layers, atoms and who touches whom."""
        cap = self.case.solve.atom_cap or max(1, self.policy.published_max // 3)
        atoms = cut_atoms(self.layers, cap=cap, progress=self.progress)
        return Territory(self.layers, atoms, join_atoms(self.layers, atoms, progress=self.progress))

    @cached_property
    def today(self) -> Division:
        """The division as it stands."""
        return Division.today(self.territory)

    def doctor(self) -> tuple[Fault, ...]:
        """Everything that is wrong or doubtful with the inputs: faults that stop a run first, then warnings."""
        faults: list[Fault] = []
        try:
            faults += [*self.layers.notes, *inspect_layers(self.layers)]
        except LayerError as error:
            faults += error.faults
        return tuple(sorted(faults, key=lambda fault: fault.severity != "error"))

    def diagnose(self, *, subdistricts: Sequence[str] = ()) -> Diagnosis:
        """What is wrong with today's communities, of all sub-districts or of those named."""
        self.progress(Step("stage.diagnose"))
        ids = self.subdistrict_ids(subdistricts)
        return self._diagnosis if not subdistricts else self._diagnosis.only(ids)

    def propose(
        self,
        *,
        subdistricts: Sequence[str] = (),
        modes: Sequence[str] = (),
        engine: str | None = None,
        stop: Stop = never,
    ) -> Run:
        """Plans for every mode of the case, each judged.

        Parameters
        ----------
        subdistricts
            Names or ids; empty: all. The others keep today's communities.
        modes
            Instead of the case's: ``"adjust"``, ``"adjust/best-service"`` …
        engine
            Where the solving runs: ``serial``, ``local`` or ``dask://host:port``; None: the case's. The plans are
            the same.
        stop
            Once True, the best plans so far are handed in.

        Raises
        ------
        CaseError, LayerError, PolicyError
            If the input cannot be used.
        SolverError
            If the checks refuse what a solver calls feasible: a bug of ours.
        """
        approaches = self.case.approaches(modes)
        engine = engine or self.case.solve.engine
        read_engine(engine)  # find out now, and not after all the reading
        started, clock = datetime.now().astimezone().isoformat(timespec="seconds"), time.perf_counter()
        diagnosis = self.diagnose(subdistricts=subdistricts)
        posed = self._pose(self.subdistrict_ids(subdistricts))
        params = self.case.solve.params
        jobs = [
            Job(
                posed[name].problem,
                one.mode,
                dataclasses.replace(params, profile=one.profile),
                one.plan_id,
                self._names[name],
            )
            for one in approaches
            for name in posed
        ]
        variety, workers = self.case.solve.variety, self.case.solve.workers
        results = run_jobs(jobs, engine=engine, workers=workers, progress=self.progress, stop=stop)
        further = further_plans(
            jobs, results, variety, engine=engine, workers=workers, progress=self.progress, stop=stop
        )
        made = []
        for one in approaches:
            made.append((one, one.plan_id, {name: results[one.plan_id, name] for name in posed}))
            ids = [f"{one.plan_id}-{number}" for number in range(2, variety.plans + 1)]
            made += [(one, plan_id, further[plan_id]) for plan_id in ids if plan_id in further]
        alternatives = []
        for done, (one, plan_id, found) in enumerate(made):
            self.progress(Step("stage.check", done, len(made), plan_id))
            answers = {name: Answer(posed[name].problem, result) for name, result in found.items()}
            plan = assemble(
                plan_id, one.mode, answers, self.territory, today=self.today.outlines, language=self.language
            )
            judged = self.judge(Division.of_plan(plan, self.territory))
            self._hold_to_account(plan, judged, posed)
            judged = self._only(judged, subdistricts)
            forced = {name: ask.forced_households for name, ask in posed.items() if ask.forced_households}
            alternatives.append(Alternative(plan, judged, answers, one.profile, forced, self._names))
        self.progress(Step("stage.compare"))
        today = self._only(self.judge(self.today), subdistricts)
        comparison = self._measure([today, *(one.judged for one in alternatives)], subdistricts)
        return Run(self.today, diagnosis, tuple(alternatives), comparison, started, time.perf_counter() - clock)

    def prices(
        self,
        *,
        mode: str = "adjust",
        subdistricts: Sequence[str] = (),
        roads: Sequence[str] | None = None,
        stop: Stop = never,
    ) -> list[Price]:
        """What each rule and lock costs, and what it would cost not to cross some roads.

        Parameters
        ----------
        mode
            How the plans are made.
        subdistricts
            Names; all for none.
        roads
            Names of roads, each a wish; None: the main roads that today's communities cross most.
        stop
            Once True, the best plans so far are compared.

        Raises
        ------
        CaseError
            If a sub-district, a road, the mode or its profile is unknown.
        """
        study = self.with_settings({"modes": (mode,)})
        (approach,) = study.case.approaches()
        ids = study.subdistrict_ids(subdistricts)
        if roads is None:
            main = frozenset().union(*(rule.classes for rule in study.policy.of_kind(CrossingRule)))
            table = study.territory.atoms.table
            inside = table.loc[table["subdistrict_id"].isin(ids), "community_id"]
            roads = crossed_roads(study.territory.graph.edges, inside, main)

        def pose_with(locks: tuple[LockRequest, ...]) -> dict[str, Posed]:
            case = dataclasses.replace(study.case, locks=locks)
            return study._of_case(case)._pose(ids)

        return price_rules(
            study._pose(ids),
            mode=approach.mode,
            params=dataclasses.replace(study.case.solve.params, profile=approach.profile),
            locks=study.case.locks,
            roads=roads,
            pose_with=pose_with,
            engine=study.case.solve.engine,
            workers=study.case.solve.workers,
            progress=study.progress,
            stop=stop,
        )

    def judge(self, division: Division) -> Judged:
        """The verdict on a division, and the steps that lead to it from today."""
        if division is self.today:
            findings = self._diagnosis.findings  # the same checks have been made
        else:
            findings = check(division, self.territory, self.policy, today=self.today, network=self._network)
        steps = propose_steps(
            self.today,
            division,
            self.territory,
            policy=self.policy,
            findings_before=self._diagnosis.findings,
            findings_after=findings,
        )
        return Judged(division, findings, steps)

    def check(self, path: Path | str) -> Judged:
        """The verdict on a plan file, ours or drawn by hand.

        Raises
        ------
        PlanError
            Listing everything that is wrong with the file.
        """
        drawn = read_plan(Path(path), self.territory)
        if drawn.outlines["origin"].isna().all():
            drawn = derive_identity(self.today, drawn, self.territory)
        return self.judge(drawn)

    def compare(self, paths: Sequence[Path | str]) -> tuple[list[Judged], Comparison]:
        """Today and any number of plan files, measured side by side."""
        judged: list[Judged] = []
        names = {self.today.name}
        for path in paths:
            one = self.check(path)
            name = _unused(Path(path), names)
            names.add(name)
            judged.append(dataclasses.replace(one, division=dataclasses.replace(one.division, name=name)))
        return judged, self._measure([self.judge(self.today), *judged])

    def write(self, run: Run, out: Path | str) -> Path:
        """Write everything that a run hands over into ``out``; returns the compare page.

        The folder is replaced in one step: a killed run leaves the old result or the new one.
        """
        self.progress(Step("stage.write"))
        return self._handover.write_run(run, Path(out), case=self.case, started=run.started, seconds=run.seconds)

    def write_comparison(self, judged: Sequence[Judged], comparison: Comparison, path: Path | str) -> Path:
        """Write the compare page of plan files."""
        today = self._diagnosis.findings
        return self._handover.write_comparison(judged, comparison, Path(path), today=today)

    def with_settings(self, changes: Mapping[str, Any]) -> Study:
        """The same study with other settings of ``[solve]``; the ground is read again only for a new horizon.

        Raises
        ------
        CaseError
            If a setting or a mode is unknown.
        """
        faults = [
            Fault("fault.setting", {"key": key, "value": value, "known": "≥ 0"})
            for key, value in changes.items()
            if isinstance(value, (int, float)) and value < 0
        ]
        if faults:
            raise CaseError(faults)
        case = dataclasses.replace(self.case, solve=dataclasses.replace(self.case.solve, **changes))
        case.approaches()  # find out now whether all of them can be read
        return self._of_case(case)

    def _of_case(self, case: Case) -> Study:
        """The study of another case on the same layers; the ground is kept where nothing of it changed."""
        other = Study(case, language=self.language, progress=self.progress)
        if case.solve.horizon == self.case.solve.horizon and case.solve.atom_cap == self.case.solve.atom_cap:
            kept = ("policy", "layers", "territory", "today", "_network", "_diagnosis")
            other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return other

    def subdistrict_ids(self, names: Sequence[str]) -> list[str]:
        """Ids of the sub-districts named; all of them for no name.

        Raises
        ------
        CaseError
            If a name is unknown; says which there are.
        """
        table = self.layers.subdistricts
        if not names:
            return sorted(table.index)
        by_name = {str(name): str(key) for key, name in table["name"].items()}
        by_name |= {str(key): str(key) for key in table.index}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            values = {"names": ", ".join(unknown), "known": ", ".join(sorted(map(str, table["name"])))}
            raise CaseError([Fault("fault.subdistrict_unknown", values)])
        return sorted({by_name[name] for name in names})

    def _pose(self, ids: Sequence[str]) -> dict[str, Posed]:
        """The problem of every sub-district."""
        settings = self.case.pose_settings
        numbers: Mapping[str, tuple[int, int]] = settings.number
        if "" in numbers:
            if len(ids) != 1:
                raise CaseError([Fault("fault.number_for_one", {"count": len(ids)})])
            numbers = {ids[0]: numbers[""]}
        else:
            numbers = {self.subdistrict_ids([name])[0]: number for name, number in numbers.items()}
        settings = dataclasses.replace(settings, number=numbers)
        check_locks(self.territory, settings.locks)
        posed = {}
        for done, name in enumerate(ids):
            self.progress(Step("stage.pose", done, len(ids), name))
            posed[name] = pose(self.territory, self.policy, name, settings, network=self._network)
        return posed

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

    def _hold_to_account(self, plan: Plan, judged: Judged, posed: Mapping[str, Posed]) -> None:
        """Refuse a plan that a solver calls legal and the checks do not, in what the models ask for in full.

        A community that also holds land where today's division stays was not the solver's to settle, nor one that
        a lock keeps as it is.
        """
        solved = set(posed) - set(plan.unresolved)
        elsewhere = set(plan.assignment[~self.territory.atoms.table["subdistrict_id"].isin(solved)].dropna())
        elsewhere |= {one for lock in self.case.locks if lock.kind == "keep" for one in lock.communities}
        asked = {*(rule.rule_id for rule in self.policy.rules if rule.kind in ASKED_IN_FULL), "identity"}
        wrong = [
            finding
            for finding in judged.findings
            if finding.strength == "must"
            and finding.rule in asked
            and finding.community_id not in elsewhere
            and judged.division.outlines["subdistrict_id"].get(finding.community_id) in solved
        ]
        told = [f"{one.aspect} {one.community_id} {one.measured:g}" for one in wrong[:5]]
        buildings = self.layers.buildings
        asked_for = buildings["subdistrict_id"].isin(solved) & (buildings["households"] > 0)
        lost = asked_for & judged.division.buildings.isna()
        if lost.any():
            told.append(f"{int(buildings.loc[lost, 'households'].sum())} households in no community")
        told += broken_locks(judged.division, self.territory, self.case.locks, sorted(solved))
        if told:
            raise SolverError(
                f"plan {plan.plan_id!r}: the checks refuse what the solver calls legal: {'; '.join(told)}"
            )

    @cached_property
    def _diagnosis(self) -> Diagnosis:
        """The diagnosis of all sub-districts."""
        return diagnose(self.territory, self.policy, network=self._network)

    @cached_property
    def _network(self) -> WalkNetwork | None:
        """The walking network, where the policy's reach is walked."""
        if any(rule.path == "walk" for rule in self.policy.of_kind(ReachRule)):
            return WalkNetwork.from_roads(self.layers.roads)
        return None

    @property
    def _names(self) -> dict[str, str]:
        """Names of the sub-districts by id."""
        return {str(key): str(name) for key, name in self.layers.subdistricts["name"].items()}

    @property
    def _handover(self) -> Handover:
        """Who writes the files."""
        return Handover(self.territory, self.policy, self.language, self.today, self._network, self.progress)


def _unused(path: Path, names: set[str]) -> str:
    """A name for a plan file that no other bears: our plans are all called plan.csv, each in its own folder."""
    stem = path.resolve().parent.name if path.stem == "plan" else path.stem
    name, number = stem, 2
    while name in names:
        name, number = f"{stem} ({number})", number + 1
    return name
