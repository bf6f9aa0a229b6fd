"""One desk on the smallest town's run, and people before it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from districting.review.app import create_app
from districting.review.desk import Desk
from districting.review.start import StartToken
from tests.reports.browsing import chromium

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def out(handed_over: Path, hamlet_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one's own, beside its case."""
    town = Path(shutil.copytree(hamlet_folder, tmp_path_factory.mktemp("review") / "town"))
    case = (town / "case.toml").read_text(encoding="utf-8")
    # Searches end by their proof; a clock that a busy machine could run out of would fail tests for no fault.
    case = case.replace('language = "zh"', 'language = "en"').replace("time_limit_s = 20", "time_limit_s = 300")
    (town / "case.toml").write_text(case, encoding="utf-8")
    return Path(shutil.copytree(handed_over, town / "out"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip that says why."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(out: Path) -> Desk:
    """The desk; it opens with the server."""
    return Desk(out, case=out.parent / "case.toml")


@pytest.fixture(scope="module")
def server(desk: Desk) -> Iterator[TestClient]:
    """The planner at this machine, once the case has been read."""
    start = StartToken()
    with TestClient(create_app(desk, start=start), base_url="http://127.0.0.1") as client:
        assert client.get(f"/join/{start.token}").status_code == 200
        assert desk.ready.wait(240), desk.fault
        client.headers["x-review"] = client.get("/api/state").json()["me"]["csrf"]
        yield client


@pytest.fixture
def draft(server: TestClient) -> str:
    """A fresh draft of the plan with the least changes."""
    made = server.post("/api/plans", json={"plan": "adjust", "title": "draft"})
    assert made.status_code == 201, made.text
    return str(made.json()["plan"])


@pytest.fixture(scope="module")
def join(desk: Desk, server: TestClient) -> Callable[[str, Any], TestClient]:
    """Somebody else, by an invitation."""

    def joined(name: str, role: Any) -> TestClient:
        client = TestClient(server.app, base_url="http://127.0.0.1")
        token = desk.people.invite(name, role, by="test")
        assert client.get(f"/join/{token}", follow_redirects=False).status_code == 303
        client.headers["x-review"] = client.get("/api/state").json()["me"]["csrf"]
        return client

    return joined


def until(condition: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """What a condition gives once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came true")
