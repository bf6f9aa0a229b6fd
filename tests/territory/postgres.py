"""A PostgreSQL of the tests' own, with PostGIS: a cluster in a temporary folder on a Unix socket, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

#: Whom the server runs as where the tests run as root: PostgreSQL refuses root.
_UNPRIVILEGED = ("postgres", "nobody")
_PORT = 5433
#: Of the user ``gis``; with everything in it that an address must encode.
PASSWORD = "ge:h@im/1"


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps it off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in folders if (one / "initdb").exists() and (one / "pg_ctl").exists()), None)


def has_postgis() -> bool:
    """Whether PostGIS is installed beside the server."""
    config = shutil.which("pg_config")
    shares = sorted(Path("/usr/share/postgresql").glob("*"))
    if config:
        told = subprocess.run([config, "--sharedir"], capture_output=True, text=True, check=True)
        shares.append(Path(told.stdout.strip()))
    return any((share / "extension" / "postgis.control").exists() for share in shares)


@contextmanager
def cluster() -> Iterator[str]:
    """Address of a fresh database ``city`` with PostGIS, user ``gis``; skips, with the reason, where none can be."""
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql-postgis)")
    if not has_postgis():
        pytest.skip("PostGIS is not installed (apt-get install postgresql-postgis)")
    owner = _owner()
    # not under pytest's folder: a socket's path may have 107 letters at most, and root's folders are closed to others
    place = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if owner:
            os.chown(place, *owner)
        data, secret = place / "data", place / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        _run([folder / "initdb", "-D", data, "-U", "gis", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256",
              f"--pwfile={secret}", "--no-sync", "--no-instructions"], owner)  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories={place} -p {_PORT} -c fsync=off"
        started = [folder / "pg_ctl", "-D", data, "-o", options, "-l", place / "log", "-w", "-t", "60", "start"]
        _run(started, owner)
        try:
            yield _city(place)
        finally:
            _run([folder / "pg_ctl", "-D", data, "-m", "immediate", "stop"], owner)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _city(place: Path) -> str:
    """Makes the database; returns its address."""
    import psycopg

    server = f"postgresql://gis:{quote(PASSWORD, safe='')}@/{{name}}?host={place}&port={_PORT}"
    with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE city")
    with psycopg.connect(server.format(name="city"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis")
    return server.format(name="city")


def _owner() -> tuple[int, int] | None:
    """User and group that the server runs as; None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    pytest.skip("PostgreSQL does not run as root, and there is no user to run it as")


def _run(command: Sequence[object], owner: tuple[int, int] | None) -> None:
    """One of PostgreSQL's programs; its output goes to nobody, since the server would hold a pipe open."""
    user, group = owner or (None, None)
    done = subprocess.run(
        list(map(str, command)),
        user=user,
        group=group,
        extra_groups=[] if owner else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}"
