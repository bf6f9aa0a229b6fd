"""Everything that a run hands over, in one folder with fixed names: pages, maps, GIS files, tables, record."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from districting.assessment.comparison import Comparison
from districting.assessment.proposal import Action
from districting.assessment.resources import ResourceTable, resources
from districting.assessment.seating import seating
from districting.assessment.staging import StagedPlan
from districting.case import Case
from districting.flow.freeze import freeze_record
from districting.flow.run import Alternative, Judged, Run
from districting.language import Language, say
from districting.plans.community_table import community_table
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.progress import Progress, Step, silent
from districting.records.manifest import content_id, seen_from, sha256_of
from districting.reports.atomic import OutputFolder
from districting.reports.colours import colour_communities
from districting.reports.community_files import identity_columns, write_abolished_csv, write_communities_csv
from districting.reports.exports import (
    write_buildings_csv,
    write_findings,
    write_plan_csv,
    write_plan_geopackage,
    write_resources_csv,
)
from districting.reports.maps import write_map
from districting.reports.open_gaps import gap_notes
from districting.reports.page import write_compare_page
from districting.reports.plain import plain, write_json
from districting.reports.plan_tables import PlanTables
from districting.reports.run_record import plan_record, run_record
from districting.reports.stage_files import write_stage, write_staged_plan
from districting.reports.tables import write_tables
from districting.reports.words import freeze_notes, plan_title
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork


@dataclasses.dataclass(frozen=True)
class Handover:
    """What every page needs: the ground, the rules, the language, and the baseline.

    Parameters
    ----------
    network
        Walking network where the policy's reach is walked.
    """

    territory: Territory
    policy: Policy
    language: Language
    today: Division
    network: WalkNetwork | None = None
    progress: Progress = silent

    def write_run(
        self,
        run: Run,
        target: Path,
        *,
        case: Case,
        started: str,
        seconds: float,
        basis: Mapping[str, Any],
        also: Callable[[Path], None] | None = None,
    ) -> Path:
        """Write all files of a run; the folder is replaced in one step. Returns the compare page.

        Parameters
        ----------
        run
            What was found.
        target
            The folder, e.g. ``out/``.
        case
            For the settings in ``run.json``.
        started, seconds
            When the run began (ISO 8601) and how long it took, for ``run.json``.
        basis
            What it stood on, for ``run.json`` (`districting.rerun.basis`).
        also
            Writes more into the folder before it takes its place, or changes what lies there.
        """
        divisions = [run.today, *(alternative.judged.division for alternative in run.alternatives)]
        colours = colour_communities([division.outlines.geometry for division in divisions])
        figures = {division.name: self._figures(division) for division in divisions}
        findings: dict[str, Sequence[Finding]] = {run.today.name: run.diagnosis.findings}
        actions: dict[str, Mapping[str, Action]] = {}
        record = self._record(run, case=case, started=started, seconds=seconds) | {"fingerprints": dict(basis)}
        record["case"] = seen_from(target, case.path)
        with OutputFolder(target) as folder:
            write_findings(folder / "diagnosis.json", run.diagnosis.findings)
            self._map(
                folder / "today.html", run.today, run.diagnosis.findings, figures["today"], colours, today=None
            )
            for done, alternative in enumerate(run.alternatives):
                judged, plan_id = alternative.judged, alternative.plan.plan_id
                self.progress(Step("stage.write", done, len(run.alternatives), plan_id))
                findings[plan_id] = judged.findings
                actions[plan_id] = judged.proposal.actions
                place = folder / "plans" / plan_id
                place.mkdir(parents=True)
                self._write_plan(place, judged, figures[plan_id], colours, actions[plan_id])
                gaps = gap_notes(record, self.language, plan_id=plan_id)
                notes = (*gaps, *freeze_notes(record, self.language))
                self._write_tables(place, alternative, run, figures, started, notes)
            record["run_id"] = _run_id(record, folder)
            write_compare_page(
                folder / "index.html",
                territory=self.territory,
                divisions=divisions,
                findings=findings,
                figures=figures,
                comparison=run.comparison,
                run=record,
                policy=self.policy,
                language=self.language,
                actions=actions,
                steps={one.judged.division.name: one.judged.proposal.steps for one in run.alternatives},
                resources=_resources_by_division(run),
            )
            write_json(folder / "run.json", record)
            if also is not None:
                also(folder)
        return target / "index.html"

    def write_plan(
        self, judged: Judged, place: Path, *, case: Case, started: str, basis: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Write the folder of one plan that no run made; returns the record that goes with it."""
        division = judged.division
        colours = colour_communities([one.outlines.geometry for one in (self.today, division)])
        self._write_plan(place, judged, self._figures(division), colours, judged.proposal.actions)
        plan = plan_record(
            plan_id=division.name,
            mode="hand",
            profile="",
            **judged.figures,
            subdistricts=[],
        ) | {"adoptable": judged.adoptable, "unresolved": []}
        return self._account([plan], case=case, started=started, seconds=0.0) | {"fingerprints": dict(basis)}

    def write_comparison(
        self,
        judged: Sequence[Judged],
        comparison: Comparison,
        path: Path,
        *,
        today: Sequence[Finding],
        run: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the compare page of plan files, beside today with its findings; returns its path."""
        divisions = [self.today, *(one.division for one in judged)]
        write_compare_page(
            path,
            territory=self.territory,
            divisions=divisions,
            findings={self.today.name: today, **{one.division.name: one.findings for one in judged}},
            figures={division.name: self._figures(division) for division in divisions},
            comparison=comparison,
            run=run or {"plans": []},
            policy=self.policy,
            language=self.language,
            actions={one.division.name: one.proposal.actions for one in judged},
            steps={one.division.name: one.proposal.steps for one in judged},
        )
        return path

    def write_stages(self, plan: StagedPlan, target: Path) -> Path:
        """Write a staged plan; the folder is replaced in one step. Returns ``stages.json``.

        ``stages.json``, ``stages.csv`` and ``stages.txt`` tell of all stages. Each has a folder ``stage-N`` with
        the plan that it ends in: ``plan.csv``, ``buildings.csv`` (since the stage before), ``communities.csv``,
        ``findings.json``, ``resources.csv`` and ``map.html``.
        """
        divisions = [self.today, *(stage.division for stage in plan.stages)]
        colours = colour_communities([division.outlines.geometry for division in divisions])
        name = plan_title(plan.name, self.language)
        with OutputFolder(target) as folder:
            write_staged_plan(folder, plan, title=name, language=self.language)
            for done, (earlier, stage) in enumerate(zip(divisions, plan.stages, strict=False)):
                self.progress(Step("stage.write", done, len(plan.stages), str(stage.number)))
                division, place = stage.division, folder / f"stage-{stage.number}"
                place.mkdir()
                figures = self._figures(division)
                write_stage(place, stage, earlier=earlier, territory=self.territory)
                write_communities_csv(
                    place / "communities.csv",
                    division,
                    plan.identities.during(division),
                    seating(division, self.today, self.territory, self.policy, network=self.network),
                    households=figures["households"],
                    actions={str(key): str(action) for key, action in stage.changes["action"].items()},
                )
                costs = resources(division, self.territory, self.policy, before=self.today)
                write_resources_csv(place / "resources.csv", costs.rows)
                title = say("stages.map_title", self.language, plan=name, stage=stage.number)
                shown = dataclasses.replace(division, name=title)
                self._map(place / "map.html", shown, stage.findings, figures, colours, today=self.today)
        return target / "stages.json"

    def _write_plan(
        self,
        place: Path,
        judged: Judged,
        figures: pd.DataFrame,
        colours: pd.Series[int],
        actions: Mapping[str, Action],
    ) -> None:
        """The folder of one plan."""
        division = judged.division
        if division.atoms is not None:
            write_plan_csv(place / "plan.csv", division)
        write_buildings_csv(place / "buildings.csv", division, today=self.today, territory=self.territory)
        write_findings(place / "findings.json", judged.findings)
        identities = judged.identities
        record = judged.proposal.to_json() | {"identities": identities.to_json(self.language)}
        write_json(place / "proposal.json", record)
        ground = (self.today, self.territory, self.policy)
        seats = seating(division, *ground, network=self.network)
        held = figures["households"]
        write_communities_csv(
            place / "communities.csv", division, identities, seats, households=held, actions=actions
        )
        write_abolished_csv(place / "abolished.csv", identities)
        write_plan_geopackage(
            place / "plan.gpkg",
            division,
            today=self.today,
            territory=self.territory,
            figures=figures,
            colours=colours,
            language=self.language,
            actions=pd.Series(dict(actions), dtype=object),
            identities=identity_columns(division, identities),
        )
        self._map(place / "map.html", division, judged.findings, figures, colours, today=self.today)

    def _write_tables(
        self,
        place: Path,
        alternative: Alternative,
        run: Run,
        figures: Mapping[str, pd.DataFrame],
        started: str,
        notes: tuple[str, ...],
    ) -> None:
        """The tables of one plan: for programs, and for people."""
        if alternative.resources is None:
            return
        write_resources_csv(place / "resources.csv", alternative.resources.rows)
        given = PlanTables(
            territory=self.territory,
            policy=self.policy,
            language=self.language,
            today=run.today,
            division=alternative.judged.division,
            proposal=alternative.judged.proposal,
            resources=alternative.resources,
            figures_today=figures[run.today.name],
            figures=figures[alternative.plan.plan_id],
            findings_today=run.diagnosis.findings,
            findings=alternative.judged.findings,
            date=started,
            identities=alternative.judged.identities,
            further=notes,
        )
        write_tables(place / "tables.xlsx", given)

    def _map(
        self,
        path: Path,
        division: Division,
        findings: Sequence[Finding],
        figures: pd.DataFrame,
        colours: pd.Series[int],
        *,
        today: Division | None,
    ) -> None:
        """One folium map."""
        write_map(
            path,
            territory=self.territory,
            division=division,
            findings=findings,
            figures=figures,
            today=today,
            policy=self.policy,
            language=self.language,
            colours=colours,
        )

    def _figures(self, division: Division) -> pd.DataFrame:
        """Measures of every community of a division."""
        return community_table(division, self.territory, self.policy, network=self.network)

    def _record(self, run: Run, *, case: Case, started: str, seconds: float) -> dict[str, Any]:
        """The content of ``run.json``."""
        plans = [
            plan_record(
                plan_id=alternative.plan.plan_id,
                mode=alternative.plan.mode,
                profile=alternative.profile.profile_id,
                **alternative.judged.figures,
                subdistricts=alternative.certificates(),
            )
            | {"adoptable": alternative.adoptable, "unresolved": list(alternative.plan.unresolved)}
            | {"resources": alternative.resources.summary() if alternative.resources else None}
            for alternative in run.alternatives
        ]
        return self._account(plans, case=case, started=started, seconds=seconds)

    def _account(
        self, plans: Sequence[Mapping[str, Any]], *, case: Case, started: str, seconds: float
    ) -> dict[str, Any]:
        """What went in, beside the plans that came out."""
        settings: Mapping[str, Any] = dataclasses.asdict(case.solve)
        freeze = freeze_record(case, self.territory.layers)
        told = {"totals": self._totals()} | ({} if freeze is None else {"freeze": freeze})
        return told | run_record(
            policy=self.policy,
            layers=self.territory.layers,
            seed=case.solve.seed,
            plans=plans,
            settings=settings,
            started=started,
            seconds=round(seconds, 1),
        )

    def _totals(self) -> dict[str, int]:
        """What the case holds."""
        layers, atoms = self.territory.layers, self.territory.atoms
        return {
            "households": layers.households,
            "buildings": len(layers.buildings),
            "communities": len(layers.communities),
            "subdistricts": len(layers.subdistricts),
            "atoms": len(atoms.table),
            "atom_cap": atoms.cap,
            "minority_households": atoms.minority_households,
        }


def _run_id(record: Mapping[str, Any], folder: Path) -> str:
    """Id of a run: of its record, times left out, and of where its plans put every building."""
    hashes = {path.parent.name: sha256_of(path) for path in sorted(folder.glob("plans/*/buildings.csv"))}
    return content_id({**plain(dict(record)), "buildings": hashes})


def _resources_by_division(run: Run) -> dict[str, ResourceTable]:
    """Staff, rooms and money of today and of every alternative, as far as the policy has figures of them."""
    told = {one.plan.plan_id: one.resources for one in run.alternatives if one.resources is not None}
    before = next((table.before for table in told.values() if table.before is not None), None)
    return ({run.today.name: before} if before is not None else {}) | told
