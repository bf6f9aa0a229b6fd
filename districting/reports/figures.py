"""Which measures the pages and tables show, in which order and format. Computes none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from districting.language import Language, say


@dataclass(frozen=True)
class ShownMeasure:
    """A column of a table of measures, as people read it.

    Parameters
    ----------
    key
        Column name; the sentence ``report.measure.<key>`` is its title and ``report.measure_unit.<key>`` its unit.
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

    def described(self, language: Language) -> dict[str, Any]:
        """Title, unit and format, for the page."""
        return {
            "key": self.key,
            "title": say(f"report.measure.{self.key}", language),
            "unit": say(f"report.measure_unit.{self.key}", language),
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


#: Of one community (`districting.plans.measures.community_table`).
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


#: Told only where there is something to tell.
_SILENT_AT_ZERO = ("compounds_split", "estimated_share", "people", "dwellings")


def shown_measures(known: Sequence[ShownMeasure], tables: Iterable[pd.DataFrame]) -> list[ShownMeasure]:
    """Those measures of which some table holds a value; some only if one is not 0."""
    every = list(tables)

    def told(key: str) -> bool:
        values = pd.concat([table[key].astype(float) for table in every if key in table.columns] or [pd.Series()])
        return bool((values.fillna(0) != 0).any() if key in _SILENT_AT_ZERO else values.notna().any())

    return [measure for measure in known if told(measure.key)]


def number_or_none(value: Any) -> float | int | None:
    """A plain number for JSON: None for missing, NaN and infinity; whole numbers as int."""
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else round(number, 6)
