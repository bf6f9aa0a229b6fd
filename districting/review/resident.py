"""The planner at this machine: one person, whatever language the server was started in or people read."""

from __future__ import annotations

from typing import get_args

from districting.language import Language, say


def resident_names() -> tuple[str, ...]:
    """What the planner at this machine is called, in every language; nobody else may be called so."""
    return tuple(say("review.resident", language) for language in get_args(Language))


def called(name: str, language: Language) -> str:
    """Somebody's name as a reader of a language reads it.

    Examples
    --------
    >>> called("本机规划员", "en"), called("王芳", "en")
    ('Planner at this machine', '王芳')
    """
    return say("review.resident", language) if name in resident_names() else name
