"""The one family of errors, and the fault: what is wrong with an input, as data.

A fault becomes a sentence in the user's language only at the door (CLI, browser), through
`districting.language`. A plan that breaks a rule, or no plan at all, is a result and never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from districting.language import Language, default_language, say
from districting.nearest import meant


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input.

    Parameters
    ----------
    key
        Sentence of `districting.language` (``fault.*``) that says it, with the mend.
    severity
        ``"error"`` stops the run; ``"warning"`` is reported by ``doctor`` and goes to the cleaning log.
    values
        What the sentence names: ``file``, ``layer``, ``count``, ``total``, ``examples`` …; plain data.
    place
        Where, as (x, y) in the case's CRS, for the map; None where it has no place.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    severity: str = "error"
    place: tuple[float, float] | None = None

    def sentence(self, language: Language) -> str:
        """The fault as one sentence with its mend; where a word is misspelt, with the word that was meant."""
        said = say(self.key, language, **self.values)
        if words := meant(self.key, self.values):
            quoted = [say("fault_quoted", language, word=word) for word in words]
            said += say("fault_meant", language, words=say("fault_or", language).join(quoted))
        return said


class DistrictingError(Exception):
    """Anything that this program raises on purpose."""


class InputError(DistrictingError, ValueError):
    """An input cannot be used. Carries every fault of its stage, so that people mend them in one go."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.sentences(default_language())))

    def sentences(self, language: Language) -> list[str]:
        """One sentence per fault."""
        return [fault.sentence(language) for fault in self.faults]

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Fault, ...]]]:
        """Pickle by faults, so that errors cross process borders whole."""
        return type(self), (self.faults,)


class LayerError(InputError):
    """A layer cannot be read or used."""


class PolicyError(InputError):
    """A policy file or an override cannot be used."""


class CaseError(InputError):
    """The case file cannot be used."""


class PlanError(InputError):
    """A plan file cannot be read."""


class InstanceError(InputError):
    """A bare problem file cannot be used."""


class SolverError(DistrictingError):
    """A bug of ours: a solver called a plan feasible that the checks refuse, or a back-end failed."""
