"""A plan that comes about in stages: what each stage changes, how it is judged, and who still waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from districting.assessment.identities import Identities
from districting.assessment.proposal import propose_steps
from districting.assessment.steps import Step
from districting.assessment.urgency import Trouble
from districting.plans.checks import Verdict
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.territory.territory import Territory


@dataclass(frozen=True)
class Caps:
    """What may change in one stage.

    Parameters
    ----------
    communities
        Communities that change: those of today that give, take or end, and new ones.
    households
        Households whose community changes; None: any number.
    per_subdistrict
        Communities that change in one sub-district; None: any number.
    """

    communities: int
    households: int | None = None
    per_subdistrict: int | None = None

    def to_json(self) -> dict[str, int | None]:
        """Plain data."""
        return {
            "communities": self.communities,
            "households": self.households,
            "per_subdistrict": self.per_subdistrict,
        }


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage, and the division that it ends in.

    Parameters
    ----------
    number
        From 1.
    steps
        Taken in this stage, in the order of the proposal.
    division
        Today with the steps of all stages up to this one.
    changes
        What becomes of each community since the stage before, columns of `Proposal.changes`; only those that
        change.
    findings
        Of the checks on ``division``.
    new_must
        Those of them that break a must-rule where neither today nor the whole plan does.
    waiting
        Troubles of today that no stage so far has mended, the most urgent first.
    above
        By cap that the stage exceeds (``communities``, ``households``, ``per_subdistrict``), since its steps only
        work together: how much changes.
    """

    number: int
    steps: tuple[Step, ...]
    division: Division
    changes: pd.DataFrame
    findings: tuple[Finding, ...]
    new_must: tuple[Finding, ...]
    waiting: tuple[Trouble, ...]
    above: Mapping[str, int]

    @property
    def households_moved(self) -> int:
        """Households whose community changes in this stage."""
        return sum(flow.households for step in self.steps for flow in step.flows if flow.from_id)

    @property
    def communities(self) -> int:
        """Communities once the stage is done."""
        return len(self.division.outlines)

    def count(self, action: str) -> int:
        """Communities with which this is done in the stage."""
        return int((self.changes["action"] == action).sum())

    def waiting_in(self, tier: int) -> int:
        """Communities that still wait with a trouble of this tier."""
        return sum(trouble.tier == tier for trouble in self.waiting)

    def to_json(self) -> dict[str, Any]:
        """Plain data; the division itself goes to files of its own."""
        changes = self.changes.reset_index()
        return {
            "stage": self.number,
            "communities_changed": len(self.changes),
            "households_moved": self.households_moved,
            "communities_after": self.communities,
            "steps": [step.number for step in self.steps],
            "groups": sorted({step.group for step in self.steps}),
            "above_caps": dict(self.above),
            "findings": dict(Verdict(self.findings).counts),
            "new_must": [finding.to_json() for finding in self.new_must],
            "waiting": [trouble.to_json() for trouble in self.waiting],
            "changes": changes.astype(object).where(changes.notna(), None).to_dict("records"),
        }


@dataclass(frozen=True, eq=False)
class StagedPlan:
    """A plan in stages, with what is proved of them.

    Parameters
    ----------
    name
        Of the plan.
    caps
        Of every stage.
    stages
        In their order; the last ends in the plan.
    fewest
        Proved: no order of the plan's steps keeps the caps in fewer stages, each legal. Steps that only work
        together and exceed a cap count as one stage that may.
    waiting, waiting_bound
        By tier of `districting.assessment.urgency.TIERS` and all else: sum over the stages of what still waits
        after each (households above the maximum; households short of the minimum; households out of reach;
        other communities), and the proved bound on it.
    proved
        True if the number of stages and every tier are proved.
    identities
        Names and codes of the whole plan.
    """

    name: str
    caps: Caps
    stages: tuple[Stage, ...]
    fewest: int
    waiting: tuple[float, ...]
    waiting_bound: tuple[float, ...]
    proved: bool
    identities: Identities

    @property
    def households_moved(self) -> int:
        """Households whose community changes, over all stages."""
        return sum(stage.households_moved for stage in self.stages)

    @property
    def legal(self) -> bool:
        """Whether no stage breaks a must-rule where neither today nor the whole plan does."""
        return not any(stage.new_must for stage in self.stages)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Every change of every stage: ``stage``, ``community_id`` and the columns of `Proposal.changes`."""
        parts = [stage.changes.reset_index().assign(stage=stage.number) for stage in self.stages]
        columns = ["stage", "community_id", "name", "subdistrict_id", "action", "households_before"]
        columns += ["households_after", "moved_in", "moved_out"]
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts, ignore_index=True)[columns]

    def to_json(self) -> dict[str, Any]:
        """Plain data, as in ``stages.json``."""
        return {
            "plan": self.name,
            "caps": self.caps.to_json(),
            "stages": len(self.stages),
            "fewest_stages_proved": self.fewest,
            "proved": self.proved,
            "legal": self.legal,
            "households_moved": self.households_moved,
            "waiting_by_tier": [
                {"tier": tier, "value": value, "lower_bound": bound}
                for tier, value, bound in zip(_TIER_NAMES, self.waiting, self.waiting_bound, strict=True)
            ],
            "by_stage": [stage.to_json() for stage in self.stages],
        }


#: Tiers of urgency in words of the files; the unit of each is in `StagedPlan`.
_TIER_NAMES = ("above_maximum", "below_minimum", "out_of_reach", "other")


def changes_since(earlier: Division, later: Division, territory: Territory) -> pd.DataFrame:
    """What becomes of each community between two interim divisions of one plan; only those that change.

    Ids go before origins: a community founded in an earlier stage is itself in a later one.
    """
    own = later.outlines.index.to_series().astype(object)
    outlines = later.outlines.copy()
    same = own.isin(earlier.outlines.index)
    outlines["origin"] = own.where(same, outlines["origin"])
    changes = propose_steps(earlier, replace(later, outlines=outlines), territory).changes
    return changes[changes["action"] != "keep"]


def exceeded(steps: Sequence[Step], changed: Mapping[str, str], caps: Caps) -> dict[str, int]:
    """How much changes in a stage, by each cap that it exceeds.

    Parameters
    ----------
    changed
        Sub-district of each community that changes in it, by ``community_id``.
    """
    homes = sum(flow.households for step in steps for flow in step.flows if flow.from_id)
    most = max(Counter(changed.values()).values(), default=0)
    told = (
        ("communities", len(changed), caps.communities),
        ("households", homes, caps.households),
        ("per_subdistrict", most, caps.per_subdistrict),
    )
    return {name: value for name, value, limit in told if limit is not None and value > limit}
