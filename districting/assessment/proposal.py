"""From today to a new division: what becomes of each community, and the steps that lead there.

Every building that changes belongs to exactly one step, so the steps together end in the new division.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from districting.assessment.grouping import group_steps
from districting.assessment.steps import Flow, Step, carried_labels, order_steps, steps_of
from districting.plans.division import Division
from districting.plans.evidence import carried_ids
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.policies.policy import Policy
from districting.territory.territory import Territory

__all__ = ["Action", "Flow", "Proposal", "Step", "apply_steps", "households_moved", "propose_steps"]

#: 保留, 调整, 拆分, 合并, 新设, 撤销.
Action = Literal["keep", "adjust", "split", "merge", "new", "abolish"]


@dataclass(frozen=True, eq=False)
class Proposal:
    """What a division does to today's.

    Parameters
    ----------
    changes
        One row per community of today and per new one, index ``community_id`` (that of the new division, of
        today for abolished ones): ``name``, ``subdistrict_id``, ``action``, ``origin``, ``households_before``,
        ``households_after``, ``moved_in``, ``moved_out``.
    steps
        In the order in which they can be taken; steps of one ``group`` only work together.
    """

    changes: pd.DataFrame
    steps: tuple[Step, ...]

    @property
    def counts(self) -> dict[Action, int]:
        """Communities by action. before − abolish + new = after, every other action keeps its community."""
        counted = self.changes["action"].value_counts()
        return {action: int(counted.get(action, 0)) for action in get_args(Action)}

    @property
    def before(self) -> int:
        """Number of communities today."""
        return len(self.changes) - self.counts["new"]

    @property
    def after(self) -> int:
        """Number of communities in the new division."""
        return len(self.changes) - self.counts["abolish"]

    @property
    def households_moved(self) -> int:
        """Households whose community changes; land taken in from no community moves nobody."""
        return sum(flow.households for step in self.steps for flow in step.flows if flow.from_id)

    @property
    def actions(self) -> Mapping[str, Action]:
        """Action by community."""
        return {str(key): action for key, action in self.changes["action"].items()}

    def to_json(self) -> dict[str, Any]:
        """Plain data: counts, changes, steps with their flows (buildings by number only)."""
        changes = self.changes.reset_index()
        return {
            "communities_before": self.before,
            "communities_after": self.after,
            "households_moved": self.households_moved,
            "actions": dict(self.counts),
            "changes": changes.astype(object).where(changes.notna(), None).to_dict("records"),
            "steps": [step.to_json() for step in self.steps],
        }


def propose_steps(
    before: Division,
    after: Division,
    territory: Territory,
    *,
    policy: Policy | None = None,
    findings_before: Sequence[Finding] = (),
    findings_after: Sequence[Finding] = (),
) -> Proposal:
    """The change from one division to another, community by community and step by step.

    Parameters
    ----------
    policy
        Its size rule says which steps only work together (besides connected land); None: land alone.
    findings_before, findings_after
        A step's reasons are the findings before on its communities that are gone after.

    Returns
    -------
    Proposal
        Its steps, all applied to ``before``, give ``after``: `apply_steps`.
    """
    found = steps_of(before, after, territory)
    grouped = group_steps(found, before, after, territory, policy=policy)
    steps = order_steps(grouped, findings_before, findings_after)
    return Proposal(_changes(before, after, territory, found), steps)


def apply_steps(before: Division, after: Division, steps: Sequence[Step]) -> pd.Series[str]:
    """Community of every building after some of the steps, under the ids of ``after``."""
    labels = carried_labels(before, after)
    for step in steps:
        for flow in step.flows:
            labels.loc[list(flow.buildings)] = flow.to_id or None
    return labels


def households_moved(
    before: Division, after: Division, territory: Territory, *, within: Sequence[str] = ()
) -> int:
    """Households whose community changes, of the sub-districts ``within`` (all for none).

    Those in no community before move nowhere.
    """
    labels = carried_labels(before, after)
    buildings = territory.layers.buildings
    homes = buildings["households"].reindex(labels.index)
    if within:
        homes = homes.where(buildings["subdistrict_id"].isin(within).reindex(labels.index), 0)
    changed = labels.notna() & (labels != after.buildings.reindex(labels.index))
    return int(homes[changed].sum())


def _changes(before: Division, after: Division, territory: Territory, steps: Sequence[Step]) -> pd.DataFrame:
    """The table of changes."""
    homes = territory.layers.buildings["households"]
    carried = positions(before.outlines.index, carried_ids(after, before))
    ended = np.setdiff1d(np.arange(len(before.outlines)), carried)
    size_before, size_after = before.sum_by_community(homes), after.sum_by_community(homes)
    staying = pd.DataFrame(after.outlines[["name", "subdistrict_id"]])
    staying["origin"] = carried_ids(after, before)
    staying["households_before"] = np.where(carried >= 0, size_before[carried], 0).astype(np.int64)
    staying["households_after"] = size_after.astype(np.int64)
    gone = pd.DataFrame(before.outlines.iloc[ended][["name", "subdistrict_id"]])
    gone["origin"] = gone.index.to_series().astype(object)
    gone["households_before"] = size_before[ended].astype(np.int64)
    gone["households_after"] = 0
    flows = [flow for step in steps for flow in step.flows]
    inward, outward = _sums(flows, "to_id"), _sums(flows, "from_id")
    touched = {one for flow in flows for one in (flow.from_id, flow.to_id)}
    founded, merged = _split_and_merged(flows, set(staying.index[carried < 0]), set(gone.index))
    staying["action"] = [
        _action(key, bool(origin >= 0), key in touched, key in founded, key in merged)
        for key, origin in zip(staying.index, carried, strict=True)
    ]
    gone["action"] = "abolish"
    table = pd.concat([staying, gone]) if len(gone) else staying
    table["moved_in"] = [inward.get(key, 0) for key in table.index]
    table["moved_out"] = [outward.get(key, 0) for key in table.index]
    columns = ["name", "subdistrict_id", "action", "origin", "households_before", "households_after"]
    return table[[*columns, "moved_in", "moved_out"]].sort_index(kind="stable")


def _action(key: str, carries: bool, touched: bool, founded: bool, merged: bool) -> Action:
    """What becomes of one community of the new division."""
    if not carries:
        return "new"
    if not touched:
        return "keep"
    if founded != merged:
        return "split" if founded else "merge"
    return "adjust"


def _split_and_merged(flows: Sequence[Flow], new: set[str], ended: set[str]) -> tuple[set[str], set[str]]:
    """Communities that give most to a new one (split), and that take most of an ended one (merged)."""
    founded, merged = {}, {}
    for flow in sorted(flows, key=lambda flow: (flow.households, len(flow.buildings))):
        if flow.to_id in new:
            founded[flow.to_id] = flow.from_id
        if flow.from_id in ended:
            merged[flow.from_id] = flow.to_id
    return set(founded.values()), set(merged.values())


def _sums(flows: Sequence[Flow], end: Literal["from_id", "to_id"]) -> dict[str, int]:
    """Households of flows by one of their ends."""
    sums: dict[str, int] = {}
    for flow in flows:
        key = flow.to_id if end == "to_id" else flow.from_id
        sums[key] = sums.get(key, 0) + flow.households
    return sums
