"""A rerun in words, line by line: what changed, what that asks for, what is proposed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.rerun.rerunning import Rerun, SubdistrictProposal


def lines(rerun: Rerun, language: Language, *, written: Path | None = None) -> Iterator[str]:
    """What a person asks of a rerun, in that order.

    Parameters
    ----------
    written
        The ``rerun.json`` of its folder, named at the end.
    """
    known = rerun.reference.to_json()
    values = {"label": known["label"], "plan": known["plan_id"], "communities": known["communities"]}
    yield say(f"rerun.reference.{known['source']}", language, **values)
    yield from _changes(rerun, language)
    counted = [one for one in rerun.triggers if not one.accepted or one.finding.subdistrict in _solved(rerun)]
    if counted:
        yield say("rerun.triggers", language)
    for trigger in counted:
        kind = say(f"rerun.trigger.{trigger.kind}", language)
        yield f"  [{kind}] {trigger.finding.subdistrict}  {finding_sentence(trigger.finding, language)}"
    if left := len(rerun.triggers) - len(counted):
        yield say("rerun.accepted", language, n=left)
    if rerun.alternative is None:
        yield say("rerun.nothing", language)
    else:
        yield say("rerun.proposals", language)
        for one in rerun.proposals:
            yield "  " + _proposal(one, language)
        for sentence in rerun.alternative.conflict_sentences(language):
            yield f"  ! {sentence}"
        yield say("rerun.untouched", language, n=len(rerun.untouched))
    if written is not None:
        page = written.with_name("index.html")
        yield say("rerun.written", language, path=page if rerun.alternative is not None else written)


def _changes(rerun: Rerun, language: Language) -> Iterator[str]:
    """What changed, and what did not go one to one."""
    if not rerun.changes.inputs:
        yield say("rerun.unchanged", language)
        return
    yield say("rerun.changed", language)
    for change in rerun.changes.inputs:
        yield "  " + change.sentence(language, rerun.names)
    told = rerun.changes.buildings.to_json()
    if any(told[name] for name in ("new", "vanished", "moved", "recounted")):
        yield "  " + say("rerun.buildings", language, **{name: f"{count:,}" for name, count in told.items()})
    if rerun.carried is not None and rerun.carried.counts:
        yield say("rerun.carried", language)
        for kind, held in rerun.carried.counts.items():
            values = {name: f"{count:,}" for name, count in held.items()}
            yield "  " + say(f"rerun.kind.{kind}", language, **values)


def _solved(rerun: Rerun) -> set[str]:
    """Names of the sub-districts that were solved."""
    return {rerun.names[key] for key in rerun.affected}


def _proposal(one: SubdistrictProposal, language: Language) -> str:
    """How it ended in one sub-district."""
    status = say(f"status.{one.status}", language)
    if not one.resolved:
        return say("rerun.no_plan", language, name=one.name, status=status)
    if not one.changed:
        return say("rerun.no_better", language, name=one.name, status=status)
    values = {"before": one.communities_before, "after": one.communities_after, "changed": one.changed}
    bound = "–" if one.lower_bound is None else f"{one.lower_bound:,.0f}"
    return say(
        "rerun.proposal",
        language,
        name=one.name,
        moved=f"{one.households_moved:,}",
        bound=bound,
        status=status,
        **values,
    )
