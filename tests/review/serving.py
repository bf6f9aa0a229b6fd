"""The server as a process of its own, as `districting review` starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Served:
    """A server that runs, with the start link and the invitation links that it printed."""

    process: subprocess.Popen[str]
    start_link: str
    links: list[str]

    @classmethod
    def start(cls, out: Path, *invited: str, port: int = 0) -> Served:
        """Start it and wait until it has said where it is."""
        command = [sys.executable, "-m", "districting.cli", "review", str(out), "--no-open", "--port", str(port)]
        command += [part for one in invited for part in ("--invite", one)]
        command += ["--case", str(out.parent / "case.toml")]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "200"},
        )
        assert process.stdout is not None
        said = ""
        while ".records.gpkg" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        start_link, *links = re.findall(r"http://\S+", said)
        return cls(process, start_link, links)

    @property
    def url(self) -> str:
        """Where it is."""
        return self.start_link.partition("join/")[0]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rstrip("/").rpartition(":")[2])

    def end(self, how: int = signal.SIGTERM) -> int:
        """Stop it; returns its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code
