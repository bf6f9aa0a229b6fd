"""The server as several people use it: roles, edits that pass each other, verdicts, and doors that stay shut."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from starlette.testclient import TestClient

from districting.records.adoption import Asked
from districting.review import best
from districting.review.adoption import standings
from districting.review.app import create_app
from districting.review.desk import Desk
from districting.review.events import Ear
from districting.review.guard import LONGEST_BODY
from districting.review.people import Person
from districting.review.start import StartToken
from districting.study import Study
from tests.review.conftest import until

Join = Callable[[str, Any], TestClient]

#: How long a search may take on a machine that is busy with other things, s.
PATIENCE_S = 600.0


def a_move(server: TestClient, plan: str) -> tuple[list[str], str, str]:
    """Atoms, where they lie, and where they could go without any doubt."""
    told, atoms = server.get(f"/api/plans/{plan}").json(), server.get("/api/ground").json()["atoms"]
    for atom, label in zip(atoms, told["label"], strict=True):
        options = server.post(
            f"/api/plans/{plan}/look", json={"revision": told["revision"], "atoms": [atom]}
        ).json()
        good = [one["community"] for one in options if one["community"] and not one["doubts"]]
        if good:
            return [atom], told["communities"][label]["community_id"], good[0]
    raise AssertionError("no atom can move")


def state(server: TestClient, plan: str) -> dict[str, Any]:
    """A plan's note in the state of the desk."""
    return next(one for one in server.get("/api/state").json()["plans"] if one["plan_id"] == plan)


def test_the_runs_plans_are_there_with_their_verdicts_and_cannot_be_changed(server: TestClient, out: Path) -> None:
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    for plan in record["plans"]:
        note = until(
            lambda name=plan["plan_id"]: (found := state(server, name))["adoptable"] is not None and found
        )
        assert (note["status"], note["adoptable"]) == ("computed", plan["adoptable"])
        assert note["must"] == plan["findings_must"]
        told = server.get(f"/api/plans/{plan['plan_id']}").json()
        assert told["households_moved"] == plan["households_moved"]
    atoms, _, target = a_move(server, "adjust")
    refused = server.post("/api/plans/adjust/moves", json={"revision": 0, "atoms": atoms, "community": target})
    assert (refused.status_code, refused.json()["key"]) == (409, "computed")


def test_an_edit_is_previewed_saved_and_judged_and_undo_and_redo_restore_every_figure(
    server: TestClient, desk: Desk, draft: str
) -> None:
    before = server.get(f"/api/plans/{draft}").json()
    atoms, source, target = a_move(server, draft)
    (look,) = server.post(
        f"/api/plans/{draft}/look", json={"revision": 0, "atoms": atoms, "community": target}
    ).json()
    moved = server.post(f"/api/plans/{draft}/moves", json={"revision": 0, "atoms": atoms, "community": target})
    assert moved.json() == {"revision": 1}
    after = server.get(f"/api/plans/{draft}").json()
    sums = {one["community_id"]: one["households"] for one in after["communities"]}
    assert sums[target] == look["after"][target]["households"]
    assert sums.get(source, 0) == look["after"][source]["households"]
    until(lambda: state(server, draft)["adoptable"] is not None)
    judged = desk.judge(draft, 1)
    assert after["households_moved"] == judged.households_moved
    kept = server.get(f"/api/plans/{draft}").json()["findings"]
    assert [one["aspect"] for one in kept] == [one.aspect for one in judged.findings]
    assert server.post(f"/api/plans/{draft}/undo", json={"revision": 1}).json() == {"revision": 2}
    undone = server.get(f"/api/plans/{draft}").json()
    same = ("label", "communities", "households_moved")
    assert [undone[key] for key in same] == [before[key] for key in same]
    assert server.post(f"/api/plans/{draft}/redo", json={"revision": 2}).json() == {"revision": 3}
    redone = server.get(f"/api/plans/{draft}").json()
    assert [redone[key] for key in same] == [after[key] for key in same]
    refused = server.post(f"/api/plans/{draft}/redo", json={"revision": 3})
    assert (refused.status_code, refused.json()["key"]) == (409, "redo_empty")


def test_two_planners_at_once_the_later_one_gets_the_difference(
    server: TestClient, draft: str, join: Join
) -> None:
    other = join("Wang", "planner")
    atoms, source, target = a_move(server, draft)
    body = {"revision": 0, "atoms": atoms, "community": target}
    assert other.post(f"/api/plans/{draft}/moves", json=body).status_code == 200
    refused = server.post(f"/api/plans/{draft}/moves", json=body)
    assert refused.status_code == 409
    assert refused.json()["moves"] == [{"atom": atoms[0], "then": source, "now": target}]
    assert refused.json()["people"] == ["Wang"]
    assert state(server, draft)["revision"] == 1


def test_locks_bind_edits_and_are_told_before(server: TestClient, draft: str) -> None:
    atoms, source, target = a_move(server, draft)
    lock = {"kind": "community", "communities": [source]}
    assert server.post(f"/api/plans/{draft}/locks", json=lock).status_code == 204
    body = {"revision": 0, "atoms": atoms, "community": target}
    (look,) = server.post(f"/api/plans/{draft}/look", json=body).json()
    assert look["doubts"][0]["strength"] == "stop"
    assert server.post(f"/api/plans/{draft}/moves", json=body).json()["key"] == "locked"
    assert server.delete(f"/api/plans/{draft}/locks").status_code == 204
    assert server.post(f"/api/plans/{draft}/moves", json=body).status_code == 200


def test_a_new_community_gets_names_that_people_vote_on_and_a_planner_adopts_one(
    server: TestClient, draft: str, join: Join
) -> None:
    told = server.get(f"/api/plans/{draft}").json()
    atom = server.get("/api/ground").json()["atoms"][0]
    before = {one["community_id"] for one in told["communities"]}
    body = {"revision": 0, "atoms": [atom], "community": None}
    assert server.post(f"/api/plans/{draft}/moves", json=body).status_code == 200
    (fresh,) = {one["community_id"] for one in server.get(f"/api/plans/{draft}").json()["communities"]} - before
    reviewer = join("Li", "reviewer")
    named = reviewer.post("/api/names", json={"plan": draft, "community": fresh, "name": "锦绣社区"}).json()[
        "number"
    ]
    assert server.put(f"/api/names/{named}/vote", json={"wanted": True}).status_code == 204
    (name,) = [one for one in server.get("/api/state").json()["names"] if one["plan_id"] == draft]
    assert len(name["voters"]) == 2
    assert reviewer.post(f"/api/names/{named}/adopt", json={"revision": 1}).status_code == 403
    assert server.post(f"/api/names/{named}/adopt", json={"revision": 1}).json() == {"revision": 2}
    names = {one["community_id"]: one["name"] for one in server.get(f"/api/plans/{draft}").json()["communities"]}
    assert names[fresh] == "锦绣社区"


def test_what_is_final_is_adoptable_and_the_export_holds_plan_verdict_and_audit_log(
    server: TestClient, desk: Desk, draft: str, tmp_path: Path
) -> None:
    atom = server.get("/api/ground").json()["atoms"][0]
    server.post(f"/api/plans/{draft}/moves", json={"revision": 0, "atoms": [atom], "community": None})
    refused = server.patch(f"/api/plans/{draft}", json={"status": "final", "revision": 1})
    assert (refused.status_code, refused.json()["key"]) == (409, "not_adoptable")
    server.post(f"/api/plans/{draft}/undo", json={"revision": 1})
    assert server.patch(f"/api/plans/{draft}", json={"status": "final", "revision": 2}).status_code == 204
    server.post("/api/comments", json={"plan": draft, "text": "=cmd|'/c calc'!A1 good"})
    answer = server.get(f"/api/plans/{draft}/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as box:
        box.extractall(tmp_path)
    assert Study.open(desk.case_path).check(tmp_path / "plan.csv").adoptable
    log = [one["action"] for one in json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))]
    assert [action for action in log if action != "judge"][-5:] == ["branch", "move", "undo", "mark", "comment"]
    table = pd.read_csv(tmp_path / "audit.csv")
    assert len(table) == len(log)
    assert json.loads((tmp_path / "review.json").read_text(encoding="utf-8"))["plan"]["status"] == "final"


def test_roles_hold_and_an_invitation_ends_with_the_next(server: TestClient, draft: str, join: Join) -> None:
    reader, reviewer = join("Zhao", "reader"), join("Qian", "reviewer")
    comment = {"plan": draft, "text": "more room for the school"}
    assert reader.get("/api/state").json()["me"]["role"] == "reader"
    assert reader.post("/api/comments", json=comment).status_code == 403
    number = reviewer.post("/api/comments", json=comment).json()["number"]
    assert reviewer.patch(f"/api/comments/{number}", json={"settled": True}).status_code == 204
    assert reviewer.post("/api/plans", json={"plan": draft, "title": "mine"}).status_code == 403
    assert reviewer.get("/api/state").json()["people"] == []
    join("Qian", "reviewer")
    assert reviewer.get("/api/state").status_code == 403


def test_other_sites_other_names_and_long_bodies_are_turned_away(server: TestClient, draft: str) -> None:
    comment = {"plan": draft, "text": "x"}
    assert (
        server.post("/api/comments", json=comment, headers={"origin": "https://evil.example"}).status_code == 403
    )
    assert server.post("/api/comments", json=comment, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert server.post("/api/comments", json=comment, headers={"x-review": "guess"}).status_code == 403
    assert server.get("/api/state", headers={"host": "evil.example"}).status_code == 421
    assert server.get("/api/state", headers={"host": "localhost:8765"}).status_code == 200
    assert server.post("/api/comments", content=b" " * (LONGEST_BODY + 1)).status_code == 413
    chunks = (b" " * 100_000 for _ in range(LONGEST_BODY // 100_000 + 2))
    assert server.post("/api/comments", content=chunks).status_code == 413
    assert server.post("/api/comments", json=comment, headers={"origin": "http://127.0.0.1"}).status_code == 201


def test_who_comes_without_a_session_is_nobody_also_from_this_machine(server: TestClient) -> None:
    stranger = TestClient(server.app, base_url="http://127.0.0.1")
    assert stranger.get("/").status_code == 401
    assert stranger.get("/api/state").status_code == 403
    assert stranger.get("/api/events").status_code == 403
    assert stranger.get("/join/guess").status_code == 401
    assert not stranger.cookies


def test_the_start_link_makes_a_planner_once_and_only_who_is_in_may_follow_it_again(
    desk: Desk, server: TestClient
) -> None:
    start = StartToken()
    app = create_app(desk, start=start, hosts=frozenset())
    first, second = (TestClient(app, base_url="http://10.1.2.3:8765") for _ in range(2))
    token = start.token
    known = [one.entry_id for one in desk.store.entries(last=1)]
    assert first.get(f"/join/{token}").status_code == 200
    assert first.get("/api/state").json()["me"]["role"] == "planner"
    assert second.get(f"/join/{token}").status_code == 401
    assert first.get(f"/join/{token}").status_code == 200
    # Verdicts of drafts of other tests may be written meanwhile.
    told = [one.action for one in desk.store.entries(after=max(known, default=0))]
    assert [action for action in told if action != "judge"] == ["start"]
    token = desk.people.invite("Sun", "reader", by="test")
    assert second.get(f"/join/{token}").status_code == 200
    assert second.get("/api/state").json()["me"]["role"] == "reader"


def test_the_cookie_is_of_one_review_and_where_there_is_https_goes_nowhere_else(
    desk: Desk, server: TestClient
) -> None:
    start = StartToken()
    safe = TestClient(create_app(desk, start=start, secure=True), base_url="https://127.0.0.1")
    answer = safe.get(f"/join/{start.token}", follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-districting-")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))


def test_signing_out_ends_the_session_of_this_browser_only(server: TestClient, join: Join) -> None:
    here, copied = join("Zhou", "reader"), TestClient(server.app, base_url="http://127.0.0.1")
    copied.cookies.update(here.cookies)
    assert here.delete("/api/session").status_code == 204
    assert copied.get("/api/state").status_code == 403
    assert server.get("/api/state").status_code == 200


@pytest.mark.parametrize("how", ["revoked", "invited anew", "signed out", "run out"])
def test_an_open_line_closes_at_once_when_its_session_ends(
    server: TestClient, desk: Desk, join: Join, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("districting.review.events.HEARTBEAT_S", 0.2)
    person = join("Feng", "reader")
    secret = next(iter(person.cookies.values()))
    found = desk.people.of_session(secret)
    assert found is not None
    heard: list[str] = []

    async def listen() -> None:
        ear = Ear("Feng", found.csrf)
        async for text in desk.hub.listen(ear, stands=lambda: desk.people.of_session(secret) is not None):
            heard.append(text)  # noqa: PERF401 - what came before the end is to be seen meanwhile

    assert server.portal is not None
    line = server.portal.start_task_soon(listen)
    until(lambda: "Feng" in desk.hub.present and heard)
    if how == "revoked":
        assert server.delete(f"/api/people/{found.person_id}").status_code == 204
    elif how == "invited anew":
        desk.people.invite("Feng", "reviewer", by="test")
    elif how == "signed out":
        assert person.delete("/api/session").status_code == 204
    else:
        with desk.store.change() as change:
            change.write("UPDATE review_sessions SET expires = '2000-01-01' WHERE csrf = ?", (found.csrf,))
    line.result(timeout=20)
    assert "Feng" not in desk.hub.present
    assert not any("revoke" in text for text in heard)


def test_every_revision_gets_its_verdict_and_the_audit_log_says_so(
    server: TestClient, desk: Desk, draft: str
) -> None:
    atoms, _, target = a_move(server, draft)
    server.post(f"/api/plans/{draft}/moves", json={"revision": 0, "atoms": atoms, "community": target})
    server.post(f"/api/plans/{draft}/undo", json={"revision": 1})
    server.post(f"/api/plans/{draft}/redo", json={"revision": 2})
    assert server.get(f"/api/plans/{draft}/export").status_code == 200
    verdicts = [desk.findings(draft, revision) for revision in range(4)]
    assert None not in verdicts
    assert (verdicts[0], verdicts[1]) == (verdicts[2], verdicts[3])
    told = [one.after for one in desk.store.entries(plan_id=draft) if one.action == "judge"]
    assert sorted(told) == [0, 1, 2, 3]


def test_a_wrong_case_file_ends_the_server_with_a_sentence(out: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "case.toml"
    case = (out.parent / "case.toml").read_text(encoding="utf-8")
    wrong.write_text(re.sub('policy = ".*"', 'policy = "nowhere"', case, count=1), encoding="utf-8")
    command = [sys.executable, "-m", "districting.cli", "review", str(out), "--no-open", "--port", "0"]
    ended = subprocess.run(
        [*command, "--case", str(wrong)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 2
    assert "nowhere" in ended.stderr


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../desk.py",
        "/assets/%2e%2e%2fdesk.py",
        "/../case.toml",
        "/out/run.json",
        "/assets/server.js",
        "//etc/passwd",
    ],
)
def test_no_file_can_be_reached(server: TestClient, path: str) -> None:
    assert server.get(path).status_code == 404


def test_the_page_lets_only_its_own_script_in_and_what_people_write_stays_text(
    server: TestClient, draft: str
) -> None:
    server.patch(f"/api/plans/{draft}", json={"title": "</script><script>alert(1)</script>"})
    answer = server.get("/")
    assert "<script>alert" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "Content-Security-Policy" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    assert server.get("/assets/live.js").headers["x-content-type-options"] == "nosniff"


def test_a_final_plan_tells_how_it_is_adopted_and_then_how_far_it_has_come(
    server: TestClient, desk: Desk, draft: str, join: Join
) -> None:
    def told(who: TestClient) -> dict[str, Any]:
        """How the draft stands, as somebody is told."""
        standing: dict[str, Any] = who.get("/api/state").json()["adoption"][draft]
        return standing

    assert draft not in server.get("/api/state").json()["adoption"]
    assert server.patch(f"/api/plans/{draft}", json={"status": "final", "revision": 0}).status_code == 204
    first = told(server)
    assert (first["status"], first["ahead"], first["named"]) == ("", "draft", False)
    assert first["words"] == [
        "districting", "adopt", str(desk.case_path.resolve()), f"{desk.store.review_id}/{draft}@0",
    ]  # fmt: skip
    reviewer = join("Deng", "reviewer")
    assert told(reviewer) == first | {"words": []}
    study, named = desk.opened.study, first["words"][3]
    for status in ("draft", "submitted"):
        study.adopt(named, Asked("Li"))
        assert told(server)["status"] == status
    assert (told(server)["ahead"], told(server)["named"]) == ("approved", True)
    study.adopt(named, Asked("Li", document="碑政发〔2026〕12号", date="2026-12-01"))
    approved = told(reviewer)
    assert (approved["status"], approved["document"], approved["date"]) == (
        "approved", "碑政发〔2026〕12号", "2026-12-01",
    )  # fmt: skip
    assert told(server)["words"] == []
    server.patch(f"/api/plans/{draft}", json={"status": "draft", "revision": 0})
    atoms, _, target = a_move(server, draft)
    server.post(f"/api/plans/{draft}/moves", json={"revision": 0, "atoms": atoms, "community": target})
    assert (told(server)["status"], told(server)["revision"]) == ("approved", 0)


def test_a_review_kept_apart_says_that_the_records_do_not_know_its_drafts(out: Path, tmp_path: Path) -> None:
    apart = Desk(out, case=out.parent / "case.toml", store=tmp_path / "apart.gpkg")
    notes: dict[str, Any] = {"labels": {"a": None}, "communities": [], "person": "p"}
    apart.drafts.begin("draft-1", title="ours", status="final", **notes)
    (standing,) = standings(apart, Person(1, "p", "planner", "")).values()
    assert standing["apart"]
    assert standing["words"] == ()
    apart.store.close()


def test_the_best_from_here_keeps_what_is_locked_and_the_search_can_be_cancelled(
    server: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = best.best_from_here

    def at_work(*about: Any, stop: Callable[[], bool], **more: Any) -> best.Found:
        until(stop, seconds=PATIENCE_S)
        return search(*about, stop=stop, **more)

    def ended() -> dict[str, Any]:
        """How the latest search ended."""
        found: dict[str, Any] = until(
            lambda: (one := server.get("/api/state").json()["searches"][-1])["state"] != "running" and one,
            seconds=PATIENCE_S,
        )
        return found

    draft = server.post("/api/plans", json={"plan": "redraw", "title": "drawn anew"}).json()["plan"]
    atoms, _, target = a_move(server, draft)
    server.post(f"/api/plans/{draft}/moves", json={"revision": 0, "atoms": atoms, "community": target})
    labels = desk.drafts.labels(draft)
    held = {atom for atom, one in labels.items() if one == target}
    server.post(f"/api/plans/{draft}/locks", json={"kind": "community", "communities": [target]})
    ask = {"revision": 1, "mode": "adjust"}
    monkeypatch.setattr(best, "best_from_here", at_work)
    number = server.post(f"/api/plans/{draft}/best", json=ask).json()["number"]
    assert server.post(f"/api/plans/{draft}/best", json=ask).json()["key"] == "searching"
    assert server.post(f"/api/searches/{number}/end", json={"keep": False}).status_code == 204
    assert ended()["state"] == "cancelled"
    assert state(server, draft)["revision"] == 1
    monkeypatch.setattr(best, "best_from_here", search)
    assert server.post(f"/api/plans/{draft}/best", json=ask).json()["number"] == number + 1
    told = ended()
    assert told["state"] == "done", told
    assert told["result"] == [draft, 2]
    after = desk.drafts.labels(draft)
    (holder,) = {after[atom] for atom in held}
    dry = {atom for atom, land in zip(desk.opened.ground.atom_ids, desk.opened.ground.land, strict=True) if land}
    assert {atom for atom, one in after.items() if one == holder} & dry == held & dry
    assert server.post(f"/api/plans/{draft}/undo", json={"revision": 2}).json() == {"revision": 3}
    assert desk.drafts.labels(draft) == labels
