"""A bare problem: a benchmark file with nodes, edges and an objective by name, and its answer.

Nothing here knows communities or policies. Every value that leaves has been recomputed from the assignment, by
code that shares nothing with the search.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, shortest_path

from districting.errors import Fault, InstanceError, SolverError
from districting.language import default_language, say
from districting.plans.problem import Floats, Ints, Window
from districting.progress import Progress, Stop, never, silent
from districting.solvers.ground import Ground
from districting.solvers.recipe import solve_ground, warm_up

OBJECTIVES = (
    "euclid_median",
    "median_plus_border",
    "hess_moment",
    "hess_moment_no_contiguity",
    "cut_edges",
    "hop_median",
    "service_distance",
)
DISTANCE_RULES = ("euclid_km", "round_km", "hops")
_REQUIRED = ("k", "L", "U", "nodes", "edges", "distance_rule")
_SHARED, _CROSSES = "shared_boundary_km", "crosses_borough"
#: Persons·km charged per km of border where a file names no ``beta``.
_BETA = 3000.0


@dataclass(frozen=True)
class Instance:
    """A benchmark file as numbers.

    Parameters
    ----------
    file
        Where it came from, for sentences.
    number
        Districts, exactly.
    low, high
        Bounds on the sum of ``pop``; ``high`` inf where seats have capacities.
    pop, xy
        Shapes (n,) and (n, 2), m.
    edges
        Shape (e, 2).
    columns
        What follows the two nodes of each edge, by name, each of shape (e,).
    seats, capacity
        Shape (s,): nodes of fixed seats and how much pop each may serve; empty where seats are free.
    distance_rule
        ``euclid_km``, ``round_km`` (kilometres rounded to whole) or ``hops``.
    cost_scale
        The sum is divided by this.
    objectives
        What the file says of each objective by name.
    """

    file: str
    number: int
    low: float
    high: float
    pop: Floats
    xy: Floats
    edges: Ints
    columns: dict[str, Floats]
    seats: Ints
    capacity: Floats
    distance_rule: str
    cost_scale: float
    objectives: dict[str, dict[str, Any]]

    @property
    def n(self) -> int:
        """Nodes."""
        return len(self.pop)

    def distance(self) -> Floats:
        """Distance between nodes by the file's rule, shape (n, n), km or hops; inf where there is no way."""
        if self.distance_rule == "hops":
            ones = np.ones(len(self.edges))
            graph = coo_array((ones, (self.edges[:, 0], self.edges[:, 1])), shape=(self.n, self.n))
            return np.asarray(shortest_path(graph.tocsr(), directed=False, unweighted=True), dtype=np.float64)
        delta = self.xy[:, None, :] - self.xy[None, :, :]
        km: Floats = np.hypot(delta[..., 0], delta[..., 1]) / 1000.0
        return np.floor(km + 0.5) if self.distance_rule == "round_km" else km


@dataclass(frozen=True)
class BareResult:
    """Answer to a bare problem.

    Parameters
    ----------
    objective
        Value of the plan, in the objective's published unit; None without a plan.
    lower_bound
        Proved; None where there is provably no plan.
    gap_proved
        (objective − lower_bound) / max(objective, 1); None without a plan.
    seconds
        Wall time.
    assignment
        District of each node, in node order; with fixed seats the position of the seat. Empty without a plan.
    seats
        Node of each district's seat, None where the objective knows none.
    """

    name: str
    objective: float | None
    lower_bound: float | None
    gap_proved: float | None
    seconds: float
    assignment: tuple[int, ...]
    seats: tuple[int | None, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``districting solve --json`` prints it."""
        return {
            "objective": self.objective,
            "lower_bound": self.lower_bound,
            "gap_proved": self.gap_proved,
            "seconds": round(self.seconds, 3),
            "assignment": list(self.assignment),
            "seats": list(self.seats),
        }


def read_instance(path: str | Path) -> Instance:
    """Read a benchmark file.

    Raises
    ------
    InstanceError
        With every fault: unreadable, missing keys, bad values, nodes, edges or seats.
    """
    file = str(path)
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InstanceError([Fault("fault.instance_unreadable", {"file": file, "reason": str(error)})]) from error
    missing = [key for key in _REQUIRED if not isinstance(data, dict) or key not in data]
    if missing:
        values = {"file": file, "count": len(missing), "examples": ", ".join(missing)}
        raise InstanceError([Fault("fault.instance_missing_key", values)])
    faults = _bad_values(file, data)
    if faults:
        raise InstanceError(faults)
    nodes, names = data["nodes"], list(data.get("edge_columns", ["i", "j"]))[2:]
    table = np.array([edge[: 2 + len(names)] for edge in data["edges"]], dtype=np.float64)
    table = table.reshape(-1, 2 + len(names))
    seats = data.get("seats") or []
    return Instance(
        file=file,
        number=int(data["k"]),
        low=float(data["L"]),
        high=float("inf") if data["U"] is None else float(data["U"]),
        pop=np.array([node["pop"] for node in nodes], dtype=np.float64),
        xy=np.array([[node["x"], node["y"]] for node in nodes], dtype=np.float64),
        edges=table[:, :2].astype(np.int64),
        columns={name: table[:, 2 + at] for at, name in enumerate(names)},
        seats=np.array([seat["node"] for seat in seats], dtype=np.int64),
        capacity=np.array([seat["capacity"] for seat in seats], dtype=np.float64),
        distance_rule=data["distance_rule"],
        cost_scale=float(data.get("cost_scale", 1)),
        objectives=dict(data.get("objectives") or {name: {} for name in OBJECTIVES}),
    )


def _bad_values(file: str, data: dict[str, Any]) -> list[Fault]:
    """Every value that cannot be used."""
    language = default_language()

    def bad(key: str, wanted: str, **values: object) -> Fault:
        found = json.dumps(data.get(key), ensure_ascii=False)[:60]
        words = say(f"wanted.{wanted}", language, **values)
        return Fault("fault.instance_bad_value", {"file": file, "key": key, "wanted": words, "found": found})

    lists = [
        bad(key, "list") for key in ("nodes", "edges") if not isinstance(data[key], list) or not data["nodes"]
    ]
    if lists:
        return lists
    faults = []
    n, edges, seats = len(data["nodes"]), data["edges"], data.get("seats") or []
    k, low, high = data["k"], data["L"], data["U"]
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= n:
        faults.append(bad("k", "positive"))
    if (
        not _number(low)
        or (high is not None and not _number(high))
        or not 0 <= low <= (low if high is None else high)
    ):
        faults.append(bad("U" if _number(low) else "L", "bounds"))
    if data["distance_rule"] not in DISTANCE_RULES:
        faults.append(bad("distance_rule", "rule", names=", ".join(DISTANCE_RULES)))
    scale = data.get("cost_scale", 1)
    if not _number(scale) or scale <= 0:
        faults.append(bad("cost_scale", "number"))
    if seats and len(seats) != k:
        faults.append(bad("seats", "seats"))
    width = max(2, len(data.get("edge_columns", ["i", "j"])))
    wrong_nodes = [
        at
        for at, node in enumerate(data["nodes"])
        if not isinstance(node, dict) or not all(_number(node.get(key)) for key in ("pop", "x", "y"))
    ]
    wrong_edges = [
        at
        for at, edge in enumerate(edges)
        if not isinstance(edge, list)
        or len(edge) < width
        or not all(_number(value) for value in edge[:width])
        or not all(isinstance(end, int) and 0 <= end < n for end in edge[:2])
        or edge[0] == edge[1]
    ]
    places = [seat.get("node") if isinstance(seat, dict) else None for seat in seats]
    wrong_seats = [
        at
        for at, (seat, node) in enumerate(zip(seats, places, strict=True))
        if not isinstance(node, int)
        or not 0 <= node < n
        or not _number(seat.get("capacity"))
        or node in places[:at]
    ]
    for name, wrong, total in (
        ("node", wrong_nodes, n),
        ("edge", wrong_edges, len(edges)),
        ("seat", wrong_seats, len(seats)),
    ):
        if wrong:
            examples = ", ".join(map(str, wrong[:5]))
            values = {"file": file, "count": len(wrong), "total": total, "examples": examples}
            faults.append(Fault(f"fault.instance_bad_{name}", values))
    return faults


def _number(value: object) -> bool:
    """A finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _ground(instance: Instance, objective: str) -> Ground:
    """What the search sees of an instance under one objective."""
    if objective not in instance.objectives or objective not in OBJECTIVES:
        available = ", ".join(name for name in OBJECTIVES if name in instance.objectives)
        values = {"file": instance.file, "objective": objective, "available": available}
        raise InstanceError([Fault("fault.instance_objective", values)])
    cost = np.zeros((instance.n, instance.n))
    border = np.zeros(len(instance.edges))
    if objective == "cut_edges":
        border += 1.0
    else:
        distance = instance.distance()
        lived = np.where(instance.pop[:, None] > 0, distance, np.where(np.isfinite(distance), distance, 0.0))
        power = 2 if objective.startswith("hess_moment") else 1
        cost = instance.pop[:, None] * lived**power / instance.cost_scale
    if objective == "median_plus_border":
        border = _border(instance, objective)
    host = np.arange(instance.n, dtype=np.int64)
    fixed = len(instance.seats) > 0
    if fixed:
        host = instance.seats
        cost = cost[:, host]
        cost[host] = np.where(np.eye(len(host), dtype=np.bool_), cost[host], np.inf)
    window = Window("pop", instance.pop, instance.low, min(instance.high, float(instance.pop.sum())))
    return Ground(
        cost=cost,
        host=host,
        edges=instance.edges,
        border=border,
        windows=(window,),
        number=instance.number,
        capacity=instance.capacity if fixed else None,
        fixed=fixed,
        contiguous=objective != "hess_moment_no_contiguity",
    )


def _border(instance: Instance, objective: str) -> Floats:
    """Charge of each edge when cut: beta per km, nothing along a borough's limit."""
    if _SHARED not in instance.columns:
        values = {"file": instance.file, "objective": objective, "column": _SHARED}
        raise InstanceError([Fault("fault.instance_column", values)])
    beta = float(instance.objectives[objective].get("beta", _BETA))
    crosses = instance.columns.get(_CROSSES, np.zeros(len(instance.edges)))
    return beta * instance.columns[_SHARED] * (1.0 - crosses)


def solve_instance(
    instance: Instance,
    *,
    objective: str,
    time_limit_s: float = 60.0,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
    stop: Stop = never,
) -> BareResult:
    """Solve a bare problem to a proof, as far as the time goes.

    Parameters
    ----------
    instance
        From `read_instance`.
    objective
        Name of one of the instance's objectives.
    time_limit_s
        Wall time.
    seed
        Of everything random.
    threads
        Of HiGHS.
    progress, stop
        Told and asked on the way.

    Raises
    ------
    InstanceError
        If the instance has no such objective, or lacks a column that it needs.
    SolverError
        If the plan does not stand up to being recomputed: a bug of ours.
    """
    warm_up()
    began = time.monotonic()
    ground = _ground(instance, objective)
    answer = solve_ground(
        ground, time_limit_s=time_limit_s, seed=seed, threads=threads, progress=progress, stop=stop
    )
    seconds = time.monotonic() - began
    lowest = None if np.isinf(answer.bound) and answer.bound > 0 else max(float(answer.bound), 0.0)
    if answer.part is None:
        return BareResult(objective, None, lowest, None, seconds, (), ())
    seats: tuple[int | None, ...] = tuple(int(ground.host[j]) for j in answer.seats)
    value = recomputed(instance, objective, answer.part, seats)
    if abs(value - answer.cost) > 1e-6 * max(1.0, abs(value)):
        raise SolverError(f"{objective}: the search says {answer.cost}, the assignment says {value}")
    if objective == "cut_edges":
        seats = (None,) * len(seats)
    lowest = min(lowest if lowest is not None else value, value)
    gap = (value - lowest) / max(value, 1.0)
    return BareResult(objective, value, lowest, gap, seconds, tuple(answer.part.tolist()), seats)


def recomputed(instance: Instance, objective: str, part: Ints, seats: tuple[int | None, ...]) -> float:
    """Value of an assignment, from the instance alone.

    Raises
    ------
    SolverError
        If it is no legal plan: wrong number, a bound broken, a district in pieces, a seat outside its district.
    """
    sizes = np.bincount(part, weights=instance.pop, minlength=instance.number)
    highs = instance.capacity if len(instance.seats) else np.full(instance.number, instance.high)
    if len(part) != instance.n or set(part.tolist()) != set(range(instance.number)):
        raise SolverError(f"{objective}: not every district has nodes")
    if (sizes < instance.low - 1e-6).any() or (sizes > highs + 1e-6).any():
        raise SolverError(f"{objective}: a district is out of bounds")
    cut = part[instance.edges[:, 0]] != part[instance.edges[:, 1]]
    if objective != "hess_moment_no_contiguity":
        inside = instance.edges[~cut]
        graph = coo_array((np.ones(len(inside)), (inside[:, 0], inside[:, 1])), shape=(instance.n, instance.n))
        if connected_components(graph, directed=False)[0] != instance.number:
            raise SolverError(f"{objective}: a district is in pieces")
    if objective == "cut_edges":
        return float(cut.sum())
    at = np.array([-1 if seat is None else seat for seat in seats])
    if (at < 0).any() or (part[at] != np.arange(instance.number)).any():
        raise SolverError(f"{objective}: a seat lies outside its district")
    distance = instance.distance()[np.arange(instance.n), at[part]]
    power = 2 if objective.startswith("hess_moment") else 1
    value = float((instance.pop * distance**power).sum()) / instance.cost_scale
    if objective == "median_plus_border":
        value += float(_border(instance, objective)[cut].sum())
    return value
