"""What several rooms' tests share: one small sample town, and its plans."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from districting.flow.run import Run
from districting.study import Study
from districting.territory.sample import write_sample
from tests.places import SHARED

#: Programs, not tests: they need other districting software, which only `scripts/bench` installs.
collect_ignore = ["benchmarks"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the reference data where they are absent."""
    if SHARED.is_dir():
        return
    absent = pytest.mark.skip(reason="the reference data do not lie beside this checkout")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(absent)


@pytest.fixture(scope="session")
def hamlet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the smallest sample town; not to be changed."""
    return write_sample(tmp_path_factory.mktemp("hamlet"), size="hamlet").parent


@pytest.fixture
def hamlet(hamlet_folder: Path, tmp_path: Path) -> Path:
    """A case file of one's own: a copy of the town that a test may spoil."""
    return Path(shutil.copytree(hamlet_folder, tmp_path / "town")) / "case.toml"


@pytest.fixture(scope="session")
def solved(hamlet_folder: Path) -> tuple[Study, Run]:
    """The town's study and its plans."""
    study = Study.open(hamlet_folder / "case.toml", language="en")
    return study, study.propose(engine="serial")


@pytest.fixture(scope="session")
def handed_over(solved: tuple[Study, Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of the run."""
    study, run = solved
    out = tmp_path_factory.mktemp("handed") / "out"
    study.write(run, out)
    return out
