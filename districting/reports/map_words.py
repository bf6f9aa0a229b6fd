"""What the map of one division says beside the map and when clicked, as small pieces of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.figures import COMMUNITY_MEASURES, number_or_none, reach_path, shown_measures
from districting.reports.words import Level, clause_text, page_notes
from districting.territory.layers import Layers


def community_popup(
    name: str,
    where: str,
    figures: pd.Series[float],
    findings: Sequence[Finding],
    policy: Policy,
    language: Language,
) -> str:
    """Name, place, every known measure, and what was found, with clauses."""
    measures, path = shown_measures(COMMUNITY_MEASURES, [figures.to_frame().T]), reach_path(policy)
    rows = [
        f"<tr><th>{escape(measure.title(language, path))}</th>"
        f"<td>{measure.text(number_or_none(figures[measure.key]))} "
        f"{escape(measure.unit(language, path))}</td></tr>"
        for measure in measures
    ]
    return (
        f'<h2>{escape(name)}</h2><p class="where">{escape(where)}</p><table>{"".join(rows)}</table>'
        f"{finding_list(findings, policy, language)}"
    )


def finding_list(findings: Sequence[Finding], policy: Policy, language: Language) -> str:
    """Findings in words with strength and clause; empty text for none."""
    if not findings:
        return ""
    items = [
        f'<li class="{finding.strength}">{escape(finding_sentence(finding, language))}'
        f"<small>{escape(say(f'page.strength_{finding.strength}', language))} · "
        f"{escape(clause_text(finding, policy, language))}</small>"
        "</li>"
        for finding in findings
    ]
    return f"<ul>{''.join(items)}</ul>"


def keyed(sign: str, language: Language, count: int | None = None, *, level: Level = "community") -> str:
    """Name of a layer with its sign (``assets/keys.css``) before it, and how many there are.

    ``level``: what is divided. Signs that mean something else one level down are named by ``grid.legend_<sign>``.
    """
    number = "" if count is None else f" ({count})" if language == "en" else f"（{count}）"
    key = f"grid.legend_{sign}" if level == "grid" else f"page.legend_{sign}"
    return f'<i class="key {sign}"></i>{escape(say(key, language))}{number}'


def side_panel(
    heading: str, layers: Layers, policy: Policy, language: Language, level: Level = "community"
) -> str:
    """Title with the policy, the banner on generated data, room for the list of layers, notes.

    The list of layers is the legend, too: each layer's name comes with its sign (`keyed`).
    """
    made = f'<span class="made">{escape(say("page.generated", language))}</span>' if layers.generated else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in page_notes(layers, policy, language, level))
    return (
        f'<aside class="side"><h1>{escape(heading)}</h1>'
        f'<p class="policy">{escape(policy.title[language])}</p>{made}'
        f'<h2>{escape(say("report.layers", language))}</h2><div id="layers"></div>'
        f'<div class="notes">{notes}</div></aside>'
    )
