"""How tests of reruns speak to the program: as a person does, by its verbs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from districting.cli import main


@pytest.fixture
def call(town: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Calls a verb with the town; its exit code and stdout."""

    def made(verb: str, *arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as caught:
            main([verb, str(town), *map(str, arguments)])
        return int(caught.value.code or 0), capsys.readouterr().out

    return made
