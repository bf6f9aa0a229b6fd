"""The door to PostgreSQL: connections that read one snapshot and cannot write, one that writes all or nothing.

What is read or written stands in `districting.territory.database_layers` and `districting.reports.database`; here
are connections, and what goes wrong with them as sentences that hold no password. Needs the extra ``database``.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pandas as pd

from districting.errors import Fault, LayerError
from districting.territory.database_urls import for_libpq, is_ambiguous, secrets_in
from districting.territory.specs import LayerSpec

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Seconds to wait for a server that does not answer; an address may say ``?connect_timeout=`` itself.
CONNECT_S = 10

#: What PostgreSQL answers (SQLSTATE) → our sentence; any other code is ``fault.database_query``. Its own words, in
#: the language of the server, are kept in the fault's ``why``, which only ``--json`` shows.
_SENTENCES: Mapping[str, str] = {
    "25006": "fault.database_writes",
    "42501": "fault.database_permission",
    "57014": "fault.database_timeout",
    "57P01": "fault.database_connect",  # the server was shut down, or somebody ended the connection
    "28000": "fault.database_login",
    "28P01": "fault.database_login",
    "3D000": "fault.database_no_database",
    "42601": "fault.database_syntax",
    "42P01": "fault.database_query_table",
    "42703": "fault.database_query_column",
    "42883": "fault.database_query_function",
}
#: How a server refuses a connection, for which libpq has no code; in another language it is ``database_connect``.
_REFUSALS: Mapping[str, str] = {
    r"authentication failed|no password supplied|no pg_hba\.conf entry|role \"[^\"]*\" does not exist": (
        "fault.database_login"
    ),
    r"database \"[^\"]*\" does not exist": "fault.database_no_database",
}
#: Sentences that a database is told of once for all its layers.
UNREACHED = frozenset({"fault.database_connect", "fault.database_login", "fault.database_no_database"})
#: Codes under which a statement that changes data is refused where only a query may stand.
_NO_QUERY = ("42601", "0A000")
#: Sentences that name what is not there.
_NAMING = frozenset({"fault.database_query_table", "fault.database_query_column", "fault.database_query_function"})
_READS = re.compile(r"\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*[(\s]*(?:select|with|values|table)\b", re.I | re.S)
_CHANGES = re.compile(r"\b(?:insert\s+into|update|delete\s+from|merge\s+into)\b", re.I)


class DatabaseError(LayerError):
    """A database cannot be reached, read or written."""


class Databases:
    """The databases that one reading of a case opens: each once, read-only, in one snapshot.

    All layers of a database are read as they stood at one moment, whatever others write meanwhile. A context
    manager; nothing is opened before it is asked for.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._open: dict[tuple[str, str | None], Connection | DatabaseError] = {}

    def __enter__(self) -> Databases:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextmanager
    def reading(self, spec: LayerSpec, values: Mapping[str, Any]) -> Iterator[Connection]:
        """A connection for one layer. A statement that fails leaves those of other layers untouched.

        Parameters
        ----------
        spec
            Address, password and time limit.
        values
            ``role``, ``file`` and ``layer``, for the sentences.

        Raises
        ------
        DatabaseError
            If the database cannot be reached, or a statement inside the block fails.
        """
        connection = self._snapshot(spec, values)
        with spoken(values, spec, query=spec.sql or ""), connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(1000 * spec.timeout_s))}")
            yield connection

    def _snapshot(self, spec: LayerSpec, values: Mapping[str, Any]) -> Connection:
        """The read-only transaction of the database; who could not be reached is not asked a second time."""
        key = (spec.path, spec.password_env)
        if key not in self._open:
            try:
                self._open[key] = self._stack.enter_context(_read_only(spec, values))
            except DatabaseError as error:
                self._open[key] = error
        found = self._open[key]
        if isinstance(found, DatabaseError):
            raise DatabaseError([Fault(one.key, {**one.values, **values}) for one in found.faults])
        return found


@contextmanager
def _read_only(spec: LayerSpec, values: Mapping[str, Any]) -> Iterator[Connection]:
    """A connection whose one transaction sees one moment and refuses to write."""
    with _connected(spec.path, spec.password_env, values) as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin() as transaction:
            try:
                yield connection
            finally:
                transaction.rollback()


@contextmanager
def writing(address: str, *, password_env: str | None = None, values: Mapping[str, Any]) -> Iterator[Connection]:
    """A connection with one transaction: kept at a good end of the block, else nothing of it happened.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/database``.
    password_env
        As in `districting.territory.specs.LayerSpec`.
    values
        ``role``, ``file`` and ``layer``, for the sentences.

    Raises
    ------
    DatabaseError
        If the database cannot be reached, or a statement inside the block fails.
    """
    spec = LayerSpec("communities", address, password_env=password_env)
    with (
        _connected(address, password_env, values) as connection,
        spoken(values, spec),
        connection.begin(),
    ):
        yield connection


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write rows into a table by COPY, in the connection's transaction; ``table`` is quoted already."""
    names = ", ".join(quoted(name) for name in columns)
    own: Any = connection.connection  # psycopg's, which COPY needs
    with (
        own.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def quoted(name: str) -> str:
    """An identifier exactly as it is written.

    Examples
    --------
    >>> quoted('Bau"ten')
    '"Bau""ten"'
    """
    return '"' + name.replace('"', '""') + '"'


def table_parts(name: str) -> tuple[str | None, str]:
    """Schema (None where none is said) and table of ``schema.table``; parts in double quotes may hold points.

    Examples
    --------
    >>> table_parts("gis.buildings"), table_parts('"a.b"."房屋"'), table_parts("roads")
    (('gis', 'buildings'), ('a.b', '房屋'), (None, 'roads'))
    """
    found = re.fullmatch(r'(?:("[^"]+"|[^".]+)\.)?("[^"]+"|[^"]+)', name.strip())
    if found is None:
        return None, name
    schema, table = found.groups()
    return (schema.strip('"') if schema else None), table.strip('"')


@contextmanager
def _connected(address: str, password_env: str | None, values: Mapping[str, Any]) -> Iterator[Connection]:
    """A connection; whatever the server says of its failure is told without the password."""
    connect = _connector(address, password_env, values)
    import sqlalchemy

    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.NullPool)
    try:
        connection = engine.connect()
    except sqlalchemy.exc.SQLAlchemyError as error:
        why = _said(error, _secrets(address, password_env))
        raise DatabaseError([Fault(_refusal(why), {**values, "why": why})]) from None
    with connection:
        yield connection


def _connector(address: str, password_env: str | None, values: Mapping[str, Any]) -> Callable[[], Any]:
    """What opens a connection; refused where the extra, the address or the variable cannot be used."""
    if not all(importlib.util.find_spec(name) for name in ("sqlalchemy", "psycopg")):
        raise DatabaseError([Fault("fault.database_extra", dict(values))])
    import psycopg

    if is_ambiguous(address):
        raise DatabaseError([Fault("fault.database_address", dict(values))])
    try:
        settings: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(for_libpq(address))
    except psycopg.ProgrammingError:
        raise DatabaseError([Fault("fault.database_address", dict(values))]) from None
    if password_env is not None:
        password = os.environ.get(password_env)
        if not password:
            told = {**values, "variable": password_env}
            raise DatabaseError([Fault("fault.database_variable", told)])
        settings["password"] = password
    settings = {"connect_timeout": CONNECT_S, "application_name": "districting", **settings}
    return lambda: psycopg.connect(**settings)


def _secrets(address: str, password_env: str | None) -> list[str]:
    """Everything that no sentence may hold."""
    stated = os.environ.get(password_env, "") if password_env else ""
    return [*secrets_in(address), *([stated] if stated else [])]


@contextmanager
def spoken(values: Mapping[str, Any], spec: LayerSpec, *, query: str = "") -> Iterator[None]:
    """Errors of the database inside the block become one fault, without the password."""
    import psycopg
    import sqlalchemy

    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, psycopg.Error, pd.errors.DatabaseError) as caught:
        error = caught.__cause__ if isinstance(caught, pd.errors.DatabaseError) and caught.__cause__ else caught
        state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
        gone = not state and isinstance(getattr(error, "orig", error), psycopg.OperationalError)
        key = "fault.database_connect" if gone else _SENTENCES.get(state, "fault.database_query")
        if state in _NO_QUERY and query and (not _READS.match(query) or _CHANGES.search(query)):
            key = "fault.database_writes"
        why = _said(error, _secrets(spec.path, spec.password_env))
        named = re.search(r'"([^"]+)"|([\w.]+)\(|(?:column|relation) ([\w.]+)', why)
        told: dict[str, Any] = {"why": why, "seconds": spec.timeout_s, "state": state or "–"}
        told["named"] = next(filter(None, named.groups())) if named else ""
        if key in _NAMING and not told["named"]:
            key = "fault.database_query"
        raise DatabaseError([Fault(key, {**values, **told})]) from None


def _refusal(why: str) -> str:
    """The sentence for a connection that was refused."""
    return next((key for said, key in _REFUSALS.items() if re.search(said, why)), "fault.database_connect")


def _said(error: BaseException, secrets: Sequence[str]) -> str:
    """What the server said, on one line, without secrets."""
    origin = getattr(error, "orig", None) or error
    diagnosis = getattr(origin, "diag", None)
    parts = [diagnosis.message_primary, diagnosis.message_hint] if diagnosis is not None else []
    text = " — ".join(part for part in parts if part) or str(origin)
    for secret in secrets:
        text = text.replace(secret, "***")
    return " ".join(text.split()).rstrip(".")
