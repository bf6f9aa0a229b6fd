"""The tables of a plan as one Excel file: today, before and after, compounds, doors, resources, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from districting.assessment.steps import Step
from districting.assessment.wording import finding_sentence, step_sentence
from districting.language import say
from districting.plans.finding import Finding
from districting.policies.wording import kind_title
from districting.reports.belonging_sheets import compound_sheet, door_sheet
from districting.reports.plan_tables import PlanTables
from districting.reports.resource_sheets import community_sheet, figure_sheet
from districting.reports.sheets import Column, Sheet, write_workbook
from districting.reports.sides import SIDES, four_sides
from districting.reports.words import clause_text, rule_clause

#: What a diagnosis says of a community's size.
_OF_SIZE = ("split_trigger", "merge_trigger", "over_max", "below_min")


def write_tables(path: Path, given: PlanTables) -> None:
    """Write ``tables.xlsx``: seven sheets, each with title, plan, policy and source, ready to print."""
    sheets = [
        today_sheet(given),
        change_sheet(given),
        compound_sheet(given),
        door_sheet(given),
        community_sheet(given.resources, given.subdistricts, given.notes(), given.language),
        figure_sheet(given.resources, given.notes(), given.language),
        rule_sheet(given),
    ]
    write_workbook(path, sheets, language=given.language)


def today_sheet(given: PlanTables) -> Sheet:
    """现状一览表: every community as it stands."""
    figures, codes = given.figures_today, given.territory.layers.communities["code"]
    told = _told_of(given, given.findings_today, _OF_SIZE)
    columns = (
        *given.who(figures.index, figures, code=codes.reindex(figures.index)),
        *given.sizes(figures, given.today),
        Column(given.head("diagnosis"), [told.get(str(key), "") for key in figures.index]),
    )
    return given.sheet("today", columns, fixed=4, plan="today")


def change_sheet(given: PlanTables) -> Sheet:
    """调整前后对照表: what becomes of every community, abolished ones included."""
    proposal, changes = given.proposal, given.proposal.changes
    closing = say(
        "tables.arithmetic",
        given.language,
        before=proposal.before,
        abolished=proposal.counts["abolish"],
        new=proposal.counts["new"],
        after=proposal.after,
        moved=proposal.households_moved,
    )
    actions = [say(f"action.{action}", given.language) for action in changes["action"]]
    before, after, moved = given.head("before"), given.head("after"), given.head("moved")
    flows = (
        ("households", "households_before", before),
        ("in", "moved_in", moved),
        ("out", "moved_out", moved),
        ("households", "households_after", after),
    )
    columns = (
        *given.who(changes.index, changes, code=given.codes),
        Column(given.head("action"), actions, "mark"),
        *(
            Column(given.head(head), changes[name].tolist(), "count", group, total=True)
            for head, name, group in flows
        ),
        *(
            replace(one, group=after)
            for one in given.sizes(given.figures.reindex(changes.index), given.division)[1:]
        ),
        Column(given.head("sides"), _sides(given, changes.index), group=after),
        Column(given.head("steps"), [_steps(given, key) for key in changes.index]),
    )
    return given.sheet("change", columns, fixed=4, remarks=(closing, *_taken_in(given)))


def rule_sheet(given: PlanTables) -> Sheet:
    """合规检查表: every rule with its clause, kept or broken, where and by how much."""
    rows: list[tuple[str, str, str, str, str, int | None]] = []
    for rule in given.policy.rules:
        mine = [finding for finding in given.findings if finding.rule == rule.rule_id]
        title, clause = kind_title(rule, given.language), rule_clause(rule, given.language)
        if not mine:
            strength, kept = say(f"strength.{rule.strength}", given.language), say("tables.kept", given.language)
            rows.append((title, strength, kept, "", clause, None))
        rows += [_verdict(given, finding, title) for finding in mine]
    known = {rule.rule_id for rule in given.policy.rules}
    own = say("tables.program_rule", given.language)
    rows += [_verdict(given, finding, own) for finding in given.findings if finding.rule not in known]
    heads = ("rule", "strength", "verdict", "subdistrict", "clause")
    columns = [
        given.numbers(len(rows)),
        *(
            Column(given.head(head), [row[place] for row in rows], "mark" if head == "strength" else "text")
            for place, head in enumerate(heads)
        ),
        Column(given.head("concerned"), [row[5] for row in rows], "count"),
    ]
    return given.sheet("rules", columns, fixed=2)


def _verdict(given: PlanTables, finding: Finding, title: str) -> tuple[str, str, str, str, str, int | None]:
    """A row of a finding."""
    strength = say(f"strength.{finding.strength}", given.language)
    sentence = finding_sentence(finding, given.language)
    clause = clause_text(finding, given.policy, given.language)
    return (title, strength, sentence, finding.subdistrict, clause, finding.households)


def _told_of(given: PlanTables, findings: Sequence[Finding], aspects: Sequence[str]) -> dict[str, str]:
    """What findings of some aspects say of each community, in a word."""
    told: dict[str, list[str]] = {}
    for finding in findings:
        if finding.aspect in aspects:
            told.setdefault(finding.community_id, []).append(say(f"aspect.{finding.aspect}", given.language))
    return {key: given.joined(dict.fromkeys(words)) for key, words in told.items()}


def _steps(given: PlanTables, community_id: Any) -> str:
    """What is done to one community, in the order of the steps, a line each."""

    def about(step: Step) -> bool:
        return community_id in step.communities or community_id == step.subject

    return "\n".join(step_sentence(step, given.language) for step in given.proposal.steps if about(step))


def _sides(given: PlanTables, ids: pd.Index[Any]) -> list[str]:
    """四至 of each community of the plan; empty for one that ends."""
    limits = four_sides(given.division.outlines, given.territory.layers)
    words = limits.map(lambda held: given.joined([limit.text(given.language) for limit in held]) or "—")
    told = {
        str(key): say("tables.sides", given.language, **{side: row[side] for side in SIDES})
        for key, row in words.iterrows()
    }
    return [told.get(str(key), "") for key in ids]


def _taken_in(given: PlanTables) -> tuple[str, ...]:
    """Households that are in no community today and in one after, where there are any."""
    today = given.today.buildings
    found = today.isna() & given.division.buildings.reindex(today.index).notna()
    households = int(given.territory.layers.buildings["households"].reindex(today.index)[found].sum())
    return (say("tables.taken_in", given.language, n=households),) if households else ()
