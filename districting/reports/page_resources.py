"""Staff and rooms of each community on the card of the compare page: what there is, what the policy asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from districting.assessment.resource_words import subject_title, unit_title
from districting.assessment.resources import ResourceTable
from districting.language import Language

#: Members who sit in both committees are a figure of how posts are shared, not of what a community is given.
_LEFT_OUT = "cross_appointed"


def resource_subjects(tables: Iterable[ResourceTable]) -> list[tuple[str, str]]:
    """Every (unit, subject) that some table tells of, in the order of the policy, each once."""
    pairs = ((unit, subject) for table in tables for unit, subject, _ in table.needs.index)
    return [pair for pair in dict.fromkeys(pairs) if pair[1] != _LEFT_OUT]


def described_subjects(subjects: Iterable[tuple[str, str]], language: Language) -> list[dict[str, str]]:
    """Titles and units of subjects, for the page."""
    return [{"title": subject_title(*one, language), "unit": unit_title(one[0], language)} for one in subjects]


def resource_columns(
    table: ResourceTable, subjects: Iterable[tuple[str, str]], ids: pd.Index[Any]
) -> list[dict[str, pd.Series[float]]]:
    """For each subject what exists and what is required, in the order of the communities; NaN for unknown."""
    needs = table.needs[["existing", "required"]].astype(float)
    unit, subject, community = (needs.index.get_level_values(level) for level in range(3))
    told = []
    for pair in subjects:
        own = (unit == pair[0]) & (subject == pair[1])
        rows = needs[own].set_axis(community[own], axis=0).reindex(ids)
        told.append({name: rows[name] for name in ("existing", "required")})
    return told
