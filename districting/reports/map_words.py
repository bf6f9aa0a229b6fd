"""What the map of one division says beside the map and when clicked, as small pieces of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.figures import COMMUNITY_MEASURES, number_or_none, shown_measures
from districting.reports.words import page_notes
from districting.territory.layers import Layers


def community_popup(
    name: str,
    where: str,
    figures: pd.Series[float],
    findings: Sequence[Finding],
    language: Language,
) -> str:
    """Name, place, every known measure, and what was found, with clauses."""
    measures = shown_measures(COMMUNITY_MEASURES, [figures.to_frame().T])
    rows = [
        f"<tr><th>{escape(say(f'report.measure.{measure.key}', language))}</th>"
        f"<td>{measure.text(number_or_none(figures[measure.key]))} "
        f"{escape(say(f'report.measure_unit.{measure.key}', language))}</td></tr>"
        for measure in measures
    ]
    return (
        f'<h2>{escape(name)}</h2><p class="where">{escape(where)}</p><table>{"".join(rows)}</table>'
        f"{finding_list(findings, language)}"
    )


def finding_list(findings: Sequence[Finding], language: Language) -> str:
    """Findings in words with strength and clause; empty text for none."""
    if not findings:
        return ""
    items = [
        f'<li class="{finding.strength}">{escape(finding_sentence(finding, language))}'
        f"<small>{escape(say(f'page.strength_{finding.strength}', language))} · {escape(finding.clause)}</small>"
        "</li>"
        for finding in findings
    ]
    return f"<ul>{''.join(items)}</ul>"


def side_panel(heading: str, layers: Layers, policy: Policy, language: Language, *, changed: bool) -> str:
    """Title with the policy, the banner on generated data, the legend, room for the list of layers, notes.

    Parameters
    ----------
    changed
        True if the map marks what changes against today.
    """
    made = f'<span class="made">{escape(say("page.generated", language))}</span>' if layers.generated else ""
    changes = ["cancelled", "changed"] if changed else []
    keys = ["border", "subdistrict", *changes, "seat", "seat_new", "must", "should"]
    items = "".join(
        f'<li><i class="key {key}"></i>{escape(say(f"page.legend_{key}", language))}</li>' for key in keys
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in page_notes(layers, policy, language))
    return (
        f'<aside class="side"><h1>{escape(heading)}</h1>'
        f'<p class="policy">{escape(policy.title[language])}</p>{made}'
        f"<h2>{escape(say('page.legend', language))}</h2><ul>{items}</ul>"
        f'<h2>{escape(say("report.layers", language))}</h2><div id="layers"></div>'
        f'<div class="notes">{notes}</div></aside>'
    )
