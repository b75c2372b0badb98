"""`schema.sql` is the schema in force, and each remark in it is true."""
import difflib
import os
import re
import subprocess

import psycopg2
import pytest
from catalog import JOURNAL, Catalog
from in_force import FOLDER, Migrations, Unstated, bracket, migrations, parts
from psycopg2.extensions import parse_dsn
from schema import FILE
from scratch import MIGRATE, admin, connected, database
from snapshot import Snapshot, Unplaced

FILES = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.sql"))}
KINDS = ("table", "column", "constraint", "index", "trigger", "policy", "function", "view", "options", "sequence")


def migrate(conninfo: str, folder):
    subprocess.run([MIGRATE, folder], env={**os.environ, "ZX_DB": conninfo}, check=True)


def snapshot(conninfo: str, done: str = "", stated: str = "") -> str:
    """Of the database after a statement that is rolled back again, with what the last migration states."""
    with connected(conninfo) as connection:
        if done:
            connection.cursor().execute(done)
        return Snapshot(connection, Migrations({**FILES, "9999_last.sql": stated})).text()


def changes(text: str) -> list:
    """Lines that `schema.sql` has more (-) or less (+)."""
    diff = difflib.unified_diff(FILE.read_text().splitlines(), text.splitlines(), n=0, lineterm="")
    return [line for line in list(diff)[2:] if not line.startswith("@@")]


@pytest.fixture(scope="module")
def migrated():
    with database("zx_owner") as conninfo:
        migrate(conninfo, FOLDER)
        yield conninfo


def test_the_snapshot_is_the_schema_in_force(migrated):
    if diff := changes(snapshot(migrated)):
        pytest.fail("tests/store/schema.sql is not what the migrations make; `make schema` writes it:\n"
                    + "\n".join(diff), pytrace=False)


LAST = " -- 9999_last.sql"
OPTIONS = migrations().in_force("options", "ledger_day")


@pytest.mark.parametrize("sql, expected", [
    ("ALTER TABLE orders ADD CONSTRAINT orders_more CHECK (tries >= 0)",
     [f"+\tCONSTRAINT orders_more CHECK (tries >= 0),{LAST}"]),
    ("ALTER TABLE orders DROP CONSTRAINT orders_amount_range",
     ["-\tCONSTRAINT orders_amount_range CHECK (amount_fen >= 0), -- 0003_order.sql"]),
    ("ALTER TABLE orders DROP CONSTRAINT orders_amount_range,"
     " ADD CONSTRAINT orders_amount_range CHECK (amount_fen >= -1)",
     ["-\tCONSTRAINT orders_amount_range CHECK (amount_fen >= 0), -- 0003_order.sql",
      f"+\tCONSTRAINT orders_amount_range CHECK (amount_fen >= '-1'::integer),{LAST} (0003_order.sql)"]),
    ("ALTER TABLE orders ALTER amount_fen DROP NOT NULL",
     ["-\tamount_fen   bigint NOT NULL,", f"+\tamount_fen   bigint,{LAST} (0003_order.sql)"]),
    ("ALTER TABLE ban ADD more date DEFAULT '2026-01-02'", [f"+\tmore        date DEFAULT '2026-01-02'::date,{LAST}"]),
    ("CREATE UNIQUE INDEX ban_more ON ban (since)", [f"+CREATE UNIQUE INDEX ban_more ON ban (since);{LAST}"]),
    ("DROP TRIGGER audit ON ban", [
        "-CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON ban FOR EACH ROW",
        "-\tWHEN (current_setting('zx.actor', true) <> '') EXECUTE FUNCTION audit_write('id'); -- 0010_rights.sql"]),
    ("ALTER TABLE ban DISABLE TRIGGER audit", ["+ALTER TABLE ban DISABLE TRIGGER audit;"]),
    ("ALTER TABLE ban DISABLE ROW LEVEL SECURITY", ["-ALTER TABLE ban ENABLE ROW LEVEL SECURITY;"]),
    ("ALTER POLICY everything ON ban USING (false)", [
        "-CREATE POLICY everything ON ban TO zx USING (true); -- 0010_rights.sql",
        f"+CREATE POLICY everything ON ban TO zx USING (false);{LAST} (0010_rights.sql)"]),
    ("CREATE POLICY more ON ban FOR INSERT TO zx_staff WITH CHECK (true)",
     [f"+CREATE POLICY more ON ban FOR INSERT TO zx_staff WITH CHECK (true);{LAST}"]),
    ("CREATE OR REPLACE FUNCTION staff_actor() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE RETURN 1",
     ["--- 0010_rights.sql", "+-- 9999_last.sql (0010_rights.sql)",
      "-\tRETURN (NULLIF(current_setting('zx.actor', true), ''))::bigint;", "+\tRETURN 1;"]),
    ("REVOKE UPDATE (lift_reason) ON ban FROM zx_staff", [
        "-GRANT SELECT, UPDATE (lifted_at, lifted_by, lift_reason) ON ban TO zx_staff;",
        "+GRANT SELECT, UPDATE (lifted_at, lifted_by) ON ban TO zx_staff;"]),
    ("GRANT EXECUTE ON FUNCTION courts_hold TO zx_staff",
     ["-GRANT EXECUTE ON FUNCTION courts_hold TO zx;", "+GRANT EXECUTE ON FUNCTION courts_hold TO zx, zx_staff;"]),
    ("GRANT EXECUTE ON FUNCTION courts_hold TO PUBLIC", ["-REVOKE EXECUTE ON FUNCTION courts_hold FROM PUBLIC;"]),
    ("ALTER VIEW ledger_day SET (security_invoker = false)", [
        f"-ALTER VIEW ledger_day SET (security_invoker=on); -- {OPTIONS} (0010_rights.sql)",
        f"+ALTER VIEW ledger_day SET (security_invoker=false);{LAST} (0010_rights.sql, {OPTIONS})"]),
    ("INSERT INTO role_permission VALUES ('editor', 'audit')",
     ["---   audit           x              x", "+--   audit           x      x       x"]),
    ("DELETE FROM state_move WHERE (was, becomes) = ('closing', 'expired')",
     ["---   orders           closing   expired    courts freed"]),
])
def test_it_shows_each_change(migrated, sql, expected):
    assert changes(snapshot(migrated, sql, sql)) == expected


def test_what_no_migration_states_is_an_error(migrated):
    with pytest.raises(Unstated, match="constraint orders.orders_more"):
        snapshot(migrated, "ALTER TABLE orders ADD CONSTRAINT orders_more CHECK (true)")


@pytest.mark.parametrize("sql", ["CREATE TABLE more ()", "CREATE FUNCTION more() RETURNS int LANGUAGE sql RETURN 1"])
def test_what_has_no_place_in_it_is_an_error(migrated, sql):
    with pytest.raises(Unplaced, match="more"):
        snapshot(migrated, sql, sql)


def dumped(conninfo: str) -> list:
    """What pg_dump knows of the schema, an entry for each thing; rights in any order, and without
    brackets, because it also writes those that mean nothing: (a AND b) AND c."""
    dump = subprocess.run(["pg_dump", "-s", "-T", JOURNAL, "-d", conninfo], text=True, check=True,
                          capture_output=True).stdout
    dump = re.sub(r"(?m)^\\(un)?restrict .*\n", "", dump)
    entries = re.split(r"\n--\n-- Name: ", re.sub("[()]", "", dump))
    return sorted("\n".join(sorted(entry.splitlines())) if "; Type: ACL" in entry else entry for entry in entries)


def statements(text: str) -> list:
    """Foreign keys apart from their tables, because they may form a circle."""
    found = []
    for part in parts(text, ";"):
        found.append(part.text)
        if table := re.match(r"CREATE (?:UNLOGGED )?TABLE (\w+)", part.words):
            inside = bracket(part.text)
            elements = [element.text for element in parts(inside, ",")]
            keys = [element for element in elements if re.match(r"CONSTRAINT \w+ FOREIGN KEY", element)]
            rest = "\n, ".join(element for element in elements if element not in keys)
            found[-1] = part.text.replace(inside, f"{rest}\n")
            found += [f"ALTER TABLE {table[1]} ADD {key}" for key in keys]
    return found


def load(conninfo: str, text: str):
    """Its statements, in an order that they can be made in."""
    waiting = statements(text)
    with connected(conninfo) as connection:
        connection.autocommit = True
        while waiting:
            failed = {}
            for statement in waiting:
                try:
                    connection.cursor().execute(statement)
                except psycopg2.Error as error:
                    failed[statement] = str(error)
            assert len(failed) < len(waiting), list(failed.items())
            waiting = list(failed)


def filled(conninfo: str) -> str:
    """The rows of the migrations, as statements."""
    with connected(conninfo) as connection:
        return "".join(
            connection.cursor().mogrify(f"INSERT INTO {table} ({', '.join(names)}) VALUES %s;", [row]).decode()
            for table, (names, *rows) in Catalog(connection).filled.items() for row in rows)


def test_it_is_whole_and_depends_on_no_order(migrated):
    """Made from it alone, a database is the same: what pg_dump knows is in it, and no expression has
    another sense, though things are made in another order."""
    with database("zx_owner") as conninfo:
        load(conninfo, FILE.read_text() + filled(migrated))
        assert dumped(conninfo) == dumped(migrated)
        assert changes(snapshot(conninfo)) == []


def test_it_depends_on_no_setting():
    with database("zx_owner") as conninfo:
        migrate(conninfo, FOLDER)
        name = parse_dsn(conninfo)["dbname"]
        for setting in ("datestyle = 'German'", "intervalstyle = 'iso_8601'", "quote_all_identifiers = on",
                        "timezone = 'Asia/Kolkata'", "search_path = ''"):
            admin(f"ALTER DATABASE {name} SET {setting}")
        assert changes(snapshot(conninfo)) == []


def definitions(found: Catalog) -> dict:
    """What a statement of each thing says: kind and name as in_force() has them."""
    relations = [relation for relations in found.relation.values() for relation in relations]
    of_kind = {kind: [relation for relation in relations if relation.kind == letter]
               for kind, letter in (("table", "r"), ("sequence", "S"))}
    said = {(kind, relation.relname): "" for kind, those in of_kind.items() for relation in those}
    said |= {("options", relation.relname): relation.options
             for relation in relations if relation.kind == "v" and relation.options}
    said |= {("view", name): view.says for name, (view,) in found.view.items()}
    said |= {("function", function.name): function.says for function, in found.function.values()}
    for kind in ("column", "constraint", "index", "trigger", "policy"):
        said |= {(kind, f"{table}.{thing.name}"): thing for table, things in getattr(found, kind).items()
                 for thing in things}
    return said


def test_the_migration_in_force_is_the_last_that_changed_a_thing(tmp_path):
    """Applied one by one: after which of them is it in the database as it is now?"""
    before, last = {}, {}
    with database("zx_owner") as conninfo:
        for name, text in FILES.items():
            (tmp_path / name).write_text(text)
            migrate(conninfo, tmp_path)
            with connected(conninfo) as connection:
                now = definitions(Catalog(connection))
            last |= {thing: name for thing, said in now.items() if before.get(thing) != said}
            before = now
    known = migrations()
    assert {thing: last[thing] for thing in before} == {
        (kind, name): known.in_force(kind, name) for kind in KINDS for name in known.names(kind)}
