"""The master over columns: each node once, so many districts, each label once, earlier stages kept.

Its linear program is kept warm in HiGHS while columns and rows come in; its integer program goes through PuLP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pulp
from scipy import sparse

from districting.plans.problem import Floats, Ints
from districting.progress import Stop, never
from districting.solvers.columns import Columns, Measured
from districting.solvers.exact.backend import solve_model


@dataclass(frozen=True)
class Ceiling:
    """An earlier stage: Σ weights · terms of the plan stays at most ``most``."""

    weights: Floats
    most: float


@dataclass(frozen=True)
class Prices:
    """What the linear program says.

    Parameters
    ----------
    value
        Its optimum.
    nodes
        Shape (n,).
    number
        Of one district.
    labels
        Shape (c,), ≤ 0 where the community is not due; 0 where it needs no label.
    cuts
        Shape (sets,), ≤ 0.
    weights
        Shape (5,): the stage's weights and the ceilings' prices together: what a column's terms are worth.
    """

    value: float
    nodes: Floats
    number: float
    labels: Floats
    cuts: Floats
    weights: Floats

    def reduced(self, columns: Columns, cuts: Ints) -> Floats:
        """Reduced cost of each column; ``cuts`` shape (sets, 3)."""
        inside = _inside(columns, len(self.nodes))
        cost = columns.terms @ self.weights - inside @ self.nodes - self.number
        labelled = columns.label >= 0
        cost[labelled] -= self.labels[columns.label[labelled]]
        if len(cuts):
            cost -= (_touched(inside, cuts) >= 2.0) @ self.cuts
        return np.asarray(cost, dtype=np.float64)


def _inside(columns: Columns, n: int) -> sparse.csr_array:
    """Region × node."""
    members, pointers = columns.regions.members, columns.regions.pointers
    return sparse.csr_array((np.ones(len(members)), members, pointers), shape=(len(columns), n))


def _touched(inside: sparse.csr_array, cuts: Ints) -> Floats:
    """How many nodes of each set lie in each region, shape (r, sets)."""
    n = inside.shape[1]
    sets = sparse.csc_array(
        (np.ones(cuts.size), (cuts.ravel(), np.repeat(np.arange(len(cuts)), cuts.shape[1]))), shape=(n, len(cuts))
    )
    return np.asarray((inside @ sets).toarray(), dtype=np.float64)


class Master:
    """The linear program of one stage, warm.

    ``slack`` lets nodes and the number be missed at a price of one each.

    Rows: nodes, number, labels, ceilings, then subset rows: of three nodes, at most one region holds two (Jepsen
    et al. 2008, doi:10.1287/opre.1070.0449).
    """

    def __init__(
        self, measured: Measured, weights: Floats, ceilings: Sequence[Ceiling], *, slack: bool = False
    ) -> None:
        self.measured, self.weights, self.ceilings = measured, weights, tuple(ceilings)
        self.cuts = np.zeros((0, 3), dtype=np.int64)
        #: a ceiling is met to within what arithmetic loses
        self.scale = np.array([max(1.0, abs(c.most)) for c in self.ceilings])
        n, labels = measured.ground.n, len(measured.homeless)
        self._label_row = {int(c): n + 1 + at for at, c in enumerate(measured.homeless)}
        self._ceiling_row = n + 1 + labels
        self._cut_row = self._ceiling_row + len(self.ceilings)
        least, most = measured.numbers
        inf = highspy.kHighsInf
        due = np.where(np.isin(measured.homeless, sorted(measured.due)), 1.0, -inf)
        lower = np.concatenate((np.ones(n), [least], due, np.full(len(self.ceilings), -inf)))
        tops = [c.most / s for c, s in zip(self.ceilings, self.scale, strict=True)]
        upper = np.concatenate((np.ones(n), [most], np.ones(labels), tops))
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)
        self._highs.setOptionValue("solver", "simplex")
        nothing = np.zeros(0, dtype=np.int32)
        self._highs.addRows(
            len(lower), lower, upper, 0, np.zeros(len(lower), dtype=np.int32), nothing, np.zeros(0)
        )
        self._slacks = 0
        if slack:
            # what is left over of each node and of the number, both ways, at one each: 0 in all where a plan is
            rows, signs = np.repeat(np.arange(n + 1), 2), np.tile([1.0, -1.0], n + 1)
            self._slacks = 2 * (n + 1)
            self._highs.addCols(
                self._slacks, np.ones(self._slacks), np.zeros(self._slacks), np.full(self._slacks, inf),
                self._slacks, np.arange(self._slacks, dtype=np.int32), rows.astype(np.int32), signs,
            )  # fmt: skip

    def add(self, columns: Columns) -> None:
        """Take columns in."""
        if not len(columns):
            return
        matrix = self._matrix(columns)
        many = len(columns)
        self._highs.addCols(
            many,
            columns.terms @ self.weights,
            np.zeros(many),
            np.full(many, highspy.kHighsInf),
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )

    def _matrix(self, columns: Columns) -> sparse.csc_array:
        """Rows × columns, by column."""
        n, many = self.measured.ground.n, len(columns)
        inside = _inside(columns, n)
        rows = [inside.T, np.ones((1, many))]
        rows += [(columns.label == c).astype(np.float64)[None, :] for c in self.measured.homeless]
        rows += [
            (columns.terms @ ceiling.weights / scale)[None, :]
            for ceiling, scale in zip(self.ceilings, self.scale, strict=True)
        ]
        if len(self.cuts):
            rows.append((_touched(inside, self.cuts) >= 2.0).astype(np.float64).T)
        return sparse.csc_array(sparse.vstack([sparse.csc_array(row) for row in rows], format="csc"))

    def add_cuts(self, cuts: Ints, columns: Columns) -> None:
        """Ask subset rows of the columns that are in."""
        touched = sparse.csr_array((_touched(_inside(columns, self.measured.ground.n), cuts) >= 2.0).T * 1.0)
        self._highs.addRows(
            len(cuts),
            np.full(len(cuts), -highspy.kHighsInf),
            np.ones(len(cuts)),
            touched.nnz,
            touched.indptr[:-1].astype(np.int32),
            touched.indices.astype(np.int32),
            touched.data,
        )
        self.cuts = np.concatenate((self.cuts, cuts))

    def solve(self) -> tuple[Prices, Floats] | None:
        """Prices and the columns' values; None if the columns hold no plan."""
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        duals = np.array(solution.row_dual)
        n = self.measured.ground.n
        labels = np.zeros(self.measured.own.shape[1])
        for community, row in self._label_row.items():
            labels[community] = duals[row] if community in self.measured.due else min(0.0, duals[row])
        weights = self.weights.copy()
        for at, (ceiling, scale) in enumerate(zip(self.ceilings, self.scale, strict=True)):
            weights -= min(0.0, duals[self._ceiling_row + at]) / scale * ceiling.weights
        prices = Prices(
            float(self._highs.getObjectiveValue()), duals[:n], float(duals[n]), labels,
            np.minimum(0.0, duals[self._cut_row :]), weights,
        )  # fmt: skip
        return prices, np.array(solution.col_value)[self._slacks :]


def choose_columns(
    measured: Measured,
    columns: Columns,
    *,
    weights: Floats,
    ceilings: Sequence[Ceiling],
    cuts: Ints,
    incumbent: Ints | None,
    time_limit_s: float,
    gap_rel: float = 0.0,
    budgets: Sequence[tuple[Floats, float]] = (),
    seed: int = 0,
    threads: int = 1,
    stop: Stop = never,
) -> tuple[Ints | None, float]:
    """The cheapest plan made of these columns.

    ``budgets``: a figure of each column, shape (r,), and the most that those chosen may have together.

    Returns
    -------
    positions, bound
        Columns chosen, or None; what is proved of every plan made of these columns (inf: there is none).
    """
    n = measured.ground.n
    cost = columns.terms @ weights
    model = pulp.LpProblem("columns", pulp.LpMinimize)
    z = [model.add_variable(f"z{r}", cat="Binary") for r in range(len(columns))]
    model.setObjective(pulp.LpAffineExpression(list(zip(z, cost.tolist(), strict=True))))
    rows: list[list[pulp.LpVariable]] = [[] for _ in range(n)]
    for r, column in enumerate(z):
        for node in columns.region(r):
            rows[node].append(column)
    for row in rows:
        model += pulp.lpSum(row) == 1
    least, most = measured.numbers
    model += pulp.lpSum(z) >= least
    model += pulp.lpSum(z) <= most
    for community in measured.homeless:
        carried = pulp.lpSum([z[r] for r in np.flatnonzero(columns.label == community)])
        model += carried == 1 if int(community) in measured.due else carried <= 1
    for ceiling in ceilings:
        scale = max(1.0, abs(ceiling.most))
        values = (columns.terms @ ceiling.weights / scale).tolist()
        model += pulp.LpAffineExpression(list(zip(z, values, strict=True))) <= ceiling.most / scale
    for figures, together in budgets:
        model += pulp.LpAffineExpression(list(zip(z, figures.tolist(), strict=True))) <= together
    if len(cuts):
        held = _touched(_inside(columns, n), cuts) >= 2.0
        for at in range(len(cuts)):
            model += pulp.lpSum([z[r] for r in np.flatnonzero(held[:, at])]) <= 1
    start = None
    if incumbent is not None:
        chosen = np.isin(np.arange(len(columns)), incumbent)
        start = {column.name: float(one) for column, one in zip(z, chosen, strict=True)}
    solved = solve_model(
        model, time_limit_s=time_limit_s, gap_rel=gap_rel, start=start, seed=seed, threads=threads, stop=stop
    )
    if not solved.found:
        return incumbent, solved.bound
    return np.array([r for r, column in enumerate(z) if solved.values[column.name] > 0.5]), solved.bound
