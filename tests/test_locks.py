"""Locks, from the case file to the finished plan; the plan is judged by code of its own."""

from __future__ import annotations

import dataclasses

import pytest

from districting.flow.run import Run
from districting.plans.division import Division
from districting.plans.lock_checks import broken_locks
from districting.plans.posing import LockRequest
from districting.study import Study


def sizes(study: Study) -> list[str]:
    """Communities with land and homes, the smallest first."""
    atoms = study.territory.atoms.table
    homes = atoms.groupby("community_id")["households"].sum()
    return [str(one) for one in homes[homes > 0].sort_values(kind="stable").index]


def neighbours(study: Study) -> tuple[str, str]:
    """Two small communities next to each other, by their atoms."""
    atoms, edges = study.territory.atoms.table, study.territory.graph.edges
    homes = atoms.groupby("community_id")["households"].sum()
    a = edges["atom_a"].map(atoms["community_id"])
    b = edges["atom_b"].map(atoms["community_id"])
    pairs = [
        (x, y)
        for x, y in zip(a, b, strict=True)
        if x in homes and y in homes and x != y and homes[x] > 0 < homes[y]
    ]
    return min(pairs, key=lambda pair: (homes[pair[0]] + homes[pair[1]], pair))


def request(kind: str, study: Study) -> LockRequest:
    """A lock of that kind that the small town can keep."""
    small = sizes(study)
    homes = study.territory.atoms.table
    in_range = [one for one in small if 1500 < homes.loc[homes["community_id"] == one, "households"].sum() < 4500]
    atoms = homes.index[(homes["households"] > 0) & ~homes["water"]]
    match kind:
        case "keep":
            return LockRequest("keep", communities=(in_range[0],))
        case "seat":
            return LockRequest("seat", communities=(in_range[0],))
        case "split":
            return LockRequest("split", communities=(small[-1],))
        case "merge":
            return LockRequest("merge", communities=neighbours(study))
        case "together":
            edges = study.territory.graph.edges
            near = edges[edges["crossable"] & edges["atom_a"].isin(atoms) & edges["atom_b"].isin(atoms)].iloc[0]
            return LockRequest("together", atoms=(near["atom_a"], near["atom_b"]))
        case _:
            return LockRequest("apart", atoms=(atoms[0], atoms[-1]))


@pytest.mark.parametrize("kind", ["keep", "seat", "split", "merge", "together", "apart"])
def test_a_lock_is_kept_in_every_mode_that_has_a_plan(kind: str, solved: tuple[Study, Run]) -> None:
    study, _ = solved
    lock = request(kind, study)
    locked = study.with_settings({"modes": ("adjust", "redraw")})
    locked.case = dataclasses.replace(locked.case, locks=(lock,))
    run = locked.propose(engine="serial")
    assert any(not alternative.plan.unresolved for alternative in run.alternatives)
    for alternative in run.alternatives:
        ids = [one for one in study.subdistrict_ids([]) if one not in alternative.plan.unresolved]
        assert broken_locks(alternative.judged.division, study.territory, [lock], ids) == []


def test_todays_map_breaks_the_locks_that_ask_for_a_change(solved: tuple[Study, Run]) -> None:
    study, _ = solved
    atoms, ids = study.territory.atoms.table, study.subdistrict_ids([])
    today = Division.of_atoms(atoms["community_id"], study.territory, name="today's atoms")
    for kind, held in (("keep", True), ("split", False), ("merge", False)):
        assert (broken_locks(today, study.territory, [request(kind, study)], ids) == []) == held, kind
    two = atoms.index[atoms["community_id"] == sizes(study)[-1]][:2]
    assert broken_locks(today, study.territory, [LockRequest("apart", atoms=tuple(two))], ids)
    assert not broken_locks(today, study.territory, [LockRequest("together", atoms=tuple(two))], ids)
    gone = dataclasses.replace(today, atoms=today.atoms.replace(sizes(study)[0], sizes(study)[1]))
    assert broken_locks(gone, study.territory, [LockRequest("keep", communities=(sizes(study)[0],))], ids)
