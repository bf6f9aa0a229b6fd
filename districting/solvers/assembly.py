"""From the sub-districts' solutions to one plan of the whole case, with the identities of design *Identity*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from districting.plans.plan import Mode, Plan
from districting.plans.problem import Ints, Problem
from districting.solvers.result import Result
from districting.territory.territory import Territory


@dataclass(frozen=True)
class Answer:
    """A problem and how its search ended."""

    problem: Problem
    result: Result


def assemble(
    plan_id: str,
    mode: Mode,
    answers: Mapping[str, Answer],
    territory: Territory,
    *,
    today: pd.DataFrame,
) -> Plan:
    """One plan from the answers of its sub-districts. New communities bear their id until they are named.

    Parameters
    ----------
    plan_id, mode
        Of the plan.
    answers
        By sub-district id. Sub-districts that are absent, or that have no solution, keep today's communities.
    territory
        The ground.
    today
        Communities of today: index ``community_id``; ``name``, ``subdistrict_id``, ``seat_x``, ``seat_y``,
        ``seat_kind`` as the judge sees them.
    """
    names = territory.layers.communities["name"]
    standing = territory.atoms.table["community_id"]
    assignment = standing.astype(object).where(standing.notna(), None)
    rows: list[dict[str, object]] = []
    for subdistrict_id, answer in sorted(answers.items()):
        solution = answer.result.solution
        if solution is None:
            continue
        problem = answer.problem
        ids = _ids(problem, solution.part, [chosen.community_pos for chosen in solution.chosen])
        assignment.loc[list(problem.atom_ids)] = np.array(ids, dtype=object)[solution.part]
        for community_id, chosen in zip(ids, solution.chosen, strict=True):
            kept = chosen.community_pos >= 0
            rows.append(
                {
                    "community_id": community_id,
                    "name": str(names.get(community_id, community_id)) if kept else community_id,
                    "subdistrict_id": subdistrict_id,
                    "origin": community_id if kept else None,
                    "seat_x": chosen.x,
                    "seat_y": chosen.y,
                    "seat_kind": "existing" if chosen.existing_seat else "candidate",
                }
            )
    solved = {sid for sid, answer in answers.items() if answer.result.solution is not None}
    _give_away_water(assignment, territory, solved, {row["community_id"] for row in rows})
    rows += _as_today(today, assignment, territory, solved, {row["community_id"] for row in rows})
    columns = ["community_id", "name", "subdistrict_id", "origin", "seat_x", "seat_y", "seat_kind"]
    communities = pd.DataFrame(rows, columns=columns).set_index("community_id").sort_index()
    unresolved = tuple(sorted(set(answers) - solved))
    return Plan(plan_id, mode, assignment, communities, unresolved)


def _give_away_water(
    assignment: pd.Series[str], territory: Territory, solved: set[str], known: set[object]
) -> None:
    """Open water of what was solved goes to the community with the longest shore; in place, on our own series.

    Water without a shore stays with its community of today, or with none where that has ended.
    """
    table = territory.atoms.table
    water = table.index[table["water"] & table["subdistrict_id"].isin(solved)]
    edges = territory.graph.edges
    both = pd.concat(
        [
            edges[["atom_a", "atom_b", "shared_m"]],
            edges[["atom_b", "atom_a", "shared_m"]].set_axis(["atom_a", "atom_b", "shared_m"], axis=1),
        ]
    )
    shores = both[both["atom_a"].isin(water) & ~both["atom_b"].isin(water)]
    shores = shores.assign(community_id=assignment.reindex(shores["atom_b"]).to_numpy()).dropna()
    lengths = shores.groupby(["atom_a", "community_id"])["shared_m"].sum().reset_index()
    longest = lengths.sort_values(["atom_a", "shared_m", "community_id"], ascending=[True, False, True])
    for_each = longest.drop_duplicates("atom_a").set_index("atom_a")["community_id"]
    assignment.loc[for_each.index] = for_each
    shoreless = water[~assignment.loc[water].isin(list(known))]
    assignment.loc[shoreless] = None


def _ids(problem: Problem, part: Ints, owners: list[int]) -> list[str]:
    """Ids of the parts: today's id for a successor; else the id of where most people come from, numbered."""
    numbered: dict[str, int] = {}
    taken = set(problem.community_ids)
    weights = problem.households + 1e-6  # a part where nobody lives is named after its land
    ids = []
    for position, owner in enumerate(owners):
        if owner >= 0:
            ids.append(problem.community_ids[owner])
            continue
        members = (part == position) & (problem.today >= 0)
        stem = problem.name
        if members.any():
            stem = problem.community_ids[
                int(np.bincount(problem.today[members], weights=weights[members]).argmax())
            ]
        while True:
            numbered[stem] = numbered.get(stem, 0) + 1
            candidate = f"{stem}-{numbered[stem]}"
            if candidate not in taken:
                break
        taken.add(candidate)
        ids.append(candidate)
    return ids


def _as_today(
    today: pd.DataFrame, assignment: pd.Series[str], territory: Territory, solved: set[str], known: set[object]
) -> list[dict[str, object]]:
    """Rows of the communities that hold land where today's division stays.

    One that spans two sub-districts and ended in its own, which was solved, stays on in the other with what it
    holds there.
    """
    held = assignment.dropna()
    held = held[~held.isin(list(known))]
    lies_in = territory.atoms.table["subdistrict_id"].loc[held.index].groupby(held.to_numpy()).first()
    return [
        {
            "community_id": community_id,
            "name": row["name"],
            "subdistrict_id": lies_in[community_id] if row["subdistrict_id"] in solved else row["subdistrict_id"],
            "origin": community_id,
            "seat_x": row["seat_x"],
            "seat_y": row["seat_y"],
            "seat_kind": row["seat_kind"],
        }
        for community_id, row in today.loc[sorted(lies_in.index)].iterrows()
    ]
