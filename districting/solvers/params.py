"""Settings of the search, grouped by the stage that reads them."""

from __future__ import annotations

from dataclasses import dataclass

from districting.solvers.profile import Profile


@dataclass(frozen=True)
class Params:
    """When a search stops and what it may do.

    Parameters
    ----------
    time_limit_s
        Wall time per sub-district and mode.
    gap_households, gap_share
        Stop when proved within this many households or this share of the sub-district's households (of the
        objective, for distances).
    seed
        Of everything random.
    whole_may_join
        In ``whole``, a community with no legal union may join a part of an oversized neighbour.
    threads
        Of HiGHS; one value per process (method §7, trap 3).
    profile
        What is wanted, in order; None: the mode's own (`profile.DEFAULTS`).
    """

    time_limit_s: float = 60.0
    gap_households: float = 5.0
    gap_share: float = 0.001
    seed: int = 7
    whole_may_join: bool = False
    threads: int = 1
    profile: Profile | None = None
