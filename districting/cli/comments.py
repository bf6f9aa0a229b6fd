"""``districting comments``: what reviewers wrote on the compare page, gathered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.options import AsJson, Lang, language_of
from districting.errors import Fault, InputError
from districting.language import Language, default_language, say
from districting.reports.atomic import check_place
from districting.reports.comment_files import page_key, read_comment_files
from districting.reports.comments import Collected, collect, one_line, write_collected
from districting.reports.words import plan_title
from districting.screen import out, print_json


def comments(
    page: Annotated[Path, typer.Argument(help="The run's folder, or the compare page itself.", metavar="OUT")],
    files: Annotated[list[Path], typer.Argument(help="Files exported from the page.", metavar="FILE…")],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; replaced in one step.")] = Path(
        "comments"
    ),
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Gather the comments, votes and proposed edits of many reviewers; proposals become locks for the next run.

    Example:  districting comments out/ mail/*.json -o comments
    """
    said = language_of(language) or default_language()
    if _holds(folder, page):
        raise InputError([Fault("fault.comments_into_run", {"path": str(folder)})])
    check_place(folder, *files)
    collected = collect(read_comment_files(files), page=page_key(page))
    write_collected(collected, folder, language=said)
    if json_:
        print_json({"folder": str(folder), **collected.to_json()})
    else:
        _print(collected, folder, said)


def _holds(folder: Path, page: Path) -> bool:
    """Whether writing the folder would replace the page."""
    return folder.resolve() in (page.resolve(), *page.resolve().parents)


def _print(collected: Collected, folder: Path, language: Language) -> None:
    """The account on the screen: conflicts first, then what was said, then where it stands."""
    counts = {
        "files": collected.files,
        "comments": len(collected.comments),
        "votes": sum(len(one.approve) + len(one.reject) for one in collected.tallies),
        "proposals": len(collected.proposals),
        "folded": collected.folded,
    }
    lines = [say("cli.comments_read", language, **counts)]
    lines += [say("cli.comments_other_page", language, file=name) for name in collected.strangers]
    lines += [f"✗ {one.sentence(language)}" for one in collected.contradictions]
    for tally in collected.tallies:
        values = {"plan": plan_title(tally.plan, language), "name": tally.name or tally.community}
        votes = {"approve": len(tally.approve), "reject": len(tally.reject)}
        lines.append(say("cli.comments_votes", language, **values, **votes))
    for comment, copies in collected.comments:
        who = comment.author or "—"
        again = f" ×{copies}" if copies > 1 else ""
        where = " · ".join(filter(None, (plan_title(comment.plan, language), comment.name)))
        lines.append(say("cli.comments_said", language, who=who, where=where, text=comment.text) + again)
    for at, one in enumerate(collected.proposals):
        key = "cli.comments_contested" if at in collected.contested else "cli.comments_proposed"
        lines.append(say(key, language, text=one.text, people=", ".join(one.people)))
    lines.append(say("cli.comments_written", language, path=folder))
    for line in lines:
        out.print(one_line(line), markup=False)
