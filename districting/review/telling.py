"""What the browsers are told of the desk: the state beside the maps, and one plan as it stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from districting.review.adoption import standings
from districting.review.desk import Desk
from districting.review.drafts import PlanNote, open_moves
from districting.review.people import Person
from districting.review.searches import Searches

#: Moves that the page lists; the whole log is in the export.
_LATEST = 60


def state_of(desk: Desk, searches: Searches, person: Person) -> dict[str, Any]:
    """Everything that the page shows beside the maps, for one person."""
    return {
        "me": {"name": person.name, "role": person.role, "csrf": person.csrf},
        "title": desk.title,
        "language": desk.language,
        "ready": desk.ready.is_set(),
        "fault": desk.fault,
        "drawn": desk.drawn,
        "plans": [_noted(desk, note) for note in desk.drafts.all()],
        "adoption": standings(desk, person),
        "modes": list(desk.opened.modes) if desk.ready.is_set() else [],
        "comments": desk.talk.comments(),
        "votes": desk.talk.votes(),
        "names": desk.talk.names(),
        "proposals": [one.to_json() for one in desk.proposals.all()],
        "locks": [asdict(lock) for note in desk.drafts.all() for lock in desk.locks.of(note.plan_id)],
        "searches": [search.to_json() for search in searches.all()],
        "present": desk.hub.present,
        "people": desk.people.all() if person.may("planner") else [],
        "log": [entry.to_json() for entry in desk.store.entries(last=_LATEST)],
    }


def plan_of(desk: Desk, plan_id: str) -> dict[str, Any]:
    """One plan as it stands: label by atom position, communities with households, verdict, what can be undone."""
    note = desk.drafts.get(plan_id)
    labels, said = desk.drafts.labels(plan_id), desk.communities(plan_id)
    ground = desk.opened.ground
    used = sorted({one for one in labels.values() if one is not None})
    label, households = ground.sums(labels, used)
    verdict = desk.findings(plan_id, note.revision)
    communities = [
        {
            **asdict(said[one]),
            "households": total,
            "subdistrict": desk.opened.subdistricts.get(said[one].subdistrict_id or "", ""),
        }
        for one, total in zip(used, households, strict=True)
    ]
    return {
        **_noted(desk, note),
        "label": label,
        "households_moved": ground.households_moved(labels),
        "communities": communities,
        "findings": None if verdict is None else verdict[1],
        "history": [asdict(one) for one in desk.drafts.history(plan_id)],
    }


def _noted(desk: Desk, note: PlanNote) -> dict[str, Any]:
    """A plan's note with its verdict and what can be undone."""
    done, undone = open_moves(desk.drafts.history(note.plan_id))
    verdict = desk.findings(note.plan_id, note.revision)
    must = None if verdict is None else sum(one["strength"] == "must" for one in verdict[1])
    return {
        **asdict(note),
        "undo": done[-1] if done else None,
        "redo": undone[-1] if undone else None,
        "adoptable": None if verdict is None else verdict[0],
        "must": must,
    }
