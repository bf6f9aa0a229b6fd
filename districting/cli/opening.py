"""A study opened for a verb: in the language asked for, with a progress bar where somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from districting.cli.options import language_of
from districting.live import progress_on
from districting.screen import err
from districting.study import Study


@contextmanager
def opened(case: Path, language: str | None) -> Iterator[Study]:
    """The study of a case file; its progress bar ends with the block."""
    study = Study.open(case, language=language_of(language))
    with progress_on(err, study.language) as progress:
        study.progress = progress
        yield study
