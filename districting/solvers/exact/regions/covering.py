"""The set-partitioning program over a list of districts: linear, with cuts, and whole. HiGHS directly and PuLP.

    min Σ c_r z_r;  Σ_{r ∋ i} z_r = 1 for each node;  Σ z_r = k;  Σ ⌊|r ∩ T| / 2⌋ z_r ≤ 1 for chosen triples T

The last are subset-row cuts (Jepsen et al. 2008, doi:10.1287/opre.1070.0449): of the districts that hold two nodes
of a triple a plan has at most one. They leave every plan and raise the linear program.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
import pulp
from numba import njit
from scipy import sparse

from districting.errors import SolverError
from districting.plans.problem import Floats, Ints
from districting.progress import Stop, never
from districting.solvers.exact.backend import OnIncumbent, solve_model

_HALF_EMPTY = 1e-6


@dataclass(frozen=True)
class Priced:
    """Optimum of the linear program.

    Parameters
    ----------
    value
        Of the columns that are in.
    duals, number, cuts
        Prices: of the nodes, shape (n,); of the row Σ z = k; of the cuts, each ≤ 0.
    shares
        Shape (columns that are in,).
    """

    value: float
    duals: Floats
    number: float
    cuts: Floats
    shares: Floats

    @property
    def prices(self) -> Floats:
        """All row prices in the order of the rows; those of cuts are ≤ 0 whatever the solver's tolerance."""
        return np.concatenate((self.duals, [self.number], np.minimum(self.cuts, 0.0)))

    def bound(self, number: int, reduced: Floats) -> float:
        """What the prices prove of plans of ``number`` columns with these reduced costs."""
        asked = float(self.duals.sum()) + number * self.number + float(np.minimum(self.cuts, 0.0).sum())
        return asked + number * min(0.0, float(reduced.min()))


class Master:
    """One linear program that grows by columns and by cuts, solved from where the last one ended."""

    def __init__(self, n: int, number: int) -> None:
        self.n = n
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]  # the door is typed in part only
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        ask = np.append(np.ones(n), float(number))
        none = np.zeros(0, dtype=np.int32)
        self.highs.addRows(n + 1, ask, ask, 0, np.zeros(n + 1, dtype=np.int32), none, np.zeros(0))

    def add(self, cost: Floats, columns: sparse.csc_array) -> None:
        """Add columns of the height of all rows so far."""
        many = len(cost)
        if many:
            self.highs.addCols(
                many, cost, np.zeros(many), np.full(many, highspy.kHighsInf), columns.nnz,
                columns.indptr[:-1].astype(np.int32), columns.indices.astype(np.int32),
                columns.data.astype(np.float64),
            )  # fmt: skip

    def cut(self, rows: sparse.csr_array) -> None:
        """Add rows ≤ 1 of the width of all columns so far."""
        many = rows.shape[0]
        if many:
            self.highs.addRows(
                many, np.full(many, -highspy.kHighsInf), np.ones(many), rows.nnz,
                rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(np.float64),
            )  # fmt: skip

    def solve(self, *, time_limit_s: float) -> Priced | None:
        """Solve; None if time ran out.

        Raises
        ------
        SolverError
            If it has no optimum: the columns of a plan must be among the first that are added.
        """
        # HiGHS counts the seconds of all runs of one object
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(0.01, time_limit_s))
        self.highs.run()
        ended = self.highs.getModelStatus()
        if ended == highspy.HighsModelStatus.kTimeLimit:
            return None
        if ended != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"HiGHS failed: {self.highs.modelStatusToString(ended)}")
        solution = self.highs.getSolution()
        prices = np.array(solution.row_dual)
        return Priced(
            self.highs.getObjectiveValue(), prices[: self.n], float(prices[self.n]), prices[self.n + 1 :],
            np.array(solution.col_value),
        )  # fmt: skip


def rows_of(pointers: Ints, members: npt.NDArray[np.integer], n: int) -> sparse.csc_array:
    """Columns in the rows of the nodes and of the number, from districts in compressed rows."""
    many = len(pointers) - 1
    size = np.diff(pointers)
    starts = np.concatenate(([0], np.cumsum(size + 1))).astype(np.int64)
    rows = np.full(starts[-1], n, dtype=np.int64)
    rows[np.arange(len(members)) + np.repeat(np.arange(many), size)] = members
    return sparse.csc_array((np.ones(len(rows)), rows, starts), shape=(n + 1, many))


@njit(cache=True)
def _violated(
    together: Floats, pointers: Ints, columns: Ints, inside: Floats, shares: Floats, least: float, most: int
) -> tuple[Ints, Floats]:
    """Triples whose cut is violated by more than ``least``, and by how much."""
    many = len(together)
    triples = np.empty((most, 3), np.int64)
    by = np.empty(most)
    found = 0
    near = np.empty(many, np.int64)
    for i in range(many):
        count = 0
        for j in range(i + 1, many):
            if together[i, j] > _HALF_EMPTY:
                near[count] = j
                count += 1
        for a in range(count):
            j = near[a]
            for b in range(a + 1, count):
                k = near[b]
                total = together[i, j] + together[i, k] + together[j, k]
                if total <= 1.0 + least:
                    continue
                for p in range(pointers[i], pointers[i + 1]):
                    c = columns[p]
                    if inside[c, j] > 0.0 and inside[c, k] > 0.0:
                        total -= 2.0 * shares[c]
                if total > 1.0 + least and found < most:
                    triples[found, 0] = i
                    triples[found, 1] = j
                    triples[found, 2] = k
                    by[found] = total - 1.0
                    found += 1
    return triples[:found], by[:found]


def separate(columns: sparse.csc_array, shares: Floats, *, n: int, most: int) -> Ints:
    """The most violated triples, shape (cuts, 3), not many at one node."""
    broken = np.flatnonzero((shares > _HALF_EMPTY) & (shares < 1.0 - _HALF_EMPTY))
    if not len(broken):
        return np.zeros((0, 3), dtype=np.int64)
    part = sparse.csr_array(columns[:n, broken].T)
    nodes = np.unique(part.indices)
    part = sparse.csr_array(part[:, nodes])
    inside = part.toarray()
    together = np.asarray((part.T @ sparse.diags_array(shares[broken]) @ part).toarray(), dtype=np.float64)
    by_node = sparse.csc_array(part)
    triples, by = _violated(
        together, by_node.indptr.astype(np.int64), by_node.indices.astype(np.int64), inside, shares[broken], 0.02,
        200_000,
    )  # fmt: skip
    used = np.zeros(len(nodes), dtype=np.int64)
    chosen: list[Ints] = []
    for t in np.argsort(-by, kind="stable"):
        if len(chosen) >= most:
            break
        if used[triples[t]].max() < 6:
            used[triples[t]] += 1
            chosen.append(nodes[triples[t]])
    return np.array(chosen, dtype=np.int64).reshape(-1, 3)


def cut_rows(columns: sparse.csc_array, triples: Ints, n: int) -> sparse.csr_array:
    """Rows of the cuts over all columns: 1 where a column holds two nodes of the triple or three."""
    by_row = sparse.csr_array(columns[:n])
    rows = []
    for triple in triples:
        holders = [by_row.indices[by_row.indptr[i] : by_row.indptr[i + 1]] for i in triple]
        rows.append(np.flatnonzero(np.bincount(np.concatenate(holders), minlength=columns.shape[1]) >= 2))
    pointers = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    indices = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    return sparse.csr_array((np.ones(len(indices)), indices, pointers), shape=(len(rows), columns.shape[1]))


def choose_whole(
    cost: Floats,
    columns: sparse.csc_array,
    *,
    n: int,
    number: int,
    incumbent: Ints,
    time_limit_s: float,
    seed: int = 0,
    threads: int = 1,
    on_incumbent: OnIncumbent | None = None,
    stop: Stop = never,
) -> tuple[Ints, float]:
    """The cheapest plan of these columns, and a proved bound on every plan of them.

    Parameters
    ----------
    cost, columns
        Columns in all rows, cuts included.
    incumbent
        Positions of a plan among the columns; empty: none is known.
    """
    model = pulp.LpProblem("covering", pulp.LpMinimize)
    z = [model.add_variable(f"z{r}", cat="Binary") for r in range(len(cost))]
    model.setObjective(pulp.LpAffineExpression(list(zip(z, cost.tolist(), strict=True))))
    by_row = sparse.csr_array(columns)
    for r in range(by_row.shape[0]):
        entries = by_row.indices[by_row.indptr[r] : by_row.indptr[r + 1]]
        row = pulp.LpAffineExpression([(z[c], 1.0) for c in entries.tolist()])
        if r < n:
            model += row == 1
        elif r == n:
            model += row == number
        elif len(entries):
            model += row <= 1
    inside = np.zeros(len(cost))
    inside[incumbent] = 1.0
    solved = solve_model(
        model,
        time_limit_s=time_limit_s,
        gap_rel=1e-9,
        start={v.name: float(x) for v, x in zip(z, inside, strict=True)} if len(incumbent) else None,
        seed=seed,
        threads=threads,
        on_incumbent=on_incumbent,
        stop=stop,
    )
    if solved.status == "infeasible":
        return incumbent, float("inf")
    if not solved.found:
        return incumbent, solved.bound
    return np.flatnonzero([solved.values[v.name] > 0.5 for v in z]), solved.bound
