"""What is wanted of a plan, in order: a profile is a list of stages, weighted sums of terms with a tolerance.

Profiles are data: presets in ``profiles/*.toml``, or a planner's own file beside the case.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from math import isfinite
from pathlib import Path
from typing import Any, Literal, get_args

from districting.errors import CaseError, Fault

#: What a stage may weigh. ``distance_m_households``: Σ households · metres to the seat, every atom counted as one
#: household more (method §5). ``deviation_households``: Σ |size − target| over communities, in the measure of the
#: first window.
TermName = Literal[
    "moved_households", "communities", "distance_m_households", "open_border_km", "deviation_households"
]
#: How many communities: free within the windows, or what the case says, else households / target.
NumberRule = Literal["free", "target"]

#: Which profile each mode follows where the case names none.
DEFAULTS: Mapping[str, str] = {"whole": "least-change", "adjust": "least-change", "redraw": "best-service"}


@dataclass(frozen=True)
class Stage:
    """One step of a lexicographic objective.

    Parameters
    ----------
    weights
        Term → weight; the stage minimises their weighted sum.
    slack_share, slack_abs
        Later stages may worsen this sum by this share of its value, or by this much (the larger counts).
    """

    weights: Mapping[TermName, float]
    slack_share: float = 0.0
    slack_abs: float = 0.0

    @property
    def name(self) -> str:
        """The term, or the terms joined by ``+``."""
        return "+".join(self.weights)

    def ceiling(self, value: float) -> float:
        """How large the sum may become in later stages."""
        return value + max(self.slack_share * abs(value), self.slack_abs)


@dataclass(frozen=True)
class Profile:
    """A named order of stages.

    Parameters
    ----------
    profile_id
        Name of the preset, or the stem of the planner's file.
    stages
        First the most important.
    number
        See `NumberRule`; a number in the case always holds.
    """

    profile_id: str
    stages: tuple[Stage, ...]
    number: NumberRule = "free"


def presets() -> tuple[str, ...]:
    """Ids of the profiles that come with the program, sorted."""
    folder = resources.files(__package__) / "profiles"
    return tuple(sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml")))


@cache
def preset(profile_id: str) -> Profile:
    """A profile that comes with the program.

    Raises
    ------
    CaseError
        If there is none of this name; says which there are.
    """
    if profile_id not in presets():
        values = {"key": "profile", "value": profile_id, "known": ", ".join(presets())}
        raise CaseError([Fault("fault.setting", values)])
    text = (resources.files(__package__) / "profiles" / f"{profile_id}.toml").read_text(encoding="utf-8")
    return _profile(profile_id, f"{profile_id}.toml", tomllib.loads(text))


def read_profile(name: str, *, folder: Path) -> Profile:
    """A preset by id, or the profile of a TOML file; a relative path starts at ``folder``.

    Raises
    ------
    CaseError
        Listing everything that is wrong with it.
    """
    if not name.endswith(".toml"):
        return preset(name)
    path = folder / name
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaseError([Fault("fault.case_unreadable", {"file": str(path), "why": str(error)})]) from error
    return _profile(path.stem, path.name, document)


def _profile(profile_id: str, file: str, document: Mapping[str, Any]) -> Profile:
    """A profile from its document, every fault gathered."""
    faults: list[Fault] = []

    def wrong(key: str, value: object, known: str) -> None:
        faults.append(Fault("fault.case_value", {"file": file, "key": key, "value": value, "known": known}))

    def unknown(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in sorted(set(table) - set(known)):
            values = {"file": file, "key": f"{where}{key}", "known": ", ".join(known)}
            faults.append(Fault("fault.case_unknown_key", values))

    unknown("", document, ("number", "stages"))
    number = document.get("number", "free")
    if number not in get_args(NumberRule):
        wrong("number", number, ", ".join(get_args(NumberRule)))
    stages = []
    entries = document.get("stages", [])
    for entry in entries if isinstance(entries, list) else []:
        weights = entry.get("weights", {}) if isinstance(entry, Mapping) else None
        if not isinstance(weights, Mapping) or not weights:
            wrong("stages", entry, _EXAMPLE)
            continue
        unknown("stages.", entry, ("weights", *_SLACKS))
        for term in sorted(set(weights) - set(get_args(TermName))):
            wrong("stages.weights", term, ", ".join(get_args(TermName)))
        slack = {key: entry.get(key, 0.0) for key in _SLACKS}
        for key, value in weights.items():
            if not _figure(value) or value <= 0:
                wrong(f"stages.weights.{key}", value, "> 0")
        for key, value in slack.items():
            if not _figure(value) or value < 0:
                wrong(f"stages.{key}", value, "≥ 0")
        stages.append(Stage(dict(weights), **slack))
    if not isinstance(entries, list) or not entries:
        wrong("stages", entries, _EXAMPLE)
    if faults:
        raise CaseError(faults)
    return Profile(profile_id, tuple(map(_plain, stages)), number)


def _plain(stage: Stage) -> Stage:
    """A stage of one term counts that term, whatever its weight: the order of plans is the same."""
    if len(stage.weights) > 1:
        return stage
    ((term, weight),) = stage.weights.items()
    return replace(stage, weights={term: 1.0}, slack_abs=stage.slack_abs / weight)


_SLACKS = ("slack_share", "slack_abs")
_EXAMPLE = "[[stages]] weights = { moved_households = 1 }"


def _figure(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
