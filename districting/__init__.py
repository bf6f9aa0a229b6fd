"""Splits, merges and adjusts urban communities (社区) under published rules, with proof.

What a user of the Python API needs is here: `Case`, `Study` and `Policy`. They are imported on first use, so that
a worker process or ``districting --help`` does not wait for maps and solvers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from districting.case import Case
    from districting.policies.policy import Policy
    from districting.study import Study

__all__ = ["Case", "Policy", "Study", "__version__"]
__version__ = "0.1.0"

_HOMES = {"Case": "districting.case", "Policy": "districting.policies.policy", "Study": "districting.study"}


def __getattr__(name: str) -> Any:
    """The class asked for, from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'districting' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
