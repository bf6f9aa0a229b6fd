"""Drafts that reviewers have settled, as plans that a case may adopt."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from districting.errors import Fault, PlanError
from districting.plans.division import Division
from districting.plans.plan import Plan
from districting.records.store import Store
from districting.territory.territory import Territory

_COLUMNS = ("community_id", "name", "subdistrict_id", "origin", "seat_x", "seat_y", "seat_kind")


@dataclass(frozen=True)
class ReviewedDraft:
    """A draft of a review.

    Parameters
    ----------
    review_id
        The run that was reviewed.
    plan_id, title, status, revision
        As the review has them.
    """

    review_id: str
    plan_id: str
    title: str
    status: str
    revision: int

    @property
    def plan_ref(self) -> str:
        """Its id among the plans of the case: a draft that is revised is another plan."""
        return f"{self.review_id}/{self.plan_id}@{self.revision}"


def find_draft(store: Store, named: str) -> ReviewedDraft | None:
    """The draft that a text names, by id (``draft-3``, ``<run_id>/draft-3``) or title; None if there is none.

    Raises
    ------
    PlanError
        If drafts of several reviews could be meant, or it is not settled (``final``) yet.
    """
    rows = store.rows(
        "SELECT review_id, plan_id, title, status, revision FROM review_plans WHERE status <> 'computed' "
        "AND ?1 IN (plan_id, title, review_id || '/' || plan_id, review_id || '/' || plan_id || '@' || revision) "
        "ORDER BY review_id, plan_id",
        (named,),
    )
    found = [ReviewedDraft(*row) for row in rows]
    if len(found) > 1:
        known = ", ".join(f"{one.review_id}/{one.plan_id}" for one in found)
        raise PlanError([Fault("fault.adopt_ambiguous", {"plan": named, "known": known})])
    if found and found[0].status != "final":
        raise PlanError([Fault("fault.adopt_not_final", {"plan": found[0].title})])
    return found[0] if found else None


def division_of(store: Store, draft: ReviewedDraft, territory: Territory, today: Division) -> Division:
    """A draft as the checks judge it.

    Raises
    ------
    PlanError
        If the data have changed since: the draft speaks of other atoms than the ground has now.
    """
    at = (draft.review_id, draft.plan_id, draft.revision)
    labels = store.rows(
        "SELECT atom_id, community_id, max(revision) FROM review_labels "
        "WHERE review_id = ? AND plan_id = ? AND revision <= ? GROUP BY atom_id ORDER BY atom_id",
        at,
    )
    assignment = pd.Series({row["atom_id"]: row["community_id"] for row in labels}, dtype=object)
    if set(assignment.index) != set(map(str, territory.atoms.table.index)):
        raise PlanError([Fault("fault.adopt_other_ground", {"plan": draft.title})])
    said = store.rows(
        f"SELECT {', '.join(_COLUMNS)}, max(revision) FROM review_communities "
        "WHERE review_id = ? AND plan_id = ? AND revision <= ? GROUP BY community_id ORDER BY community_id",
        at,
    )
    known = pd.DataFrame([tuple(row)[:-1] for row in said], columns=list(_COLUMNS)).set_index("community_id")
    standing = pd.DataFrame(today.outlines[list(_COLUMNS[1:])])  # land that a draft leaves to them
    table = pd.concat([known, standing[~standing.index.isin(known.index)]])
    table = table[table.index.isin(assignment.dropna())].sort_index().rename_axis("community_id")
    table[["seat_x", "seat_y"]] = table[["seat_x", "seat_y"]].astype(float)
    plan = Plan(draft.plan_id, "hand", assignment.rename_axis("atom_id"), table.astype({"name": object}))
    return Division.of_plan(plan, territory)
