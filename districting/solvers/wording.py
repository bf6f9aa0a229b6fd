"""A conflict in words: why a sub-district has no plan, with places and figures, and what would mend it."""

from __future__ import annotations

from districting.language import Language, say
from districting.solvers.result import Conflict

#: Ids named before "…": a sentence is to be read.
NAMED = 5


def conflict_sentence(conflict: Conflict, language: Language) -> str:
    """One sentence for one cause: sentence ``conflict.<cause>``."""
    values = {
        "atoms": _listed(conflict.atoms),
        "communities": _listed(conflict.communities),
        "measured": conflict.measured,
        "allowed": conflict.allowed,
        "unit": conflict.unit,
        "excess": abs(conflict.measured - conflict.allowed),
        **conflict.detail,
    }
    return say(f"conflict.{conflict.cause}", language, **values)


def _listed(ids: tuple[str, ...]) -> str:
    """The first ids, and a sign that there are more."""
    return ", ".join(ids[:NAMED]) + (" …" if len(ids) > NAMED else "")
