"""Reading migrations: what is stated, by which, and what is refused."""
import re

import pytest
from in_force import Migrations, Misread, Unstated, in_force


def of(*texts: str) -> Migrations:
    return Migrations({f"{n:04}_x.sql": text for n, text in enumerate(texts, 1)})


@pytest.mark.parametrize("texts, kind, name, file", [
    (["CREATE TABLE t (id bigint PRIMARY KEY);"], "constraint", "t_pkey", 1),
    (["CREATE TABLE t (id int);", "ALTER TABLE t ADD x int CONSTRAINT t_x CHECK (x > 0);"], "constraint", "t_x", 2),
    (["CREATE TABLE t (id int);", "ALTER TABLE t ADD x int CONSTRAINT t_x CHECK (x > 0);"], "column", "t.x", 2),
    (["CREATE TABLE t (x int);", "ALTER TABLE t ALTER COLUMN x SET NOT NULL;"], "column", "t.x", 2),
    (["CREATE FUNCTION f() RETURNS int AS $$ CREATE TABLE no; $$;", "CREATE OR REPLACE FUNCTION f() …;"],
     "function", "f", 2),
    (["CREATE FUNCTION f() …; -- CREATE FUNCTION f()", "-- CREATE FUNCTION f();"], "function", "f", 1),
    (["CREATE TABLE t (); CREATE INDEX i ON t (x);", "DROP INDEX i; CREATE INDEX i ON t (y);"], "index", "i", 2),
    (["CREATE POLICY p ON a USING (true); CREATE POLICY p ON b USING (true);", "ALTER POLICY p ON b USING (false);"],
     "policy", "a.p", 1),
    (["DO $$ BEGIN FOR t IN SELECT * FROM (VALUES ('a', 1), ('b', NULL)) AS v(name, rows) LOOP"
      " EXECUTE format('CREATE POLICY p ON %I', t.name); IF t.rows IS NOT NULL THEN"
      " EXECUTE format('CREATE POLICY q ON %I' ' USING (%s)', t.name, t.rows); END IF; END LOOP; END $$;"],
     "policy", "q", 1),
])
def test_it_finds_what_is_stated(texts, kind, name, file):
    assert of(*texts).in_force(kind, name) == f"{file:04}_x.sql"


@pytest.mark.parametrize("text, kind, name, comment", [
    ("-- All.\n\n-- One.\n-- And more.\nCREATE TABLE t (x int -- no\n);", "table", "t", "One.\nAnd more."),
    ("CREATE SEQUENCE s; -- Its own.\n-- The next one's.\nCREATE TABLE t ();", "sequence", "s", "Its own."),
    ("CREATE SEQUENCE s; -- Its own.\n-- The next one's.\nCREATE TABLE t ();", "table", "t", "The next one's."),
    ("CREATE TABLE t (\n\tx int, -- of x\n\ty int -- of y\n);", "column", "x", "of x"),
    ("CREATE TABLE t (\n\tx int, -- of x\n\ty int -- of y\n);", "column", "y", "of y"),
    ("ALTER TABLE t\n\tADD x int, -- of x\n\tADD y int;", "column", "y", ""),
    ("CREATE TABLE t (x text DEFAULT '-- (', -- of x\n\ty int);", "column", "x", "of x"),
])
def test_a_comment_goes_with_what_it_is_on(text, kind, name, comment):
    assert of(text).history(kind, name)[-1].comment == comment


@pytest.mark.parametrize("text, kind, name, reason", [
    ("CREATE TABLE t (id int);", "table", "u", "no migration in force states the table u"),
    ("CREATE TABLE t (id int); DROP TABLE t;", "column", "t.id", "no migration"),
    ("CREATE FUNCTION f(); DROP FUNCTION f;", "function", "f", "no migration"),
    ("CREATE TABLE t (x int, CONSTRAINT c CHECK (x > 0)); ALTER TABLE t DROP x;", "constraint", "c", "no migration"),
    ("CREATE TABLE t (); ALTER TABLE t ADD CONSTRAINT c CHECK (true), DROP CONSTRAINT c;", "constraint", "c",
     "no migration"),
    ("CREATE TRIGGER g AFTER INSERT ON a …; CREATE TRIGGER g AFTER INSERT ON b …;", "trigger", "g",
     "which trigger: a.g, b.g"),
])
def test_what_is_not_there_is_no_answer(text, kind, name, reason):
    with pytest.raises(Unstated, match=re.escape(reason)):
        of(text).in_force(kind, name)


@pytest.mark.parametrize("text", [
    "ALTER TABLE t RENAME TO u;", "ALTER TABLE t RENAME x TO y;", "CREATE MATERIALIZED VIEW v AS SELECT 1;",
    "ALTER FUNCTION f RENAME TO g;", "DROP TABLE t, u;", "DO $$ BEGIN CREATE TABLE t (); END $$;",
    "DO $$ BEGIN EXECUTE 'CREATE TABLE t ()'; END $$;", "COMMENT ON TABLE t IS 'x';", "CREATE DOMAIN d AS int;",
    "CREATE FUNCTION f(a int); CREATE FUNCTION f(a text);", "ALTER TABLE t RENAME CONSTRAINT c TO d;"])
def test_what_is_not_understood_is_an_error(text):
    with pytest.raises(Misread):
        of(text)


def test_the_rules_that_people_ask_for():
    assert in_force("function", "account_leave") == "0025_person.sql"
    assert in_force("policy", "account.in_scope") == "0014_scale.sql"
    assert in_force("trigger", "orders_move") == "0004_settle.sql"
    assert in_force("constraint", "occupancy_pkey") == "0003_order.sql"
