"""Invitations and sessions: nobody gets further than the link that they were given."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from districting.language import Language, say
from districting.records.store import Store
from districting.review.people import People
from districting.review.refusals import ConflictError, RefusedError, StaleError
from districting.review.resident import called


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """Nobody yet."""
    with Store(tmp_path / "case.records.gpkg", review_id="run") as store:
        yield People(store)


@pytest.mark.parametrize("language", get_args(Language))
def test_nobody_can_be_invited_under_the_name_of_the_planner_at_this_machine(
    people: People, language: Language
) -> None:
    name = say("review.resident", language)
    secret = people.begin_session(people.resident(name))
    with pytest.raises(RefusedError) as refused:
        people.invite(f" {name} ", "reader", by=name)
    assert refused.value.status == 422
    assert name in refused.value.sentences(language)[0]
    resident = people.of_session(secret)
    assert resident is not None
    assert resident.role == "planner"


@pytest.mark.parametrize("role", ["reader", "planner"])
def test_who_was_invited_under_that_name_before_loses_link_and_sessions_when_the_planner_comes(
    people: People, role: str
) -> None:
    token = people.invite("An earlier guest", "reader", by="p")
    guest = people.join(token)
    assert guest is not None
    name = say("review.resident", "en")
    with people.store.change() as change:  # as an earlier program let it be written
        change.write("UPDATE review_people SET name = ?, role = ?", (name, role))
    number = people.resident(name)
    assert people.of_session(guest) is None
    assert people.join(token) is None
    secret = people.begin_session(number)
    assert people.resident(name) == number
    assert people.of_session(secret) is not None, "another browser at this machine stays signed in"


def test_the_planner_at_this_machine_is_one_person_in_every_language_and_cannot_be_ended(people: People) -> None:
    names = [say("review.resident", language) for language in get_args(Language)]
    assert len({people.resident(name) for name in names}) == 1
    assert {called(name, "zh") for name in names} == {"本机规划员"}
    guest = people.of_session(people.join(people.invite("Bo", "planner", by="p")) or "")
    assert guest is not None
    with pytest.raises(ConflictError) as refused:
        people.revoke(people.resident(names[0]), by=guest)
    assert refused.value.key == "resident_stays"
    late = StaleError(revision=2, moves={}, people=(names[0], "Bo"))
    assert "本机规划员、Bo" in late.sentences("zh")[0]
    assert "Planner at this machine, Bo" in late.sentences("en")[0]


def test_an_old_link_that_is_followed_while_a_new_one_is_made_gives_no_session_with_the_new_role(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = people.invite("Bo", "reader", by="p")
    anew = threading.Thread(target=people.invite, args=("Bo", "planner"), kwargs={"by": "p"})
    draw = secrets.token_urlsafe

    def drawn(length: int) -> str:
        """The secret of the session is drawn after the link was found good: then the new link is asked for."""
        if threading.current_thread() is not anew and anew.ident is None:
            anew.start()
            anew.join(0.3)
        return draw(length)

    monkeypatch.setattr(secrets, "token_urlsafe", drawn)
    secret = people.join(token)
    anew.join()
    assert secret is not None
    assert people.of_session(secret) is None
