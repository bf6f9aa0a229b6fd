"""What people said, as the file that the compare page exports: `districting comments` gathers both alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from districting.reports.comment_files import page_key
from districting.review.desk import Desk
from districting.review.resident import called


def said(desk: Desk) -> dict[str, Any]:
    """Comments that are not settled, votes, and open proposals, of all plans; each names its author.

    A remark on a plan as a whole has no place of its own: it stands in the middle of the land.

    Raises
    ------
    CommentError
        If the run's folder holds no compare page.
    """
    west, south, east, north = desk.opened.study.territory.atoms.table.total_bounds.tolist()
    middle = (round((west + east) / 2, 1), round((south + north) / 2, 1))
    names = {note.plan_id: _names(desk, note.plan_id) for note in desk.drafts.all()}

    def about(row: Mapping[str, Any]) -> dict[str, Any]:
        """What entries share."""
        community = row["community_id"] or ""
        return {
            "plan": row["plan_id"],
            "community": community,
            "name": names[row["plan_id"]].get(community, ""),
            "author": called(row["person"], desk.language),
            "time": row["moment"],
        }

    comments = [
        {
            **about(row),
            "id": f"comment-{row['comment_id']}",
            "x": middle[0] if row["x"] is None else row["x"],
            "y": middle[1] if row["y"] is None else row["y"],
            "text": row["text"],
        }
        for row in desk.talk.comments()
        if not row["settled"]
    ]
    votes = [{**about(row), "vote": row["verdict"]} for row in desk.talk.votes()]
    proposals = [
        {
            "id": f"proposal-{one.proposal_id}",
            "plan": one.plan_id,
            "kind": one.wish.kind,
            **{key: list(ids) for key in ("communities", "atoms", "compounds") if (ids := getattr(one.wish, key))},
            "text": one.text,
            "reason": one.reason,
            "author": called(one.person, desk.language),
            "time": one.moment,
        }
        for one in desk.proposals.all()
        if one.state == "open"
    ]
    return {
        "format": "districting-comments",
        "version": 1,
        "page": page_key(desk.out),
        "crs": str(desk.opened.study.territory.atoms.table.crs),
        "title": desk.title,
        "author": "",
        "comments": comments,
        "votes": votes,
        "proposals": proposals,
    }


def _names(desk: Desk, plan_id: str) -> dict[str, str]:
    """Name of each community that a plan may give land to."""
    return {one.community_id: one.name for one in desk.communities(plan_id).values()}
