"""The ground as arrays by atom position: what an edit by hand is reckoned on, fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.division import Division
from districting.plans.problem import Bools, Floats, Ints, Window
from districting.plans.windows import size_windows
from districting.policies.land import CompoundRule, ContiguityRule, NestingRule
from districting.policies.policy import Policy
from districting.policies.rule import Strength
from districting.territory.territory import Territory


@dataclass(frozen=True, eq=False)
class Ground:
    """n atoms, in the order of the territory's table.

    Parameters
    ----------
    atom_ids
        Position → id, sorted.
    today
        Community of today by atom id.
    households, people, area_m2
        Shape (n,); ``people`` NaN where the buildings do not tell.
    subdistrict
        Shape (n,), sub-district ids.
    land
        Shape (n,), False for open water.
    compound
        Shape (n,), compound ids, empty for none.
    windows
        Size bounds with weights of shape (n,); where there are two, either suffices.
    edges, shared_m
        Shape (e, 2) and (e,): pairs that people can walk between, and the length of their border, m.
    touching
        Shape (f, 2): pairs that share a border, also one that nobody can cross.
    piece
        Shape (n,), connected piece of the ground that each atom lies in.
    homes
        Households by atom position and community of today: three columns as arrays; buildings in no community of
        today are left out.
    seat_atom
        Position of the atom in which the service centre of a community of today stands.
    strength
        Of the rules on size, contiguity, sub-districts and compounds; absent where the policy has none.
    """

    atom_ids: tuple[str, ...]
    today: Mapping[str, str | None]
    households: Ints
    people: Floats
    area_m2: Floats
    subdistrict: Sequence[str]
    land: Bools
    compound: Sequence[str]
    windows: tuple[Window, ...]
    edges: Ints
    shared_m: Floats
    touching: Ints
    piece: Ints
    homes: tuple[Ints, Sequence[str], Ints]
    seat_atom: Mapping[str, int]
    strength: Mapping[str, Strength]

    @property
    def n(self) -> int:
        """Number of atoms."""
        return len(self.atom_ids)

    @classmethod
    def of(cls, territory: Territory, policy: Policy, today: Division) -> Ground:
        """The arrays of a case.

        Raises
        ------
        CaseError
            If the policy counts what the buildings do not tell.
        """
        atoms, buildings = territory.atoms.table, territory.layers.buildings
        index = pd.Index(atoms.index)
        atom_pos = index.get_indexer(pd.Index(territory.atoms.building_atom.reindex(buildings.index)))
        windows, _ = size_windows(
            policy, buildings, atom_pos.astype(np.int64), len(atoms), case=buildings, horizon=False
        )
        edges = territory.graph.edges
        pairs = np.column_stack([index.get_indexer(pd.Index(edges[side])) for side in ("atom_a", "atom_b")])
        walked = edges["crossable"].to_numpy(dtype=bool)
        pairs = pairs.astype(np.int64).reshape(-1, 2)
        standing = atoms["community_id"]
        return cls(
            atom_ids=tuple(map(str, index)),
            today={str(atom): None if pd.isna(one) else str(one) for atom, one in standing.items()},
            households=atoms["households"].to_numpy(dtype=np.int64),
            people=atoms["people"].to_numpy(dtype=np.float64),
            area_m2=atoms["area_m2"].to_numpy(dtype=np.float64),
            subdistrict=[str(one) for one in atoms["subdistrict_id"]],
            land=~atoms["water"].to_numpy(dtype=bool),
            compound=["" if pd.isna(one) else str(one) for one in atoms["compound_id"]],
            windows=windows,
            edges=pairs[walked],
            shared_m=edges["shared_m"].to_numpy(dtype=np.float64)[walked],
            touching=pairs,
            piece=components(len(atoms), pairs[walked]),
            homes=_homes(today, territory, index),
            seat_atom=_seat_atoms(today, territory),
            strength=_strengths(policy),
        )

    def households_moved(self, labels: Mapping[str, str | None]) -> int:
        """Households whose community changes, building by building; none in a sub-district where no atom does."""
        changes = {
            self.subdistrict[at]
            for at, atom in enumerate(self.atom_ids)
            if labels.get(atom) != self.today.get(atom)
        }
        return int(
            sum(
                households
                for at, community, households in zip(*self.homes, strict=True)
                if self.subdistrict[at] in changes and labels.get(self.atom_ids[at]) != community
            )
        )

    def sums(self, labels: Mapping[str, str | None], used: Sequence[str]) -> tuple[list[int], list[int]]:
        """Position in ``used`` by atom position, −1 for none, and the households of each that is used."""
        index = {one: at for at, one in enumerate(used)}
        label = np.array([index.get(labels.get(atom) or "", -1) for atom in self.atom_ids], dtype=np.int64)
        inside = label >= 0
        sums = np.bincount(label[inside], weights=self.households[inside], minlength=len(used))
        return label.tolist(), [int(total) for total in sums]

    def positions(self, atoms: Sequence[str]) -> Ints:
        """Positions of atoms by id, −1 for unknown ones."""
        return pd.Index(self.atom_ids).get_indexer(pd.Index(list(atoms), dtype=object)).astype(np.int64)

    def parts(self, inside: Bools) -> Ints:
        """Connected part of each atom inside a set, shape (n_inside,), by walkable borders; water counts apart."""
        order = np.full(self.n, -1, dtype=np.int64)
        members = np.flatnonzero(inside)
        order[members] = np.arange(len(members))
        kept = inside[self.edges].all(axis=1)
        return components(len(members), order[self.edges[kept]])

    def loose_parts(self, inside: Bools) -> int:
        """Parts too many: those beyond one in each piece of the ground. 0 for a connected community."""
        own = inside & self.land
        if not own.any():
            return 0
        parts = self.parts(own)
        return int(parts.max()) + 1 - len(np.unique(self.piece[own]))


def components(n: int, edges: Ints) -> Ints:
    """Label of each node's connected component, numbered by first node.

    Examples
    --------
    >>> components(4, np.array([[0, 2]])).tolist()
    [0, 1, 0, 2]
    """
    if not n:
        return np.zeros(0, dtype=np.int64)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    label = connected_components(graph, directed=False)[1].astype(np.int64)
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _homes(today: Division, territory: Territory, index: pd.Index[str]) -> tuple[Ints, list[str], Ints]:
    """Households by atom and community of today."""
    buildings = territory.layers.buildings
    table = pd.DataFrame(
        {
            "atom": index.get_indexer(pd.Index(territory.atoms.building_atom.reindex(buildings.index))),
            "community": today.buildings.reindex(buildings.index).to_numpy(dtype=object),
            "households": buildings["households"].to_numpy(dtype=np.int64),
        }
    ).dropna()
    sums = table.groupby(["atom", "community"], as_index=False)["households"].sum()
    sums = sums[sums["households"] > 0]
    return (
        sums["atom"].to_numpy(dtype=np.int64),
        list(sums["community"]),
        sums["households"].to_numpy(dtype=np.int64),
    )


def _seat_atoms(today: Division, territory: Territory) -> dict[str, int]:
    """The atom in which each community's centre of today stands; centres outside all atoms are left out."""
    seats = today.outlines[today.outlines["seat_kind"] == "existing"]
    points = shapely.points(seats[["seat_x", "seat_y"]].to_numpy(dtype=np.float64))
    pairs = territory.atoms.table.sindex.query(points, predicate="intersects")
    found: dict[str, int] = {}
    for seat, atom in pairs.T:
        found.setdefault(str(seats.index[seat]), int(atom))
    return found


def _strengths(policy: Policy) -> dict[str, Strength]:
    """How strongly the policy asks for what an edit may break."""
    found: dict[str, Strength] = {"size": policy.size.strength}
    for contiguity in policy.of_kind(ContiguityRule):
        found["contiguity"] = contiguity.strength
    for nesting in policy.of_kind(NestingRule):
        if nesting.inside == "subdistrict":
            found["nesting"] = nesting.strength
    for compound in policy.of_kind(CompoundRule):
        found["compound"] = compound.strength
    return found
