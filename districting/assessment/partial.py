"""Which of a community's steps may be taken without its others: sizes and pieces of every part of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, combinations, pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from districting.assessment.steps import Step, carried_labels, relabelled
from districting.plans.division import Division
from districting.plans.land import as_text, dissolve, positions
from districting.plans.measures import SIZE_COLUMNS, pieces
from districting.plans.problem import Bools, Floats, Ints
from districting.policies.policy import Policy
from districting.territory.territory import Territory

#: Steps of one community up to which every set of them is measured beforehand; beyond, only the judge tells.
MOST_MEASURED = 10

Steps = frozenset[int]


def steps_touching(steps: Sequence[Step]) -> dict[str, tuple[int, ...]]:
    """Positions of the steps that touch each community, by its id; sorted."""
    touching: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        for community in sorted(step.communities | ({step.subject} - {""})):
            touching.setdefault(community, []).append(number)
    return {community: tuple(mine) for community, mine in sorted(touching.items())}


def sharing_an_atom(steps: Sequence[Step], territory: Territory) -> list[tuple[int, int]]:
    """Pairs of steps that move buildings of one atom: its land moves once, so they are taken together; sorted."""
    moved = [(one, number) for number, step in enumerate(steps) for flow in step.flows for one in flow.buildings]
    if not moved:
        return []
    table = pd.DataFrame(moved, columns=["building", "step"])
    by_atom = table.groupby(territory.atoms.building_atom.loc[table["building"]].to_numpy())["step"].unique()
    return sorted({(int(a), int(b)) for mine in by_atom for a, b in pairwise(np.sort(mine))})


def forbidden_parts(
    steps: Sequence[Step], before: Division, after: Division, territory: Territory, *, policy: Policy
) -> dict[str, frozenset[Steps]]:
    """For each community, the sets of its steps that alone would put it out of the size bounds or in more pieces.

    A community that the new division itself leaves out of bounds may be out of them before, too; pieces may be as
    many as today or as after. What else a rule asks is left to the judge, stage by stage.

    Returns
    -------
    dict
        By ``community_id``; positions of steps. Communities with more than `MOST_MEASURED` steps have none.
    """
    touching = steps_touching(steps)
    asked = {c: _parts(mine) for c, mine in touching.items() if 1 < len(mine) <= MOST_MEASURED}
    sizes = _Sizes(steps, before, after, territory, policy)
    forbidden = {c: {part for part in parts if not sizes.fit(c, part)} for c, parts in asked.items()}
    if after.atoms is not None:
        left = {c: [part for part in parts if part not in forbidden[c]] for c, parts in asked.items()}
        for community, torn in _torn(steps, left, before, after, territory).items():
            forbidden[community] |= torn
    return {community: frozenset(found) for community, found in forbidden.items() if found}


def _parts(steps: tuple[int, ...]) -> list[Steps]:
    """Every set of some, not all, of the steps."""
    return [frozenset(one) for one in chain.from_iterable(combinations(steps, k) for k in range(1, len(steps)))]


class _Sizes:
    """Size of communities after some of their steps, in the measures of the size rule."""

    def __init__(
        self, steps: Sequence[Step], before: Division, after: Division, territory: Territory, policy: Policy
    ) -> None:
        size, buildings = policy.size, territory.layers.buildings
        self.windows: list[tuple[float, float]] = [(size.min, size.max)]
        columns = [SIZE_COLUMNS[size.measure]]
        if size.alternative and size.alternative_min is not None and size.alternative_max is not None:
            self.windows.append((size.alternative_min, size.alternative_max))
            columns.append(SIZE_COLUMNS[size.alternative])
        values = buildings[columns].astype(float)
        # Of each measure, the sum of what is known, and how many homes it is unknown for: both add up.
        blind = values.isna() & (buildings["households"] > 0).to_numpy()[:, None]
        added = pd.concat([values.fillna(0.0), blind.astype(float)], axis=1)
        self.now = _sums(added, carried_labels(before, after))
        self.then = _sums(added, after.buildings)
        self.change: dict[tuple[int, str], Floats] = {}
        for number, step in enumerate(steps):
            for flow in step.flows:
                moved = added.loc[list(flow.buildings)].to_numpy().sum(axis=0)
                for end, way in ((flow.to_id, 1.0), (flow.from_id, -1.0)):
                    self.change[number, end] = self.change.get((number, end), 0.0) + way * moved

    def fit(self, community: str, part: Steps) -> bool:
        """Whether the community may have the size that it has after these steps alone."""
        nothing = np.zeros(2 * len(self.windows))
        size = self.now.get(community, nothing) + sum(
            self.change.get((number, community), nothing) for number in sorted(part)
        )
        return bool(size[0] == 0) or self._fits(size) or not self._fits(self.then.get(community, nothing))

    def _fits(self, size: Floats) -> bool:
        """Whether the first measure lies within its bounds, or is unknown, or the second lies within its own."""
        known = size[len(self.windows) :] < 0.5
        within = [low <= value <= high for value, (low, high) in zip(size, self.windows, strict=False)]
        return bool(not known[0] or within[0] or (known & np.array(within)).any())


def _sums(values: pd.DataFrame, labels: pd.Series[str]) -> dict[str, Floats]:
    """Sums by community."""
    sums = values.groupby(labels.reindex(values.index).to_numpy()).sum()
    return {str(key): row for key, row in zip(sums.index, sums.to_numpy(dtype=np.float64), strict=True)}


def _torn(
    steps: Sequence[Step],
    parts: Mapping[str, Sequence[Steps]],
    before: Division,
    after: Division,
    ground: Territory,
) -> dict[str, set[Steps]]:
    """Parts of the change after which a community's land lies in more pieces than today and after."""
    table = ground.atoms.table
    assert after.atoms is not None
    now = relabelled(as_text(table["community_id"]), before, after).to_numpy()
    then = as_text(after.atoms.reindex(table.index)).to_numpy()
    step_of = np.full(len(table), -1, dtype=np.int64)
    for number, step in enumerate(steps):
        for flow in step.flows:
            on = ground.atoms.building_atom.loc[list(flow.buildings)].to_numpy()
            step_of[positions(table.index, np.concatenate([on, np.array(flow.atoms, dtype=object)]))] = number
    members: list[Ints] = []
    keys: list[tuple[str, Steps | None]] = []
    for community, mine in sorted(parts.items()):
        was: Bools = np.asarray(now == community, dtype=np.bool_)
        will: Bools = np.asarray(then == community, dtype=np.bool_)
        for part in mine:
            taken = np.isin(step_of, sorted(part))
            members.append(np.flatnonzero(np.where(taken, will, was)))
            keys.append((community, part))
        for held in (was, will):
            members.append(np.flatnonzero(held))
            keys.append((community, None))
    if not keys:
        return {}
    codes = np.repeat(np.arange(len(keys)), [len(one) for one in members])
    shapes = dissolve(table.geometry.to_numpy()[np.concatenate(members)], codes, len(keys))
    counts = pieces(gpd.GeoDataFrame(geometry=shapes, crs=table.crs)).to_numpy()
    allowed: dict[str, int] = {}
    for (community, which), count in zip(keys, counts, strict=True):
        if which is None:
            allowed[community] = max(allowed.get(community, 1), int(count))
    torn: dict[str, set[Steps]] = {}
    for (community, which), count in zip(keys, counts, strict=True):
        if which is not None and count > allowed[community]:
            torn.setdefault(community, set()).add(which)
    return torn
