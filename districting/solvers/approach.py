"""One way to a plan: a mode and what is wanted of it, as people name it: ``adjust``, ``adjust/best-service``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from districting.errors import CaseError, Fault
from districting.solvers.profile import DEFAULTS, Profile, preset, read_profile
from districting.solvers.strategy import SolveMode


@dataclass(frozen=True)
class Approach:
    """A mode with a profile.

    Parameters
    ----------
    mode
        How the plan is made.
    profile
        What is wanted of it, in order.
    """

    mode: SolveMode
    profile: Profile

    @classmethod
    def default(cls, mode: SolveMode) -> Approach:
        """A mode with its own profile."""
        return cls(mode, preset(DEFAULTS[mode]))

    @property
    def plan_id(self) -> str:
        """Name of its plan and of the plan's folder: the mode, and the profile where it is not the mode's own."""
        own = self.profile == preset(DEFAULTS[self.mode])
        return self.mode if own else f"{self.mode}-{self.profile.profile_id}"


def read_approach(text: str, *, profile: str | None, folder: Path) -> Approach:
    """The approach that ``mode`` or ``mode/profile`` names.

    Parameters
    ----------
    text
        A mode, alone or with the id of a preset or the path of a profile file.
    profile
        Of a mode alone; None: the mode's own.
    folder
        Where a relative path starts.

    Raises
    ------
    CaseError
        If mode or profile are unknown, or the profile's file is wrong; lists every fault.

    Examples
    --------
    >>> read_approach("adjust/best-service", profile=None, folder=Path()).plan_id
    'adjust-best-service'
    >>> read_approach("redraw/best-service", profile=None, folder=Path()).plan_id
    'redraw'
    """
    mode, slash, named = text.partition("/")
    if mode not in get_args(SolveMode) or (slash and not named):
        known = ", ".join(get_args(SolveMode))
        raise CaseError([Fault("fault.mode_unknown", {"value": text, "known": known})])
    name = named or profile or DEFAULTS[mode]
    return Approach(cast(SolveMode, mode), read_profile(name, folder=folder))


def read_approaches(texts: tuple[str, ...], *, profile: str | None, folder: Path) -> tuple[Approach, ...]:
    """All approaches of a case, in its order.

    Raises
    ------
    CaseError
        With the faults of all of them; also where two would write the same plan.
    """
    found: list[Approach] = []
    faults: list[Fault] = []
    for text in texts:
        try:
            one = read_approach(text, profile=profile, folder=folder)
        except CaseError as error:
            faults += [fault for fault in error.faults if fault not in faults]
            continue
        if any(one.plan_id == other.plan_id for other in found):
            faults.append(Fault("fault.approach_twice", {"value": text, "plan": one.plan_id}))
        found.append(one)
    if faults:
        raise CaseError(faults)
    return tuple(found)
