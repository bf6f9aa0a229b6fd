"""What offices have agreed on by name: land that one community manages for another (代管, 托管), as it is asked.

How it is told: `districting.plans.outline_checks.check_contiguity` and `cover_checks.check_nesting`.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districting.plans.problem import Bools, Ints, Lock
from districting.policies.land import ContiguityRule, NestingRule
from districting.policies.policy import Policy

Ids = pd.Index


def managed_for_another(
    atoms: gpd.GeoDataFrame, policy: Policy, communities: gpd.GeoDataFrame, subdistrict_id: str
) -> Bools:
    """Land that an excepted community of another sub-district holds here (托管): it stays so, and is not asked."""
    nested = [rule for rule in policy.of_kind(NestingRule) if rule.inside == "subdistrict"]
    excepted = communities.loc[_excepted(nested, communities)]
    foreign = excepted.index[excepted["subdistrict_id"] != subdistrict_id]
    return np.asarray(atoms["community_id"].isin(foreign), dtype=np.bool_)


def kept_in_pieces(
    policy: Policy, communities: gpd.GeoDataFrame, today: Ints, edges: Ints, locks: tuple[Lock, ...]
) -> tuple[Lock, ...]:
    """Excepted communities (代管) in several parts stay exactly as they are, unless a lock says otherwise.

    A model that let one community lie in parts would let it take any land anywhere; what two offices have agreed
    on stands until they agree on something else.
    """
    excepted = communities.index.get_indexer(_excepted(policy.of_kind(ContiguityRule), communities))
    locked = {pos for lock in locks for pos in lock.communities}
    own = walkable_pieces(len(today), edges[today[edges[:, 0]] == today[edges[:, 1]]])
    parted = [pos for pos in sorted(set(excepted.tolist()) - locked) if len(np.unique(own[today == pos])) > 1]
    return (Lock("keep", communities=tuple(parted)),) if parted else ()


def walkable_pieces(n: int, edges: Ints) -> Ints:
    """Label of the connected piece of each atom."""
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _excepted(rules: Sequence[ContiguityRule | NestingRule], communities: gpd.GeoDataFrame) -> Ids:
    """Ids of the communities that rules except by id or by name."""
    named = {name for rule in rules for name in rule.exceptions}
    found: Ids = communities.index[communities.index.isin(named) | communities["name"].isin(named)]
    return found
