"""Which steps only work together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.assessment.steps import Step, carried_labels
from districting.plans.division import Division
from districting.plans.land import positions
from districting.plans.measures import SIZE_COLUMNS
from districting.plans.problem import Bools, Ints
from districting.policies.policy import Policy
from districting.territory.territory import Territory


def group_steps(
    steps: Sequence[Step],
    before: Division,
    after: Division,
    territory: Territory,
    *,
    policy: Policy | None = None,
) -> tuple[Step, ...]:
    """The same steps with ``group``: two steps need each other where one alone would do harm.

    A step alone does harm to a community that it touches if that one ends up out of the size bounds though it is
    within them after all steps and was before, or in more pieces than both before and after, or half dissolved
    with a new community still to come. It is then bound to the other steps that touch the same community.
    """
    touching: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        for community in step.communities:
            touching.setdefault(community, []).append(number)
    harm = _Harm(before, after, territory, policy)
    pairs: list[tuple[int, int]] = []
    for number, step in enumerate(steps):
        others = {community for community in step.communities if len(touching[community]) > 1}
        for community in sorted(harm.done_by(step, others)):
            pairs += [(number, other) for other in touching[community] if other != number]
    for members in touching.values():
        ending = [n for n in members if steps[n].kind == "dissolve"]
        pairs += [(n, m) for n in ending for m in members if m != n and steps[n].subject in steps[m].communities]
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(a)), (a, b)), shape=(len(steps), len(steps)))
    labels = connected_components(links, directed=False)[1] if steps else []
    return tuple(replace(step, group=int(label)) for step, label in zip(steps, labels, strict=True))


class _Harm:
    """What one step alone would do to a community; sizes and pieces before and after are known once."""

    def __init__(self, before: Division, after: Division, territory: Territory, policy: Policy | None) -> None:
        labels = carried_labels(before, after)
        self.low: float = policy.size.min if policy else 0.0
        self.high: float = policy.size.max if policy else np.inf
        column = SIZE_COLUMNS[policy.size.measure] if policy else "households"
        self.size = territory.layers.buildings[column].fillna(0)
        self.sizes_before = self.size.groupby(labels).sum()
        self.sizes_after = self.size.groupby(after.buildings).sum()
        self.ground = _Ground(territory) if after.atoms is not None else None
        if self.ground is not None:
            self.atoms_before = self.ground.owners(labels)
            self.atoms_after = self.ground.owners(after.buildings)

    def done_by(self, step: Step, communities: set[str]) -> set[str]:
        """Communities that this step alone would harm."""
        outgrown = {community for community in communities if self._outgrown(step, community)}
        return outgrown | self._broken(step, communities)

    def _outgrown(self, step: Step, community: str) -> bool:
        """True if only this step puts the community out of bounds."""
        alone = now = float(self.sizes_before.get(community, 0))
        for flow in step.flows:
            way = (flow.to_id == community) - (flow.from_id == community)
            alone += way * float(self.size.loc[list(flow.buildings)].sum())
        later = float(self.sizes_after.get(community, 0))
        fits = [self.low <= value <= self.high for value in (now, later, alone)]
        return fits == [True, True, False]

    def _broken(self, step: Step, communities: set[str]) -> set[str]:
        """Communities that only this step tears apart."""
        ground = self.ground
        if ground is None:
            return set()
        alone = self.atoms_before.copy()
        for flow in step.flows:
            alone[ground.atoms_of(flow.buildings)] = flow.to_id
        return {
            community
            for community in communities
            if ground.pieces(alone, community)
            > max(ground.pieces(self.atoms_before, community), ground.pieces(self.atoms_after, community), 1)
        }


class _Ground:
    """Who can walk to whom between inhabited atoms; land without buildings joins anyone."""

    def __init__(self, territory: Territory) -> None:
        table, edges = territory.atoms.table, territory.graph.edges
        edges = edges[edges["crossable"].astype(bool)]
        self.building_atom = territory.atoms.building_atom
        self.atoms = table.index
        self.a = positions(table.index, edges["atom_a"])
        self.b = positions(table.index, edges["atom_b"])
        self.bare: Bools = ~np.asarray(table.index.isin(self.building_atom), dtype=np.bool_)

    def atoms_of(self, buildings: Sequence[str]) -> Ints:
        """Positions of the atoms that some buildings stand in."""
        return positions(self.atoms, self.building_atom.loc[list(buildings)].unique())

    def owners(self, labels: pd.Series[str]) -> npt.NDArray[np.object_]:
        """Community of each atom: that of its first building."""
        owners = labels.groupby(self.building_atom.reindex(labels.index)).first()
        return np.asarray(owners.reindex(self.atoms), dtype=np.object_)

    def pieces(self, owners: npt.NDArray[np.object_], community: str) -> int:
        """Pieces of the inhabited land of a community, joined across land without buildings."""
        mine: Bools = np.asarray(owners == community, dtype=np.bool_)
        nodes = np.flatnonzero(mine | self.bare)
        place = np.full(len(self.atoms), -1, dtype=np.int64)
        place[nodes] = np.arange(len(nodes))
        a, b = place[self.a], place[self.b]
        kept = (a >= 0) & (b >= 0)
        links = coo_array((np.ones(int(kept.sum())), (a[kept], b[kept])), shape=(len(nodes), len(nodes)))
        labels = connected_components(links, directed=False)[1]
        return len(np.unique(labels[mine[nodes]]))
