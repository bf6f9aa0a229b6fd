"""Everything that a run hands over, in one folder with fixed names: pages, maps, GIS files, tables, record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from districting.assessment.comparison import Comparison
from districting.assessment.proposal import Action
from districting.case import Case
from districting.language import Language
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.measures import community_table
from districting.policies.policy import Policy
from districting.progress import Progress, Step, silent
from districting.reports.atomic import OutputFolder
from districting.reports.colours import colour_communities
from districting.reports.exports import (
    write_buildings_csv,
    write_findings,
    write_plan_csv,
    write_plan_geopackage,
)
from districting.reports.maps import write_map
from districting.reports.page import write_compare_page
from districting.reports.plain import write_json
from districting.reports.run_record import plan_record, run_record
from districting.run import Judged, Run
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

    def write_run(self, run: Run, target: Path, *, case: Case, started: str, seconds: float) -> Path:
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
        """
        divisions = [run.today, *(alternative.judged.division for alternative in run.alternatives)]
        colours = colour_communities([division.outlines.geometry for division in divisions])
        figures = {division.name: self._figures(division) for division in divisions}
        findings: dict[str, Sequence[Finding]] = {run.today.name: run.diagnosis.findings}
        actions: dict[str, Mapping[str, Action]] = {}
        record = self._record(run, case=case, started=started, seconds=seconds)
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
            )
            write_json(folder / "run.json", record)
        return target / "index.html"

    def write_comparison(
        self, judged: Sequence[Judged], comparison: Comparison, path: Path, *, today: Sequence[Finding]
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
            run={"plans": []},
            policy=self.policy,
            language=self.language,
            actions={one.division.name: one.proposal.actions for one in judged},
        )
        return path

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
        write_json(place / "proposal.json", judged.proposal.to_json())
        write_plan_geopackage(
            place / "plan.gpkg",
            division,
            today=self.today,
            territory=self.territory,
            figures=figures,
            colours=colours,
            language=self.language,
            actions=pd.Series(dict(actions), dtype=object),
        )
        self._map(place / "map.html", division, judged.findings, figures, colours, today=self.today)

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
                households_moved=alternative.judged.households_moved,
                communities=len(alternative.plan.communities),
                findings_must=sum(f.strength == "must" for f in alternative.judged.findings),
                subdistricts=alternative.certificates(),
            )
            | {"adoptable": alternative.adoptable, "unresolved": list(alternative.plan.unresolved)}
            for alternative in run.alternatives
        ]
        settings: Mapping[str, Any] = dataclasses.asdict(case.solve)
        return run_record(
            policy=self.policy,
            layers=self.territory.layers,
            seed=case.solve.seed,
            plans=plans,
            settings=settings,
            started=started,
            seconds=round(seconds, 1),
        ) | {"totals": self._totals()}

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
