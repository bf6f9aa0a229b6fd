"""What the browsers send and what they get back, field by field: the OpenAPI description is made from this."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: An id, a name or a title: one line.
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]

#: Whole numbers as SQLite keeps them.
Number = Annotated[int, Field(ge=0, le=2**53 - 1)]

Metres = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class Body(BaseModel):
    """A request: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class Move(Body):
    """Atoms that go to a community; to a new one for null."""

    revision: Number
    atoms: Annotated[list[Word], Field(min_length=1, max_length=20_000)]
    community: Word | None


class Look(Body):
    """Atoms that might go to a community: to each around them for null, to a new one for an empty text."""

    revision: Number
    atoms: Annotated[list[Word], Field(min_length=1, max_length=20_000)]
    community: Annotated[str, StringConstraints(max_length=200)] | None = None


class At(Body):
    """The revision that the person saw."""

    revision: Number


class Mend(At):
    """The community whose loose parts go to its neighbours."""

    community: Word


class Hold(Body):
    """What is locked: some communities, all of them, or atoms that stay together."""

    kind: Literal["community", "all", "together"]
    communities: Annotated[list[Word], Field(max_length=20_000)] = []
    atoms: Annotated[list[Word], Field(max_length=20_000)] = []


class Best(At):
    """A search from here: where (all sub-districts if empty), and how."""

    subdistricts: Annotated[list[Word], Field(max_length=2_000)] = []
    mode: Word = "adjust"


class End(Body):
    """How a search ends: with the best plan so far, or with nothing."""

    keep: bool


class Branch(Body):
    """A draft that begins as a plan stands (or stood at a revision)."""

    plan: Word
    title: Word
    revision: Number | None = None


class Change(Body):
    """Another title, or another mark at the revision that the person saw."""

    title: Word | None = None
    status: Literal["draft", "for_review", "final"] | None = None
    revision: Number | None = None


class Comment(Body):
    """Something said of a plan; place in the case's CRS, m."""

    plan: Word
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
    community: Word | None = None
    place: tuple[Metres, Metres] | None = None
    answers: Number | None = None


class Settle(Body):
    """Whether a comment is settled."""

    settled: bool


class Vote(Body):
    """For or against what a plan does with a community; null takes the vote back."""

    plan: Word
    community: Word
    verdict: Literal["approve", "reject"] | None


class Name(Body):
    """A name for a community of a plan."""

    plan: Word
    community: Word
    name: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]


class NameVote(Body):
    """For a name, or no longer."""

    wanted: bool


class Proposal(Body):
    """A lock that the next plan is asked for, and what it is called; place in the case's CRS, m."""

    plan: Word
    kind: Literal["keep", "together", "apart", "seat", "split", "merge"]
    communities: Annotated[list[Word], Field(max_length=200)] = []
    atoms: Annotated[list[Word], Field(max_length=200)] = []
    compounds: Annotated[list[Word], Field(max_length=200)] = []
    text: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"\S")]
    reason: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)] = ""
    place: tuple[Metres, Metres] | None = None


class Answer(Body):
    """A planner's answer to a proposal."""

    declined: bool


class Adopt(At):
    """The revision at which a name is given to its community."""


class Invitation(Body):
    """Who is invited, and to what."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=r"\S")]
    role: Literal["planner", "reviewer", "reader"]


class Problem(BaseModel):
    """Why something was not done, in sentences; after a stale move the difference, too."""

    error: list[str]
    key: str = ""
    revision: int | None = None
    moves: list[dict[str, Any]] = []
    people: list[str] = []


class Moved(BaseModel):
    """A new revision."""

    revision: int


class Numbered(BaseModel):
    """What was made."""

    number: int


class Link(BaseModel):
    """An invitation link; shown once, kept nowhere."""

    link: str


class Sum(BaseModel):
    """A community by its sums; people null where unknown."""

    households: int
    people: int | None
    area_m2: float
    atoms: int
    loose: int
    size: Literal["fits", "over", "under", "empty"]


class Doubt(BaseModel):
    """What speaks against a move; ``stop`` is refused."""

    key: str
    strength: Literal["stop", "must", "should", "prefer"]
    sentence: str


class Choice(BaseModel):
    """A community that atoms could go to, and what that would do."""

    community: str
    name: str
    before: dict[str, Sum]
    after: dict[str, Sum]
    doubts: list[Doubt]


#: Numbers in addresses.
PathNumber = Annotated[int, Path(ge=0, le=2**53 - 1)]

#: Refusals that any door may give.
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 403, 404, 405, 409, 413, 421, 422, 503)
}

#: The same for doors whose good answer is no JSON: the framework would describe refusals as of that kind, too.
REFUSALS_OF_FILES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": "Why not",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in REFUSALS
}

#: Answers that are pages for people, not data.
PAGES: dict[int | str, dict[str, Any]] = REFUSALS_OF_FILES | {
    status: {"description": "A page that says why", "content": {"text/html": {}}} for status in (401, 503)
}
