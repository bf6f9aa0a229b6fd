"""What differs between the basis of the reference and today's: which inputs, where, and which buildings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from districting.language import Language, say
from districting.rerun.basis import METHOD
from districting.rerun.reference import Reference
from districting.territory.layers import Layers

#: A building that stands this far from where it stood has moved, m: less is a better measured point.
MOVED_M = 1.0

#: What a change is of: rows of a layer; a figure of a rule; a setting; locks; or the old basis is not known.
ChangeKind = Literal["layer", "rule", "setting", "locks", "unknown"]


@dataclass(frozen=True)
class Change:
    """One input that is not what it was.

    Parameters
    ----------
    kind
        What it is of.
    subject
        The role, ``<rule>.<figure>``, or the setting; empty for locks.
    before, after
        Figures of rules and settings, and lists of locks; None for layers.
    subdistricts
        Ids of the sub-districts that it touches.
    """

    kind: ChangeKind
    subject: str
    before: Any
    after: Any
    subdistricts: tuple[str, ...]

    def sentence(self, language: Language, names: Mapping[str, str]) -> str:
        """The change in words; ``names`` of the sub-districts by id."""
        listed = say("rerun.comma", language).join(names.get(one, one) for one in self.subdistricts)
        every = set(self.subdistricts) >= set(names)
        where = say("rerun.everywhere", language) if every else listed or say("rerun.nowhere", language)
        subject = say(f"rerun.role.{self.subject}", language) if self.kind == "layer" else self.subject
        values = {"subject": subject, "before": self.before, "after": self.after, "where": where}
        if self.kind == "locks":
            values |= {"before": len(self.before), "after": len(self.after)}
        return say(f"rerun.change.{self.kind}", language, **values)


@dataclass(frozen=True)
class BuildingChanges:
    """Buildings that are not what they were, ids sorted.

    Parameters
    ----------
    new, vanished, moved, recounted
        Not there before; not there any more; standing elsewhere (farther than `MOVED_M`); with other households.
    households_before, households_after
        Of all buildings.
    """

    new: tuple[str, ...]
    vanished: tuple[str, ...]
    moved: tuple[str, ...]
    recounted: tuple[str, ...]
    households_before: int
    households_after: int

    def to_json(self) -> dict[str, Any]:
        """Counts, plain data."""
        lists = {name: len(getattr(self, name)) for name in ("new", "vanished", "moved", "recounted")}
        return lists | {"households_before": self.households_before, "households_after": self.households_after}


@dataclass(frozen=True)
class Changes:
    """Everything that differs.

    Parameters
    ----------
    inputs
        Change by change.
    buildings
        Building by building.
    touched
        Ids of the sub-districts whose own hash is not what it was; new ones included.
    """

    inputs: tuple[Change, ...]
    buildings: BuildingChanges
    touched: frozenset[str]

    def rules(self) -> frozenset[str]:
        """Rules of which a figure changed."""
        return frozenset(change.subject.split(".")[0] for change in self.inputs if change.kind == "rule")

    @property
    def known(self) -> bool:
        """Whether the reference kept what it stood on, so that its figures can be compared."""
        return not any(change.kind == "unknown" for change in self.inputs)

    def to_json(self, language: Language, names: Mapping[str, str]) -> list[dict[str, Any]]:
        """Plain data, each with its sentence."""
        return [
            {
                **vars(change),
                "subdistricts": list(change.subdistricts),
                "sentence": change.sentence(language, names),
            }
            for change in self.inputs
        ]


def find_changes(reference: Reference, basis: Mapping[str, Any], layers: Layers) -> Changes:
    """What changed since the reference was made.

    Parameters
    ----------
    basis
        Today's (`districting.rerun.basis.basis_of`).
    layers
        As they were read today.
    """
    buildings = _building_changes(reference.buildings, layers.buildings)
    old, new = reference.basis, basis
    if old.get("method") != METHOD:
        every = tuple(sorted(new["subdistricts"]))
        return Changes((Change("unknown", "", None, None, every),), buildings, frozenset(every))
    then, now = old["subdistricts"], new["subdistricts"]
    touched = frozenset(key for key in now if now[key]["hash"] != then.get(key, {}).get("hash"))
    found = [*_layer_changes(old, new), *_rule_changes(old, new), *_setting_changes(old, new, touched)]
    if old["locks"] != new["locks"]:
        found.append(Change("locks", "", old["locks"], new["locks"], _where(old, new, "locks")))
    return Changes(tuple(found), buildings, touched)


def _layer_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Layers whose content is another, with the sub-districts where it is."""
    for role in sorted({*old["layers"], *new["layers"]}):
        if old["layers"].get(role) != new["layers"].get(role):
            yield Change("layer", role, None, None, _where(old, new, role))


def _rule_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Figures of rules that are others, and rules that came or went."""
    every = tuple(sorted(new["subdistricts"]))
    for rule in sorted({*old["rules"], *new["rules"]}):
        before, after = old["rules"].get(rule, {}), new["rules"].get(rule, {})
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                yield Change("rule", f"{rule}.{name}", before.get(name), after.get(name), every)


def _setting_changes(old: Mapping[str, Any], new: Mapping[str, Any], touched: Set[str]) -> Iterator[Change]:
    """Settings that are others."""
    for name in sorted({*old["settings"], *new["settings"]}):
        before, after = old["settings"].get(name), new["settings"].get(name)
        if before != after:
            where = _where(old, new, "settings") if name == "communities" else tuple(sorted(touched))
            yield Change("setting", name, before, after, where)


def _where(old: Mapping[str, Any], new: Mapping[str, Any], part: str) -> tuple[str, ...]:
    """Sub-districts in which a part of the basis is another."""
    then, now = old["subdistricts"], new["subdistricts"]

    def told(entries: Mapping[str, Any], key: str) -> Any:
        return entries.get(key, {}).get("parts", {}).get(part)

    return tuple(sorted(key for key in now if told(then, key) != told(now, key)))


def _building_changes(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> BuildingChanges:
    """Buildings that are not what they were."""
    both = after.index.intersection(before.index)
    then, now = before.loc[both], after.loc[both]
    away = shapely.distance(then.geometry.to_numpy(), now.geometry.to_numpy()) > MOVED_M
    other = then["households"].to_numpy() != now["households"].to_numpy()
    return BuildingChanges(
        new=_ids(after.index.difference(before.index)),
        vanished=_ids(before.index.difference(after.index)),
        moved=_ids(both[away]),
        recounted=_ids(both[np.asarray(other)]),
        households_before=int(before["households"].sum()),
        households_after=int(after["households"].sum()),
    )


def _ids(index: Sequence[Any]) -> tuple[str, ...]:
    """Ids, sorted."""
    return tuple(sorted(map(str, index)))
