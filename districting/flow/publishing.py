"""A plan of a case as what is published in a city's database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from districting import __version__
from districting.errors import Fault, PlanError
from districting.flow.at_hand import AtHand
from districting.flow.run import Judged
from districting.plans.community_table import community_table
from districting.records.manifest import content_id, run_id_of
from districting.reports.community_files import identity_columns
from districting.reports.database import Publication
from districting.reports.exports import plan_layers
from districting.reports.plain import plain

#: Columns of the tables of ``reports/database.sql``, in the order of a plan's layers.
_COMMUNITIES = ("community_id", "name", "code", "provisional", "subdistrict", "households", "people", "area_m2",
                "action", "seat_x", "seat_y")  # fmt: skip
_CHANGES = ("change_id", "atom_id", "community_before", "community_after", "households")


@dataclass(frozen=True)
class Published:
    """What was published: where it stands, and what it says; ``facts`` are the columns of ``runs``."""

    address: str
    schema: str
    version_id: int
    facts: Mapping[str, Any]
    rows: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return dict(plain(asdict(self)))


def publication_of(judged: Judged, study: AtHand, *, path: Path | None, case_name: str) -> Publication:
    """What is published of a plan.

    Parameters
    ----------
    judged
        The plan with its verdict.
    study
        Its case.
    path
        The plan's file, whose run is looked for beside it; None: today's communities.
    case_name
        Under which name the city keeps the versions of this case.

    Raises
    ------
    PlanError
        If the record of the run beside the plan cannot be read.
    """
    division, layers = judged.division, study.layers
    table = community_table(division, study.territory, study.policy, network=study._network)
    drawn = plan_layers(
        division,
        today=study.today,
        territory=study.territory,
        figures=table,
        colours=pd.Series(0, index=division.outlines.index),
        actions=judged.proposal.actions,
        identities=identity_columns(division, judged.identities),
    )
    before = study.today.buildings
    homes = drawn["buildings"].rename(columns={"community_id": "community_after"})
    homes["community_before"] = before.reindex(homes["building_id"]).to_numpy()
    changes = drawn["changes"].replace({"community_before": {"": None}, "community_after": {"": None}})
    changes["change_id"] = range(1, len(changes) + 1)
    assigned = {"plan": division.buildings.fillna("").to_dict(), "policy": study.policy.policy_id}
    run_id, plan_id = _run_of(path) or (content_id(plain(assigned)), division.name)
    facts = {
        "case_name": case_name,
        "run_id": run_id,
        "plan_id": plan_id,
        "program": f"districting {__version__}",
        "policy_id": study.policy.policy_id,
        "generated": bool(layers.generated),
        **judged.figures,
        "households": layers.households,
        "adoptable": bool(judged.adoptable),
        "inputs": [plain(asdict(source)) for source in layers.sources],
    }
    return Publication(
        facts,
        {
            "communities": drawn["communities"][[*_COMMUNITIES, "geometry"]],
            "buildings": homes[["building_id", "community_before", "community_after", "households", "geometry"]],
            "changes": changes[[*_CHANGES, "geometry"]],
        },
    )


def _run_of(path: Path | None) -> tuple[str, str] | None:
    """Run and plan of a file in ``plans/<plan_id>`` of an output folder; None for any other."""
    if path is None:
        return None
    place = path.resolve().parent
    record = place.parent.parent / "run.json"
    if place.parent.name != "plans" or not record.is_file():
        return None
    try:
        return run_id_of(json.loads(record.read_text(encoding="utf-8"))), place.name
    except ValueError as error:
        raise PlanError([Fault("fault.no_run", {"file": str(record), "why": str(error)})]) from error
