"""A rule has three faces: what the document says, how we tell, how we ask."""

from __future__ import annotations

import pytest

from districting.plans.checks import TOLD
from districting.policies.rules import RULE_KINDS
from districting.solvers.exact.parts.constraints import ASKED


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_every_kind_of_rule_is_told_and_asked_or_says_why_not(kind: str) -> None:
    assert kind in TOLD, "no check tells this kind"
    assert ASKED.get(kind, "").strip(), "the models neither ask it nor say why not"


def test_no_face_is_left_over() -> None:
    assert set(TOLD) == set(RULE_KINDS)
    assert set(ASKED) == set(RULE_KINDS)
