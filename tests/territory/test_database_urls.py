"""Addresses of databases are shown without passwords, however they are written."""

from __future__ import annotations

import pytest

from districting.territory.database_urls import (
    for_libpq,
    is_ambiguous,
    is_database,
    redacted,
    secrets_in,
    without_passwords,
)
from districting.territory.specs import LayerSpec


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg://gis:s3cret@db/city", "postgresql+psycopg://gis@db/city"),
        ("POSTGRES://gis:s3cret@db/city", "POSTGRES://gis@db/city"),
        (" postgresql://gis:s3cret@db/city", " postgresql://gis@db/city"),
        ("PG:postgresql://gis:s3cret@db/city", "PG:postgresql://gis@db/city"),
        ("postgresql://gis:a@s3cret?b@db/city", "postgresql://gis@db/city"),
        ("postgresql://gis:a@s3cret?b=1@db/city?sslmode=require", "postgresql://gis@db/city?sslmode=require"),
        ("postgresql://gis:a/s3cret?b=1@db/city", "postgresql://gis@db/city"),
        ("postgresql://gis:s3cret@db/city?application_name=a@b", "postgresql://gis@db/city?application_name=a@b"),
        ("postgresql://db/city?user=a@b&password=s3cret", "postgresql://db/city?user=a@b"),
        ("pg:host=db password=s&3cret dbname=city", "pg:host=db dbname=city"),
        (r"PG:host=db password=s\ 3cret dbname=city", "PG:host=db dbname=city"),
        # not ours, and named all the same by a sentence that refuses them
        ("jdbc:postgresql://gis:s3cret@db/city", "jdbc:postgresql://gis@db/city"),
        ("host=db password=s3cret dbname=city", "host=db dbname=city"),
    ],
)
def test_no_way_of_writing_an_address_shows_its_password(address: str, shown: str) -> None:
    assert redacted(address) == shown
    assert redacted(shown) == shown
    kept = without_passwords(f'path = "{address}"\ntable = "gis.roads"\n')
    if is_database(address):
        assert kept == f'path = "{shown}"\ntable = "gis.roads"\n'
    assert any("3cret" in secret for secret in secrets_in(address)) == ("3cret" in address)


def test_an_address_of_sqlalchemy_is_a_database_and_reaches_libpq_without_its_driver() -> None:
    assert LayerSpec("roads", "PostgreSQL+psycopg2://gis@db/city", table="gis.roads").faults() == []
    assert for_libpq("PostgreSQL+psycopg2://gis:x@db/city") == "postgresql://gis:x@db/city"
    assert not is_database("postgresql.gpkg")


def test_a_password_that_would_be_taken_for_a_host_is_refused() -> None:
    assert is_ambiguous("postgresql://gis:p@ss?word@db/city")
    assert is_ambiguous("postgresql+psycopg://gis:p@ss@db/city")
    assert not is_ambiguous("postgresql://gis:p?ss@db/city?application_name=a@b")
    assert not is_ambiguous("PG:host=db user=a@b/c")


def test_a_remark_and_an_escaped_quote_keep_no_password() -> None:
    text = 'path = "postgresql://gis:a\\"s3cret@db/city" # before: postgresql://gis:s3cret@old/city\n'
    assert without_passwords(text) == 'path = "postgresql://gis@db/city" # before: postgresql://gis@old/city\n'
