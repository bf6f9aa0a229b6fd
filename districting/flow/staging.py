"""From a plan to its stages: which steps go together, in which order, each stage judged like a plan of its own.

The integer program knows sizes and pieces of what lies in between; the judge knows every rule. What the judge
refuses is forbidden and the program asked again, so the number of stages is proved under the judge's own word.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from districting.assessment.identities import Identities
from districting.assessment.interim import interim_division
from districting.assessment.partial import Steps, forbidden_parts, sharing_an_atom, steps_touching
from districting.assessment.proposal import Proposal
from districting.assessment.staging import Caps, Stage, StagedPlan, changes_since, exceeded
from districting.assessment.steps import Step
from districting.assessment.urgency import TIERS, Trouble, troubles
from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.evidence import carried_ids
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.policies.sizes import SizeRule
from districting.progress import Progress, Stop, never, silent
from districting.progress import Step as Sign
from districting.solvers.exact.staging import Staging, solve_staging
from districting.solvers.staging import Cap, StagingProblem
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork

#: The program is asked again at most so often; what the judge still refuses then is told with the stage.
MOST_ROUNDS = 25
#: Wall time of a round of the program at least, s.
LEAST_ROUND_S = 5.0
#: Bounds that a community must keep once it has been touched, whatever their strength.
_BOUNDS = ("over_max", "below_min")

Key = tuple[str, str, str]


class StageMaker:
    """Brings one plan about in stages.

    Parameters
    ----------
    before, after
        Today's division and the plan's.
    proposal
        The steps between them.
    findings_before, findings_after
        Verdicts on both.
    identities
        Names and codes of the plan's communities.
    caps
        Of every stage.
    network
        For walked distances.
    time_limit_s
        Wall time of the integer program, over all its rounds.
    """

    def __init__(
        self,
        before: Division,
        after: Division,
        proposal: Proposal,
        territory: Territory,
        policy: Policy,
        *,
        findings_before: Sequence[Finding],
        findings_after: Sequence[Finding],
        identities: Identities,
        caps: Caps,
        network: WalkNetwork | None = None,
        time_limit_s: float = 60.0,
        progress: Progress = silent,
        stop: Stop = never,
    ) -> None:
        self.before, self.after, self.steps = before, after, proposal.steps
        self.territory, self.policy, self.network = territory, policy, network
        self.identities = identities
        self.caps, self.time_limit_s, self.progress, self.stop = caps, time_limit_s, progress, stop
        self.heirs = {str(old): str(new) for new, old in carried_ids(after, before).items() if old}
        self.touching = steps_touching(self.steps)
        self.troubles = troubles(findings_before, findings_after, heirs=self.heirs)
        self.today_keys = {_key(f, self.heirs) for f in findings_before if _binds(f)}
        self.plan_keys = {_key(f, {}) for f in findings_after if _binds(f)}
        names = territory.layers.subdistricts["name"]
        self.where = {
            **before.outlines["subdistrict_id"].rename(index=self.heirs),
            **after.outlines["subdistrict_id"],
        }
        self.names = {str(key): str(name) for key, name in names.items()}
        self._judged: dict[Steps, tuple[Division, tuple[Finding, ...]]] = {}

    def stages(self) -> StagedPlan:
        """The stages, judged one by one; see `districting.solvers.exact.staging` for what is wanted of them."""
        forbidden = forbidden_parts(self.steps, self.before, self.after, self.territory, policy=self.policy)
        ends = time.monotonic() + self.time_limit_s
        refused: list[tuple[str, Steps]] = []
        for number in range(MOST_ROUNDS):
            self.progress(Sign("stage.staging", number, 0))
            # Half of what is left, so that there is time to ask again; a little in any case.
            limit = max((ends - time.monotonic()) / 2, LEAST_ROUND_S)
            found = solve_staging(self._pose(forbidden), time_limit_s=limit, stop=self.stop)
            refused = self._refused(found)
            if not refused or self.stop():
                break
            for community, part in refused:
                forbidden[community] = forbidden.get(community, frozenset()) | {part}
        return self._written_out(found, accepted=not refused)

    def _pose(self, forbidden: dict[str, frozenset[Steps]]) -> StagingProblem:
        """The question to the integer program."""
        names, n = list(self.touching), len(self.steps)
        tied = sharing_an_atom(self.steps, self.territory)
        touching: list[tuple[int, ...]] = [*self.touching.values(), *tied]
        parts = [forbidden.get(name, frozenset()) for name in names]
        parts += [frozenset({frozenset({a}), frozenset({b})}) for a, b in tied]
        counted = np.r_[np.ones(len(names)), np.zeros(len(tied))]
        moved = np.array([_moved(step) for step in self.steps], dtype=np.float64)
        none_of_steps, none_of_communities = np.zeros(n), np.zeros(len(touching))
        caps = [Cap(float(self.caps.communities), counted, none_of_steps)]
        if self.caps.households is not None:
            caps.append(Cap(float(self.caps.households), none_of_communities, moved))
        if self.caps.per_subdistrict is not None:
            place = np.array([str(self.where.get(name) or "") for name in names] + [""] * len(tied))
            for one in sorted(set(place[counted > 0])):
                inside = counted * (place == one)
                if inside.sum() > self.caps.per_subdistrict:
                    caps.append(Cap(float(self.caps.per_subdistrict), inside, none_of_steps))
        urgency = np.zeros((len(TIERS) + 1, len(touching)))
        for trouble in self.troubles:
            if trouble.community_id in self.touching:
                urgency[trouble.tier, names.index(trouble.community_id)] = trouble.weight
        return StagingProblem(tuple(touching), tuple(parts), tuple(caps), tuple(urgency), 1.0 + moved)

    def _refused(self, found: Staging) -> list[tuple[str, Steps]]:
        """Parts of a community's change after which the judge finds it illegal, in any stage but the last."""
        refused: list[tuple[str, Steps]] = []
        for s in range(found.stages - 1):
            done = frozenset(np.flatnonzero(found.stage <= s).tolist())
            for finding in self._new(done, self._judge(done)[1]):
                mine = frozenset(self.touching.get(finding.community_id, ()))
                part = mine & done
                if part and part != mine and (finding.community_id, part) not in refused:
                    refused.append((finding.community_id, part))
        return refused

    def _judge(self, done: Steps) -> tuple[Division, tuple[Finding, ...]]:
        """The division after these steps, and what it breaks of all that binds a stage."""
        if done not in self._judged:
            steps = [self.steps[i] for i in sorted(done)]
            division = interim_division(self.before, self.after, steps, self.territory, name=self.after.name)
            binding = tuple(r for r in self.policy.rules if r.strength == "must" or isinstance(r, SizeRule))
            rules = replace(self.policy, rules=binding)
            told = check(division, self.territory, rules, today=self.before, network=self.network)
            self._judged[done] = division, told
        return self._judged[done]

    def _new(self, done: Steps, findings: Sequence[Finding]) -> list[Finding]:
        """What binds and is broken where it may not be: on communities that these steps touch, wherever the whole
        plan does not break it; elsewhere, wherever today does not, either."""
        told = []
        for finding in findings:
            key = _key(finding, {})
            touched = any(i in done for i in self.touching.get(finding.community_id, ()))
            excused = key in self.plan_keys or (not touched and key in self.today_keys)
            if _binds(finding) and not excused and (touched or finding.strength == "must"):
                told.append(finding)
        return told

    def _written_out(self, found: Staging, *, accepted: bool) -> StagedPlan:
        """The stages as nouns, each division judged by every rule."""
        stages: list[Stage] = []
        earlier = self.before
        for s in range(found.stages):
            self.progress(Sign("stage.check", s, found.stages))
            done = frozenset(np.flatnonzero(found.stage <= s).tolist())
            steps = tuple(self.steps[i] for i in np.flatnonzero(found.stage == s))
            division = replace(self._judge(done)[0], name=f"{self.after.name}-{s + 1}")
            if s == found.stages - 1:
                division = replace(self.after, name=division.name)
            told = check(division, self.territory, self.policy, today=self.before, network=self.network)
            touched = frozenset().union(*(step.communities | ({step.subject} - {""}) for step in steps))
            stages.append(
                Stage(
                    number=s + 1,
                    steps=steps,
                    division=division,
                    changes=changes_since(earlier, division, self.territory),
                    findings=told,
                    new_must=tuple(f for f in self._new(done, told) if f.strength == "must"),
                    waiting=self._waiting(done),
                    above=exceeded(steps, {one: str(self.where.get(one) or "") for one in touched}, self.caps),
                )
            )
            earlier = division
        return StagedPlan(
            name=self.after.name,
            caps=self.caps,
            stages=tuple(stages),
            fewest=found.fewest,
            waiting=found.waiting,
            waiting_bound=found.waiting_bound,
            proved=accepted and found.status == "optimal",
            identities=self.identities,
        )

    def _waiting(self, done: Steps) -> tuple[Trouble, ...]:
        """Troubles that none of these steps has touched."""
        return tuple(
            trouble
            for trouble in self.troubles
            if trouble.community_id in self.touching and not done & set(self.touching[trouble.community_id])
        )


def _binds(finding: Finding) -> bool:
    """Whether a stage must not break this: must-rules, and the bounds on size whatever their strength."""
    return finding.strength == "must" or finding.aspect in _BOUNDS


def _key(finding: Finding, heirs: dict[str, str]) -> Key:
    """What is broken, and where: the community, or the sub-district for land in none."""
    place = heirs.get(finding.community_id, finding.community_id) or f"in {finding.subdistrict}"
    return (finding.rule, finding.aspect, place)


def _moved(step: Step) -> int:
    """Households whose community changes in a step."""
    return sum(flow.households for flow in step.flows if flow.from_id)
