"""Why a rerun proposes something: findings on the carried plan that were not there, or were better, before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from districting.assessment.wording import finding_sentence
from districting.language import Language
from districting.plans.finding import Finding
from districting.rerun.changes import Changes
from districting.rerun.reference import Reference
from districting.rerun.standing import Standing

#: Above the split trigger, below the merge trigger, out of reach, in pieces, the centre outside its own land,
#: inhabited buildings in no community, another rule that must hold.
TriggerKind = Literal["split", "merge", "reach", "contiguity", "office", "unassigned", "rule"]

#: Aspects of findings (`districting.plans.finding.Finding`) that ask for a change, whatever their strength.
ASPECTS: Mapping[str, TriggerKind] = {
    "split_trigger": "split",
    "merge_trigger": "merge",
    "out_of_reach": "reach",
    "no_site": "reach",
    "pieces": "contiguity",
    "office_outside": "office",
    "building_in_none": "unassigned",
}
#: Faces of one rule: a plan is told its bound, a diagnosis its trigger.
_SAME: Mapping[str, str] = {"split_trigger": "over_max", "merge_trigger": "below_min"}
#: Measures of size that the reference tells of each community, and where.
_TOLD: Mapping[str, str] = {"households": "households"}
#: Figures that differ less are the same: metres and shares are computed.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Trigger:
    """One finding that asks for a change.

    Parameters
    ----------
    kind
        Why.
    finding
        What was measured, and where.
    accepted
        The reference had it, too, and it is no worse: it is told, and nothing is proposed for it.
    before
        What was measured then; None where it was not there, or is not known.
    told
        When an earlier rerun told (UTC, ISO 8601) that no plan answers it, if it is no worse now; else empty.
    """

    kind: TriggerKind
    finding: Finding
    accepted: bool
    before: float | None
    told: str = ""

    @property
    def fresh(self) -> bool:
        """Whether people have not heard of it yet."""
        return not self.accepted and not self.told

    def to_json(self, language: Language) -> dict[str, Any]:
        """Plain data with its sentence."""
        told = {"kind": self.kind, "accepted": self.accepted, "before": self.before, "told": self.told}
        return told | self.finding.to_json() | {"sentence": finding_sentence(self.finding, language)}


def find_triggers(
    findings: Sequence[Finding], reference: Reference, changes: Changes, *, standing: Mapping[str, Standing]
) -> tuple[Trigger, ...]:
    """What asks for a change among the findings on the carried plan, in their order.

    Parameters
    ----------
    findings
        Of the checks, on the plan in force with today's data.
    reference, changes
        The plan in force, and what differs since it was made.
    standing
        By name of the sub-district: what is proved to have no answer (`districting.rerun.standing`).

    Notes
    -----
    A finding was accepted with the reference if its rule is unchanged, and the reference's own verdict, or for the
    triggers of size its households, show the same to no lesser degree. Where it is not known what the reference
    stood on, its verdict counts all the same, since it was written down with its figures.
    """
    verdict = _verdict(reference)
    then = reference.communities
    found = []
    for finding in findings:
        kind = ASPECTS.get(finding.aspect, "rule" if finding.strength == "must" else None)
        if kind is None:
            continue
        before = None
        if finding.rule not in changes.rules():
            before = _size_then(finding, then) if finding.aspect in _SAME else None
            if before is None:
                before = verdict.get(_key(finding.rule, finding.aspect, finding.subdistrict, finding.community_id))
        accepted = before is not None and _excess(finding, finding.measured) <= _excess(finding, before)
        told = "" if accepted else _told(finding, standing.get(finding.subdistrict))
        found.append(Trigger(kind, finding, accepted, before, told))
    return tuple(found)


def _told(finding: Finding, known: Standing | None) -> str:
    """When it was told that no plan answers a finding; empty where it was not, or was less than it is now."""
    for one in () if known is None else known.asked:
        named = (one["rule"], one["aspect"], one["community_id"], one["allowed"])
        same = named == (finding.rule, finding.aspect, finding.community_id, finding.allowed)
        if known is not None and same and _excess(finding, finding.measured) <= _excess(finding, one["measured"]):
            return known.moment
    return ""


def _verdict(reference: Reference) -> dict[tuple[str, ...], float]:
    """What the checks measured when the reference was made, by what was broken where; the worst of several."""
    found: dict[tuple[str, ...], float] = {}
    for row in reference.findings:
        key = _key(row["rule"], row["aspect"], row["subdistrict"], row["community_id"])
        measured = float(row["measured"])
        found[key] = max(found.get(key, measured), measured)
    return found


def _key(rule: str, aspect: str, subdistrict: str, community_id: str) -> tuple[str, ...]:
    """What is broken, and where: the community, or the sub-district for land and homes in none."""
    return rule, _SAME.get(aspect, aspect), community_id or f"in {subdistrict}"


def _size_then(finding: Finding, then: pd.DataFrame) -> float | None:
    """The size that a community had in the reference, if it was beyond the same trigger then; else None."""
    column = _TOLD.get(finding.unit)
    if column is None or finding.community_id not in then.index or finding.allowed is None:
        return None
    size = float(then[column].loc[[finding.community_id]].iloc[0])
    beyond = size > finding.allowed if finding.aspect == "split_trigger" else size < finding.allowed
    return size if beyond else None


def _excess(finding: Finding, measured: float) -> float:
    """How far a figure is from what is allowed, rounded so that computed figures compare."""
    excess = measured if finding.allowed is None else abs(measured - finding.allowed)
    return round(excess / _ROUNDING) * _ROUNDING
