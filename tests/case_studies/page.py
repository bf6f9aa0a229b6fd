"""The page of a case: the document's figures beside ours, the commands with what they print, the maps, what is left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from districting import __version__
from districting.flow.run import Judged
from districting.policies.outcomes import Outcome
from districting.study import Study
from districting.territory.sample_spec import TownSpec

#: Lines of a command's output that a page shows, unless its step says otherwise.
_LINES = 45

#: Communities that the table of a plan lists.
_ROWS = 60

_ACTIONS = {
    "keep": "kept",
    "adjust": "adjusted",
    "split": "split",
    "merge": "merged",
    "new": "new",
    "abolish": "abolished",
}


#: What is counted of a plan where the document reports no outcome.
_COUNTED = {
    "communities_after": "communities",
    "kept": "kept",
    "reorganised": "adjusted, split or merged",
    "new": "new",
    "abolished": "abolished",
}


@dataclass(frozen=True)
class Output:
    """What a step printed: ``lines`` to stdout, the exit code, seconds."""

    step: dict[str, Any]
    lines: list[str]
    code: int
    seconds: float


@dataclass(frozen=True)
class Figures:
    """What one plan came to."""

    label: str
    values: dict[str, float]
    changes: list[dict[str, Any]]
    left: Counter[tuple[str, str, str]]
    certificates: list[dict[str, Any]]


def figures_of(result: dict[str, str], judged: Judged, study: Study, work: Path) -> Figures:
    """The figures of one plan file, by the names of the document's outcomes."""
    proposal = judged.proposal.to_json()
    actions = proposal["actions"]
    record = json.loads((work / result["record"]).read_text(encoding="utf-8"))
    plan_id = Path(result["plan"]).parent.name
    plans = [plan for plan in record["plans"] if plan["plan_id"] == plan_id] or record["plans"]
    values = {
        "communities_after": proposal["communities_after"],
        "kept": actions["keep"],
        "reorganised": actions["adjust"] + actions["split"] + actions["merge"],
        "new": actions["new"],
        "abolished": actions["abolish"],
    }
    aspects = Counter(one.aspect for one in judged.findings if one.rule == study.policy.size.rule_id)
    values |= {"super_large": aspects["over_max"], "micro": aspects["below_min"]}
    left = Counter((one.strength, one.rule, one.aspect) for one in judged.findings)
    return Figures(result["label"], values, proposal["changes"], left, plans[0]["subdistricts"])


def grid_figures(record: dict[str, Any], findings: list[dict[str, Any]]) -> Figures:
    """The figures of a division into grids, by the names of the document's outcomes."""
    totals = record["totals"]
    values = {
        "grids": totals["grids"],
        "grids_per_community": round(totals["grids"] / totals["communities"], 2),
        "communities": totals["communities"],
    }
    left = Counter((one["strength"], one["rule"], one["aspect"]) for one in findings)
    return Figures("Grids", values, [], left, record["communities"])


def write_page(
    path: Path,
    spec: TownSpec,
    commands: dict[str, Any],
    town: Study,
    outputs: Sequence[Output],
    results: Sequence[Figures],
    pictures: Sequence[str],
) -> None:
    """Write the page as Markdown."""
    lines = [f"# {commands['title']}", "", commands["intro"], ""]
    lines += [
        f"> **A generated town.** {spec.document}. Policy `{spec.policy}`; the town is made by `data/cases/{spec.town_id}.toml`",
        f"> (seed {spec.seed}, SHA-256 `{spec.digest}`),",
        "> which was written, with the reason of every figure, before anything was solved on it. No place is real.",
        "",
        f"Made again by `scripts/cases {spec.town_id}`, which writes this page.",
        "",
    ]
    lines += ["## The document beside the result", "", *_beside(spec, town, results), ""]
    for picture in pictures:
        last = results[-1].label
        caption = f"Left: today. Right: {last}." if results[-1].changes else "The grids of every community."
        lines += [f"![{caption}]({picture})", "", f"*{caption}*", ""]
    lines += ["## What the town holds, and from where", "", *_derivation(spec, town), ""]
    lines += ["## Commands", ""]
    for output in outputs:
        lines += [*_command(output), ""]
    if "note" in commands:
        lines += ["## A note", "", commands["note"], ""]
    for figures in results:
        lines += [f"## {figures.label}: what is left, and why", "", *_left(figures), ""]
    if results and results[-1].changes:
        lines += ["## Changes, community by community", "", *_changes(results[-1]), ""]
    lines += [f"*districting {__version__}. Seconds are wall time on a busy machine of two cores.*", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _beside(spec: TownSpec, town: Study, results: Sequence[Figures]) -> list[str]:
    """A table: every figure that the document reports and this town can have."""
    today = _of_town(spec, town)
    heads = ["figure", "document", "town today", *(one.label for one in results)]
    rows = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for outcome in town.policy.outcomes:
        key = outcome.outcome_id
        if key not in today and not any(key in one.values for one in results):
            continue
        own = [_shown(one.values[key], outcome) if key in one.values else "" for one in results]
        before = _shown(today[key], outcome) if key in today else ""
        text = outcome.text.split(" | ")[-1]
        rows.append(
            f"| {text} | {_shown(outcome.value, outcome)} ({outcome.basis}) | {before} | " + " | ".join(own) + " |"
        )
    named = {outcome.outcome_id for outcome in town.policy.outcomes}
    if "communities_after" not in named and any("kept" in one.values for one in results):
        rows.append(f"| communities today | – | {spec.communities} |" + " |" * len(results))
        for key, name in _COUNTED.items():
            rows.append(f"| {name} | – | | " + " | ".join(f"{one.values[key]:,}" for one in results) + " |")
    rows.append("| must-rules broken (checked) | – | | " + " | ".join(f"{_musts(one)}" for one in results) + " |")
    return rows if results else rows[:-1]


def _musts(one: Figures) -> int:
    """Findings of must-rules."""
    return sum(count for (strength, _, _), count in one.left.items() if strength == "must")


def _of_town(spec: TownSpec, town: Study) -> dict[str, float]:
    """What the town holds today, by the names of the outcomes: measured in its layers, classes as specified."""
    layers = town.layers
    households = layers.households
    people = int(layers.buildings["people"].sum())
    measured: dict[str, float] = {
        "communities_before": len(layers.communities),
        "communities": len(layers.communities),
        "units": len(layers.communities),
        "key_communities": len(layers.communities),
        "towns": len(layers.subdistricts),
        "people": people,
        "area": round(float(layers.subdistricts.area.sum()) / 1e6, 1),
        "households_least": households,
        "households_most": households,
    }
    villages = sum(one.count for one in spec.classes if one.character == "village")
    measured["communities_before"] -= villages
    stated = [one.people for one in spec.subdistricts if one.people is not None]
    if stated:
        measured["urban_people"] = people - sum(stated)
    for name in ("super_large", "micro"):
        found = sum(one.count for one in spec.classes if one.name == name)
        if found:
            measured[name] = found
    return measured


def _shown(value: float, outcome: Outcome) -> str:
    """A figure with its unit, where that is not plain from its name."""
    if outcome.unit == "share":
        return f"{value:.0%}"
    unit = {"km2": " km²", "m2": " m²"}.get(outcome.unit, "")
    return f"{value:,.0f}{unit}" if float(value).is_integer() else f"{value:,.1f}{unit}"


def _counted(number: int, name: str) -> str:
    """``1 sub-district``, ``2 sub-districts``."""
    return f"{number} {name}{'s' * (number != 1)}"


def _derivation(spec: TownSpec, town: Study) -> list[str]:
    """Classes, totals, and why."""
    rows = [
        f"{town.layers.households:,} households and {int(town.layers.buildings['people'].sum()):,} people in "
        f"{len(town.layers.buildings):,} buildings on {spec.area_km2} km²; {_counted(len(spec.subdistricts), 'sub-district')}, "
        f"{spec.communities} communities, {spec.outside:,} households in none.",
        "",
        "| class | communities | households of each | character |",
        "| --- | ---: | ---: | --- |",
    ]
    rows += [
        f"| {one.name.replace('_', ' ')} | {one.count} | {one.min:,}–{one.max:,} | {one.character} |"
        for one in spec.classes
    ]
    rows += ["", "| figure | basis | reason |", "| --- | --- | --- |"]
    rows += [f"| {one.key} | {one.basis} | {one.en} |" for one in spec.figures]
    return rows


def _command(output: Output) -> list[str]:
    """One step: its words, the command, what it printed."""
    shown = output.step.get("lines", _LINES)
    lines = output.lines[:shown]
    if len(output.lines) > shown:
        lines.append(f"… {len(output.lines) - shown} more lines")
    head = [output.step["say"], ""]
    if "combine" in output.step:
        one = output.step["combine"]
        names = ", ".join(one["subdistricts"])
        head += [f"`{one['to']}` is `{one['base']}` with {names} as in `{one['other']}`.", ""]
    return [
        *head,
        "```text",
        f"$ {output.step['run']}",
        *lines,
        "```",
        "",
        f"*Exit {output.code}, {output.seconds:.0f} s.*",
    ]


def _left(figures: Figures) -> list[str]:
    """Sub-districts without a proof, and findings that the plan keeps, by rule."""
    rows: list[str] = []
    open_ = [one for one in figures.certificates if one["status"] != "optimal"]
    what = "communities" if figures.certificates and "grids" in figures.certificates[0] else "sub-districts"
    if not open_:
        rows += [
            f"Every one of the {len(figures.certificates)} {what} solved is proved within the gap.",
            "",
        ]
    words = {
        "infeasible": "no legal plan, proved; it keeps today's communities",
        "unknown": "no plan found in time; it keeps today's communities",
    }
    rows += [f"- {one['name']}: {words.get(one['status']) or _gap(one)}." for one in open_]
    rows += ["", "| strength | rule | finding | count |", "| --- | --- | --- | ---: |"]
    order = {"must": 0, "should": 1, "prefer": 2}
    for (strength, rule, aspect), count in sorted(
        figures.left.items(), key=lambda one: (order[one[0][0]], one[0])
    ):
        rows.append(f"| {strength} | `{rule}` | {aspect.replace('_', ' ')} | {count} |")
    return rows


def _gap(one: dict[str, Any]) -> str:
    """What is proved of a plan that is not proved best."""
    return f"best {one['objective']:,.0f}, at least {one['lower_bound']:,.0f}, gap {one['gap_proved']:.1%}"


def _changes(figures: Figures) -> list[str]:
    """The communities that change, as a table."""
    changed = [one for one in figures.changes if one["action"] != "keep"]
    kept = len(figures.changes) - len(changed)
    rows = [
        f"{figures.label}: {len(changed)} communities change, {kept} stay as they are.",
        "",
        "| community | id | what happens | households before | after | in | out |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    rows += [
        f"| {one['name']} | {one['community_id']} | {_ACTIONS.get(one['action'], one['action'])} | "
        f"{one['households_before']:,} | {one['households_after']:,} | {one['moved_in']:,} | {one['moved_out']:,} |"
        for one in changed[:_ROWS]
    ]
    if len(changed) > _ROWS:
        rows.append(f"\n… and {len(changed) - _ROWS} more, in `proposal.json` of the plan.")
    return rows
