"""What Ctrl-C means while a search runs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from districting.language import Language, say
from districting.screen import err


class Interruption:
    """First Ctrl-C: finish with the best plan so far. Second: stop at once."""

    def __init__(self, language: Language) -> None:
        self.asked = False
        self.language = language

    def __call__(self) -> bool:
        """Whether the user wants an end."""
        return self.asked

    @contextmanager
    def listening(self) -> Iterator[Interruption]:
        """Take over SIGINT while the block runs."""

        def heard(number: int, frame: object) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self.asked = True
            err.print(say("cli.stopping", self.language))

        before = signal.signal(signal.SIGINT, heard)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)
