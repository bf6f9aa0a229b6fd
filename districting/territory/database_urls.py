"""Addresses of databases as people may see them: without passwords. Nothing is opened here."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

#: How the path of a layer begins that lies in a PostgreSQL database: ``PG:`` is how GDAL writes it,
#: ``postgresql+psycopg://`` how SQLAlchemy does.
_DATABASE = re.compile(r"\s*(?:PG:|postgres(?:ql)?(?:\+\w+)?://)", re.IGNORECASE)
_POSTGRES = re.compile(r"\s*(?:PG:\s*)?postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)
#: Any address with a scheme: one that is not ours may hold a password as well, and a sentence may name it.
_SCHEME = re.compile(r"\s*(?:PG:\s*)?[\w+.:/-]*?://", re.IGNORECASE)

#: A password in the query of an address, and among words as libpq and GDAL know them.
_IN_QUERY = re.compile(r"(?:ssl)?password\s*=\s*[^\s&]*&?", re.IGNORECASE)
_IN_WORDS = re.compile(r"(?:ssl)?password\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s\\])*)", re.IGNORECASE)
#: Keys of a query whose value may hold an @ that nobody encoded; behind any other @ a password could stand.
_WITH_AT = ("user", "password", "sslpassword", "application_name", "options", "host", "service", "passfile")
#: Addresses in a text: in either kind of quotes to their end, elsewhere to the next blank.
_IN_TEXT = re.compile(
    rf"""(?<="){_DATABASE.pattern}(?:\\.|[^"\\\n])*|(?<='){_DATABASE.pattern}[^\n]*(?=')|{_POSTGRES.pattern}\S*""",
    re.IGNORECASE,
)


class _Address(NamedTuple):
    """An address in its parts: ``scheme://``, what stands before the @ (None: no @), and what stands behind it."""

    scheme: str
    login: str | None
    place: str


def is_database(path: str) -> bool:
    """Whether a layer's path is the address of a database.

    Examples
    --------
    >>> is_database("postgresql://gis@db/city"), is_database("postgresql+psycopg://gis@db/city")
    (True, True)
    >>> is_database("buildings.gpkg")
    False
    """
    return _DATABASE.match(path) is not None


def for_libpq(path: str) -> str:
    """The address of a database as libpq reads it: without the ``PG:`` of GDAL and the driver of SQLAlchemy.

    Examples
    --------
    >>> for_libpq("PostgreSQL+psycopg://gis@db/city"), for_libpq("PG:host=db dbname=city")
    ('postgresql://gis@db/city', 'host=db dbname=city')
    """
    if found := _POSTGRES.match(path):
        return "postgresql://" + path[found.end() :]
    return path[found.end() :] if (found := _DATABASE.match(path)) else path


def redacted(path: str) -> str:
    """A path as every sentence, record and page may show it: a file as it is, an address without its password.

    Examples
    --------
    >>> redacted("postgresql://gis:se:cr@et@db:5432/city?sslmode=require&password=x")
    'postgresql://gis@db:5432/city?sslmode=require'
    >>> redacted("PG:host=db password='a b' dbname=city")
    'PG:host=db dbname=city'
    >>> redacted("data/buildings.gpkg")
    'data/buildings.gpkg'
    """
    if _SCHEME.match(path) is None:
        bare = _IN_WORDS.sub("", path)
        return " ".join(bare.split()) if bare != path or is_database(path) else path
    bare = _IN_QUERY.sub("", path)
    scheme, login, place = _parts(bare if bare == path else bare.rstrip("?&"))
    return scheme + place if login is None else f"{scheme}{login.split(':', 1)[0]}@{place}"


def without_passwords(text: str) -> str:
    """A text, such as a case file, with every address of a database without its password.

    Examples
    --------
    >>> without_passwords('path = "postgresql://gis:secret@db/city" # ours')
    'path = "postgresql://gis@db/city" # ours'
    """
    return _IN_TEXT.sub(lambda found: redacted(found[0]), text)


def is_ambiguous(path: str) -> bool:
    """Whether a part of an unencoded password would be taken for a host, and looked up.

    Examples
    --------
    >>> is_ambiguous("postgresql://gis:p@ss/1@db/city"), is_ambiguous("postgresql://gis:p%40ss@db/city")
    (True, False)
    """
    login = _parts(path).login if _SCHEME.match(path) else None
    return login is not None and bool({"@", "/"} & set(login))


def secrets_in(path: str) -> list[str]:
    """Everything in an address that is or may be a password, as written and as it is meant; longest first.

    Examples
    --------
    >>> secrets_in("postgresql://gis:p%40ss@db/city")
    ['p%40ss', 'p@ss']
    """
    if _SCHEME.match(path):
        found = [one[0].split("=", 1)[1].strip().rstrip("&") for one in _IN_QUERY.finditer(path)]
        login = _parts(path).login or ""
        found.append(login.partition(":")[2])
    else:
        found = [one[1].strip("'") for one in _IN_WORDS.finditer(path)]
    plain = {text for one in found for text in (one, unquote(one)) if text}
    return sorted(plain, key=lambda text: (-len(text), text))


def _parts(path: str) -> _Address:
    """The parts of an address with a scheme. The login ends at the last @, since a password that nobody encoded
    may hold one itself, and a ``?`` or ``/`` too; an @ in the query behind a database's name ends nothing."""
    found = _SCHEME.match(path)
    start = 0 if found is None else found.end()
    scheme, body = path[:start], path[start:]
    place, _, query = body.rpartition("?")
    is_query = "/" in place and all("@" not in one or one.split("=", 1)[0] in _WITH_AT for one in query.split("&"))
    at = body.rfind("@", 0, len(place) if is_query else len(body))
    return _Address(scheme, None if at < 0 else body[:at], body[at + 1 :])
