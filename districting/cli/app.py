"""The list of verbs, and the entry point that turns errors into sentences and exit codes.

A new verb is a new file with one function, named here in `VERBS`. What only some calls need is imported in them: a
command line that helps or completes is not to wait for it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, NoReturn, cast

import typer

from districting import __version__
from districting.cli.exits import BAD_INPUT, INTERRUPTED, NO_PLAN
from districting.cli.verbs import Verbs
from districting.errors import DistrictingError, Fault, InputError
from districting.language import Language, default_language

#: Every verb, in the order of ``--help``: the file of that name holds its function, options and example. A verb is
#: read when it is called (`districting.cli.verbs`), so that no other waits for its packages.
VERBS: tuple[str, ...] = (
    "demo",
    "init",
    "doctor",
    "diagnose",
    "propose",
    "rerun",
    "check",
    "compare",
    "comments",
    "review",
    "adopt",
    "history",
    "price",
    "stages",
    "resources",
    "forecast",
    "grids",
    "publish",
    "lists",
    "policies",
    "profiles",
    "solve",
)


class _Verbs(Verbs):
    """The verbs of this program."""

    names = VERBS


app = typer.Typer(
    name="districting",
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Split, merge and adjust urban communities (社区) under published rules, with proof.\n\n"
    "First look:  [bold]districting demo[/bold]\n\n"
    "Exit codes: 0 fine · 1 a must-rule is broken · 2 bad input · 3 no plan exists or none was found in time · "
    "10 rerun made proposals.",
)


def _version(asked: bool) -> None:
    """``--version``."""
    if asked:
        typer.echo(f"districting {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options before the verb."""


def main(arguments: list[str] | None = None) -> None:
    """Run a verb; every error of ours becomes sentences and an exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        app(args=arguments, prog_name="districting")
    except InputError as error:
        _refuse(error.faults, arguments)
    except OSError as error:
        fault = Fault("fault.cannot_write", {"file": error.filename or "", "why": error.strerror or str(error)})
        _refuse([fault], arguments)
    except DistrictingError as error:
        from districting.screen import err, print_json

        if "--json" in arguments:
            print_json({"error": [str(error)]})
        err.print(f"✗ {error}", markup=False)
        sys.exit(NO_PLAN)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _refuse(faults: Sequence[Fault], arguments: list[str]) -> NoReturn:
    """Say what is wrong with the input, all of it, and end."""
    from districting.screen import err, faults_as_data, print_json

    language = _spoken(arguments)
    if "--json" in arguments:
        sentences = [fault.sentence(language) for fault in faults]
        print_json({"error": sentences, "faults": faults_as_data(faults, language)})
    for fault in faults:
        err.print(f"✗ {fault.sentence(language)}", markup=False)
    sys.exit(BAD_INPUT)


def _spoken(arguments: list[str]) -> Language:
    """The language for an error: the option, else the case's own, else the user's."""
    from districting.case import Case

    for option in ("--language", "-l"):
        if option in arguments[:-1] and (word := arguments[arguments.index(option) + 1]) in ("zh", "en"):
            return cast(Language, word)
    for word in arguments:
        if word.endswith(".toml"):
            with suppress(InputError):
                return Case.read(word).language
    return default_language()
