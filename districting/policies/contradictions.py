"""Rules that cannot both hold, whatever the town: found before any data are read.

Only true contradictions are told. A pair that some town can satisfy is no fault: whether a given town can is what
the solver proves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from districting.policies.access import OfficeRule, ReachRule, RemoteRule
from districting.policies.change import HollowRule, NamingRule, StabilityRule, WholeUnitRule
from districting.policies.land import CompoundRule, ContiguityRule, CoverageRule, NestingRule, ShapeRule
from districting.policies.resources import CrossAppointment, MoneyFigure, Resource, SpaceShare, StaffFigure
from districting.policies.rule import Rule
from districting.policies.sizes import GridRule, GrowthRule, SizeRule
from districting.policies.wrong import Wrong, no_choice, out_of_order

#: Kinds of which a second rule could only repeat or gainsay the first.
ONCE: tuple[type[Rule], ...] = (
    SizeRule, GridRule, GrowthRule, WholeUnitRule, StabilityRule, NamingRule, HollowRule, RemoteRule,
    ContiguityRule, CoverageRule, CompoundRule, OfficeRule, ShapeRule,
)  # fmt: skip


def contradictions(rules: Sequence[Rule], resources: Sequence[Resource]) -> list[tuple[str, Wrong]]:
    """Everything in a policy that cannot hold together.

    Told: no size rule; a second rule of a kind that can stand once; two nesting rules on the same zones; grids
    larger than any community; communities called remote although they keep the service radius; shares of one space
    that add up to more than the whole, or a least share above the largest; more members of one committee than both
    together may have; money in the place of a figure that does not exist.

    Returns
    -------
    list of (str, Wrong)
        The entries' ids and what is wrong.
    """
    found = []
    for look in (_once, _grids, _remote):
        found += list(look(rules))
    for examine in (_shares, _committees, _places):
        found += list(examine(resources))
    return found


def _once(rules: Sequence[Rule]) -> Iterator[tuple[str, Wrong]]:
    """A size rule is needed; kinds that can stand once do."""
    if not any(isinstance(rule, SizeRule) for rule in rules):
        yield "size", Wrong("no_size")
    for kind in ONCE:
        same = [rule.rule_id for rule in rules if isinstance(rule, kind)]
        if len(same) > 1:
            yield ", ".join(same), Wrong("once", {"kind": kind.kind})
    for one, other in combinations([rule for rule in rules if isinstance(rule, NestingRule)], 2):
        if one.inside == other.inside:
            yield f"{one.rule_id}, {other.rule_id}", Wrong("once", {"kind": f"{one.kind} (inside = {one.inside})"})


def _grids(rules: Sequence[Rule]) -> Iterator[tuple[str, Wrong]]:
    """A grid lies in a community, so it is no larger than one may be."""
    for size in (rule for rule in rules if isinstance(rule, SizeRule)):
        for grid in (rule for rule in rules if isinstance(rule, GridRule) and rule.measure == size.measure):
            if grid.max > size.max:
                both = f"{grid.rule_id}, {size.rule_id}"
                yield both, out_of_order(f"{grid.rule_id}.max", grid.max, f"{size.rule_id}.max", size.max)


def _remote(rules: Sequence[Rule]) -> Iterator[tuple[str, Wrong]]:
    """Who keeps the radius is not remote: a walked distance is never shorter than the straight one."""
    for remote in (rule for rule in rules if isinstance(rule, RemoteRule)):
        for reach in (rule for rule in rules if isinstance(rule, ReachRule) and rule.path == "straight"):
            limit = reach.limit_distance_m
            if limit is not None and remote.beyond_m < limit:
                names = (f"{reach.rule_id} (limit)", limit, f"{remote.rule_id}.beyond_m", remote.beyond_m)
                yield f"{remote.rule_id}, {reach.rule_id}", out_of_order(*names)


def _shares(resources: Sequence[Resource]) -> Iterator[tuple[str, Wrong]]:
    """Least shares of one space add up to at most the whole; the least share of a use is at most its largest."""
    shares = [figure for figure in resources if isinstance(figure, SpaceShare)]
    for space in dict.fromkeys(figure.of for figure in shares):
        least = [figure for figure in shares if figure.of == space and figure.min_share is not None]
        total = sum(figure.min_share or 0.0 for figure in least)
        if total > 1 + 1e-9:
            yield _ids(least), out_of_order(f"min_share ({space})", round(total, 6), space, 1)
    for one, other in combinations(shares, 2):
        if (one.use, one.of) != (other.use, other.of):
            continue
        for low, high in ((one, other), (other, one)):
            if low.min_share is not None and high.max_share is not None and low.min_share > high.max_share:
                names = (f"{low.resource_id}.min_share", f"{high.resource_id}.max_share")
                yield _ids((low, high)), out_of_order(names[0], low.min_share, names[1], high.max_share)


def _committees(resources: Sequence[Resource]) -> Iterator[tuple[str, Wrong]]:
    """One committee alone has no more members than both together may have."""
    for both in (figure for figure in resources if isinstance(figure, CrossAppointment)):
        for one in resources:
            if isinstance(one, StaffFigure) and one.role in ("committee", "party"):
                most = max([count for _, count in one.bands] + [one.per_community or 0])
                if most > both.at_most:
                    pair = (one.resource_id, most, f"{both.resource_id}.at_most", both.at_most)
                    yield _ids((one, both)), out_of_order(*pair)


def _places(resources: Sequence[Resource]) -> Iterator[tuple[str, Wrong]]:
    """Money that stands for another figure names one that exists."""
    money = {figure.resource_id for figure in resources if isinstance(figure, MoneyFigure)}
    for figure in (one for one in resources if isinstance(one, MoneyFigure)):
        others = sorted(money - {figure.resource_id})
        if figure.instead_of and figure.instead_of not in others:
            yield figure.resource_id, no_choice("instead_of", figure.instead_of, others)


def _ids(figures: Sequence[Resource]) -> str:
    """Ids of several figures."""
    return ", ".join(figure.resource_id for figure in figures)
