"""What `grids` hands over: one folder with fixed names, replaced in one step."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from districting.flow.gridding import GAP_SHARE, TIME_LIMIT_S, WANTED, GridRun
from districting.language import Language, say
from districting.policies.wording import clause_text
from districting.reports.atomic import OutputFolder
from districting.reports.grid_files import write_grid_files
from districting.reports.grid_map import write_grid_map
from districting.reports.run_record import run_record
from districting.reports.words import plan_title
from districting.territory.layers import Layers


def write_grids(run: GridRun, target: Path, *, layers: Layers, seed: int, language: Language) -> Path:
    """Write all files of a division into grids; returns the record ``grids.json``.

    ``grids.gpkg``, ``grids.csv``, ``buildings.csv``, ``grids.xlsx``, ``findings.json``, ``grids.json`` and
    ``map.html``.

    Parameters
    ----------
    layers
        The case.
    seed
        Of the search, for the record.
    """
    title = say("grid.title", language, plan=plan_title(run.plan, language))
    with OutputFolder(target) as folder:
        write_grid_files(
            folder,
            run.grids,
            figures=run.figures,
            findings=run.findings,
            record=grid_record(run, layers=layers, seed=seed),
            layers=layers,
            title=title,
            notes=grid_notes(run, language),
            language=language,
        )
        write_grid_map(
            folder / "map.html",
            run.grids,
            ground=run.ground.territory,
            figures=run.figures,
            findings=run.findings,
            policy=run.policy,
            rule=run.rule,
            title=title,
            language=language,
        )
    return target / "grids.json"


def grid_notes(run: GridRun, language: Language) -> tuple[str, ...]:
    """By which clause, with what result."""
    rule, figures = run.rule, run.figures
    notes = [
        say(
            "grid.note_rule",
            language,
            title=run.policy.title[language],
            clause=clause_text(rule, language),
            low=rule.min,
            high=rule.max,
            target=rule.ideal,
            unit=say(f"report.measure_unit.{rule.measure}", language),
        )
    ]
    if run.borrowed:
        notes.append(say("grid.note_borrowed", language))
    communities, homes = figures["community_id"].nunique(), int(figures["households"].sum())
    totals = {"communities": communities, "grids": len(figures), "households": homes}
    return (*notes, say("grid.note_totals", language, **totals))


def grid_record(run: GridRun, *, layers: Layers, seed: int) -> dict[str, Any]:
    """The content of ``grids.json``: inputs, rule, totals, and the certificate of every community."""
    rule, figures = run.rule, run.figures
    settings = {"time_limit_s": TIME_LIMIT_S, "gap_share": GAP_SHARE, "wanted": dict(WANTED.stages[0].weights)}
    record = run_record(
        policy=run.policy,
        layers=layers,
        seed=seed,
        plans=[],
        settings=settings,
        started=run.started,
        seconds=round(run.seconds, 1),
    )
    del record["plans"]
    return record | {
        "plan": run.plan,
        "rule": {
            "rule_id": rule.rule_id,
            "clause": rule.clause,
            "min": rule.min,
            "max": rule.max,
            "target": rule.ideal,
            "measure": rule.measure,
            "classes": list(rule.classes),
            "borrowed": run.borrowed,
        },
        "adoptable": run.adoptable,
        "totals": {
            "communities": int(figures["community_id"].nunique()),
            "grids": len(figures),
            "workers": len(figures),
            "households": int(figures["households"].sum()),
            "types": {str(kind): count for kind, count in sorted(Counter(figures["type"]).items())},
            "findings": dict(sorted(Counter(finding.aspect for finding in run.findings).items())),
        },
        "strayed_buildings": len(run.ground.strayed_m),
        "communities": list(run.certificates),
    }
