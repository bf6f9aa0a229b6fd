"""What the tables of one plan are made from, and the columns and notes that they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from districting.assessment.identities import Identities
from districting.assessment.proposal import Proposal
from districting.assessment.resources import ResourceTable
from districting.assessment.steps import carried_labels
from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.finding import Finding
from districting.policies.policy import Policy
from districting.reports.sheets import Column, Sheet
from districting.reports.words import plan_title, policy_overrides
from districting.territory.territory import Territory


@dataclass(frozen=True, eq=False)
class PlanTables:
    """Everything that the tables of one plan are made from.

    Parameters
    ----------
    figures_today, figures
        Tables of `districting.plans.community_table.community_table`, of today and of the plan.
    findings_today, findings
        What the checks say of both.
    date
        Of the run, ISO 8601; empty where unknown.
    identities
        Codes of the plan's communities, provisional for new ones; None: those of today alone.
    further
        Other notes of the run, e.g. of a freeze.
    """

    territory: Territory
    policy: Policy
    language: Language
    today: Division
    division: Division
    proposal: Proposal
    resources: ResourceTable
    figures_today: pd.DataFrame
    figures: pd.DataFrame
    findings_today: Sequence[Finding]
    findings: Sequence[Finding]
    date: str = ""
    identities: Identities | None = None
    further: tuple[str, ...] = ()

    def head(self, name: str) -> str:
        """Heading of a column."""
        return say(f"tables.head.{name}", self.language)

    def sheet(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        fixed: int,
        remarks: tuple[str, ...] = (),
        plan: str | None = None,
    ) -> Sheet:
        """A sheet with the title and notes that all share."""
        tab = say(f"tables.{name}", self.language)
        remarks = (*remarks, say("tables.dash", self.language))
        return Sheet(tab, tab, self.notes(plan), tuple(columns), fixed, remarks)

    def notes(self, plan: str | None = None) -> tuple[str, ...]:
        """Plan, policy, what a case changed, source of the data, and whether they were generated."""
        layers = self.territory.layers
        values = {
            "plan": plan_title(plan or self.division.name, self.language),
            "policy": self.policy.title[self.language],
            "date": self.date[:10] or "—",
            "files": self.joined(dict.fromkeys(source.title for source in layers.sources)) or "—",
        }
        notes = [say("tables.note", self.language, **values), *self.further]
        notes += policy_overrides(self.policy, self.language)
        if layers.generated:
            notes.append(say("report.generated", self.language))
        if layers.estimated_share > 0:
            notes.append(say("report.estimated", self.language, share=layers.estimated_share * 100))
        return tuple(notes)

    def who(self, ids: pd.Index[Any], table: pd.DataFrame, *, code: pd.Series[str]) -> list[Column]:
        """Number, sub-district, code and name of communities."""
        return [
            self.numbers(len(ids)),
            Column(self.head("subdistrict"), table["subdistrict_id"].map(self.subdistricts).tolist()),
            Column(self.head("code"), code.where(code.notna(), "").tolist()),
            Column(self.head("community"), table["name"].tolist()),
        ]

    def sizes(self, figures: pd.DataFrame, division: Division) -> list[Column]:
        """Households, people, dwellings, buildings, compounds, area, distance; what is unknown of all left out."""
        compounds = self.territory.layers.buildings["compound_id"].groupby(division.buildings).nunique()
        held = compounds.reindex(figures.index).fillna(0).where(figures["buildings"].notna())
        counts = ("people", "registered_people", "dwellings", "buildings")
        return [
            Column(self.head("households"), figures["households"].tolist(), "count", total=True),
            *(
                Column(self.head(name), figures[name].tolist(), "count", total=True)
                for name in counts
                if figures[name].notna().any()
            ),
            Column(self.head("compounds"), held.tolist(), "count"),
            Column(self.head("area_km2"), (figures["area_m2"] / 1e6).tolist(), "decimal", total=True),
            Column(self.head("farthest_m"), figures["farthest_m"].tolist(), "count"),
        ]

    @cached_property
    def codes(self) -> pd.Series[str]:
        """Code of every community of the plan and of every one that ends; a provisional one says so."""
        changes, known = self.proposal.changes, self.territory.layers.communities["code"]
        codes = pd.Series(known.reindex(changes["origin"]).to_numpy(), index=changes.index, dtype=object)
        if self.identities is None:
            return codes
        table = self.identities.table[self.identities.table["provisional"]].dropna(subset="code")
        told = {key: say("tables.provisional", self.language, code=code) for key, code in table["code"].items()}
        return codes.where(~codes.index.isin(list(told)), codes.index.map(told))

    def numbers(self, count: int) -> Column:
        """Running numbers."""
        return Column(self.head("number"), [str(number) for number in range(1, count + 1)], "mark")

    def names_of(self, communities: pd.Series[str], division: Division) -> pd.Series[str]:
        """Name of each building's community."""
        return communities.map(division.outlines["name"])

    def joined(self, words: Iterable[str]) -> str:
        """Words in a row."""
        return {"zh": "、", "en": ", "}[self.language].join(words)

    @cached_property
    def carried(self) -> pd.Series[str]:
        """Community of today of every building, under the id that the plan gives it."""
        return carried_labels(self.today, self.division)

    @cached_property
    def changed(self) -> pd.Series[bool]:
        """Buildings whose community changes."""
        return self.carried.fillna("") != self.division.buildings.reindex(self.carried.index).fillna("")

    @cached_property
    def subdistricts(self) -> dict[str, str]:
        """Names of the sub-districts by id."""
        return {str(key): str(name) for key, name in self.territory.layers.subdistricts["name"].items()}

    @cached_property
    def compounds(self) -> pd.Series[str]:
        """Name of each building's compound, its id where it has no name; None in none."""
        ids, table = self.territory.layers.buildings["compound_id"], self.territory.layers.compounds
        names: pd.Series[str] = ids.map(table["name"]) if "name" in table.columns and len(table) else ids
        return names.where(names.notna(), ids).astype(object)
