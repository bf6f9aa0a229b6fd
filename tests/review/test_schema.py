"""The OpenAPI description is true: whatever fits it, and whatever does not, finds no fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from tests.review.conftest import until
from tests.review.serving import Served

CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]


@pytest.fixture(scope="module")
def planner(out: Path) -> Iterator[httpx2.Client]:
    """The planner at a running server."""
    served = Served.start(out)
    with httpx2.Client(base_url=served.url, timeout=30.0) as client:
        assert client.get(served.start_link).status_code == 303
        until(lambda: client.get("/api/state").json()["ready"], seconds=240)
        client.headers["x-review"] = client.get("/api/state").json()["me"]["csrf"]
        yield client
    served.end()


@pytest.fixture(scope="module")
def described(planner: httpx2.Client) -> schemathesis.BaseSchema:
    """The description, without the line that never ends and the search that takes long."""
    schema = schemathesis.openapi.from_url(f"{planner.base_url}openapi.json")
    return schema.exclude(path_regex="/api/events|/best$")


def test_no_request_finds_a_fault_of_ours_and_every_answer_is_as_described(
    described: schemathesis.BaseSchema, planner: httpx2.Client
) -> None:
    tried = set()
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=4,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def asked(case: schemathesis.Case) -> None:
            if case.path_parameters.get("plan"):
                case.path_parameters["plan"] = "adjust"  # else nearly every request ends at an unknown plan
            answer = case.call(headers={"x-review": planner.headers["x-review"]}, cookies=dict(planner.cookies))
            case.validate_response(answer, checks=CHECKS)
            tried.add((case.method, case.path))

        asked()
    assert len(tried) > 25
