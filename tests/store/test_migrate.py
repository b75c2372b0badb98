"""The migrate program against scratch databases."""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import psycopg2
import pytest
from scratch import MIGRATE, database

REAL = pathlib.Path(__file__).resolve().parents[2] / "migrations"

ONE = "CREATE TABLE one (id bigint PRIMARY KEY);\nINSERT INTO one VALUES (1);\n"
TWO = "ALTER TABLE one ADD COLUMN what text;\n"
THREE = "CREATE INDEX one_what ON one (what);\n"


class Scratch:
    """A database of its own and a folder of migrations."""

    def __init__(self, conninfo, folder):
        self.conninfo = conninfo
        self.folder = folder

    def write(self, **files):
        for name, text in files.items():
            (self.folder / f"{name[1:]}.sql").write_text(text)

    def start(self, folder=None):
        return subprocess.Popen([MIGRATE, folder or self.folder], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**os.environ, "ZX_DB": self.conninfo})

    def run(self, folder=None):
        process = self.start(folder)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def rows(self, sql):
        connection = psycopg2.connect(self.conninfo)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()

    def do(self, *statements):
        connection = psycopg2.connect(self.conninfo)
        try:
            with connection, connection.cursor() as cursor:
                for sql in statements:
                    cursor.execute(sql)
        finally:
            connection.close()

    def versions(self):
        return [row[0] for row in
                self.rows("SELECT version FROM schema_migration ORDER BY version")]

    def has_table(self, name):
        return self.rows(f"SELECT to_regclass('{name}') IS NOT NULL")[0][0]


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "migrations"
    folder.mkdir()
    with database() as conninfo:
        yield Scratch(conninfo, folder)


@pytest.fixture(scope="module")
def migrated():
    with database() as conninfo:
        scratch = Scratch(conninfo, REAL)
        assert scratch.run()[0] == 0
        yield scratch


def refused(result, *words):
    code, out, err = result
    assert code == 1
    assert out == ""
    assert err.startswith("migrate: ")
    for word in words:
        assert word in err
    return True


def test_applies_all_in_order_and_then_nothing(scratch):
    scratch.write(_0001_one=ONE, _0002_two=TWO, _0003_three=THREE)
    code, out, err = scratch.run()
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [
        "0001_one.sql", "0002_two.sql", "0003_three.sql"]
    assert scratch.run() == (0, "", "")
    assert scratch.rows("SELECT version, name, checksum FROM schema_migration ORDER BY 1") == [
        (n, name, hashlib.sha256(text.encode()).hexdigest()) for n, name, text in
        [(1, "0001_one.sql", ONE), (2, "0002_two.sql", TWO), (3, "0003_three.sql", THREE)]]


def test_a_later_file_is_added_to_the_earlier(scratch):
    scratch.write(_0001_one=ONE)
    assert scratch.run()[0] == 0
    scratch.write(_0002_two=TWO)
    code, out, _ = scratch.run()
    assert code == 0 and out.startswith("0002_two.sql applied")
    assert scratch.versions() == [1, 2]


@pytest.mark.parametrize("round_", range(3))
def test_ten_started_at_once_apply_each_file_once(scratch, round_):
    slow = ONE + "SELECT pg_sleep(0.2);\n"
    scratch.write(_0001_one=slow, _0002_two=TWO, _0003_three=THREE)
    processes = [scratch.start() for _ in range(10)]
    results = [(*p.communicate(timeout=60), p.returncode) for p in processes]
    assert [code for _, _, code in results] == [0] * 10
    assert [err for _, err, _ in results] == [""] * 10
    lines = [line for out, _, _ in results for line in out.splitlines()]
    assert len(lines) == 3
    assert scratch.rows("SELECT count(*) FROM one") == [(1,)]
    assert scratch.versions() == [1, 2, 3]


def test_a_failing_file_leaves_nothing_and_the_next_run_goes_on(scratch):
    scratch.write(_0001_one=ONE,
                  _0002_two="CREATE TABLE half (id int);\nINSERT INTO half VALUES ('x');\n",
                  _0003_three=THREE)
    code, out, err = scratch.run()
    assert code == 1
    assert out.startswith("0001_one.sql applied") and out.count("\n") == 1
    assert "0002_two.sql" in err and "invalid input syntax" in err
    assert scratch.versions() == [1]
    assert not scratch.has_table("half")
    scratch.write(_0002_two=TWO)
    assert scratch.run()[0] == 0
    assert scratch.versions() == [1, 2, 3]


def test_killed_in_the_middle_leaves_nothing(scratch):
    scratch.write(_0001_one=ONE + "SELECT pg_sleep(3);\n")
    process = scratch.start()
    while not scratch.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                           " AND datname = current_database()"):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stderr.close()
    assert not scratch.has_table("one")
    assert scratch.run()[0] == 0  # waits until the server has noticed
    assert scratch.rows("SELECT count(*) FROM one") == [(1,)]


def test_a_changed_file_is_refused(scratch):
    scratch.write(_0001_one=ONE, _0002_two=TWO)
    assert scratch.run()[0] == 0
    scratch.write(_0001_one=ONE + "-- a word more\n", _0003_three=THREE)
    assert refused(scratch.run(), "0001_one.sql", "changed after it was applied")
    assert scratch.versions() == [1, 2]


def test_a_gap_is_refused(scratch):
    scratch.write(_0001_one=ONE, _0003_three=THREE)
    assert refused(scratch.run(), "0003_three.sql", "number 0002 is missing")


def test_a_duplicate_number_is_refused(scratch):
    scratch.write(_0001_one=ONE, _0001_other=ONE)
    assert refused(scratch.run(), "0001_other.sql", "taken by another file")


def test_the_first_number_is_one(scratch):
    scratch.write(_0000_zero=ONE)
    assert refused(scratch.run(), "0000_zero.sql", "0001 is missing")


def test_a_database_newer_than_the_files_is_refused(scratch):
    scratch.write(_0001_one=ONE, _0002_two=TWO)
    assert scratch.run()[0] == 0
    (scratch.folder / "0002_two.sql").unlink()
    assert refused(scratch.run(), "0002_two.sql", "newer than these files")


def test_a_hole_in_what_the_database_has_had_is_refused(scratch):
    scratch.write(_0001_one=ONE, _0002_two=TWO)
    assert scratch.run()[0] == 0
    admin_of = psycopg2.connect(scratch.conninfo)
    with admin_of, admin_of.cursor() as cursor:
        cursor.execute("DELETE FROM schema_migration WHERE version = 1")
    admin_of.close()
    assert refused(scratch.run(), "0002_two.sql", "not number 0001")


@pytest.mark.parametrize("name", [
    "1_one.sql", "0001one.sql", "0001_.sql", "0001_One.sql", "0001_one.txt", "0001_one.sql~",
    "00001_one.sql", "readme.md", "0001_one two.sql", "0001_一.sql"])
def test_a_bad_file_name_is_refused(scratch, name):
    (scratch.folder / name).write_text(ONE)
    assert refused(scratch.run(), name, "bad file name")


@pytest.mark.parametrize("text, reason", [
    ("", "empty"), ("SELECT 1;\0SELECT 2;", "NUL")])
def test_a_bad_file_is_refused(scratch, text, reason):
    scratch.write(_0001_one=text)
    assert refused(scratch.run(), "0001_one.sql", reason)


def test_a_folder_in_a_files_place_is_refused(scratch):
    (scratch.folder / "0001_one.sql").mkdir()
    assert refused(scratch.run(), "0001_one.sql", "is not a file")


@pytest.mark.parametrize("text", ["COMMIT;\n", "ROLLBACK;\n", "COMMIT; BEGIN;\n"])
def test_a_file_that_ends_the_transaction_is_refused(scratch, text):
    scratch.write(_0001_one="SELECT 1;" + text)
    assert refused(scratch.run(), "0001_one.sql", "ends the transaction")
    assert scratch.versions() == []


def test_an_empty_or_absent_folder_is_refused(scratch):
    assert refused(scratch.run(), "no migration files")
    assert refused(scratch.run(scratch.folder / "absent"), "absent", "No such file")


def test_hidden_files_are_not_looked_at(scratch):
    scratch.write(_0001_one=ONE)
    (scratch.folder / ".0002_draft.sql.swp").write_text("rubbish")
    assert scratch.run()[0] == 0


def test_no_database_is_an_error(scratch):
    scratch.write(_0001_one=ONE)
    scratch.conninfo = "host=/nonexistent dbname=none"
    assert refused(scratch.run(), "/nonexistent")


def test_the_projects_own_files_apply(scratch):
    shutil.copytree(REAL, scratch.folder, dirs_exist_ok=True)
    code, out, err = scratch.run()
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == len(list(REAL.glob("*.sql")))
    assert scratch.run() == (0, "", "")


def test_names_that_were_alike_before_stay_and_no_more_are_given(scratch):
    """The oldest has the folded form; the others get theirs when they are called otherwise."""
    last = next(REAL.glob("*_names_folded.sql"))
    for file in REAL.glob("*.sql"):
        if file.name < last.name:
            shutil.copy(file, scratch.folder)
    assert scratch.run()[0] == 0
    scratch.do("INSERT INTO venue (id, name) VALUES (1, '甲')",
               "INSERT INTO venue_sport (venue_id, sport_id, slot_minutes) VALUES (1, 1, 60), (1, 2, 60)",
               "INSERT INTO court (id, venue_id, sport_id, name) VALUES (1, 1, 1, 'A场'),"
               " (2, 1, 1, 'Ａ场'), (3, 1, 1, 'a场 '), (4, 1, 2, 'A场'), (5, 1, 1, 'A 场')",
               "INSERT INTO unit (id, venue_id, name) VALUES (1, 1, 'A场'), (2, 1, 'ａ场')")
    shutil.copy(last, scratch.folder)
    assert scratch.run()[0] == 0
    assert scratch.rows("SELECT name_folded FROM court ORDER BY id") == [
        ("a场",), (None,), (None,), ("a场",), ("a 场",)]
    assert scratch.rows("SELECT name_folded FROM unit ORDER BY id") == [("a场",), (None,)]
    scratch.do("UPDATE court SET position = 7", "UPDATE court SET name = 'a场' WHERE id = 3")
    for name in ("A场", "ａ场", " a场"):
        with pytest.raises(psycopg2.errors.UniqueViolation, match="court_name_key"):
            scratch.do(f"INSERT INTO court (id, venue_id, sport_id, name) VALUES (6, 1, 1, '{name}')")
        with pytest.raises(psycopg2.errors.UniqueViolation, match="unit_name_key"):
            scratch.do(f"INSERT INTO unit (id, venue_id, name) VALUES (6, 1, '{name}')")
    scratch.do("UPDATE court SET name = 'B场' WHERE id = 2")
    with pytest.raises(psycopg2.errors.UniqueViolation, match="court_name_key"):
        scratch.do("UPDATE court SET name = 'A场' WHERE id = 2")


@pytest.mark.parametrize("name, folded", [
    ("Ａ 场", "a 场"), (" A\u3000\u00a0场\u2003", "a 场"), ("①号", "1号"), ("Straße", "strasse"),
    ("ΣΑΣ", "σας"), ("Cafe\u0301", "caf\u00e9"), ("❤\ufe0f场", "❤场"), ("ﾊﾞ", "バ")])
def test_a_name_is_folded(migrated, name, folded):
    assert migrated.rows(f"SELECT name_fold('{name}'), name_fold(name_fold('{name}'))") == [
        (folded, folded)]
