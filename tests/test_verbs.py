"""Verbs are read when they are called: help and completion wait for no map, the review's first page for no solver."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib import import_module

import pytest

from districting.cli.app import VERBS
from districting.cli.verbs import docstring

HEAVY = ("geopandas", "pandas", "scipy", "shapely", "numba", "pulp", "highspy", "folium", "openpyxl", "loky")


def loaded(code: str, **environment: str) -> tuple[str, set[str]]:
    """What a fresh interpreter prints, and which heavy packages it has read."""
    tell = f"import sys; print('read:', *(one for one in {HEAVY!r} if one in sys.modules))"
    caught = f"try:\n    {code}\nexcept SystemExit:\n    pass\n{tell}"
    ended = subprocess.run(
        [sys.executable, "-c", caught],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    said, _, read = ended.stdout.rpartition("read:")
    return said, set(read.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["policies"]])
def test_what_needs_no_map_reads_none(arguments: list[str]) -> None:
    said, read = loaded(f"from districting.cli.app import main; main({arguments!r})")
    assert said.strip()
    assert read == set()


def test_a_verb_is_completed_without_reading_any() -> None:
    asked = {"_DISTRICTING_COMPLETE": "complete_bash", "COMP_WORDS": "districting pro", "COMP_CWORD": "1"}
    said, read = loaded("from districting.cli.app import app; app(prog_name='districting')", **asked)
    assert {"propose", "profiles"} <= set(said.split())
    assert read == set()


def test_the_first_page_of_a_review_waits_for_no_map_and_no_solver() -> None:
    code = "import districting.cli.review, districting.review.desk, districting.review.serving"
    assert loaded(code)[1] == set()


def test_the_list_of_verbs_says_what_each_says_of_itself() -> None:
    for verb in VERBS:
        function = getattr(import_module(f"districting.cli.{verb}"), verb)
        assert docstring(verb) == inspect.cleandoc(function.__doc__)
