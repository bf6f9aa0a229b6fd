"""Verbs that are read when they are asked for: ``--help`` waits for no map and no solver."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module, resources
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class Verbs(TyperGroup):
    """A group whose commands are modules of ``districting.cli``, each with a function of its own name.

    The list of commands shows what the function's docstring says, taken from the source without running it. Only
    the command that is called is imported.
    """

    #: Verbs in the order of ``--help``.
    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        listed = {name: TyperCommand(name, help=docstring(name), rich_markup_mode="rich") for name in self.names}
        self.commands = {**listed, **self.commands}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The verb itself in place of what the list shows of it."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name not in self.names else verb(name), rest


def verb(name: str) -> Any:
    """A verb as the command that runs it."""
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    alone.command(name)(getattr(import_module(f"districting.cli.{name}"), name))
    return typer.main.get_command(alone)


def docstring(name: str) -> str:
    """What a verb's function says of itself, read from its source.

    Raises
    ------
    LookupError
        If the module has no such function, or the function no docstring.
    """
    source = (resources.files("districting.cli") / f"{name}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == name and (said := ast.get_docstring(node)):
            return inspect.cleandoc(said)
    raise LookupError(f"districting/cli/{name}.py has no documented function {name!r}")
