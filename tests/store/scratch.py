"""Databases that a test has to itself.

ZX_DB_ADMIN: conninfo of a role that may create databases; ZX_BUILD: folder with bin/migrate.
"""
import os
import uuid
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

ADMIN = os.environ["ZX_DB_ADMIN"]
MIGRATE = Path(os.environ["ZX_BUILD"]).resolve() / "bin" / "migrate"


@contextmanager
def connected(conninfo: str):
    """A connection that is closed afterwards, in whatever transaction it is."""
    connection = psycopg2.connect(conninfo)
    try:
        yield connection
    finally:
        connection.close()


def admin(sql: str):
    with connected(ADMIN) as connection:
        connection.autocommit = True
        connection.cursor().execute(sql)


@contextmanager
def database(owner: str = parse_dsn(ADMIN)["user"]):
    """Conninfo of a new one as its owner; it is gone afterwards."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    admin(f"CREATE DATABASE {name} OWNER {owner}")
    try:
        yield make_dsn(ADMIN, user=owner, dbname=name)
    finally:
        admin(f"DROP DATABASE {name} WITH (FORCE)")
