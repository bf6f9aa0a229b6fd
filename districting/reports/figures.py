"""Which measures the pages and tables show, in which order and format. Computes none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from districting.language import Language, say
from districting.policies.access import Path, ReachRule
from districting.policies.policy import Policy

#: Measures of which the title says whether people walk or go in a straight line.
_DISTANCES = ("mean_m", "p95_m", "farthest_m", "share_within")


@dataclass(frozen=True)
class ShownMeasure:
    """A column of a table of measures, as people read it.

    Parameters
    ----------
    key
        Column name; the sentence ``report.measure.<key>`` is its title and ``report.measure_unit.<key>`` its unit.
        A distance has a title for each path: ``report.measure.<key>.walk`` and ``.straight``.
    digits
        Decimals shown.
    share
        True for values in [0, 1], shown as a percentage.
    factor
        Multiplied before showing, e.g. m² to km².
    """

    key: str
    digits: int = 0
    share: bool = False
    factor: float = 1.0

    def title(self, language: Language, path: Path) -> str:
        """What is measured; a distance says on which path."""
        way = f".{path}" if self.key in _DISTANCES else ""
        return say(f"report.measure.{self.key}{way}", language)

    def unit(self, language: Language, path: Path) -> str:
        """The unit, empty where there is none or the title says it already."""
        unit = say(f"report.measure_unit.{self.key}", language)
        return "" if unit.casefold() == self.title(language, path).casefold() else unit

    def described(self, language: Language, path: Path) -> dict[str, Any]:
        """Title, unit and format, for the page."""
        return {
            "key": self.key,
            "title": self.title(language, path),
            "unit": self.unit(language, path),
            "digits": self.digits,
            "share": self.share,
            "factor": self.factor,
        }

    def text(self, value: float | None) -> str:
        """A value as people read it; a dash where it is unknown."""
        if value is None or math.isnan(value):
            return "—"
        if self.share:
            return f"{value * 100:,.{self.digits}f}%"
        return f"{value * self.factor:,.{self.digits}f}"


#: Of one community (`districting.plans.community_table`).
COMMUNITY_MEASURES = (
    ShownMeasure("households"),
    ShownMeasure("people"),
    ShownMeasure("dwellings"),
    ShownMeasure("area_m2", digits=2, factor=1e-6),
    ShownMeasure("mean_m"),
    ShownMeasure("farthest_m"),
    ShownMeasure("share_within", digits=1, share=True),
    ShownMeasure("border_share", digits=0, share=True),
    ShownMeasure("polsby_popper", digits=2),
    ShownMeasure("compounds_split"),
    ShownMeasure("estimated_share", digits=0, share=True),
)

#: Of a whole plan (`districting.assessment.comparison`).
PLAN_MEASURES = (
    ShownMeasure("communities"),
    ShownMeasure("households_moved"),
    ShownMeasure("moved_share", digits=1, share=True),
    ShownMeasure("share_in_range", digits=1, share=True),
    ShownMeasure("mean_m"),
    ShownMeasure("p95_m"),
    ShownMeasure("farthest_m"),
    ShownMeasure("border_share", digits=1, share=True),
    ShownMeasure("findings_must"),
    ShownMeasure("findings_should"),
    ShownMeasure("findings_prefer"),
    ShownMeasure("kept"),
    ShownMeasure("adjusted"),
    ShownMeasure("split"),
    ShownMeasure("merged"),
    ShownMeasure("new"),
    ShownMeasure("abolished"),
)


def reach_path(policy: Policy) -> Path:
    """How distances are measured: as the reach rule asks, in a straight line without one."""
    rules = policy.of_kind(ReachRule)
    return rules[0].path if rules else "straight"


#: Told only where there is something to tell.
_SILENT_AT_ZERO = ("compounds_split", "estimated_share", "people", "dwellings")


def shown_measures(known: Sequence[ShownMeasure], tables: Iterable[pd.DataFrame]) -> list[ShownMeasure]:
    """Those measures of which some table holds a value; some only if one is not 0."""
    every = list(tables)

    def told(key: str) -> bool:
        columns = [table[key].astype(float).to_numpy() for table in every if key in table.columns]
        silent = 0.0 if key in _SILENT_AT_ZERO else np.nan
        return any(bool((~np.isnan(values) & (values != silent)).any()) for values in columns)

    return [measure for measure in known if told(measure.key)]


def number_or_none(value: Any) -> float | int | None:
    """A plain number for JSON: None for missing, NaN and infinity; whole numbers as int."""
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else round(number, 6)
