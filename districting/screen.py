"""What the command line shows at the end: faults, findings, certificates and tables. Computes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from districting.assessment.resource_words import (
    cost_sentence,
    estimate_note,
    figure_lines,
    planned_lines,
    programme_lines,
    shortage_lines,
    shown_amount,
    subject_title,
    unit_title,
    waiting_line,
)
from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.finding import Finding
from districting.policies.policy import Entry, Policy
from districting.policies.rule import Rule
from districting.policies.wording import (
    clause_text,
    deadline_text,
    figures_text,
    in_language,
    kind_title,
    outcome_figure,
    size_range,
)
from districting.reports.words import freeze_notes, plan_title, scope_note

if TYPE_CHECKING:  # what is shown is made elsewhere: `districting policies` waits for no solver
    from districting.assessment.comparison import Comparison
    from districting.assessment.resources import ResourceTable
    from districting.assessment.staging import StagedPlan
    from districting.flow.prices import Price
    from districting.flow.run import Alternative, Judged
    from districting.study import Study

#: Characters that a wide table may take, whatever the terminal has.
_WIDE = 160

#: Characters from which on policies stand in rows of seven columns.
_ROWS_FROM = 120

#: Findings listed on screen before "and n more"; all of them stand in the files and in --json.
LISTED = 40
#: Communities named in the summary of a diagnosis before "and n more".
NAMED = 4

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n")


def faults_as_data(faults: Any, language: Language) -> list[dict[str, Any]]:
    """Faults as plain data with their sentence."""
    return [
        {
            "key": fault.key,
            "severity": fault.severity,
            "sentence": fault.sentence(language),
            "values": dict(fault.values),
        }
        for fault in faults
    ]


def print_faults(faults: Any, language: Language) -> None:
    """One line per fault."""
    for fault in faults:
        mark = "[red]✗[/red]" if fault.severity == "error" else "[yellow]![/yellow]"
        out.print(f"{mark} ", end="")
        out.print(fault.sentence(language), markup=False)


def print_classes(classes: Mapping[str, Sequence[Finding]], language: Language) -> None:
    """What kinds of community there are: how many findings, on how many communities, and which."""
    table = Table(box=None, pad_edge=False)
    for key in ("class", "findings", "communities", "which"):
        table.add_column(
            say(f"class_column.{key}", language),
            justify="right" if key in ("findings", "communities") else "left",
            no_wrap=key == "class",
        )
    for name, found in classes.items():
        names = {one.community_id: str(one.detail["name"]) for one in found if one.community_id}
        listed = say("class_comma", language).join(list(names.values())[:NAMED])
        if len(names) > NAMED:
            listed = say("class_more", language, names=listed, n=len(names) - NAMED)
        table.add_row(say(f"class.{name}", language), f"{len(found):,}", f"{len(names):,}", listed)
    out.print(table)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Plain rows under their heads, numbers to the right; cells are shown as they are, one line each."""
    table = Table(box=None, pad_edge=False)
    for position, head in enumerate(heads):
        numbers = all(isinstance(row[position], int) for row in rows)
        table.add_column(head, justify="right" if numbers else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    table.width = Measurement.get(out, out.options.update(width=_WIDE), table).maximum
    out.print(table)


def print_findings(findings: tuple[Finding, ...], study: Study) -> None:
    """Findings by sub-district, the gravest first; the list is cut on screen only."""
    names = study.layers.subdistricts["name"]
    marks = {"must": "[red]✗[/red]", "should": "[yellow]![/yellow]", "prefer": "[dim]·[/dim]"}
    for subdistrict in sorted({finding.subdistrict for finding in findings}):
        mine = [finding for finding in findings if finding.subdistrict == subdistrict]
        mine.sort(key=lambda finding: list(marks).index(finding.strength))
        out.print(f"[bold]{names.get(subdistrict, subdistrict)}[/bold]  {len(mine)}")
        for finding in mine[:LISTED]:
            out.print(f"  {marks[finding.strength]} ", end="")
            out.print(finding_sentence(finding, study.language), markup=False)
        if len(mine) > LISTED:
            out.print(say("cli.more", study.language, n=len(mine) - LISTED))


def new_communities(judged: Judged) -> list[str]:
    """Ids of the communities of a plan that do not exist today."""
    return sorted(key for key, action in judged.proposal.actions.items() if action == "new")


def print_new_communities(judged: Judged, plan: str, language: Language) -> None:
    """Name the communities that do not exist today: in a plan made by hand an id may be a slip."""
    ids = new_communities(judged)
    if ids:
        names = ", ".join(ids[:LISTED]) + (" …" if len(ids) > LISTED else "")
        out.print(say("cli.new_communities", language, plan=plan, n=len(ids), names=names), markup=False)


def print_alternative(alternative: Alternative, study: Study, *, stopped: bool = False) -> None:
    """The certificate of one alternative: a row per sub-district, what it reaches of each aim, conflicts in words.

    ``stopped``: somebody ended the search, so that its limit says nothing.
    """
    from districting.solvers.profile_words import reached_lines

    language = study.language
    rows = alternative.certificates()
    table = Table(
        box=None, pad_edge=False, title=plan_title(alternative.plan.plan_id, language), title_justify="left"
    )
    for key in ("subdistrict", "status", "objective", "bound", "gap", "communities", "seconds"):
        table.add_column(
            say(f"cli.{key}", language), justify="left" if key in ("subdistrict", "status") else "right"
        )
    for row in rows:
        table.add_row(
            row["name"],
            say(f"status.{row['status']}", language),
            _figure(row["objective"]),
            _figure(row["lower_bound"]),
            _figure(row["gap_abs"]),
            f"{row['communities_before']} → {row['communities_after']}",
            f"{row['seconds']:.1f}",
        )
    out.print(table)
    found = [[(term["value"], term["lower_bound"]) for term in row["terms"]] for row in rows if row["terms"]]
    for line in reached_lines(alternative.profile, found, language):
        out.print(f"  {line}", markup=False)
    if alternative.resources is not None and (cost := cost_sentence(alternative.resources, language)):
        out.print(f"  {cost}", markup=False)
    for sentence in alternative.conflict_sentences(language):
        out.print(f"  ! {sentence}", markup=False)
    waiting = [row["name"] for row in rows if row["status"] == "unknown"]
    if waiting and stopped:
        names = say("class_comma", language).join(waiting)
        out.print(f"  ! {say('cli.none_when_stopped', language, names=names)}", markup=False)
    elif waiting:
        limit = study.case.solve.time_limit_s
        values = {"names": say("class_comma", language).join(waiting), "limit": limit, "longer": 5 * limit}
        out.print(f"  ! {say('cli.none_in_time', language, **values)}", markup=False)


def _figure(value: float | None) -> str:
    """A figure, or a dash; kilometres are small and need their decimals."""
    if value is None:
        return "–"
    return f"{value:,.2f}" if abs(value) < 100 and not float(value).is_integer() else f"{value:,.0f}"


def print_comparison(comparison: Comparison, study: Study) -> None:
    """Plans × measures."""
    from districting.reports.figures import PLAN_MEASURES, reach_path

    language, path = study.language, reach_path(study.policy)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for plan in comparison.table.index:
        table.add_column(plan_title(str(plan), language), justify="right")
    for shown in PLAN_MEASURES:
        title = f"{shown.title(language, path)} [dim]{shown.unit(language, path)}[/dim]"
        table.add_row(title, *(shown.text(value) for value in comparison.table[shown.key]))
    out.print(table)
    names = study.layers.subdistricts["name"]
    for note in scope_note([str(names[one]) for one in comparison.subdistricts], language):
        out.print(note, markup=False)


def print_identities(alternative: Alternative, study: Study) -> None:
    """Provisional names and codes of the new communities of one alternative; nothing where there are none."""
    identities, language = alternative.judged.identities, study.language
    lines = [*identities.lines(language), *identities.notes(language)]
    if lines:
        out.print(f"[bold]{plan_title(alternative.plan.plan_id, language)}[/bold]")
    for line in lines:
        out.print(f"  {line}", markup=False)


def print_prices(prices: Sequence[Price], study: Study, *, plan_id: str) -> None:
    """Rules × what a plan with them has more than one without; then each rule in a sentence."""
    from districting.flow import price_words as words

    language = study.language
    if not prices:
        out.print(say("price.none", language))
        return
    title = say("price.title", language, plan=plan_title(plan_id, language))
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column(say("price.rule", language), overflow="fold")
    for key in ("communities", "moved", "mean_m", "open_km", "proved"):
        table.add_column(say(f"price.{key}", language), justify="right", overflow="fold")
    for price in prices:
        off = words.differences(price)
        cells = [f"{value:+,.2f}" if key == "open_km" else f"{value:+,.0f}" for key, value in off.items()]
        cells = [cell.lstrip("+") if float(cell.replace(",", "")) == 0 else cell for cell in cells] or ["–"] * 4
        table.add_row(words.price_name(price, language), *cells, words.proof_words(price, language))
    out.print(table)
    for price in prices:
        if sentence := words.price_sentence(price, language):
            out.print(f"  {sentence}", markup=False)
    names = study.layers.subdistricts["name"]
    for line in words.price_notes(prices, lambda one: str(names.get(one, one)), language):
        out.print(f"  [dim]{escape(line)}[/dim]")
    print_provenance(study)


def print_resources(table: ResourceTable, study: Study) -> None:
    """What is required, what is there and what is missing; under a plan also the difference to today."""
    language = study.language
    if not table.figures:
        out.print(say("resource.none", language))
        print_provenance(study)
        return
    sums, planned = table.sums, table.before is not None
    key = "resource.title_plan" if planned else "resource.title_today"
    title = say(key, language, plan=plan_title(table.name, language))
    shown = Table(box=None, pad_edge=False, title=title, title_justify="left")
    amounts = ["required_before", "required", "change"] if planned else ["required"]
    amounts += [name for name in ("required_max", "existing", "missing") if sums[name].notna().any()]
    for name in ("subject", *amounts, "unknown"):
        shown.add_column(
            say(f"resource.column.{name}", language), justify="left" if name == "subject" else "right"
        )
    for row in sums.reset_index().to_dict("records"):
        figures = [shown_amount(row, name) for name in amounts]
        blind = int(max(row["unknown_required"], row["unknown_existing"]))
        name = subject_title(row["unit"], row["subject"], language)
        unit = unit_title(row["unit"], language)
        shown.add_row(f"{name} [dim]{unit}[/dim]", *figures, f"{blind:,}" if blind else "")
    # Figures stay on one line each, also where the terminal is narrow: it wraps, or scrolls.
    shown.width = Measurement.get(out, out.options.update(width=_WIDE), shown).maximum
    out.print(shown)
    for lines in (waiting_line, planned_lines, programme_lines, estimate_note):
        for line in lines(table, language):
            out.print(line, markup=False)
    out.print(f"\n[bold]{say('resource.basis', language)}[/bold]")
    for line in figure_lines(table, language):
        out.print(f"  {line}", markup=False)
    lacking = shortage_lines(table, language)
    out.print(f"\n[bold]{say('resource.shortages', language, n=len(lacking))}[/bold]")
    for line in lacking[:LISTED]:
        out.print(f"  {line}", markup=False)
    if len(lacking) > LISTED:
        out.print(say("cli.more", language, n=len(lacking) - LISTED))
    print_provenance(study)


def print_stages(plan: StagedPlan, study: Study) -> None:
    """What a staged plan comes to, then each stage."""
    from districting.assessment.staging_words import plan_lines, stage_lines

    language = study.language
    for line in plan_lines(plan, plan_title(plan.name, language), language):
        out.print(line, markup=False)
    for stage in plan.stages:
        first, *more = stage_lines(stage, plan, language)
        out.print(f"\n{first}", markup=False)
        for line in more:
            out.print(f"  {line}", markup=False)
    print_provenance(study)


def print_provenance(study: Study) -> None:
    """Policy, overrides, share of estimated households, and whether the data were generated."""
    policy = study.policy
    out.print(say("cli.policy", study.language, title=policy.title[study.language]), markup=False)
    for override in policy.overrides:
        values = {
            "key": override.key,
            "published": override.published,
            "value": override.value,
            "because": override.because,
        }
        out.print("  " + say("cli.override", study.language, **values), markup=False)
    from districting.flow.freeze import freeze_record

    for note in freeze_notes({"freeze": freeze_record(study.case, study.layers)}, study.language):
        out.print(note, markup=False)
    if study.layers.estimated_share:
        out.print(say("cli.estimated", study.language, share=100 * study.layers.estimated_share))
    if study.layers.generated:
        out.print(say("cli.generated", study.language))


def print_policies(policies: Sequence[Policy], default: str, language: Language) -> None:
    """Every policy with its document, its size rule and how much it holds: in a row, or below each other."""
    counted = ("rules", "resources", "procedure", "outcomes")
    if out.width < _ROWS_FROM:
        for one in policies:
            mark = f"  {say('policy.default', language)}" if one.policy_id == default else ""
            counts = [f"{say(f'policy.count.{name}', language)} {len(getattr(one, name))}" for name in counted]
            lines = (one.title[language], size_range(one.size, language), " · ".join(counts))
            out.print(Text(one.policy_id, style="bold").append(mark, style="not bold dim"))
            for line in lines:
                out.print(Padding(Text(line), (0, 0, 0, 2)), soft_wrap=False)
            out.print()
        out.print(say("policy.more", language), markup=False)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, leading=1)
    for key in ("id", "title", "size"):
        table.add_column(say(f"policy.column.{key}", language), no_wrap=key == "id", overflow="fold")
    for key in counted:
        table.add_column(say(f"policy.count.{key}", language), justify="right", no_wrap=True)
    for one in policies:
        mark = f"\n{say('policy.default', language)}" if one.policy_id == default else ""
        figures = (str(len(getattr(one, name)) or "–") for name in counted)
        told = (one.title[language], size_range(one.size, language), *figures)
        table.add_row(Text(one.policy_id, style="bold").append(mark, style="not bold dim"), *map(Text, told))
    out.print(table, soft_wrap=False)
    out.print(say("policy.more", language), markup=False)


def print_policy(policy: Policy, language: Language) -> None:
    """Rules and resources with figures, strength, clause and reading; the procedure; what the document reports."""
    source = policy.source_en if language == "en" and policy.source_en else policy.source
    out.print(Text(policy.policy_id, style="bold").append(f"  {policy.title[language]}", style="not bold"))
    out.print(source, markup=False)
    for key, entries in (("rules", policy.rules), ("resources", policy.resources)):
        table = _policy_table(key, ("entry", "strength", "figures"), language)
        for entry in entries:
            entry_id = entry.rule_id if isinstance(entry, Rule) else entry.resource_id
            name = Text(kind_title(entry, language), style="bold").append(f"\n{entry_id}", style="not bold dim")
            said = Text(figures_text(entry, language)).append(_cited(entry, language))
            if entry_id in policy.inherited:
                said.append(f" · {say('policy.inherited', language, base=policy.based_on)}", style="dim")
            table.add_row(name, say(f"strength.{entry.strength}", language), said)
        _print_filled(table)
    table = _policy_table("procedure", ("stage", "deadline", "step"), language)
    for step in policy.procedure:
        said = Text(in_language(step.text, language)).append(_cited(step, language))
        table.add_row(say(f"policy.stage.{step.stage}", language), deadline_text(step, language), said)
    _print_filled(table)
    table = _policy_table("outcomes", ("moment", "figure", "outcome"), language)
    for one in policy.outcomes:
        said = Text(in_language(one.text, language)).append(_cited(one, language))
        table.add_row(say(f"policy.moment.{one.moment}", language), outcome_figure(one, language), said)
    _print_filled(table)


def _policy_table(title: str, columns: Sequence[str], language: Language) -> Table:
    """An empty table of a policy; its last column takes the room that is left."""
    heading = Text(say(f"policy.column.{title}", language), style="bold")
    table = Table(title=heading, box=SIMPLE_HEAD, title_justify="left", pad_edge=False, expand=True, leading=1)
    for key in columns:
        last = key == columns[-1]
        table.add_column(say(f"policy.column.{key}", language), ratio=1 if last else None, overflow="fold")
    return table


def _print_filled(table: Table) -> None:
    """A table that has rows."""
    if table.row_count:
        out.print()
        out.print(table, soft_wrap=False)


def _cited(entry: Entry, language: Language) -> Text:
    """The reading of an entry and its clause, each on a line of its own."""
    reading = f"\n{in_language(entry.reading, language)}" if entry.reading else ""
    return Text(reading).append(f"\n{clause_text(entry, language)}", style="dim")
