#!/usr/bin/python3
"""Write `schema.sql`, the schema in force: `make schema`.

    schema.py MIGRATE     the program that applies migrations/, say build/release/bin/migrate

It is applied to a PostgreSQL of its own, which ends with this program.
"""
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "stack"))

import deploy
import stack
from in_force import FOLDER, Misread, Unstated, migrations
from layout import Options, Stack, StackError, die
from snapshot import Snapshot, Unplaced

FILE = HERE / "schema.sql"


def read(place: Stack, migrate: Path) -> str:
    place.create()
    place.lock()
    stack.remember_for_cleaning(place)
    place.options = Options(fast=True)
    stack.wait_ready(place, stack.run_server(place, "postgres"))
    deploy.create_database(place)
    owner = deploy.conninfo(place, "zx_owner")
    subprocess.run([migrate, FOLDER], env={**os.environ, "ZX_DB": owner}, check=True, stdout=subprocess.DEVNULL)
    connection = psycopg2.connect(owner)
    try:
        return Snapshot(connection, migrations()).text()
    finally:
        connection.close()


def main(migrate: Path):
    os.umask(0o022)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = Stack(Path(tempfile.mkdtemp(prefix="zx-schema.")))
    try:
        text = read(place, migrate)
    except (StackError, subprocess.CalledProcessError, Misread, Unplaced, Unstated) as error:
        die(str(error))
    finally:
        stack.reset(place, None)
    FILE.write_text(text)
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
