"""``run.json``: what went in, with hashes and versions, and what came out with its proofs. Schema 1."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from districting.policies.policy import Policy
from districting.reports.plain import plain, write_json
from districting.solvers.result import Result
from districting.territory.layers import Layers

#: Version of the layout of ``run.json``; it grows when a reader of the old one would stumble.
SCHEMA = 1

#: Packages whose version can change a result.
_PACKAGES = ("districting", "geopandas", "shapely", "pyogrio", "numpy", "pandas", "pulp", "highspy", "numba")


def run_record(
    *,
    policy: Policy,
    layers: Layers,
    seed: int,
    plans: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any] | None = None,
    started: str = "",
    seconds: float | None = None,
) -> dict[str, Any]:
    """The record of one run, plain data.

    Parameters
    ----------
    plans
        One per alternative, made by `plan_record`.
    settings
        Of the solve, as the case has them.
    started
        Local time in ISO 8601, the only thing that differs between two equal runs besides seconds.
    """
    return {
        "schema": SCHEMA,
        "started": started,
        "seconds": seconds,
        "versions": {"python": platform.python_version(), **_versions()},
        "policy": {
            "policy_id": policy.policy_id,
            "title": dict(policy.title),
            "source": policy.source,
            "overrides": [plain(asdict(override)) for override in policy.overrides],
        },
        "seed": seed,
        "settings": plain(dict(settings or {})),
        "inputs": [plain(asdict(source)) for source in layers.sources],
        "generated": layers.generated,
        "estimated_share": layers.estimated_share,
        "households": layers.households,
        "plans": [plain(dict(plan)) for plan in plans],
    }


def write_run_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write ``run.json``, whole or not at all.

    Parameters
    ----------
    record
        Made by `run_record`.

    Raises
    ------
    ValueError
        If the record is of another schema: a bug of ours.
    """
    if record["schema"] != SCHEMA:
        raise ValueError(f"run record of schema {record['schema']}, wants {SCHEMA}")
    write_json(path, record)


def plan_record(
    *,
    plan_id: str,
    mode: str,
    profile: str,
    households_moved: int,
    communities: int,
    findings_must: int,
    subdistricts: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """One alternative in ``run.json``; ``subdistricts`` come from `subdistrict_record`."""
    return {
        "plan_id": plan_id,
        "mode": mode,
        "profile": profile,
        "households_moved": households_moved,
        "communities": communities,
        "findings_must": findings_must,
        "subdistricts": [dict(entry) for entry in subdistricts],
    }


def subdistrict_record(
    result: Result, *, atoms: int, communities_before: int, communities_after: int
) -> dict[str, Any]:
    """How the search in one sub-district ended, term by term; figures without a plan are null."""
    record = {
        "name": result.name,
        "status": result.status,
        "objective": result.objective,
        "lower_bound": result.lower_bound,
        "gap_abs": result.gap_abs,
        "gap_proved": result.gap_proved,
        "terms": [asdict(term) for term in result.terms],
        "seconds": round(result.seconds, 2),
        "seed": result.seed,
        "atoms": atoms,
        "communities_before": communities_before,
        "communities_after": communities_after,
        "conflicts": [asdict(conflict) for conflict in result.conflicts],
        "notes": dict(result.notes),
    }
    if result.solution is None:
        record |= {"objective": None, "gap_abs": None, "gap_proved": None}
    return {key: plain(value) for key, value in record.items()}


def _versions() -> dict[str, str]:
    """Versions of the installed packages that matter."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
