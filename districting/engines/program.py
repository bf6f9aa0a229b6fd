"""What must be the same wherever jobs run, so that plans are: the program to the last line, and its solvers."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import districting

#: Packages whose release can change a plan.
_SOLVERS = ("highspy", "numba", "numpy", "pulp", "scipy")


@cache
def figures_of_program() -> dict[str, str]:
    """Releases by name, with a fingerprint of our own source text: two checkouts may bear one number."""
    source = hashlib.sha256()
    root = Path(districting.__file__).parent
    for path in sorted(path for path in root.rglob("*") if path.suffix in (".py", ".toml")):
        source.update(path.relative_to(root).as_posix().encode() + b"\0")
        source.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "districting": f"{districting.__version__} ({source.hexdigest()[:10]})",
        **{name: metadata.version(name) for name in _SOLVERS},
    }


def differences(theirs: dict[str, str]) -> dict[str, tuple[str, str]]:
    """What is not as it is here: name → (theirs, ours)."""
    ours = figures_of_program()
    names = [name for name in ours if theirs.get(name) != ours[name]]
    return {name: (theirs.get(name, "–"), ours[name]) for name in names}
