"""gerrychain: recombination chains that keep the best plan seen, the peer for free seats.

Short bursts (Cannon et al. 2023) and tilted runs, as gerrychain's own `SingleMetricOptimizer` does them, on the
same objective, bounds and time. A district's score is cached, so that a step costs what its two districts cost.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from functools import partial

import networkx as nx
import numpy as np
from gerrychain import Graph, Partition
from gerrychain.constraints import within_percent_of_ideal_population
from gerrychain.optimization import SingleMetricOptimizer
from gerrychain.partition.initial_partition_generators import recursive_tree_part
from gerrychain.proposals import recom
from gerrychain.updaters import Tally

from districting.solvers.bare import Instance

BURST, TILT = 10, 0.05


def best_of_chain(
    instance: Instance, *, method: str, limits_s: Sequence[float], seed: int
) -> list[tuple[float, int]]:
    """Cheapest sum of distances that one chain has met by each time, and its steps by then.

    ``method``: ``short_bursts`` or ``tilted``; ``limits_s`` ascending.
    """
    began = time.monotonic()
    cost = instance.pop[:, None] * instance.distance() / instance.cost_scale
    ideal = float(instance.pop.sum()) / instance.number
    width = (instance.high - instance.low) / (2 * ideal)
    plain = nx.Graph()
    for node, pop in enumerate(instance.pop):
        plain.add_node(node, pop=float(pop))
    plain.add_edges_from(instance.edges.tolist())
    graph = Graph.from_networkx(plain)
    rng = random.Random(seed)
    first = recursive_tree_part(graph, range(instance.number), ideal, "pop", width, rng=rng)
    known: dict[frozenset[int], float] = {}

    def district(nodes: frozenset[int]) -> float:
        if nodes not in known:
            if len(known) > 500_000:
                known.clear()
            members = np.fromiter(nodes, dtype=np.int64)
            known[nodes] = float(cost[np.ix_(members, members)].sum(axis=0).min())
        return known[nodes]

    def score(plan: Partition) -> float:
        return sum(district(frozenset(nodes)) for nodes in plan.parts.values())

    start = Partition(graph, first, {"population": Tally("pop", alias="population")})
    step = partial(recom, pop_col="pop", pop_target=ideal, epsilon=width, node_repeats=0)
    optimizer = SingleMetricOptimizer(
        step, [within_percent_of_ideal_population(start, width)], start, score, maximize=False, rng=rng
    )
    forever = 10**9
    chain = (
        optimizer.short_bursts(BURST, forever // BURST)
        if method == "short_bursts"
        else optimizer.tilted_run(forever, TILT)
    )
    met: list[tuple[float, int]] = []
    for steps, _ in enumerate(chain, start=1):
        while time.monotonic() - began > limits_s[len(met)]:
            met.append((float(optimizer.best_score or np.inf), steps))
            if len(met) == len(limits_s):
                return met
    raise AssertionError("the chain has no end of its own")
