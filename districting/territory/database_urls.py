"""Addresses of databases as people may see them: without passwords. Nothing is opened here."""

from __future__ import annotations

import re
from urllib.parse import unquote

#: How the path of a layer begins that lies in a PostgreSQL database; ``PG:`` is how GDAL writes it.
SCHEMES = ("postgresql://", "postgres://", "PG:")

_SETTING = re.compile(r"(?:ssl)?password\s*=\s*('(?:\\.|[^'\\])*'|[^\s&]*)&?", re.IGNORECASE)
_QUOTED = re.compile(
    r"""(?<=")(?:postgres(?:ql)?://|PG:)[^"\n]*(?=")|(?<=')(?:postgres(?:ql)?://|PG:)[^\n]*(?=')"""
)
#: Up to the last @, since a password that nobody encoded may hold one itself.
_LOGIN = re.compile(r"(?<=://)([^?]*|.*)@", re.DOTALL)


def is_database(path: str) -> bool:
    """Whether a layer's path is the address of a database.

    Examples
    --------
    >>> is_database("postgresql://gis@db/city"), is_database("buildings.gpkg")
    (True, False)
    """
    return path.startswith(SCHEMES)


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
    if not is_database(path):
        return path
    bare = _SETTING.sub("", path)
    if path.startswith("PG:"):
        return " ".join(bare.split())
    return _LOGIN.sub(lambda found: found[1].split(":", 1)[0] + "@", bare).rstrip("?&")


def without_passwords(text: str) -> str:
    """A text, such as a case file, with every address in quotes without its password.

    Examples
    --------
    >>> without_passwords('path = "postgresql://gis:secret@db/city" # ours')
    'path = "postgresql://gis@db/city" # ours'
    """
    return _QUOTED.sub(lambda found: redacted(found[0]), text)


def is_ambiguous(path: str) -> bool:
    """Whether a part of an unencoded password would be taken for a host, and looked up.

    Examples
    --------
    >>> is_ambiguous("postgresql://gis:p@ss/1@db/city"), is_ambiguous("postgresql://gis:p%40ss@db/city")
    (True, False)
    """
    login = None if path.startswith("PG:") else _LOGIN.search(path)
    return login is not None and "?" not in login[1] and bool({"@", "/"} & set(login[1]))


def secrets_in(path: str) -> list[str]:
    """Everything in an address that is or may be a password, as written and as it is meant; longest first.

    Examples
    --------
    >>> secrets_in("postgresql://gis:p%40ss@db/city")
    ['p%40ss', 'p@ss']
    """
    found = [one[1].strip("'") for one in _SETTING.finditer(path)]
    login = None if path.startswith("PG:") else _LOGIN.search(path)
    if login is not None and ":" in login[1]:
        found.append(login[1].split(":", 1)[1])
    plain = {text for one in found for text in (one, unquote(one)) if text}
    return sorted(plain, key=lambda text: (-len(text), text))
