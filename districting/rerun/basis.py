"""What a run stood on, as ``run.json`` keeps it under ``fingerprints``: content of layers, rules, settings, locks.

Two runs with the same basis have the same inputs. What differs between two is told by `districting.rerun.changes`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import shapely

from districting.case import Case
from districting.flow.freeze import freeze_locks
from districting.plans.posing import LockRequest
from districting.policies.entries import settable
from districting.policies.policy import Policy
from districting.reports.plain import plain
from districting.territory.fingerprints import NEAR_M, Fingerprints, digest, fingerprints
from districting.territory.layers import Layers

#: Grows when fingerprints are made otherwise: those of another method say nothing about a change.
METHOD = 1

#: Settings of ``[solve]`` that change where or how long is searched, or what else is offered, but not what a
#: division is asked to be.
UNASKED = frozenset(
    {
        "engine",
        "workers",
        "time_limit_s",
        "modes",
        "profile",
        "alternatives",
        "differ_share",
        "within_share",
        "date",  # of the run: what depends on it is the freeze, and that stands among the locks
    }
)


def basis_of(layers: Layers, policy: Policy, case: Case) -> dict[str, Any]:
    """The basis of a run, plain data.

    Returns
    -------
    dict
        ``method``; ``layers`` (role → digest); ``rules`` (rule → its figures); ``settings``; ``locks``;
        ``subdistricts``: by id ``name``, ``hash`` (of everything that concerns it) and ``parts`` (digest by role,
        and of ``rules``, ``settings`` and ``locks``).

    Notes
    -----
    Rules and settings concern every sub-district, a number of communities the one that it is asked of, a lock
    those in which something that it names lies; one that names nothing that is known concerns all.
    """
    land = fingerprints(layers)
    rules = {entry_id: _figures(entry) for entry_id, entry in policy.asked.items()}
    settings = {
        field.name: plain(getattr(case.solve, field.name))
        for field in fields(case.solve)
        if field.name not in UNASKED
    } | {"crs": layers.crs.to_string()}
    asked = case.pose_settings.locks + freeze_locks(case, layers)
    locks = sorted((_lock(lock) for lock in asked), key=_text)
    concerned = [_concerned(LockRequest(**_tuples(lock)), layers) for lock in locks]
    return {
        "method": METHOD,
        "layers": dict(land.layers),
        "rules": rules,
        "settings": settings,
        "locks": locks,
        "subdistricts": _subdistricts(layers, land, rules, settings, list(zip(locks, concerned, strict=True))),
    }


def _subdistricts(
    layers: Layers,
    land: Fingerprints,
    rules: Mapping[str, Any],
    settings: Mapping[str, Any],
    locks: Sequence[tuple[dict[str, Any], frozenset[str]]],
) -> dict[str, Any]:
    """The entry of every sub-district."""
    numbers = settings["communities"]
    general = {key: value for key, value in settings.items() if key != "communities"}
    asked = digest([_text(rules).encode()])
    found = {}
    for key, name in layers.subdistricts["name"].items():
        own = {which: number for which, number in numbers.items() if which in ("", key, name)}
        mine = [lock for lock, where in locks if key in where]
        parts = {
            **land.subdistricts[str(key)],
            "rules": asked,
            "settings": digest([_text({**general, "communities": own}).encode()]),
            "locks": digest([_text(mine).encode()]),
        }
        listed = [text.encode() for pair in sorted(parts.items()) for text in pair]
        found[str(key)] = {"name": str(name), "hash": digest(listed), "parts": parts}
    return found


def _figures(entry: Any) -> dict[str, Any]:
    """What a case may override of a rule or a resource: its figures."""
    return {name: plain(getattr(entry, name)) for name in sorted(settable(entry))}


def _lock(lock: LockRequest) -> dict[str, Any]:
    """A lock as plain data, without what it does not name."""
    return {key: plain(value) for key, value in asdict(lock).items() if value}


def _tuples(lock: Mapping[str, Any]) -> dict[str, Any]:
    """A lock's plain data as the fields of a request."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in lock.items()}


def _concerned(lock: LockRequest, layers: Layers) -> frozenset[str]:
    """Sub-districts in which something lies that a lock names; all of them where nothing is known of it."""
    where: set[Any] = set()
    for names, table, column in (
        (lock.communities, layers.communities, "community_id"),
        (lock.buildings, layers.buildings, "building_id"),
        (lock.compounds, layers.buildings, "compound_id"),
    ):
        values = table[column] if column in table and column != table.index.name else table.index
        where |= set(table.loc[np.asarray(values.isin(names), dtype=bool), "subdistrict_id"].dropna())
    land = layers.subdistricts
    shapes = land.geometry.to_numpy()
    if lock.place is not None:
        where |= set(land.index[shapely.intersects(shapes, shapely.Point(lock.place))])
    if lock.roads:
        lines = layers.roads.geometry[layers.roads["name"].isin(lock.roads)].to_numpy()
        near = shapely.STRtree(lines).query(shapes, predicate="dwithin", distance=NEAR_M)[0]
        where |= set(land.index[np.unique(near)])
    return frozenset(map(str, where or land.index))


def _text(value: Any) -> str:
    """Plain data as one text, the same for the same content."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
