"""What a generated town is to hold, as a file: how many communities of which sizes, households, people, land.

A specification is written down, each figure with its source, before anything is solved on the town; its digest
stands on every page made from it. The town itself is made in `districting.territory.sample_census`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import tomlkit

from districting.errors import Fault, InputError
from districting.territory.sample_ground import STREET_GAP_M

#: ``hollow``: most of its homes stand empty; ``remote``: far from every service centre, and without one;
#: ``village``: named 村; ``plain``: none of these.
Character = Literal["plain", "hollow", "remote", "village"]
Basis = Literal["stated", "derived", "chosen"]

_TOP = {"id", "document", "title", "policy", "seed", "town", "subdistricts", "classes", "figures", "solve"}
_SOLVE = {"modes", "time_limit_s", "whole_may_join", "communities", "horizon"}


@dataclass(frozen=True, kw_only=True)
class SubdistrictSpec:
    """One sub-district.

    Parameters
    ----------
    communities
        How many it has today.
    outside
        Households on lived-in land in no community.
    people
        Residents in all; None: its share of the town's.
    """

    communities: int
    outside: int = 0
    people: int | None = None


@dataclass(frozen=True, kw_only=True)
class ClassSpec:
    """Communities of one kind.

    Parameters
    ----------
    name
        As the pages call it.
    count
        How many.
    min, max
        Households of each, both included.
    character
        What else is the matter with them.
    subdistrict
        Position of the sub-district that they all lie in; None: any.
    """

    name: str
    count: int
    min: int
    max: int
    character: Character = "plain"
    subdistrict: int | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Where one figure comes from: ``stated`` in the document, ``derived`` from it, or ``chosen``, and why."""

    key: str
    basis: Basis
    zh: str
    en: str


@dataclass(frozen=True)
class TownSpec:
    """A town to be made.

    Parameters
    ----------
    town_id, document, title
        Name of the case, the document that it follows, and its title by language.
    policy
        Preset of the case.
    seed
        The only one that is ever used.
    households, people
        Residents in all, to the last one.
    area_km2
        Land in all, to 0.05 km².
    street_gap_m
        About how far apart streets lie, m.
    hollow_share
        Resident people per registered person, and households per dwelling, of hollow communities.
    remote_m
        At least half of the households of a remote community live farther than this from every service centre, m.
    subdistricts, classes, figures
        What it is made of, and where the figures come from.
    solve
        ``[solve]`` of the case.
    digest
        SHA-256 of the file's bytes.
    """

    town_id: str
    document: str
    title: Mapping[str, str]
    policy: str
    seed: int
    households: int
    people: int
    area_km2: float
    subdistricts: tuple[SubdistrictSpec, ...]
    classes: tuple[ClassSpec, ...]
    street_gap_m: float = STREET_GAP_M
    hollow_share: float = 0.4
    remote_m: float = 1_500.0
    figures: tuple[Figure, ...] = ()
    solve: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    digest: str = ""

    def __post_init__(self) -> None:
        """Refuse a town that cannot be.

        Raises
        ------
        InputError
            Listing everything that contradicts itself.
        """
        if faults := [Fault(key, {"town": self.town_id, **values}) for key, values in self._contradictions()]:
            raise InputError(faults)

    @property
    def communities(self) -> int:
        """How many communities there are today."""
        return sum(one.communities for one in self.subdistricts)

    @property
    def outside(self) -> int:
        """Households on land in no community."""
        return sum(one.outside for one in self.subdistricts)

    @property
    def solve_toml(self) -> str:
        """``[solve]`` as text."""
        return tomlkit.dumps({"solve": {**self.solve, "seed": self.seed}})

    def _contradictions(self) -> list[tuple[str, dict[str, object]]]:
        """What contradicts itself: sentence and values."""
        found: list[tuple[str, dict[str, object]]] = []
        classed, homes = sum(one.count for one in self.classes), self.households - self.outside
        if classed != self.communities:
            found.append(("fault.town_count", {"classed": classed, "communities": self.communities}))
        found += [
            ("fault.town_class", {"name": one.name, "min": one.min, "max": one.max})
            for one in self.classes
            if not 0 < one.min <= one.max or one.character not in get_args(Character)
        ]
        least = sum(one.count * one.min for one in self.classes)
        most = sum(one.count * one.max for one in self.classes)
        if not least <= homes <= most:
            found.append(("fault.town_households", {"homes": homes, "least": least, "most": most}))
        for position, sub in enumerate(self.subdistricts):
            own = sum(one.count for one in self.classes if one.subdistrict == position)
            if own > sub.communities or sub.communities < 2:
                found.append(("fault.town_subdistrict", {"position": position, "communities": sub.communities}))
        stated = sum(one.people or 0 for one in self.subdistricts)
        if stated > self.people or self.people < self.households:
            found.append(("fault.town_people", {"people": self.people, "households": self.households}))
        return found


def read_spec(path: Path | str) -> TownSpec:
    """A specification from its TOML file.

    Raises
    ------
    InputError
        Listing everything that is wrong with the file.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        document = tomllib.loads(raw.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError([Fault("fault.town_unreadable", {"file": path.name, "why": str(error)})]) from error
    known = {"id", "document", "title", "policy", "seed", "town", "subdistricts", "classes"}
    wrong = [
        *sorted(set(document) - _TOP),
        *(f"solve.{key}" for key in sorted(set(document.get("solve", {})) - _SOLVE)),
    ]
    missing = sorted(known - set(document))
    if wrong or missing:
        values = {"file": path.name, "wrong": ", ".join(wrong) or "–", "missing": ", ".join(missing) or "–"}
        raise InputError([Fault("fault.town_keys", values)])
    try:
        return TownSpec(
            town_id=document["id"],
            document=document["document"],
            title=document["title"],
            policy=document["policy"],
            seed=document["seed"],
            **document["town"],
            subdistricts=tuple(SubdistrictSpec(**entry) for entry in document["subdistricts"]),
            classes=tuple(ClassSpec(**entry) for entry in document["classes"]),
            figures=tuple(
                Figure(key=entry["key"], basis=cast(Basis, entry["basis"]), zh=entry["zh"], en=entry["en"])
                for entry in document.get("figures", [])
            ),
            solve=document.get("solve", {}),
            digest=hashlib.sha256(raw).hexdigest(),
        )
    except (KeyError, TypeError) as error:
        raise InputError([Fault("fault.town_unreadable", {"file": path.name, "why": str(error)})]) from error
