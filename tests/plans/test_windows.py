"""What sizes are asked of the models, by how strongly the document asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from districting.case import Case
from districting.study import Study


@pytest.mark.parametrize(
    ("strength", "untouched", "bounds", "may_stay"),
    [
        ("must", "must", (1000.0, 5000.0), False),
        ("must", "should", (1000.0, 5000.0), True),
        ("should", "should", (1000.0, 5000.0), True),
        ("prefer", "prefer", (0.0, np.inf), True),
    ],
)
def test_a_size_binds_as_strongly_as_the_document_asks_it(
    hamlet: Path, strength: str, untouched: str, bounds: tuple[float, float], may_stay: bool
) -> None:
    text = hamlet.read_text(encoding="utf-8") + "\n".join(
        [
            "" if "[overrides]" in hamlet.read_text(encoding="utf-8") else "[overrides]",
            f'"size.strength" = {{ value = "{strength}", because = "test" }}',
            f'"size.untouched" = {{ value = "{untouched}", because = "test" }}',
        ]
    )
    hamlet.write_text(text, encoding="utf-8")
    study = Study(Case.read(hamlet))
    (posed,) = study._pose(study.subdistrict_ids(())).values()
    window = posed.problem.windows[0]
    high = min(bounds[1], max(float(window.weights.sum()), 5000.0))
    assert (window.low, window.high, posed.problem.may_stay) == (bounds[0], high, may_stay)
