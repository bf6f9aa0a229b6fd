"""What people ask of the next plan: everybody sees it, drafts hold to it, the case and `comments` take it over."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from districting.case import Case
from districting.errors import CaseError
from districting.plans.lock_checks import broken_locks
from districting.plans.posing import LockRequest
from districting.records.store import Store
from districting.reports.comment_files import page_key, read_comment_files
from districting.reports.comments import collect
from districting.rerun.lock import holding
from districting.review.asked import Standards, lock_of
from districting.review.case_file import write_lock
from districting.review.computed import to_division
from districting.review.desk import Desk
from districting.review.people import Person
from districting.review.proposals import Proposal, Proposals, Wish
from districting.review.refusals import ConflictError
from tests.review.test_preview import ground

Join = Callable[[str, Any], TestClient]


def wishes_of(desk: Desk) -> list[Wish]:
    """Wishes of every kind: each community alone and with the next one, atoms in pairs, compounds."""
    own = desk.opened.ground
    communities = sorted({one for one in own.today.values() if one})
    alone = [Wish(kind, communities=(one,)) for kind in ("keep", "split", "seat") for one in communities]
    joined = [Wish("merge", communities=pair) for pair in pairwise(communities)]
    dry = [atom for atom, land in zip(own.atom_ids, own.land, strict=True) if land]
    pairs = [Wish(kind, atoms=pair) for kind in ("together", "apart") for pair in zip(dry, dry[3:], strict=False)]
    return [
        *alone,
        *joined,
        *pairs,
        *(Wish("together", compounds=(one,)) for one in sorted({*own.compound} - {""})),
    ]


def test_a_proposal_holds_exactly_where_the_checks_find_no_broken_lock(server: TestClient, desk: Desk) -> None:
    opened, told = desk.opened, set()
    territory = opened.study.territory
    for plan in ("adjust", "redraw"):
        labels = desk.drafts.labels(plan)
        division = to_division(plan, labels, {**opened.today, **desk.drafts.communities(plan)}, territory)
        label = np.array([labels[atom] or "" for atom in opened.ground.atom_ids], dtype=object)
        for wish in wishes_of(desk):
            broken = broken_locks(division, territory, [lock_of(wish)], list(territory.layers.subdistricts.index))
            held = opened.standards.held(wish, label)
            assert held == (not broken), (plan, wish)
            told.add((wish.kind, held))
    assert {
        (kind, held) for kind in ("keep", "split", "merge", "together", "apart") for held in (True, False)
    } <= told


def test_a_reviewer_asks_others_second_it_and_a_draft_holds_to_it(
    server: TestClient, desk: Desk, draft: str, join: Join
) -> None:
    labels, today = desk.drafts.labels(draft), desk.opened.ground.today
    land = dict(zip(desk.opened.ground.atom_ids, desk.opened.ground.land, strict=True))
    same = [
        one
        for one in sorted({*today.values()} - {None})
        if all((labels[atom] == one) == (today[atom] == one) for atom in labels if land[atom])
    ]
    kept = str(same[0])
    li, reader = join("Li Ping", "reviewer"), join("Qian Du", "reader")
    body = {"plan": draft, "kind": "keep", "communities": [kept], "text": "keep it", "reason": "asked at the door"}
    assert reader.post("/api/proposals", json=body).status_code == 403
    number = li.post("/api/proposals", json=body).json()["number"]
    assert li.post("/api/proposals", json=body).json()["key"] == "proposed"
    assert server.post("/api/proposals", json=body).status_code == 201
    told = [one for one in reader.get("/api/state").json()["proposals"] if one["communities"] == [kept]]
    assert [(one["person"], one["reason"]) for one in told] == [
        ("Li Ping", "asked at the door"),
        ("Planner at this machine", "asked at the door"),
    ]
    place = f"/api/proposals/{number}"
    assert li.put(f"{place}/drafts/{draft}").status_code == 403
    assert server.put(f"{place}/drafts/adjust").json()["key"] == "computed"
    assert server.put(f"{place}/drafts/{draft}").status_code == 204
    atom = next(atom for atom, one in labels.items() if one == kept and land[atom])
    look = server.post(f"/api/plans/{draft}/look", json={"revision": 0, "atoms": [atom], "community": ""}).json()
    assert ("asked", "stop") in [(doubt["key"], doubt["strength"]) for doubt in look[0]["doubts"]]
    move = {"revision": 0, "atoms": [atom], "community": None}
    refused = server.post(f"/api/plans/{draft}/moves", json=move)
    assert (refused.status_code, refused.json()["key"]) == (409, "asked")
    assert [one.wish for one in desk.proposals.binding(draft)] == [Wish("keep", communities=(kept,))]
    assert server.delete(f"{place}/drafts/{draft}").status_code == 204
    assert server.post(f"/api/plans/{draft}/moves", json=move).json() == {"revision": 1}
    assert server.delete(place).json()["key"] == "not_yours"
    assert server.patch(place, json={"declined": True}).status_code == 204
    assert li.delete(place).json()["key"] == "answered"
    assert server.patch(place, json={"declined": False}).status_code == 204
    assert li.delete(place).status_code == 204
    log = [one["action"] for one in server.get("/api/audit").json() if one["detail"].get("proposal") == number]
    assert log == ["propose", "take", "leave", "decline", "reconsider", "withdraw"]


@pytest.mark.parametrize(
    ("wish", "key"),
    [
        ({"kind": "keep", "communities": ["nowhere"]}, "community"),
        ({"kind": "together", "atoms": ["1", "2"]}, "atom"),
        ({"kind": "together", "compounds": ["none"]}, "compound"),
        ({"kind": "merge"}, "wish"),
    ],
)
def test_a_proposal_about_what_there_is_not_is_refused(server: TestClient, wish: dict[str, Any], key: str) -> None:
    refused = server.post("/api/proposals", json={"plan": "adjust", "text": "?", **wish})
    assert (refused.status_code, refused.json()["key"]) == (404, key)


def test_what_is_open_comes_out_as_a_file_for_comments_and_goes_into_the_case(
    server: TestClient, desk: Desk, join: Join, tmp_path: Path
) -> None:
    one, other = sorted({one for one in desk.opened.ground.today.values() if one})[:2]
    body = {
        "plan": "adjust",
        "kind": "merge",
        "communities": [other, one],
        "text": 'as "one"\n[[locks]]',
        "reason": "=",
    }
    assert join("Zhou", "reviewer").post("/api/proposals", json=body).status_code == 201
    number = server.post("/api/proposals", json=body).json()["number"]
    server.post("/api/comments", json={"plan": "adjust", "text": "as a whole"})
    server.put("/api/votes", json={"plan": "adjust", "community": one, "verdict": "approve"})
    path = tmp_path / "comments.json"
    path.write_bytes(server.get("/api/comments").content)
    told = collect(read_comment_files([path]), page=page_key(desk.out))
    assert told.strangers == ()
    asked = [p for p in told.proposals if p.lock == LockRequest("merge", communities=(one, other))]
    assert [set(p.people) for p in asked] == [{"Zhou", "Planner at this machine"}]
    assert any(comment.text == "as a whole" for comment, _ in told.comments)
    assert any(tally.community == one and tally.approve for tally in told.tallies)
    before = desk.case_path.read_text(encoding="utf-8")
    assert server.put(f"/api/proposals/{number}/case").status_code == 204
    after = desk.case_path.read_text(encoding="utf-8")
    assert after.startswith(before), "what people wrote there stays"
    assert Case.read(desk.case_path).locks == (*desk.opened.study.case.locks, *(p.lock for p in asked))
    assert [one.state for one in desk.proposals.all() if one.wish.kind == "merge"] == ["case", "case"]
    assert server.put(f"/api/proposals/{number}/case").json()["key"] == "answered"
    desk.case_path.write_text(before, encoding="utf-8")


def a_proposal(wish: Wish) -> Proposal:
    """Somebody's."""
    return Proposal(1, "p", wish, "keep A", "", None, "Li", "2026-01-01T00:00:00+00:00", "open")


def test_a_lock_is_added_to_a_case_once_in_its_own_line_ends_and_never_beside_a_run(tmp_path: Path) -> None:
    case, wish = tmp_path / "case.toml", Wish("keep", communities=("A",))
    case.write_bytes('\ufeff# 案例\r\npolicy = "p"'.encode())
    write_lock(case, wish, [a_proposal(wish)], language="zh")
    raw = case.read_bytes()
    assert raw.startswith('\ufeff# 案例\r\npolicy = "p"\r\n'.encode())
    assert raw.count(b"\n") == raw.count(b"\r\n")
    with pytest.raises(ConflictError) as twice:
        write_lock(case, wish, [a_proposal(wish)], language="zh")
    assert twice.value.key == "in_case"
    case.write_text('locks = [{ kind = "keep", communities = ["B"] }]\n', encoding="utf-8")
    with pytest.raises(ConflictError) as listed:
        write_lock(case, wish, [a_proposal(wish)], language="zh")
    assert listed.value.key == "case_locks"
    with holding(case, verb="rerun"), pytest.raises(CaseError):
        write_lock(case, wish, [a_proposal(wish)], language="zh")


def test_only_what_held_before_a_move_can_be_broken_by_it() -> None:
    own = Standards(ground())
    labels: dict[str, str | None] = {atom: "A" if atom in "abc" else "B" for atom in "abcdefghi"}
    apart = a_proposal(Wish("apart", atoms=("a", "d")))
    own.check_moves([apart], labels, {"b": "B"})
    with pytest.raises(ConflictError):
        own.check_moves([apart], labels, {"a": "B"})
    own.check_moves([a_proposal(Wish("keep", communities=("A",)))], labels, {"a": "B"})  # it does not hold anyway


def test_records_of_an_earlier_program_gain_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "case.records.gpkg"
    Store(path, review_id="run").close()
    with sqlite3.connect(path) as file:
        file.execute("DROP TABLE review_taken")
        file.execute("DROP TABLE review_proposals")
    file.close()
    with Store(path, review_id="run") as store:
        with store.change() as change:
            change.write("INSERT INTO review_plans VALUES ('run', 'p', 'P', NULL, NULL, 'draft', 0, 'now', 'Li')")
        held = Proposals(store)
        wish = Wish("keep", communities=("A",))
        number = held.make(Person(1, "Li", "reviewer"), "p", wish, text="keep A", reason="", place=(1.5, 2.0))
        assert json.loads(json.dumps(held.get(number).to_json()))["place"] == [1.5, 2.0]
        assert held.get(number).wish == wish
