"""What a policy forbids, from the case file to the judged plans: communities across school zones, pieces moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from districting.engine import Job
from districting.plans.checks import check
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.study import Study

SCHOOL_ZONES = """
extends = "xian-2023"
[[rules]]
kind = "size"
rule_id = "size"
strength = "must"
untouched = "should"
clause = "1"
min = 150
max = 5000
[[rules]]
kind = "nesting"
rule_id = "school"
strength = "must"
clause = "2"
inside = "school"
"""


WHOLE_UNITS = """
extends = "xian-2023"
[[rules]]
kind = "whole_unit"
rule_id = "whole_unit"
strength = "{strength}"
clause = "3"
"""


def under(policy: str, case: Path) -> Study:
    """The town of the case under a policy of its own."""
    (case.parent / "own.toml").write_text(policy, encoding="utf-8")
    text = case.read_text(encoding="utf-8").replace('policy = "xian-2023"', 'policy = "own.toml"')
    case.write_text(text, encoding="utf-8")
    return Study.open(case, language="en")


def straddling(findings: Iterable[Finding]) -> set[str]:
    """Communities across zones."""
    return {finding.community_id for finding in findings if finding.aspect == "across_zones"}


def test_no_plan_straddles_what_a_must_forbids(hamlet: Path) -> None:
    study = under(SCHOOL_ZONES, hamlet).with_settings({"time_limit_s": 4.0})
    run = study.propose(engine="serial", modes=("whole", "adjust", "redraw"))
    assert straddling(run.diagnosis.findings), "the town has none today: nothing would be shown"
    solved = [one for one in run.alternatives if not one.plan.unresolved]
    assert {one.plan.mode for one in solved} >= {"adjust", "redraw"}
    for one in solved:
        assert straddling(one.judged.findings) == set()
    # The same plan with two communities of different zones made one: the check would have told.
    division, homes = solved[-1].judged.division, study.layers.buildings
    lived_in = division.buildings[homes["households"] > 0]
    here, there = (
        lived_in[homes.geometry.loc[lived_in.index].within(zone)].iloc[0]
        for zone in study.layers.zones.geometry[:2]
    )
    joined = Division.of_buildings(division.buildings.replace({there: here}), study.territory)
    told = check(joined, study.territory, study.policy, today=study.today)
    assert straddling(told) == {here}
    assert {finding.strength for finding in told if finding.aspect == "across_zones"} == {"must"}


@pytest.mark.parametrize(("strength", "joins"), [("must", False), ("should", True)])
def test_where_units_must_be_whole_nobody_joins_a_part_of_a_neighbour(
    hamlet: Path, strength: str, joins: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    class EnoughError(Exception):
        """The jobs have been seen; nothing needs to be solved."""

    def seen(jobs: Sequence[Job], **_: object) -> None:
        asked.extend(job.params.whole_may_join for job in jobs)
        raise EnoughError

    monkeypatch.setattr("districting.study.run_jobs", seen)
    study = under(WHOLE_UNITS.format(strength=strength), hamlet).with_settings({"whole_may_join": True})
    with pytest.raises(EnoughError):
        study.propose(engine="serial", modes=("whole",))
    assert asked == [joins]
