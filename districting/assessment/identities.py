"""Who a community is: its name and code, kept by the successor, provisional for a new one; and who has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from districting.assessment.codes import provisional_codes
from districting.assessment.naming import NameProposal, propose_names
from districting.language import Language, say
from districting.plans.division import Division
from districting.plans.evidence import carried_ids
from districting.plans.land import as_text
from districting.territory.territory import Territory

#: Columns of the list of abolished communities.
ABOLISHED = ("code", "name", "community_id", "subdistrict_id")


@dataclass(frozen=True, eq=False)
class Identities:
    """Names and codes of a division's communities.

    Parameters
    ----------
    table
        Index ``community_id``: ``name``, ``code`` (None where there is none), ``provisional`` (True for a new
        community: name and code are proposals).
    proposals
        Names for new communities, the best first; that one is the provisional name. Empty for a community that
        came with a name of its own.
    abolished
        Communities that ended, now or before; columns `ABOLISHED`. Neither their names nor their codes are given
        again.
    without_codes, full
        Names of the sub-districts where new communities get no code: today's bear none; or numbers have run out.
    """

    table: pd.DataFrame
    proposals: Mapping[str, tuple[NameProposal, ...]]
    abolished: pd.DataFrame
    without_codes: tuple[str, ...] = ()
    full: tuple[str, ...] = ()

    def during(self, division: Division) -> Identities:
        """Who the communities of an interim division are: the new ones as in the whole, the others as today."""
        ids = division.outlines.index
        gone = self.abolished.dropna(subset=["community_id"]).drop_duplicates("community_id", keep="last")
        still = gone.set_index("community_id")[["name", "code"]].assign(provisional=False)
        rows = pd.concat([self.table, still[~still.index.isin(self.table.index)]]).reindex(ids)
        rows["provisional"] = rows["provisional"].fillna(False).astype(bool)
        return Identities(
            rows,
            {key: offers for key, offers in self.proposals.items() if key in ids},
            self.abolished[~self.abolished["community_id"].isin(list(ids))].reset_index(drop=True),
            self.without_codes,
            self.full,
        )

    def notes(self, language: Language) -> list[str]:
        """Where no code could be given, in words."""
        return [say("naming.no_codes", language, subdistrict=name) for name in self.without_codes] + [
            say("naming.codes_full", language, subdistrict=name) for name in self.full
        ]

    def lines(self, language: Language) -> list[str]:
        """A line for each new community: its provisional name with the reason, further names, its code."""
        told = []
        comma = {"zh": "、", "en": ", "}[language]
        for key, row in self.table[self.table["provisional"]].iterrows():
            code = (
                say("naming.code", language, code=row["code"])
                if row["code"]
                else say("naming.code_none", language)
            )
            first = next(iter(self.proposals.get(str(key), ())), None)
            if first is None:
                told.append(say("naming.new_named", language, name=row["name"], code=code))
                continue
            more = comma.join(self.alternatives(str(key)))
            others = say("naming.others", language, names=more) if more else ""
            values = {"name": row["name"], "reason": first.reason(language), "others": others, "code": code}
            told.append(say("naming.new", language, **values))
        return told

    def alternatives(self, community_id: str) -> list[str]:
        """Names proposed beside the first."""
        return [proposal.name for proposal in self.proposals.get(community_id, ())[1:]]

    def to_json(self, language: Language) -> dict[str, Any]:
        """Plain data, as in ``proposal.json``."""
        rows = self.table.reset_index()
        new = rows[rows["provisional"]].astype(object).where(rows.notna(), None).to_dict("records")
        gone = self.abolished.astype(object).where(self.abolished.notna(), None)
        return {
            "new_communities": [
                {
                    **row,
                    "names": [one.to_json(language) for one in self.proposals.get(str(row["community_id"]), ())],
                }
                for row in new
            ],
            "abolished": gone.to_dict("records"),
            "notes": self.notes(language),
        }


def no_one() -> pd.DataFrame:
    """An empty list of abolished communities."""
    return pd.DataFrame({column: pd.Series(dtype=object) for column in ABOLISHED})


def identify(
    division: Division,
    today: Division,
    territory: Territory,
    *,
    language: Language,
    retired: pd.DataFrame | None = None,
) -> tuple[Division, Identities]:
    """The division with names for its new communities, and who everyone is.

    A new community that comes with a name of its own (not its id) keeps it, provisional all the same.

    Parameters
    ----------
    retired
        Communities abolished before, columns `ABOLISHED`; their names and codes are not given again.
    """
    retired = no_one() if retired is None else retired
    outlines, known = division.outlines, territory.layers.communities
    codes_today = as_text(known["code"]) if "code" in known else pd.Series(None, known.index, dtype=object)
    carried = as_text(carried_ids(division, today))
    is_new = carried.isna()
    ended = today.outlines[~today.outlines.index.isin(carried.dropna())]
    gone = pd.DataFrame(
        {
            "code": as_text(codes_today.reindex(ended.index)),
            "name": ended["name"],
            "community_id": ended.index,
            "subdistrict_id": ended["subdistrict_id"],
        }
    )
    abolished = pd.concat([retired, gone], ignore_index=True)[list(ABOLISHED)].drop_duplicates()
    unnamed = outlines.index[is_new & (outlines["name"] == outlines.index.to_series())]
    given = outlines.loc[is_new & ~outlines.index.isin(unnamed), "name"]
    taken = [*retired["name"].dropna(), *given]
    proposals = propose_names(division, [str(key) for key in unnamed], territory, language=language, taken=taken)
    names = outlines["name"].copy()
    for key, offers in proposals.items():
        if offers:
            names[key] = offers[0].name
    before = pd.DataFrame({"code": codes_today, "subdistrict_id": known["subdistrict_id"]})
    codes = provisional_codes(
        outlines.loc[is_new, "subdistrict_id"], before, abolished=retired["code"].dropna().astype(str)
    )
    kept = codes_today.reindex(carried.to_numpy()).to_numpy()
    table = pd.DataFrame(
        {
            "name": names,
            "code": as_text(
                pd.Series(np.where(is_new, outlines.index.map(codes.codes.get), kept), outlines.index)
            ),
            "provisional": is_new,
        },
        index=outlines.index,
    )
    subdistricts = territory.layers.subdistricts["name"]
    told = Identities(
        table,
        proposals,
        abolished.reset_index(drop=True),
        tuple(str(subdistricts.get(one, one)) for one in codes.without_codes),
        tuple(str(subdistricts.get(one, one)) for one in codes.full),
    )
    return replace(division, outlines=outlines.assign(name=names)), told
