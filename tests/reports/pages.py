"""The drawn town as a compare page, plain or with everything that a page can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from districting.assessment.resources import ResourceTable
from districting.assessment.steps import Flow, Step
from districting.plans.finding import Finding
from districting.reports.page import write_compare_page
from districting.territory.atoms import Atoms
from districting.territory.territory import Territory
from tests.reports.town import CRS, HOUSEHOLDS, SIDE, SOUTH, WEST, Study, study

ACTIONS = {"adjust": {"A": "adjust", "B": "adjust", "C": "keep"}}


def write_page(
    path: Path, given: Study, language: str = "zh", *, resources: Mapping[str, ResourceTable] | None = None
) -> Path:
    """The compare page of a study."""
    write_compare_page(
        path,
        territory=given.territory,
        divisions=given.divisions,
        findings=given.findings,
        figures=given.figures,
        comparison=given.comparison,
        run=given.run,
        policy=given.policy,
        language=language,
        title="小镇<方案>",
        actions=ACTIONS,
        steps={"adjust": (_step(given.findings["today"]),)},
        resources=resources,
    )
    return path


def _step(mended: Sequence[Finding]) -> Step:
    """The plan's only step: the second column's lowest atom goes from A to B."""
    names = {letter: f"{letter}<幸福>社区" for letter in "AB"}
    flow = Flow("A", "B", HOUSEHOLDS, ("b21",))
    return Step(1, 1, "transfer", "B", "S1", (flow,), names, tuple(mended))


def furnished() -> Study:
    """The town with addresses, and a compound of the two southern atoms of A and B (a21, a22)."""
    plain = study()
    layers, atoms = plain.territory.layers, plain.territory.atoms
    buildings = layers.buildings.assign(
        address=[f"幸福路{number + 1}号" for number in range(len(layers.buildings))]
    )
    compounds = gpd.GeoDataFrame(
        {"name": ["阳光家园"], "phase": [None]},
        index=pd.Index(["P1"], name="compound_id"),
        geometry=[shapely.box(WEST + SIDE, SOUTH, WEST + 3 * SIDE, SOUTH + SIDE)],
        crs=CRS,
    )
    table = atoms.table.copy()
    table.loc[["a21", "a22"], "compound_id"] = "P1"
    ground = Territory(
        replace(layers, buildings=buildings, compounds=compounds),
        Atoms(table, atoms.building_atom, atoms.cap),
        plain.territory.graph,
    )
    return replace(plain, territory=ground)
