"""``districting review``: decide together, in the browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from districting.cli.options import Lang, language_of
from districting.errors import Fault, InputError
from districting.language import say


def review(
    folder: Annotated[Path, typer.Argument(help="The folder that 'propose' wrote.", metavar="OUT")] = Path("out"),
    case: Annotated[
        Path | None, typer.Option(help="The case file; default: the one that the run names.", metavar="CASE.toml")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; any but this machine's needs invitations.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0: any free one.", min=0, max=65535)] = 8765,
    invite: Annotated[
        list[str] | None,
        typer.Option(help="Print an invitation link; role planner, reviewer or reader.", metavar="NAME:ROLE"),
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Records of the case; default: CASE.records.gpkg beside it.")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate for https (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    language: Lang = None,
) -> None:
    """Compare, comment, vote and edit by hand, several people at once; every saved plan is judged.

    Examples
    --------
      districting review out/

      districting review out/ --host 0.0.0.0 --invite 王芳:reviewer --certificate cert.pem --key key.pem

    Ctrl-C ends it at once, with exit code 130; everything is kept in CASE.records.gpkg beside the case file.
    """
    from districting.review.desk import Desk  # read here: the server's packages slow no other verb
    from districting.review.people import Role
    from districting.review.serving import Address, serve

    invited = [_invitation(text, get_args(Role)) for text in invite or ()]
    desk = Desk(folder, case=case, store=store, language=language_of(language))
    address = Address(host, port, certificate, key)
    tokens = [
        (name, role, desk.people.invite(name, cast(Role, role), by=say("review.resident", desk.language)))
        for name, role in invited
    ]

    def begun(url: str, start: str) -> None:
        """Tell where the page is, and the links."""
        typer.echo(say("review.cli.page", desk.language, url=start))
        for name, role, token in tokens:
            known = say(f"review.role.{role}", desk.language)
            link = f"{url}join/{token}"
            typer.echo(say("review.cli.link", desk.language, name=name, role=known, link=link))
        if not address.local and certificate is None:
            typer.echo(say("review.cli.plain", desk.language))
        typer.echo(say("review.cli.end", desk.language, store=desk.store.path))
        if open_ and address.local:
            webbrowser.open(start)

    serve(desk, address, begun=begun)


def _invitation(text: str, roles: tuple[str, ...]) -> tuple[str, str]:
    """``NAME:ROLE`` as name and role."""
    name, _, role = text.rpartition(":")
    if not name.strip() or role not in roles:
        raise InputError([Fault("fault.invitation", {"value": text, "known": ", ".join(roles)})])
    return name.strip(), role
