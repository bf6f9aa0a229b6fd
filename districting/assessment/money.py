"""What each community costs a year, by the level of government that pays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from districting.assessment.situation import Situation
from districting.policies.policy import Policy
from districting.policies.resources import MoneyFigure, Resource


def money_rows(figure: MoneyFigure, situation: Situation) -> pd.DataFrame:
    """Rows of one figure, yuan a year: the least and, only where the document names a range, the largest."""
    about = situation.concerned(figure)
    rows = pd.DataFrame(index=situation.sizes.index[about])
    rows["required"] = float(figure.yuan_per_year)
    rows["required_max"] = np.nan if figure.yuan_per_year_max is None else float(figure.yuan_per_year_max)
    return rows


def paid_figures(policy: Policy, figures: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """The figures that count: one that stands for another elsewhere only where the case switches to it.

    A case switches by an override of ``<resource_id>.instead_of`` with ``""``: then that figure is added, and the
    one that it published as its other is left out.
    """
    key = ".instead_of"
    switched = {o.key.removesuffix(key): o.published for o in policy.overrides if o.key.endswith(key)}
    replaced = {other for name, other in switched.items() if other}
    return tuple(
        one
        for one in figures
        if one.resource_id not in replaced and not (isinstance(one, MoneyFigure) and one.instead_of)
    )
