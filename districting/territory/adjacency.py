"""Who touches whom across what: the graph of the atoms and what runs along each border. Method §3."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

#: What may run along a border, best first: road classes, then natural and built lines, then nothing.
BORDER_CLASSES = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "service",
    "pedestrian",
    "rail",
    "water",
    "wall",
    "elevated",
    "none",
)


@dataclass(frozen=True)
class AdjacencyGraph:
    """Undirected graph on ``atom_id`` with what runs along each shared border.

    Parameters
    ----------
    edges
        One row per pair of atoms of one sub-district that touch along a line, or that a bridge joins.
        Columns ``atom_a`` < ``atom_b`` (text), ``shared_m`` (length of the shared border; 0 for a bridge
        link), ``border_class`` (the class along most of it), ``border_name`` (name along most of it, None),
        ``crossable`` (bool: people can walk across: shared_m at least the minimum and no hard barrier
        without a crossing, or a bridge). Sorted by pair, index 0 … n-1 named ``edge_pos``.
    runs
        What runs along each border, in full: columns ``edge_pos``, ``border_class``, ``border_name``,
        ``length_m``. The lengths of one edge sum to its ``shared_m``.
    outer
        The same for the outline of each sub-district: columns ``atom_id``, ``border_class``,
        ``border_name``, ``length_m``.
    gaps
        For sub-districts in several pieces: the shortest gap between two pieces. Columns ``atom_a``,
        ``atom_b``, ``gap_m``. A community joined across a gap is 代管 and reported.
    """

    edges: pd.DataFrame
    runs: pd.DataFrame
    outer: pd.DataFrame
    gaps: pd.DataFrame

    def length_along(self, classes: frozenset[str]) -> pd.Series[float]:
        """Metres of each edge's border that follow one of ``classes``; index ``edge_pos``."""
        along = self.runs[self.runs["border_class"].isin(classes)]
        lengths = along.groupby("edge_pos")["length_m"].sum()
        return lengths.reindex(self.edges.index, fill_value=0.0)
