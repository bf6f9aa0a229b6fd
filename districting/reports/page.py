"""The compare page: today and every alternative side by side, in one file that opens without a network.

What the page looks like and how it answers stands in ``assets/page.*`` and the scripts named below; what it knows
in `districting.reports.page_content`; what people write on it is gathered by `districting.reports.comments`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from districting.assessment.comparison import Comparison
from districting.assessment.resources import ResourceTable
from districting.assessment.steps import Step
from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.atomic import write_text
from districting.reports.page_content import PageContent
from districting.reports.vendored import asset, content_hash, leaflet_css, leaflet_js, require_offline
from districting.territory.territory import Territory

#: In the order in which they are read; each opens with what lives in it.
_SCRIPTS = (
    "payload.js",
    "elements.js",
    "language.js",
    "levels.js",
    "paths.js",
    "scene.js",
    "drawing.js",
    "labels.js",
    "streets.js",
    "panes.js",
    "filters.js",
    "places.js",
    "search.js",
    "compare.js",
    "findings.js",
    "card.js",
    "flow.js",
    "store.js",
    "earlier.js",
    "locks.js",
    "review.js",
    "address.js",
    "printing.js",
    "page.js",
)


def write_compare_page(
    path: Path,
    *,
    territory: Territory,
    divisions: Sequence[Division],
    findings: Mapping[str, Sequence[Finding]],
    figures: Mapping[str, pd.DataFrame],
    comparison: Comparison,
    run: Mapping[str, Any],
    policy: Policy,
    language: Language,
    title: str = "",
    actions: Mapping[str, Mapping[str, str]] | None = None,
    steps: Mapping[str, Sequence[Step]] | None = None,
    resources: Mapping[str, ResourceTable] | None = None,
) -> None:
    """Write ``index.html``.

    Parameters
    ----------
    divisions
        Today first, then the alternatives; names are unique.
    findings
        By name of division, as the checks gave them.
    figures
        By name of division: the table of `districting.plans.community_table`.
    comparison
        With a row for every division.
    run
        The content of ``run.json``; its ``plans`` give the certificates.
    title
        Heading of the page; empty: a plain one.
    actions
        By name of division: what happens to each community (`districting.assessment.proposal.Proposal.actions`).
    steps
        By name of division: how today becomes it and which findings each step mends (`Proposal.steps`).
    resources
        By name of division: staff, rooms and money (`districting.assessment.resources.resources`); the cards of
        divisions that are missing here tell nothing of them.

    Raises
    ------
    OfflineError
        If the page would name anything outside itself.
    """
    content = PageContent(
        territory=territory,
        divisions=divisions,
        findings=findings,
        figures=figures,
        comparison=comparison,
        run=run,
        policy=policy,
        language=language,
        title=title,
        actions=actions or {},
        steps=steps or {},
        resources=resources or {},
    )
    write_text(path, _page(title or say("page.title", language), content))


def _page(heading: str, content: PageContent) -> str:
    """The file: template, style, scripts and payload, under a content policy that lets nothing out."""
    language = content.language
    words = content.words(language)
    style = leaflet_css() + asset("keys.css") + asset("page.css")
    own = "\n".join(asset(name) for name in _SCRIPTS)
    script = f'{leaflet_js()};\n(() => {{\n"use strict";\n{own}\n}})();\n'
    policy = (
        f"default-src 'none'; script-src {content_hash(script)}; style-src {content_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    generated = f'<span class="made" data-word="generated">{html.escape(words["generated"])}</span>'
    parts = {
        **{key: html.escape(text) for key, text in words.items()},
        "lang": "zh-CN" if language == "zh" else "en",
        "title": html.escape(heading),
        "key": content.key,
        "subtitle": html.escape(content.policy.title[language]),
        "made": generated if content.territory.layers.generated else "",
        "content_policy": policy,
        "style": style,
        "script": script,
        "payload": "",
    }
    template = asset("page.html")
    require_offline(_filled(template, parts))
    return _filled(template, {**parts, "payload": content.sealed()})


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """The template with every ``{name}`` of its own replaced once; braces inside the parts stay."""
    return re.sub(r"\{(\w+)\}", lambda found: parts[found[1]], template)
