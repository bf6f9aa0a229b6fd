"""What every check looks at: the division, the ground, the policy, today; and how a finding is put down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from districting.plans.distances import distance_to_seat_m, walk_network
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.plans.land import positions
from districting.plans.measures import centres
from districting.plans.problem import Bools, Floats, Ints
from districting.policies.policy import Policy
from districting.policies.rule import Rule, Strength
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork

#: Strongest first.
STRENGTHS: tuple[Strength, ...] = ("must", "should", "prefer")


def weaker(one: Strength, other: Strength) -> Strength:
    """The weaker of two strengths."""
    return max(one, other, key=STRENGTHS.index)


@dataclass(frozen=True, eq=False)
class Evidence:
    """One division before its judge. What several checks need is measured once, when first asked for.

    Parameters
    ----------
    today
        The division that it is compared with; None where there is none. The division itself in a diagnosis.
    network
        For walked distances; None: made from the roads when first asked for.
    """

    division: Division
    territory: Territory
    policy: Policy
    today: Division | None = None
    network: WalkNetwork | None = None

    @property
    def is_diagnosis(self) -> bool:
        """True if today itself is judged: then the triggers of a split or a merge are told."""
        return self.today is self.division

    @cached_property
    def households(self) -> Ints:
        """Households of each community, in the order of the outlines."""
        return self.division.sum_by_community(self.territory.layers.buildings["households"]).astype(np.int64)

    @cached_property
    def has_centre(self) -> Bools:
        """True for communities with a service centre of today."""
        return np.asarray(self.division.outlines["seat_kind"] == "existing", dtype=np.bool_)

    @cached_property
    def is_empty(self) -> Bools:
        """True for communities without household and without centre: no rule of size concerns them."""
        return np.asarray((self.households == 0) & ~self.has_centre, dtype=np.bool_)

    @cached_property
    def places(self) -> Floats:
        """Household-weighted centre of each community, shape (n, 2), m."""
        return centres(self.division, self.territory)

    @cached_property
    def points(self) -> Floats:
        """Coordinates of the buildings, shape (n_buildings, 2), m."""
        return np.asarray(shapely.get_coordinates(self.territory.layers.buildings.geometry.to_numpy()))

    @cached_property
    def metres(self) -> pd.Series[float]:
        """Straight distance from each inhabited building to its seat, m; NaN without one."""
        return distance_to_seat_m(self.division, self.territory)

    @cached_property
    def walked(self) -> pd.Series[float]:
        """Walked distance from each inhabited building to its seat, m; NaN without one."""
        network = self.network or walk_network(self.territory)
        return distance_to_seat_m(self.division, self.territory, network=network)

    @cached_property
    def origins(self) -> Ints:
        """Position in ``today`` of the community that each succeeds, −1 for a new one."""
        if self.today is None:
            return np.full(len(self.division.outlines), -1, dtype=np.int64)
        return positions(self.today.outlines.index, carried_ids(self.division, self.today))

    @cached_property
    def is_untouched(self) -> Bools:
        """True for communities that hold exactly the buildings that they hold today."""
        if self.today is None:
            return np.zeros(len(self.division.outlines), dtype=np.bool_)
        codes, today = self.division.codes, self.today.codes
        now = np.where(codes >= 0, self.origins[codes], -1)
        moved = now != today
        gained = np.bincount(codes[moved & (codes >= 0)], minlength=len(self.division.outlines)) > 0
        lost = np.bincount(today[moved & (today >= 0)], minlength=len(self.today.outlines)) > 0
        kept = self.origins >= 0
        kept &= ~gained
        kept[kept] = ~lost[self.origins[kept]]
        return kept

    def subdistrict_name(self, subdistrict_id: Any) -> str:
        """Name of a sub-district; its id where it has no name, empty where there is none."""
        table = self.territory.layers.subdistricts
        if subdistrict_id not in table.index:
            return "" if pd.isna(subdistrict_id) else str(subdistrict_id)
        name = table.at[subdistrict_id, "name"]
        return str(subdistrict_id) if pd.isna(name) else str(name)

    def finding(
        self,
        rule: Rule,
        aspect: str,
        pos: int | np.integer[Any],
        *,
        measured: float,
        allowed: float | None,
        unit: str,
        strength: Strength | None = None,
        place: Any = None,
        households: float | None = None,
        **detail: Any,
    ) -> Finding:
        """A finding on the community at ``pos`` of the outlines, at its centre unless told otherwise."""
        row = self.division.outlines.iloc[int(pos)]
        where = self.places[pos] if place is None else place
        return Finding(
            rule=rule.rule_id,
            aspect=aspect,
            strength=strength or rule.strength,
            clause=rule.clause,
            subdistrict=self.subdistrict_name(row["subdistrict_id"]),
            community_id=str(self.division.outlines.index[int(pos)]),
            measured=float(measured),
            allowed=None if allowed is None else float(allowed),
            unit=unit,
            place=(float(where[0]), float(where[1])),
            households=int(self.households[pos] if households is None else households),
            detail={"name": str(row["name"]), **detail},
        )

    def finding_of_subdistrict(
        self,
        rule: Rule,
        aspect: str,
        subdistrict_id: Any,
        *,
        measured: float,
        allowed: float | None = 0.0,
        unit: str,
        strength: Strength | None = None,
        place: Any,
        households: float,
        **detail: Any,
    ) -> Finding:
        """A finding on a sub-district as a whole, or on its land and households in no community."""
        return Finding(
            rule=rule.rule_id,
            aspect=aspect,
            strength=strength or rule.strength,
            clause=rule.clause,
            subdistrict=self.subdistrict_name(subdistrict_id),
            community_id="",
            measured=float(measured),
            allowed=None if allowed is None else float(allowed),
            unit=unit,
            place=(float(place[0]), float(place[1])),
            households=int(households),
            detail=detail,
        )


def carried_ids(division: Division, today: Division) -> pd.Series[str]:
    """Id of today that each community carries: its origin, or its own id where that is one of today's."""
    origin = division.outlines["origin"]
    own = division.outlines.index.to_series().astype(object)
    carried: pd.Series[str] = origin.where(origin.notna(), own.where(own.isin(today.outlines.index), None))
    return carried
