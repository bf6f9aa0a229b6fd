"""What the command line shows at the end: faults, findings, certificates and tables. Computes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from districting.assessment.comparison import Comparison
from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.prices import Price
from districting.reports.figures import PLAN_MEASURES, reach_path
from districting.reports.words import plan_title, rule_clause, rule_reading, scope_note
from districting.run import Alternative, Judged
from districting.study import Study

#: Findings listed on screen before "and n more"; all of them stand in the files and in --json.
LISTED = 40

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


def new_communities(judged: Judged) -> list[str]:
    """Ids of the communities of a plan that do not exist today."""
    return sorted(key for key, action in judged.proposal.actions.items() if action == "new")


def print_new_communities(judged: Judged, plan: str, language: Language) -> None:
    """Name the communities that do not exist today: in a plan made by hand an id may be a slip."""
    ids = new_communities(judged)
    if ids:
        names = ", ".join(ids[:LISTED]) + (" …" if len(ids) > LISTED else "")
        out.print(say("cli.new_communities", language, plan=plan, n=len(ids), names=names), markup=False)


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
    """A figure, or a dash; kilometres are small and need their decimals."""
    if value is None:
        return "–"
    return f"{value:,.2f}" if abs(value) < 100 and not float(value).is_integer() else f"{value:,.0f}"


def print_comparison(comparison: Comparison, study: Study) -> None:
    """Plans × measures."""
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


def print_prices(prices: Sequence[Price], mode: str, study: Study) -> None:
    """Rules × what a plan with them has more than one without."""
    language = study.language
    if not prices:
        out.print(say("price.none", language))
        return
    title = say("price.title", language, plan=plan_title(mode, language))
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column(say("price.rule", language))
    for key in ("communities", "moved", "mean_m", "open_km", "proved"):
        table.add_column(say(f"price.{key}", language), justify="right")
    hopeless = []
    for price in prices:
        rule = say(f"price.{price.rule}", language, names=" ".join(price.names))
        names = [str(study.layers.subdistricts["name"].get(one, one)) for one in price.only_without]
        if names:
            hopeless.append(say("price.only_without", language, rule=rule, names=", ".join(names)))
        if price.with_rule is None or price.without is None:
            table.add_row(rule, *["–"] * 5)
            continue
        more, less = price.with_rule, price.without
        proved = f"{price.least:,.0f} … {price.most:,.0f}"
        table.add_row(
            rule,
            f"{more.communities - less.communities:+,}",
            f"{more.moved - less.moved:+,}",
            f"{more.mean_m - less.mean_m:+,.0f}",
            f"{more.open_km - less.open_km:+,.2f}",
            proved,
        )
    out.print(table)
    for sentence in hopeless:
        out.print(f"  ! {sentence}", markup=False)
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
    if study.layers.estimated_share:
        out.print(say("cli.estimated", study.language, share=100 * study.layers.estimated_share))
    if study.layers.generated:
        out.print(say("cli.generated", study.language))


def print_policy(policy: Policy, language: Language) -> None:
    """Rules with clause, strength, basis, figures and reading."""
    source = policy.source_en if language == "en" and policy.source_en else policy.source
    out.print(f"[bold]{policy.policy_id}[/bold]  {policy.title[language]}\n{source}\n")
    plain = {"rule_id", "strength", "clause", "clause_en", "basis", "reading"}
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
        clause = "" if rule.basis == "program" else f" · {rule_clause(rule, language)}"
        out.print(f"[bold]{rule.rule_id}[/bold] ({rule.kind})  {words['strength']} · {words['basis']}{clause}")
        if figures:
            out.print(f"  {figures}", markup=False)
        if rule.reading:
            out.print(f"  {rule_reading(rule, language)}", markup=False)
