"""The command line. Each verb has a file, calls one method of `Study` and prints; nothing is computed here."""

from districting.cli.app import main

__all__ = ["main"]
