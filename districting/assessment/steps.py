"""The steps of a change: who founds, who gives, who ends; in an order in which they can be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from districting.plans.division import Division
from districting.plans.evidence import carried_ids
from districting.plans.finding import Finding
from districting.plans.land import as_text, named, positions
from districting.territory.territory import Territory

#: ``found``: a new community is formed; ``transfer``: one community gives to another; ``dissolve``: one ends.
StepKind = Literal["found", "transfer", "dissolve"]
_ORDER: tuple[StepKind, ...] = ("found", "transfer", "dissolve")


@dataclass(frozen=True)
class Flow:
    """Buildings that go from one community to another; an empty id is no community.

    ``from_id`` is the id that the new division gives to the community of today, or today's where it ends.
    ``atoms`` are those without a building that go the same way.
    """

    from_id: str
    to_id: str
    households: int
    buildings: tuple[str, ...]
    atoms: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data; buildings and empty atoms by number."""
        counts = {"households": self.households, "buildings": len(self.buildings), "empty_atoms": len(self.atoms)}
        return {"from_id": self.from_id, "to_id": self.to_id, **counts}


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Parameters
    ----------
    number, group
        From 1 in the order of the proposal; steps of one group only work together.
    kind
        What is done.
    subject
        The new community, the one that ends, or the one that takes in.
    subdistrict_id
        Where.
    flows
        Who goes; sorted by ``from_id``, ``to_id``.
    names
        Names of the communities that the step speaks of, by id.
    reasons
        Findings of today on its communities that the whole plan mends.
    """

    number: int
    group: int
    kind: StepKind
    subject: str
    subdistrict_id: str
    flows: tuple[Flow, ...]
    names: dict[str, str]
    reasons: tuple[Finding, ...] = ()

    @property
    def communities(self) -> frozenset[str]:
        """Every community that the step touches."""
        return frozenset(key for flow in self.flows for key in (flow.from_id, flow.to_id) if key)

    @property
    def households(self) -> int:
        """Households that move in this step."""
        return sum(flow.households for flow in self.flows)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "number": self.number,
            "group": self.group,
            "kind": self.kind,
            "subject": self.subject,
            "subdistrict_id": self.subdistrict_id,
            "households": self.households,
            "flows": [flow.to_json() for flow in self.flows],
            "reasons": [reason.to_json() for reason in self.reasons],
        }


def carried_labels(before: Division, after: Division) -> pd.Series[str]:
    """Today's community of every building under the id that ``after`` gives it; its old id where it ends."""
    return relabelled(before.buildings, before, after)


def steps_of(before: Division, after: Division, territory: Territory) -> tuple[Step, ...]:
    """Every change as steps, each building in exactly one; not yet ordered (numbers and groups are 0)."""
    flows = _flows(before, after, territory)
    new = set(after.outlines.index[carried_ids(after, before).isna()])
    ended = set(before.outlines.index) - set(carried_ids(after, before).dropna())
    keyed: dict[tuple[StepKind, str, str], list[Flow]] = {}
    for flow in flows:
        if flow.to_id in new:
            key: tuple[StepKind, str, str] = ("found", flow.to_id, "")
        elif flow.from_id in ended:
            key = ("dissolve", flow.from_id, "")
        else:
            key = ("transfer", flow.to_id, flow.from_id)
        keyed.setdefault(key, []).append(flow)
    for gone in sorted(ended - {flow.from_id for flow in flows}):
        keyed["dissolve", gone, ""] = []
    names = {**before.outlines["name"].to_dict(), **after.outlines["name"].to_dict()}
    where = {**before.outlines["subdistrict_id"].to_dict(), **after.outlines["subdistrict_id"].to_dict()}
    steps = []
    for (kind, subject, _), mine in sorted(keyed.items(), key=lambda item: item[0]):
        place = subject or mine[0].from_id
        told = {key for flow in mine for key in (flow.from_id, flow.to_id) if key} | ({place} - {""})
        named_here = {str(key): str(names[key]) for key in sorted(told)}
        steps.append(Step(0, 0, kind, subject, str(where.get(place) or ""), tuple(mine), named_here))
    return tuple(steps)


def order_steps(
    steps: Sequence[Step], findings_before: Sequence[Finding], findings_after: Sequence[Finding]
) -> tuple[Step, ...]:
    """Numbered steps with their reasons: by sub-district, then group by group; foundings before endings."""
    left = {(finding.rule, finding.aspect, finding.community_id) for finding in findings_after}
    mended = [f for f in findings_before if f.community_id and (f.rule, f.aspect, f.community_id) not in left]
    first: dict[int, tuple[Any, ...]] = {}
    for step in steps:
        key = (step.subdistrict_id, _ORDER.index(step.kind), step.subject)
        first[step.group] = min(first.get(step.group, key), key)
    order = {group: number for number, group in enumerate(sorted(first, key=lambda group: first[group]), start=1)}
    ordered = sorted(
        steps,
        key=lambda step: (order[step.group], _ORDER.index(step.kind), step.subject, sorted(step.communities)),
    )
    return tuple(
        replace(
            step,
            number=number,
            group=order[step.group],
            reasons=tuple(f for f in mended if f.community_id in step.communities | {step.subject}),
        )
        for number, step in enumerate(ordered, start=1)
    )


def relabelled(labels: pd.Series[str], before: Division, after: Division) -> pd.Series[str]:
    """Ids of today as the new division calls their successors."""
    carried = carried_ids(after, before)
    kept = carried[carried.notna()]
    heirs = pd.Series(kept.index.to_numpy(dtype=object), index=kept.to_numpy(dtype=object))
    heirs = heirs[~heirs.index.duplicated()]
    found = as_text(labels.map(heirs))
    return as_text(found.where(found.notna(), labels))


def _flows(before: Division, after: Division, territory: Territory) -> list[Flow]:
    """Every pair of communities between which a building or an empty atom goes; sorted."""
    homes = territory.layers.buildings["households"]
    table = pd.DataFrame(
        {
            "from_id": carried_labels(before, after),
            "to_id": as_text(after.buildings),
            "households": homes.reindex(before.buildings.index),
            "atom": False,
        }
    )
    if after.atoms is not None:
        table = pd.concat([table, _empty_atoms(before, after, territory)])
    table[["from_id", "to_id"]] = table[["from_id", "to_id"]].fillna("")
    changed = table[table["from_id"] != table["to_id"]]
    flows = []
    for key, members in changed.groupby(["from_id", "to_id"], sort=True):
        from_id, to_id = (str(end) for end in key)
        is_atom = members["atom"].to_numpy(dtype=bool)
        buildings = tuple(str(one) for one in members.index[~is_atom])
        atoms = tuple(str(one) for one in members.index[is_atom])
        flows.append(Flow(from_id, to_id, int(members["households"].sum()), buildings, atoms))
    return flows


def _empty_atoms(before: Division, after: Division, territory: Territory) -> pd.DataFrame:
    """Atoms without a building, with their community today and after."""
    atoms = territory.atoms.table
    bare = ~atoms.index.isin(territory.atoms.building_atom)
    held = atoms["community_id"] if before.atoms is None else before.atoms.reindex(atoms.index)
    today = named(before.outlines.index, positions(before.outlines.index, held), atoms.index)
    assert after.atoms is not None
    table = pd.DataFrame(
        {
            "from_id": relabelled(today, before, after),
            "to_id": as_text(after.atoms.reindex(atoms.index)),
            "households": np.int64(0),
            "atom": True,
        },
        index=atoms.index,
    )
    kept: pd.DataFrame = table.loc[bare]
    return kept
