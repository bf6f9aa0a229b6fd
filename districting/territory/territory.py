"""Layers, atoms and graph of one case together: what every later stage stands on."""

from __future__ import annotations

from dataclasses import dataclass

from districting.territory.adjacency import AdjacencyGraph
from districting.territory.atoms import Atoms
from districting.territory.layers import Layers


@dataclass(frozen=True)
class Territory:
    """The ground of a case: what was read, how it was cut, and who touches whom."""

    layers: Layers
    atoms: Atoms
    graph: AdjacencyGraph
