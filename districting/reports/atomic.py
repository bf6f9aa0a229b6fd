"""Results that appear whole or not at all: written beside their place and renamed at the end."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from districting.errors import Fault, InputError

#: A folder with one of these is a result: of propose, rerun, grids, stages, forecast, lists, price or comments.
RECORDS = (
    "run.json",
    "rerun.json",
    "grids.json",
    "stages.json",
    "forecast.json",
    "lists.json",
    "prices.json",
    "comments.csv",
)
#: The one file of that kind among our results; any other is a case, a profile or a policy that somebody wrote.
_OUR_TOML = "locks.toml"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name in the same folder; at a good end it takes the place of ``path``, else it goes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with ``\\n`` line ends, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def check_place(target: Path, *kept: Path) -> None:
    """Refuse to replace a folder that holds anything but results of ours. Called before the work, too.

    Absent and empty folders are fine, and those with one of `RECORDS`.

    Parameters
    ----------
    target
        The folder to write.
    kept
        Files and folders that must not go with it: the case, its layers, a plan that the work goes by.

    Raises
    ------
    InputError
        If the folder is a file, is or holds the working folder or one of ``kept``, is no result of ours, or holds
        a TOML file that somebody wrote.
    """
    place = target.resolve()
    for path in (Path.cwd(), *(path.resolve() for path in kept)):
        if path.is_relative_to(place):
            raise InputError([Fault("fault.out_holds", {"folder": str(target), "path": str(path)})])
    if not place.exists():
        return
    if not place.is_dir():
        raise InputError([Fault("fault.out_foreign", {"folder": str(target)})])
    names = [path.name for path in place.iterdir()]
    written = [name for name in names if name.lower().endswith(".toml") and name != _OUR_TOML]
    if written or (names and not any(name in RECORDS for name in names)):
        raise InputError([Fault("fault.out_foreign", {"folder": str(target)})])


class OutputFolder:
    """A folder of results that is replaced as a whole.

    Inside the ``with`` block, `path` is an empty sibling folder to write to. At a good end it takes the place of
    ``target`` by two renames; after an error the old folder is as it was. A run that is killed between the
    renames leaves the old results under ``.<name>.old``, and the next run puts them back first (`recover`). What
    a killed run of this machine had begun to write goes, too.

    Parameters
    ----------
    target
        The folder, e.g. ``out/``. What is in it is replaced, if it is ours to replace (`check_place`).

    Raises
    ------
    InputError
        If `check_place` refuses the folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with OutputFolder(Path(place) / "out") as out:
    ...         _ = (out / "run.json").write_text("{}")
    ...     sorted(p.name for p in (Path(place) / "out").iterdir())
    ['run.json']
    """

    def __init__(self, target: Path) -> None:
        self._asked = target
        self.target = target.resolve()  # "." has no name, and a link is to stay one
        self._old = _old(self.target)
        self.path = self.target

    def __enter__(self) -> Path:
        check_place(self._asked)
        self.target.parent.mkdir(parents=True, exist_ok=True)
        recover(self.target)
        self._clear()
        prefix = f"{_begun(self.target)}{os.getpid()}."
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=self.target.parent))
        self.path.chmod(0o755)
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            shutil.rmtree(self.path)
            return
        if self.target.exists():
            self.target.rename(self._old)
        self.path.rename(self.target)
        shutil.rmtree(self._old, ignore_errors=True)

    def _clear(self) -> None:
        """Take away what runs of this machine had begun to write when they were killed."""
        begun = _begun(self.target)
        for path in self.target.parent.iterdir():
            if path.name.startswith(begun):
                number = path.name.removeprefix(begun).split(".")[0]
                if number.isdigit() and not _runs(int(number)):
                    shutil.rmtree(path, ignore_errors=True)


def recover(target: Path) -> None:
    """Put back what a run killed between its two renames has left of a folder of results."""
    old = _old(target)
    if old.exists():
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target)


def _old(target: Path) -> Path:
    """Where the results that are being replaced stand for a moment."""
    return target.with_name(f".{target.name}.old")


def _begun(target: Path) -> str:
    """How the names of folders begin that this machine is writing to."""
    return f".{target.name}.{socket.gethostname()}."


def _runs(number: int) -> bool:
    """Whether a process of this machine is at work, other than this one."""
    if number == os.getpid():
        return False
    if os.name == "nt":  # there a signal of 0 is no question
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
