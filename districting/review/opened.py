"""The case once it has been read: what the desk asks of maps, rules and checks. Imports all that is heavy."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, get_args

from districting.assessment.wording import finding_sentence
from districting.flow.run import Judged
from districting.language import Language
from districting.reports.words import plan_title
from districting.review.asked import Standards
from districting.review.computed import read_computed, to_division, todays
from districting.review.drafts import CommunityNote, Drafts, Labels
from districting.review.ground import Ground
from districting.study import Study


class Mode(TypedDict):
    """A way to search, and what it is called in each language."""

    mode: str
    title: dict[Language, str]


@dataclass(frozen=True, eq=False)
class Opened:
    """A study with what the review reads of it.

    Parameters
    ----------
    ground
        Atoms as arrays, for previews.
    standards
        When a proposal holds there.
    today
        What is said of today's communities.
    modes
        How a search can be made, the gentlest first.
    subdistricts
        Name by id.
    """

    study: Study
    ground: Ground
    standards: Standards
    today: Mapping[str, CommunityNote]
    modes: Sequence[Mode]
    subdistricts: Mapping[str, str]

    @classmethod
    def of(cls, study: Study) -> Opened:
        """Read the layers, cut the ground, judge today.

        Raises
        ------
        InputError
            If the data cannot be used.
        """
        today = todays(study.today)
        study.diagnose()
        ground = Ground.of(study.territory, study.policy, study.today)
        named = zip(study.case.solve.modes, study.case.approaches(), strict=True)
        modes: list[Mode] = [
            {"mode": mode, "title": {said: plan_title(one.plan_id, said) for said in get_args(Language)}}
            for mode, one in named
        ]
        gentle = sorted(modes, key=lambda one: not one["mode"].startswith("adjust"))
        names = {str(key): str(name) for key, name in study.layers.subdistricts["name"].items()}
        return cls(study, ground, Standards(ground), today, gentle, names)

    def judge(self, plan_id: str, labels: Labels, communities: Mapping[str, CommunityNote]) -> Judged:
        """The verdict of the checks on a plan of the review."""
        return self.study.judge(to_division(plan_id, labels, communities, self.study.territory))

    def sentences(self, judged: Judged, language: Language) -> list[dict[str, Any]]:
        """Findings as plain data, each with its sentence."""
        return [
            {**finding.to_json(), "sentence": finding_sentence(finding, language)} for finding in judged.findings
        ]

    def draw(self, judged: Sequence[Judged], record: Mapping[str, Any]) -> str:
        """The compare page of today and some plans."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.html"
            self.study.write_comparison(judged, self.study.measure(judged), path, run=record)
            return path.read_text(encoding="utf-8")

    def take_over(self, drafts: Drafts, out: Path, record: Mapping[str, Any], *, person: str) -> None:
        """Enter the plans of the run; a plan of an earlier run under the same name stays as it was."""
        known = {note.plan_id for note in drafts.all()}
        for entry in record["plans"]:
            plan_id = str(entry["plan_id"])
            found = read_computed(out, plan_id, self.study.territory, self.study.today)
            if found is None:
                continue
            labels, communities = found
            while plan_id in known and drafts.labels(plan_id, 0) != labels:
                plan_id += "+"
            if plan_id not in known:
                drafts.begin(
                    plan_id,
                    title=drafts.unused_title(plan_title(plan_id, self.study.language)),
                    status="computed",
                    labels=labels,
                    communities=communities,
                    person=person,
                )
