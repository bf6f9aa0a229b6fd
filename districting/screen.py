"""What the command line shows: progress, faults, findings, certificates and tables. Computes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from districting.assessment.comparison import Comparison
from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.progress import Progress, Step
from districting.reports.figures import PLAN_MEASURES
from districting.reports.words import plan_title
from districting.run import Alternative
from districting.study import Study

#: Findings listed on screen before "and n more"; all of them stand in the files and in --json.
LISTED = 40

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@contextmanager
def progress_bar(language: Language) -> Iterator[Progress]:
    """A bar on stderr where somebody looks at it, else nothing."""
    if not err.is_terminal:
        yield lambda step: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[where]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=None, where="")

        def show(step: Step) -> None:
            where = step.where
            if step.incumbent is not None:
                bound = "" if step.bound is None else f" ≥ {step.bound:,.0f}"
                where = f"{where}  {step.incumbent:,.0f}{bound}"
            bar.update(
                task,
                description=say(step.stage, language),
                total=step.total or None,
                completed=step.done,
                where=where,
            )

        yield show


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


def print_counts(counts: Mapping[str, int], language: Language) -> None:
    """How often each kind of trouble occurs."""
    table = Table(box=None, pad_edge=False)
    table.add_column(say("cli.aspect", language))
    table.add_column(say("cli.count", language), justify="right")
    for aspect, number in counts.items():
        table.add_row(say(f"aspect.{aspect}", language), f"{number:,}")
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


def print_alternative(alternative: Alternative, study: Study) -> None:
    """The certificate of one alternative: a row per sub-district, then its conflicts in words."""
    language = study.language
    table = Table(
        box=None, pad_edge=False, title=plan_title(alternative.plan.plan_id, language), title_justify="left"
    )
    for key in ("subdistrict", "status", "objective", "bound", "gap", "communities", "seconds"):
        table.add_column(
            say(f"cli.{key}", language), justify="left" if key in ("subdistrict", "status") else "right"
        )
    for row in alternative.certificates():
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
    for sentence in alternative.conflict_sentences(language):
        out.print(f"  ! {sentence}", markup=False)


def _figure(value: float | None) -> str:
    """A figure, or a dash."""
    return "–" if value is None else f"{value:,.0f}"


def print_comparison(comparison: Comparison, language: Language) -> None:
    """Plans × measures."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for plan in comparison.table.index:
        table.add_column(plan_title(str(plan), language), justify="right")
    for shown in PLAN_MEASURES:
        title = say(f"report.measure.{shown.key}", language)
        unit = "" if shown.share else say(f"report.measure_unit.{shown.key}", language)
        table.add_row(f"{title} [dim]{unit}[/dim]", *(shown.text(value) for value in comparison.table[shown.key]))
    out.print(table)


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
    if study.layers.estimated_share:
        out.print(say("cli.estimated", study.language, share=100 * study.layers.estimated_share))
    if study.layers.generated:
        out.print(say("cli.generated", study.language))


def print_policy(policy: Policy, language: Language) -> None:
    """Rules with clause, strength, basis, figures and reading."""
    out.print(f"[bold]{policy.policy_id}[/bold]  {policy.title[language]}\n{policy.source}\n")
    plain = {"rule_id", "strength", "clause", "basis", "reading"}
    for rule in policy.rules:
        figures = ", ".join(
            f"{key} = {value}"
            for key, value in vars(rule).items()
            if key not in plain and value not in (None, (), "")
        )
        words = {
            "strength": say(f"strength.{rule.strength}", language),
            "basis": say(f"basis.{rule.basis}", language),
        }
        out.print(
            f"[bold]{rule.rule_id}[/bold] ({rule.kind})  {words['strength']} · {words['basis']} · {rule.clause}"
        )
        if figures:
            out.print(f"  {figures}", markup=False)
        if rule.reading:
            zh, _, en = rule.reading.partition(" | ")
            out.print(f"  {en if language == 'en' and en else zh}", markup=False)
