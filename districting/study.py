"""The whole flow in one place: `Study` reads a case, cuts, diagnoses, proposes, judges and hands over.

The second file to read after the README: each method is one door of the command line and of the browser.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from districting.assessment.comparison import Comparison
from districting.assessment.diagnosis import Diagnosis
from districting.assessment.forecast import Forecast, forecast
from districting.assessment.grid_counts import read_grid_counts
from districting.assessment.resources import ResourceTable, resources
from districting.assessment.staging import Caps, StagedPlan
from districting.engine import Job, read_engine, run_jobs
from districting.errors import Fault, LayerError, PolicyError
from districting.flow.further import further_plans
from districting.flow.grid_handover import write_grids
from districting.flow.gridding import GridRun, divide, grid_rule, only_subdistricts, plan_file
from districting.flow.handover import Handover
from districting.flow.judging import Judging, unused_name
from districting.flow.price_files import write_prices
from districting.flow.price_words import rule_name
from districting.flow.prices import Price, check_roads, crossed_roads, price_rules
from districting.flow.publishing import Published, publication_of
from districting.flow.run import Judged, Run
from districting.flow.staging import StageMaker
from districting.plans.posing import LockRequest, Posed
from districting.policies.land import CrossingRule
from districting.policies.reading import read_policy
from districting.progress import Step, Stop, never
from districting.records.adopting import adopt, whoever
from districting.records.adoption import Asked, Move
from districting.records.history import History, enter_run, read_history
from districting.reports.database import Destination, publish, reach
from districting.reports.forecast_files import write_forecast
from districting.rerun.rerunning import Rerun, rerun
from districting.territory.cleaning import inspect_layers
from districting.territory.database_urls import redacted


class Study(Judging):
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

    def doctor(self) -> tuple[Fault, ...]:
        """Everything that is wrong or doubtful with the inputs: faults that stop a run first, then warnings."""
        faults: list[Fault] = []
        try:
            faults += [*self.layers.notes, *inspect_layers(self.layers)]
            faults += self._unmet_needs()
        except (LayerError, PolicyError) as error:
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
        params = self._params
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
            best = further.get(one.plan_id, {name: results[one.plan_id, name] for name in posed})
            made.append((one, one.plan_id, best))
            ids = [f"{one.plan_id}-{number}" for number in range(2, variety.plans + 1)]
            made += [(one, plan_id, further[plan_id]) for plan_id in ids if plan_id in further]
        alternatives = []
        for done, (one, plan_id, found) in enumerate(made):
            self.progress(Step("stage.check", done, len(made), plan_id))
            alternatives.append(self._alternative(one, plan_id, found, posed, subdistricts))
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
        check_roads(roads, study.territory.graph.edges)

        def titled(name: str, rule: str, names: tuple[str, ...]) -> str:
            who = str(study.layers.subdistricts["name"].get(name, name))
            return " · ".join((who, rule_name(rule, names, study.language))) if rule else who

        def pose_with(locks: tuple[LockRequest, ...]) -> dict[str, Posed]:
            case = dataclasses.replace(study.case, locks=locks)
            return study._of_case(case)._pose(ids)

        return price_rules(
            study._pose(ids),
            mode=approach.mode,
            params=dataclasses.replace(study._params, profile=approach.profile),
            locks=study.case.locks,
            roads=roads,
            pose_with=pose_with,
            titled=titled,
            engine=study.case.solve.engine,
            workers=study.case.solve.workers,
            progress=study.progress,
            stop=stop,
        )

    def publish(self, path: Path | str | None, *, to: Destination, name: str | None = None) -> Published:
        """Write a plan into a city's database in one transaction.

        Parameters
        ----------
        path
            A plan file, or the folder that holds it; None: today's communities.
        to
            Database and schema.
        name
            Under which the database keeps the versions of this case; None: the name of its folder.

        Raises
        ------
        DatabaseError
            If the database cannot be reached or written; nothing of the plan is there then.
        """
        reach(to)  # find out now, and not after all the reading
        file = None if path is None else plan_file(Path(path))
        judged = self.judge(self.today) if file is None else self.check(file)
        name = name or self.case.path.resolve().parent.name
        told = publication_of(judged, self, path=file, case_name=name)
        version_id = publish(told, to)
        rows = {role: len(layer) for role, layer in told.layers.items()}
        return Published(redacted(to.address), to.schema, version_id, told.facts, rows)

    def resources(self, path: Path | str | None = None, *, grids: Path | str | None = None) -> ResourceTable:
        """Rooms, staff and money of every community: of today, or of a plan beside today.

        Parameters
        ----------
        path
            A plan file, or the folder that holds it; None: today.
        grids
            Folder that `write_grids` wrote for the same division; None: the number of grids is estimated.

        Raises
        ------
        PlanError
            Listing everything that is wrong with a file.
        """
        counted = None if grids is None else read_grid_counts(Path(grids))
        if path is None:
            return resources(self.today, self.territory, self.policy, grids=counted)
        return resources(self._plan_named(path), self.territory, self.policy, before=self.today, grids=counted)

    def grids(
        self,
        path: Path | str | None = None,
        *,
        policy: str | None = None,
        subdistricts: Sequence[str] = (),
        engine: str | None = None,
        stop: Stop = never,
    ) -> GridRun:
        """Every community divided into grids: of today, or of a plan (a file, or the folder that holds it).

        Parameters
        ----------
        policy
            Whose grid rule holds: a preset or a policy file; None: the case's ``[grids]``, its policy's own, or
            the default.
        subdistricts
            Names or ids; empty: all.
        engine, stop
            See `propose`; after a stop, communities not yet divided stay one grid each.

        Raises
        ------
        CaseError, PlanError, PolicyError
            If the policy has no grid rule, or case, plan or policy cannot be read.
        """
        read_engine(engine or self.case.solve.engine)
        named = policy or self.case.grid_policy
        asked = None if named is None else read_policy(named, folder=self.case.folder)
        found, rule, borrowed = grid_rule(self.policy, asked)
        division, told = self._identified(self.today if path is None else self._plan_named(path))
        ids = self.subdistrict_ids(subdistricts)
        return divide(
            only_subdistricts(division, ids) if subdistricts else division,
            self.layers,
            policy=found,
            rule=rule,
            borrowed=borrowed,
            codes={str(one): str(code) for one, code in told.table["code"].dropna().items()},
            params=self.case.solve.params,
            language=self.language,
            engine=engine or self.case.solve.engine,
            workers=self.case.solve.workers,
            progress=self.progress,
            stop=stop,
        )

    def write_grids(self, run: GridRun, out: Path | str) -> Path:
        """Write everything that a division into grids hands over into ``out``; returns ``grids.json``."""
        self.progress(Step("stage.write"))
        seed = self.case.solve.seed
        return write_grids(run, Path(out), layers=self.layers, seed=seed, language=self.language)

    def forecast(
        self, path: Path | str | None = None, *, until: int | None = None, subdistricts: Sequence[str] = ()
    ) -> Forecast:
        """What planned housing will break, year by year: in today's communities, or in a plan's (file or folder).

        Raises
        ------
        CaseError, PlanError
            If nothing is planned, a sub-district is unknown, or the plan cannot be read.
        """
        division = self.today if path is None else self._plan_named(path)
        told = forecast(division, self.territory, self.policy, until=until, network=self._network)
        return told.only(self.subdistrict_ids(subdistricts)) if subdistricts else told

    def write_forecast(self, told: Forecast, out: Path | str) -> Path:
        """Write a forecast into a folder that is replaced in one step; returns ``forecast.json``."""
        date, ground = datetime.now().date().isoformat(), self.territory.layers
        return write_forecast(
            told, Path(out), policy=self.policy, layers=ground, date=date, language=self.language
        )

    def write_prices(self, prices: Sequence[Price], out: Path | str, *, plan_id: str) -> Path:
        """Write prices into a folder that is replaced in one step; returns ``prices.json``.

        ``plan_id``: how the plans were made, e.g. ``adjust`` or ``adjust-best-service``.
        """
        date = datetime.now().date().isoformat()
        return write_prices(
            prices, Path(out), plan_id=plan_id, policy=self.policy, layers=self.layers, date=date,
            language=self.language,
        )  # fmt: skip

    def stages(
        self, path: Path | str, *, caps: Caps, time_limit_s: float = 60.0, stop: Stop = never
    ) -> StagedPlan:
        """A plan file brought about in the fewest stages, the most urgent changes first, each stage judged.

        Parameters
        ----------
        caps
            What may change in one stage.
        time_limit_s
            Wall time of the search for an order.
        stop
            Once True, the best stages so far are handed in.
        """
        judged = self.check(path)
        name = unused_name(Path(path), {self.today.name})
        return StageMaker(
            self.today,
            dataclasses.replace(judged.division, name=name),
            judged.proposal,
            self.territory,
            self.policy,
            findings_before=self._diagnosis.findings,
            findings_after=judged.findings,
            identities=judged.identities,
            caps=caps,
            network=self._network,
            time_limit_s=time_limit_s,
            progress=self.progress,
            stop=stop,
        ).stages()

    def write_stages(self, plan: StagedPlan, out: Path | str) -> Path:
        """Write a staged plan into a folder that is replaced in one step; returns ``stages.json``."""
        return self._handover.write_stages(plan, Path(out))

    def rerun(
        self,
        previous: Path | str | None = None,
        *,
        plan: str | None = None,
        everything: bool = False,
        engine: str | None = None,
        stop: Stop = never,
    ) -> Rerun:
        """The least change that answers what changed since the plan in force (`districting.rerun.rerunning`)."""
        known = None if previous is None else Path(previous)
        return rerun(self, known, plan=plan, everything=everything, engine=engine, stop=stop)

    def write(
        self,
        run: Run,
        out: Path | str,
        *,
        recorded: bool = True,
        also: Callable[[Path], None] | None = None,
    ) -> Path:
        """Write everything that a run hands over into ``out``; returns the compare page.

        The folder is replaced in one step: a killed run leaves the old result or the new one. The run is entered
        in the history of the case unless ``recorded`` is False. ``also`` writes more into it before that.
        """
        self.progress(Step("stage.write"))
        page = self._handover.write_run(
            run, Path(out), case=self.case, started=run.started, seconds=run.seconds, basis=self.basis, also=also
        )
        if recorded:
            scope = run.comparison.subdistricts
            enter_run(
                self.case, Path(out), verb="propose", person=whoever(), language=self.language, subdistricts=scope
            )
        return page

    def write_plan(self, judged: Judged, place: Path) -> dict[str, Any]:
        """Write one plan as a run writes its plans; returns the record that goes with it."""
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        return self._handover.write_plan(judged, place, case=self.case, started=started, basis=self.basis)

    def adopt(self, plan: Path | str, asked: Asked | None = None) -> Move:
        """Move a plan one step on its way to approval (`districting.records.adopting.adopt`)."""
        return adopt(self, plan, asked or Asked())

    def history(self) -> History:
        """Runs, plans and moves in the records of the case."""
        return read_history(self.case)

    def write_comparison(
        self,
        judged: Sequence[Judged],
        comparison: Comparison,
        path: Path | str,
        *,
        run: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the compare page of plan files; ``run``, the content of ``run.json``, for their certificates."""
        today = self._diagnosis.findings
        return self._handover.write_comparison(judged, comparison, Path(path), today=today, run=run)

    @property
    def _handover(self) -> Handover:
        """Who writes the files."""
        return Handover(self.territory, self.policy, self.language, self.today, self._network, self.progress)
