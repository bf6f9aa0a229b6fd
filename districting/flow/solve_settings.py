"""``[solve]`` of a case: the alternatives that ``propose`` makes and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from districting.flow.further import Variety
from districting.solvers.params import Params


@dataclass(frozen=True)
class SolveSettings:
    """``[solve]``: the alternatives that ``propose`` makes and how long it may take.

    Parameters
    ----------
    modes
        Alternatives, in the order of the report: a mode, or a mode and what is wanted of it
        (``"adjust/best-service"``, ``"redraw/mine.toml"``).
    profile
        What is wanted where an entry of ``modes`` names nothing: a preset or a profile file; None: its own.
    alternatives
        Plans of each entry of ``modes``: the best one and others that truly differ.
    differ_share, within_share
        Such a plan places at least this share of a sub-district's households differently from each before it, and
        the first thing wanted of it is at most this share worse than in the best.
    time_limit_s
        Wall time per sub-district and alternative, s.
    gap_households, gap_share
        Stop when proved within this many households or this share of the sub-district.
    headroom
        Room to grow that a part made by a split keeps, as a share of the maximum.
    atom_cap
        Households that an atom may hold; None: a third of the policy's maximum as published.
    seed
        Of everything random.
    communities
        Number of communities: one for the whole case (a single sub-district), or by sub-district; an int, or
        (fewest, most).
    horizon
        Year at which the size bounds must hold too, planned housing included; None: today only.
    engine
        Where the solving runs: ``serial``, ``local`` or ``dask://host:port``.
    workers
        Worker processes of this machine; None: one per core.
    whole_may_join
        In ``whole``, a community with no legal union may join a part of an oversized neighbour.
    date
        Day of the run, ``YYYY-MM-DD``, which a freeze depends on; None: the day on which it runs.
    """

    modes: tuple[str, ...] = ("whole", "adjust", "redraw")
    profile: str | None = None
    alternatives: int = 1
    differ_share: float = 0.05
    within_share: float = 0.1
    time_limit_s: float = 60.0
    gap_households: float = 5.0
    gap_share: float = 0.001
    headroom: float = 0.05
    atom_cap: int | None = None
    seed: int = 7
    communities: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    horizon: int | None = None
    engine: str = "local"
    workers: int | None = None
    whole_may_join: bool = False
    date: str | None = None

    @property
    def variety(self) -> Variety:
        """How many plans of each kind, and what sets them apart."""
        return Variety(self.alternatives, self.differ_share, self.within_share)

    @property
    def params(self) -> Params:
        """What the solvers read, whatever is wanted of the plan."""
        return Params(
            time_limit_s=self.time_limit_s,
            gap_households=self.gap_households,
            gap_share=self.gap_share,
            seed=self.seed,
            whole_may_join=self.whole_may_join,
        )
