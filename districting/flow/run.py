"""What a run of ``propose`` ends in: alternatives, each judged, with the certificate of every sub-district."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from districting.assessment.comparison import Comparison
from districting.assessment.diagnosis import Diagnosis
from districting.assessment.identities import Identities
from districting.assessment.proposal import Proposal
from districting.assessment.resources import ResourceTable
from districting.language import Language
from districting.plans.checks import adoptable
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.plan import Plan
from districting.reports.run_record import subdistrict_record
from districting.solvers.assembly import Answer
from districting.solvers.profile import Profile
from districting.solvers.wording import conflict_sentence


@dataclass(frozen=True)
class Judged:
    """A division, what the checks say of it, the steps that lead to it from today, and who its communities are.

    ``propose`` finds the steps, once: the verdict does not wait for them.
    """

    division: Division
    findings: tuple[Finding, ...]
    propose: Callable[[], Proposal] = field(repr=False, compare=False)
    identities: Identities

    @property
    def proposal(self) -> Proposal:
        """The steps from today."""
        return self.propose()

    @property
    def households_moved(self) -> int:
        """Households whose community changes, building by building."""
        return self.proposal.households_moved

    @property
    def adoptable(self) -> bool:
        """No must-finding is left."""
        return adoptable(self.findings)

    @property
    def figures(self) -> dict[str, int]:
        """What records keep of a verdict: ``households_moved``, ``communities``, ``findings_must``."""
        return {
            "households_moved": self.households_moved,
            "communities": len(self.division.outlines),
            "findings_must": sum(finding.strength == "must" for finding in self.findings),
        }


@dataclass(frozen=True)
class Alternative:
    """One plan of the case: how it was found, and what the checks say.

    Parameters
    ----------
    plan
        The plan.
    judged
        Its verdict.
    answers
        Problem and result by sub-district id.
    profile
        What was wanted of it.
    forced_households
        By sub-district id: households that change community in every plan, since the main part of their
        community lies in another sub-district. Counted in objective and bound of the certificate.
    names
        Names of the sub-districts by id.
    resources
        Rooms, staff and money under the plan, beside today.
    """

    plan: Plan
    judged: Judged
    answers: Mapping[str, Answer]
    profile: Profile
    forced_households: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    resources: ResourceTable | None = None

    @property
    def adoptable(self) -> bool:
        """No must-finding is left, and no sub-district is left unresolved."""
        return self.judged.adoptable and not self.plan.unresolved

    def certificates(self) -> list[dict[str, Any]]:
        """A row per sub-district, as in ``run.json`` (docs/run-record.md)."""
        rows = []
        for subdistrict_id, answer in sorted(self.answers.items()):
            result, before = answer.result, len(answer.problem.community_ids)
            forced = self.forced_households.get(subdistrict_id, 0)
            weights = {stage.name: stage.weights.get("moved_households", 0.0) for stage in self.profile.stages}
            weights.setdefault("moved_households", 1.0)
            terms = tuple(
                replace(
                    term,
                    value=term.value + forced * weights.get(term.name, 0.0),
                    lower_bound=term.lower_bound + forced * weights.get(term.name, 0.0),
                )
                for term in result.terms
            )
            more = forced * self.profile.stages[0].weights.get("moved_households", 0.0)
            stages = [
                {
                    key: value + forced * weights.get(stage["name"], 0.0) if key != "name" else value
                    for key, value in stage.items()
                }
                for stage in result.notes.get("stages", [])
            ]
            named = replace(
                result,
                name=self.names.get(subdistrict_id, subdistrict_id),
                objective=result.objective + more,
                lower_bound=result.lower_bound + more,
                terms=terms,
                notes={**result.notes, "stages": stages} if stages else result.notes,
            )
            after = len(result.solution.chosen) if result.solution else before
            rows.append(
                subdistrict_record(
                    named, atoms=answer.problem.n, communities_before=before, communities_after=after
                )
            )
        return rows

    def conflict_sentences(self, language: Language) -> list[str]:
        """Why sub-districts have no plan, one sentence per cause."""
        return [
            f"{self.names.get(subdistrict_id, subdistrict_id)}: {conflict_sentence(conflict, language)}"
            for subdistrict_id, answer in sorted(self.answers.items())
            for conflict in answer.result.conflicts
        ]


@dataclass(frozen=True)
class Run:
    """Today, its diagnosis, the alternatives of one ``propose``; when it began, how long it took (s)."""

    today: Division
    diagnosis: Diagnosis
    alternatives: tuple[Alternative, ...]
    comparison: Comparison
    started: str = ""
    seconds: float = 0.0
