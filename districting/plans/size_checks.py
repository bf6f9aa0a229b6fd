"""How the rules on size are told: bounds, triggers, and the bounds at the horizon."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from districting.plans.evidence import Evidence, weaker
from districting.plans.finding import Finding
from districting.plans.growth import per_household
from districting.plans.measures import SIZE_COLUMNS, total
from districting.plans.problem import Bools, Floats
from districting.policies.rule import Measure
from districting.policies.sizes import GridRule, GrowthRule, SizeRule


def check_size(rule: SizeRule, evidence: Evidence) -> Iterator[Finding]:
    """Bounds of every community; in a diagnosis also what is to be split or merged.

    Either measure suffices where the rule names two. A trigger at the bound speaks for the bound; one elsewhere
    is told beside it, on the first measure alone. A community left as it is carries the ``untouched`` strength.
    """
    measured = _sizes(evidence, rule.measure)
    yield from _unknown(rule, evidence, measured)
    suffices = _other_measure_suffices(rule, evidence)
    low = (measured < rule.min) & ~suffices
    high = (measured > rule.max) & ~suffices
    if evidence.is_diagnosis:
        split = (measured > rule.split_above) & ~(suffices & (rule.split_above >= rule.max))
        merge = (measured < rule.merge_below) & ~(suffices & (rule.merge_below <= rule.min))
        high &= ~(split & (rule.split_above == rule.max))
        low &= ~(merge & (rule.merge_below == rule.min))
        yield from _told(rule, evidence, "split_trigger", measured, split, rule.split_above)
        yield from _told(rule, evidence, "merge_trigger", measured, merge, rule.merge_below)
    yield from _told(rule, evidence, "over_max", measured, high, rule.max)
    yield from _told(rule, evidence, "below_min", measured, low, rule.min)


def check_growth(rule: GrowthRule, evidence: Evidence) -> Iterator[Finding]:
    """The bounds of the size rule with planned housing; only communities that planned housing changes.

    Measures other than households grow, building by building, as its households do; on new ground, as the case.
    """
    size = evidence.policy.size
    horizon = evidence.division.sum_by_community(evidence.territory.layers.buildings["horizon_households"])
    grows = (horizon != evidence.households) & ~evidence.is_empty
    first = _at_horizon(evidence, size.measure, horizon)
    suffices = np.zeros(len(first), dtype=np.bool_)
    if size.alternative and size.alternative_min is not None and size.alternative_max is not None:
        second = _at_horizon(evidence, size.alternative, horizon)
        suffices = (second >= size.alternative_min) & (second <= size.alternative_max)
    for aspect, broken, bound in (
        ("horizon_over_max", first > size.max, size.max),
        ("horizon_below_min", first < size.min, size.min),
    ):
        for pos in np.flatnonzero(broken & grows & ~suffices):
            strength = weaker(rule.strength, size.untouched or rule.strength)
            yield evidence.finding(
                rule,
                aspect,
                pos,
                measured=first[pos],
                allowed=bound,
                unit=size.measure,
                strength=strength if evidence.is_untouched[pos] else rule.strength,
                households=horizon[pos],
                now=int(evidence.households[pos]),
            )


def check_grid(rule: GridRule, evidence: Evidence) -> Iterator[Finding]:
    """Nothing: a division into communities has no grids. A division into grids is judged where grids are made."""
    yield from ()


def _told(
    rule: SizeRule, evidence: Evidence, aspect: str, measured: Floats, broken: Bools, bound: int
) -> Iterator[Finding]:
    """One finding per community that breaks a bound; empty communities break none."""
    for pos in np.flatnonzero(broken & ~evidence.is_empty):
        strength = (rule.untouched or rule.strength) if evidence.is_untouched[pos] else rule.strength
        yield evidence.finding(
            rule, aspect, pos, measured=measured[pos], allowed=bound, unit=rule.measure, strength=strength
        )


def _unknown(rule: SizeRule, evidence: Evidence, measured: Floats) -> Iterator[Finding]:
    """Communities whose size cannot be told because an inhabited building's figure is unknown."""
    buildings = evidence.territory.layers.buildings
    blind = buildings[SIZE_COLUMNS[rule.measure]].isna() & (buildings["households"] > 0)
    count = evidence.division.sum_by_community(blind.astype(float))
    for pos in np.flatnonzero(np.isnan(measured) & ~evidence.is_empty):
        yield evidence.finding(
            rule,
            "size_unknown",
            pos,
            measured=count[pos],
            allowed=0,
            unit="buildings",
            strength=weaker(rule.strength, "should"),
            measure=rule.measure,
        )


def _sizes(evidence: Evidence, measure: Measure) -> Floats:
    """A measure of size per community; NaN where unknown."""
    buildings = evidence.territory.layers.buildings
    values: pd.Series[float] = total(evidence.division, buildings[SIZE_COLUMNS[measure]], buildings["households"])
    return np.asarray(values, dtype=np.float64)


def _other_measure_suffices(rule: SizeRule, evidence: Evidence) -> Bools:
    """True where the second measure of the rule lies within its bounds."""
    if rule.alternative is None or rule.alternative_min is None or rule.alternative_max is None:
        return np.zeros(len(evidence.households), dtype=np.bool_)
    other = _sizes(evidence, rule.alternative)
    return (other >= rule.alternative_min) & (other <= rule.alternative_max)


def _at_horizon(evidence: Evidence, measure: Measure, horizon: Floats) -> Floats:
    """A measure of size at the horizon: every household to come brings as much as those of its building."""
    if measure == "households":
        return horizon
    buildings, column = evidence.territory.layers.buildings, SIZE_COLUMNS[measure]
    now = buildings["households"]
    more = (buildings["horizon_households"] - now) * per_household(buildings, column)
    known = buildings[column].where((now > 0) | buildings[column].notna(), 0.0)
    grown: pd.Series[float] = total(evidence.division, known + more, now)
    return np.asarray(grown, dtype=np.float64)
