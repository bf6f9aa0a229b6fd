"""A rerun in words, line by line: what changed, what that asks for, what is proposed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from districting.assessment.wording import finding_sentence
from districting.language import Language, say
from districting.rerun.proposals import SubdistrictProposal, open_gap
from districting.rerun.refusing import RETURNED
from districting.rerun.rerunning import Rerun
from districting.rerun.triggers import Trigger


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
    for one in rerun.lists:
        yield "! " + one.sentence(language)
    yield from _changes(rerun, language)
    solved = {rerun.names[key] for key in rerun.affected}
    groups = {
        "rerun.triggers": [one for one in rerun.triggers if one.fresh],
        "rerun.told": [one for one in rerun.triggers if one.told],
        "rerun.also": [one for one in rerun.triggers if one.accepted and one.finding.subdistrict in solved],
    }
    for key, triggers in groups.items():
        yield from _triggers(key, triggers, language)
    if left := len(rerun.triggers) - sum(map(len, groups.values())):
        yield say("rerun.accepted", language, n=left)
    yield from _answers(rerun, language)
    yield from _end(rerun, language, written=written)


def _triggers(key: str, triggers: Sequence[Trigger], language: Language) -> Iterator[str]:
    """Findings of one kind, under a line that says what they have in common."""
    if triggers:
        yield say(key, language)
    for trigger in triggers:
        kind = say(f"rerun.trigger.{trigger.kind}", language)
        since = say("rerun.told_since", language, date=trigger.told[:10]) if trigger.told else ""
        sentence = finding_sentence(trigger.finding, language)
        yield f"  [{kind}] {trigger.finding.subdistrict}  {sentence}{since}"


def _answers(rerun: Rerun, language: Language) -> Iterator[str]:
    """How the searches ended, and which were spared."""
    if rerun.alternative is not None:
        yield say("rerun.proposals" if rerun.outcome == "proposals" else "rerun.searched", language)
        for one in rerun.proposals:
            yield "  " + _proposal(one, language)
        for sentence in rerun.alternative.conflict_sentences(language):
            yield f"  ! {sentence}"
        if (gap := open_gap(rerun.proposals, language)) is not None:
            yield "! " + str(gap["sentence"])
    if rerun.spared:
        names = say("rerun.comma", language).join(rerun.names[key] for key in rerun.spared)
        yield say("rerun.spared", language, names=names)


def _end(rerun: Rerun, language: Language, *, written: Path | None) -> Iterator[str]:
    """What follows, and where it stands."""
    if rerun.outcome == "nothing":
        yield say("rerun.nothing", language)
    else:
        if rerun.outcome == "no_plan":
            proved = all(one.proved for one in rerun.proposals if not one.changed)
            yield say("rerun.no_help" if proved else "rerun.not_found", language)
        if rerun.untouched:
            yield say("rerun.untouched", language, n=len(rerun.untouched))
    if written is not None:
        if any(not one.told for one in rerun.lists):
            yield say("rerun.returned", language, path=written.with_name(RETURNED))
        page = written.with_name("index.html")
        yield say("rerun.written", language, path=written if rerun.outcome == "nothing" else page)


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


def _proposal(one: SubdistrictProposal, language: Language) -> str:
    """How it ended in one sub-district."""
    status = say(f"status.{one.status}", language)
    if not one.resolved:
        return say("rerun.no_plan", language, name=one.name, status=status)
    if not one.changed:
        key = "rerun.none_better" if one.proved else "rerun.no_better"
        return say(key, language, name=one.name, status=status)
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
