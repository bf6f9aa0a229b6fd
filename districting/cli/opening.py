"""A study opened for a verb: in the language asked for, with a progress bar where somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from districting.cli.options import language_of
from districting.live import progress_on
from districting.reports.atomic import check_place
from districting.screen import err
from districting.study import Study


@contextmanager
def opened(
    case: Path, language: str | None, *, into: Path | None = None, kept: Sequence[Path] = ()
) -> Iterator[Study]:
    """The study of a case file; its progress bar ends with the block.

    Parameters
    ----------
    into
        The folder that the verb will replace: refused now, not after all the work, where it holds anything but
        results, the case or its layers.
    kept
        What else must not lie in it, e.g. the plan that the verb reads.

    Raises
    ------
    InputError
        If the case cannot be read, or the folder must not be replaced.
    """
    study = Study.open(case, language=language_of(language))
    if into is not None:
        files = [study.case.folder / spec.path for spec in study.case.layers if not spec.in_database]
        check_place(into, case, *files, *kept)
    with progress_on(err, study.language) as progress:
        study.progress = progress
        yield study
