"""The map of a division into grids: the same page as for communities, one level down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.grids import Grids
from districting.policies.policy import Policy
from districting.policies.sizes import GridRule, SizeRule
from districting.reports.maps import write_map
from districting.territory.territory import Territory


def write_grid_map(
    path: Path,
    grids: Grids,
    *,
    ground: Territory,
    figures: pd.DataFrame,
    findings: Sequence[Finding],
    policy: Policy,
    rule: GridRule,
    title: str,
    language: Language,
) -> None:
    """Write ``map.html``: grids in communities, with type and worker of each when clicked. Opens offline.

    Parameters
    ----------
    ground
        The communities' land in atoms, communities in the place of sub-districts (`territory.grid_atoms`).
    figures
        Index ``grid_id``, see `districting.flow.gridding.GridRun`.
    policy, rule
        Whose bounds hold; the page quotes the rule.
    """
    outlines = grids.outlines[["geometry", "name"]].copy()
    outlines.index = outlines.index.rename("community_id")
    outlines["subdistrict_id"] = grids.outlines["community_id"].to_numpy()
    for column, value in (("origin", None), ("seat_x", np.nan), ("seat_y", np.nan), ("seat_kind", None)):
        outlines[column] = pd.Series(
            value, index=outlines.index, dtype=float if column[-2:] in ("_x", "_y") else object
        )
    home = grids.buildings.reindex(ground.layers.buildings.index)
    division = Division("grids", home, outlines)
    captions = {
        str(grid_id): " · ".join(
            (
                str(row.community),
                say(f"grid.type.{row.type}", language),
                say("grid.worker", language, post=row.worker),
            )
        )
        for grid_id, row in zip(figures.index, figures.itertuples(), strict=True)
    }
    size = SizeRule(
        rule_id=rule.rule_id,
        min=rule.min,
        max=rule.max,
        target=rule.target,
        measure=rule.measure,
        strength=rule.strength,
        clause=rule.clause,
        clause_en=rule.clause_en,
    )
    write_map(
        path,
        territory=ground,
        division=division,
        findings=findings,
        figures=figures,
        today=None,
        policy=Policy(policy.policy_id, policy.title, policy.source, (size,), source_en=policy.source_en),
        language=language,
        title=title,
        level="grid",
        captions=captions,
    )
