"""The one place that knows of venues: row level security. A database of its own, with two venues
that have one of each, is looked at by the role zx_staff without any WHERE."""
import os
import subprocess
import uuid
from contextlib import contextmanager

import psycopg2
import pytest

from belongings import Belongings
from database import Database
from house import REPO

# Readable for staff, and without rows of a venue.
NO_VENUES_ROWS = {
    "role": "the same for everybody: what roles there are",
    "role_permission": "the same for everybody: what a role may",
    "permission": "the same for everybody: what there is to be permitted",
    "state_move": "the same for everybody: which state may follow which",
}
# Views that see as their owner does and say themselves what is in scope, with what they are of:
# so that the audit's search may use its index. They are walked below as tables are.
OWNERS_VIEWS = {"audit_in_scope": "audit_log"}
CATALOG = {"sport", "calendar_day"}  # the same for all venues, changed by those who may everywhere
# Whose is a row `t`? The venues it belongs to; where nothing is said, t.venue_id.
OF_ORDER = "SELECT o.venue_id FROM orders o WHERE o.id = t.order_id"
OF_PERSON = ("SELECT o.venue_id FROM orders o WHERE o.account_id = t.{0} UNION"
             " SELECT r.venue_id FROM account_role r WHERE r.account_id = t.{0}")
WHOSE = {
    "venue": "SELECT t.id",
    "occupancy": "SELECT u.venue_id FROM unit u WHERE u.id = t.unit_id",
    "payment_attempt": OF_ORDER, "checkin_code": OF_ORDER,
    "account": OF_PERSON.format("id"),
    **dict.fromkeys(("staff_login", "session", "booking_day", "violation", "ban", "idempotency"),
                    OF_PERSON.format("account_id")),
    "checkin_try": OF_PERSON.format("staff_id"),
}
# Insertable without belonging to a venue.
TOLD = {"message": "staff tell of what they did; they read and change none"}


class Scratch:
    """A migrated database with two venues; `db` is its owner."""

    def __init__(self, house):
        self.name = f"scope_{uuid.uuid4().hex[:12]}"
        self.house, self.admin = house, Database(house.run, "postgres")
        self.admin.run(f"CREATE DATABASE {self.name} OWNER zx_owner")
        self.db = Database(house.run, "zx_owner", self.name)
        self.root = Database(house.run, "postgres", self.name)
        subprocess.run([house.run / "app/libexec/zhixing/migrate", REPO / "migrations"], check=True,
                       env={**os.environ, "ZX_DB": self.db.dsn}, capture_output=True)
        self.fill()

    def fill(self):
        self.db.run("INSERT INTO account (id) VALUES (1)")
        self.db.run("INSERT INTO staff_login (account_id, username) VALUES (1, 'nobody')")
        self.db.run("INSERT INTO calendar_day VALUES ('2027-01-01', 'holiday', '元旦')")
        self.db.run("INSERT INTO account_role VALUES (1, 'admin', NULL)")
        self.db.run("INSERT INTO session (id, account_id, client, expires_at, salt)"
                    " VALUES (1, 1, 'staff', now() + interval '1 day', '')")
        self.ours, self.theirs = Belongings(self.db), Belongings(self.db)
        for venue in (self.ours, self.theirs):
            self.db.run("INSERT INTO audit_log (actor_id, venue_id, entity, entity_id, action,"
                        " after, operation_id) VALUES (%(staff)s, %(venue)s, 'court', '1',"
                        " 'insert', '{}', 'x')", venue)

    def drop(self):
        for each in (self.db, self.root):
            each.close()
        self.admin.run(f"DROP DATABASE {self.name} WITH (FORCE)")

    @contextmanager
    def as_staff(self, session=None, account=None, permission="venue", first=()):
        """Statements of zx_staff in one transaction that leaves nothing behind, after what the
        superuser does `first` in it."""
        db = self.root
        db.run("BEGIN")
        try:
            for sql in first:
                db.run(sql)
            db.run("SET LOCAL SESSION AUTHORIZATION zx_staff")
            if session:
                db.run("SELECT staff_enter(%s, %s, %s, 'test')", session, account, permission)
            yield db
        finally:
            db.run("ROLLBACK")

    def at_our_desk(self, **more):
        return self.as_staff(self.ours["session"], self.ours["staff"], **more)


@pytest.fixture(scope="module")
def scratch(house):
    made = Scratch(house)
    yield made
    made.drop()


def granted(scratch, right: str) -> dict:
    """table or view -> the columns that zx_staff has the right to; of DELETE: to all or none."""
    found = {}
    for table, column in scratch.db.rows(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')"
            " AND a.attnum > 0 AND NOT a.attisdropped"
            " AND CASE WHEN %(right)s IN ('DELETE', 'TRUNCATE')"
            "  THEN has_table_privilege('zx_staff', c.oid, %(right)s) ELSE"
            "  has_column_privilege('zx_staff', c.oid, a.attnum, %(right)s) END ORDER BY 1, 2",
            {"right": right}):
        found.setdefault(table, []).append(column)
    return found


def whose(table: str) -> str:
    return WHOSE.get(table, "SELECT t.venue_id")


def rows_of(scratch, table: str, columns: list, where: str = "true", *values) -> list:
    """As the owner sees them."""
    return sorted(map(repr, scratch.db.rows(
        f"SELECT {', '.join(columns)} FROM {OWNERS_VIEWS.get(table, table)} t WHERE {where}",
        *values)))


def seen(db, table: str, columns: list) -> list:
    return sorted(map(repr, db.run(f"SELECT {', '.join(columns)} FROM {table}")))


def leaks(scratch, tables: dict, **more) -> list:
    """What our desk sees of these tables that isn't our venue's, or does not see that is."""
    own = {table: rows_of(scratch, table, columns, f"%s IN ({whose(table)})",
                          scratch.ours["venue"]) for table, columns in tables.items()}
    with scratch.at_our_desk(**more) as db:
        return [table for table, columns in tables.items()
                if seen(db, table, columns) != own[table]]


def venues_tables(scratch) -> dict:
    return {table: columns for table, columns in granted(scratch, "SELECT").items()
            if table not in NO_VENUES_ROWS and table not in CATALOG}


def test_each_readable_table_has_rows_of_both_venues(scratch):
    """Else the tests below would prove nothing of it."""
    for table in venues_tables(scratch):
        for venue in (scratch.ours, scratch.theirs):
            assert rows_of(scratch, table, ["1"], f"%s IN ({whose(table)})",
                           venue["venue"]), f"{table}: add one to Belongings"


def test_a_statement_without_a_where_shows_nothing_of_another_venue(scratch):
    assert leaks(scratch, venues_tables(scratch)) == []


def test_that_test_would_see_each_policy_that_is_too_wide(scratch):
    tables = venues_tables(scratch)
    policies = scratch.db.rows("SELECT tablename, policyname FROM pg_policies"
                               " WHERE roles = '{zx_staff}' AND cmd = 'ALL'")
    assert {table for table, _ in policies} | set(OWNERS_VIEWS) >= set(tables)
    for view, table in OWNERS_VIEWS.items():
        assert view in leaks(scratch, {view: ["id"]}, first=[
            f"DROP VIEW {view}", f"CREATE VIEW {view} AS TABLE {table}", f"GRANT SELECT ON {view} TO zx_staff"])
    for table, policy in policies:
        if table in tables:
            wide = f"ALTER POLICY {policy} ON {table} USING (true)"
            assert table in leaks(scratch, {table: tables[table]}, first=[wide])
            gone = f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
            assert table in leaks(scratch, {table: tables[table]}, first=[gone])


def test_a_table_without_a_policy_is_on_the_list_with_its_reason(scratch):
    bare = {table for table in granted(scratch, "SELECT") if not scratch.db.value(
        "SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass",
        OWNERS_VIEWS.get(table, table))}
    assert bare == set(NO_VENUES_ROWS)
    for table in bare:
        columns = {name for name, in scratch.db.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass", table)}
        assert not columns & {"venue_id", "account_id", "order_id", "court_id", "item_id"}


def test_views_look_with_the_eyes_of_who_asks(scratch):
    assert scratch.db.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'v' AND NOT coalesce(reloptions && '{security_invoker=true,security_invoker=on}', false)"
    ) == [(view,) for view in OWNERS_VIEWS]


def test_without_a_scope_there_is_nothing(scratch):
    with scratch.as_staff() as db:
        for table, columns in {**venues_tables(scratch), "sport": ["id"],
                               "calendar_day": ["day"]}.items():
            assert seen(db, table, columns) == [], table


def test_a_scope_ends_with_its_transaction(house, scratch):
    """Really connected as that role."""
    staff = Database(house.run, "zx_staff", scratch.name)
    staff.run("BEGIN")
    staff.run("SELECT staff_enter(%(session)s, %(staff)s, 'venue', 'x')", scratch.ours)
    assert staff.run("SELECT id FROM venue") == [(scratch.ours["venue"],)]
    staff.run("COMMIT")
    assert staff.run("SELECT id FROM venue") == []
    staff.close()


def test_who_may_everywhere_sees_everything(scratch):
    with scratch.as_staff(1, 1) as db:
        for table, columns in venues_tables(scratch).items():
            mine = "t.account_id = 1" if table == "idempotency" else (
                "t.staff_id = 1" if table == "checkin_try" else "true")
            assert seen(db, table, columns) == rows_of(scratch, table, columns, mine), table


def test_two_venues_and_no_third(scratch):
    third = Belongings(scratch.db)
    scratch.db.run("INSERT INTO account_role VALUES (%s, 'manager', %s)",
                   scratch.ours["staff"], third["venue"])
    try:
        with scratch.at_our_desk() as db:
            both = {scratch.ours["venue"], third["venue"]}
            for table in ("venue", "orders", "court"):
                column = "id" if table == "venue" else "venue_id"
                assert {v for v, in db.run(f"SELECT {column} FROM {table}")} == both
    finally:
        scratch.db.run("DELETE FROM account_role WHERE venue_id = %s", third["venue"])
        third.remove()


# -- writing -----------------------------------------------------------------------------------

def refused(db, sql: str, *values):
    """By a policy, before anything else looks at the row."""
    db.run("SAVEPOINT s")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        db.run(sql, *values)
    db.run("ROLLBACK TO s")


def foreign(table: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM ({whose(table)}) w(id) WHERE w.id = %s)"


def written(scratch, right: str) -> dict:
    return {t: c for t, c in granted(scratch, right).items() if t not in TOLD}


def test_nothing_is_written_into_another_venue(scratch):
    for table, columns in written(scratch, "INSERT").items():
        if table in CATALOG:
            continue
        names = [c for c in columns if not scratch.db.value(
            "SELECT attgenerated <> '' FROM pg_attribute WHERE attrelid = %s::regclass"
            " AND attname = %s", table, c)]
        rows = scratch.db.rows(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {foreign(table)}",
                               scratch.ours["venue"])
        assert rows, table
        with scratch.at_our_desk() as db:
            for row, in rows:
                refused(db, f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(names)}"
                            f" FROM jsonb_populate_record(NULL::{table}, %s::jsonb)", row)


def test_nothing_of_another_venue_is_changed(scratch):
    for table, columns in written(scratch, "UPDATE").items():
        with scratch.at_our_desk() as db:
            with db.cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET {columns[0]} = {columns[0]}")
                touched = cursor.rowcount
        own = 0 if table in CATALOG else len(rows_of(
            scratch, table, ["1"], f"%s IN ({whose(table)})", scratch.ours["venue"]))
        assert touched == own, table


def test_nothing_of_another_venue_is_deleted(scratch):
    for table in written(scratch, "DELETE"):
        key = ", ".join(name for name, in scratch.db.rows(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
            " AND a.attnum = ANY (i.indkey) WHERE i.indrelid = %s::regclass AND i.indisunique"
            " ORDER BY i.indisprimary DESC, i.indexrelid, a.attnum LIMIT"
            " (SELECT indnkeyatts FROM pg_index WHERE indrelid = %s::regclass AND indisunique"
            "  ORDER BY indisprimary DESC, indexrelid LIMIT 1)", table, table))
        where = "true" if table in CATALOG else foreign(table)
        values = () if table in CATALOG else (scratch.ours["venue"],)
        theirs = scratch.db.rows(f"SELECT ({key})::text FROM {table} t WHERE {where}", *values)
        assert theirs, table
        with scratch.at_our_desk() as db, db.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE ({key})::text = ANY (%s)",
                           ([name for name, in theirs],))
            assert cursor.rowcount == 0, table


def test_a_row_is_not_moved_to_another_venue(scratch):
    movable = [t for t, columns in written(scratch, "UPDATE").items() if "venue_id" in columns]
    assert "price_rule" in movable and "court" in movable
    with scratch.at_our_desk() as db:
        for table in movable:
            refused(db, f"UPDATE {table} SET venue_id = %s", scratch.theirs["venue"])


def test_the_catalog_is_changed_only_by_who_may_everywhere(scratch):
    with scratch.at_our_desk() as db:
        refused(db, "INSERT INTO sport (id, code, name) VALUES (1, 'new', '新')")
        assert db.run("SELECT count(*) FROM sport")[0][0] > 2
    with scratch.as_staff(1, 1) as db:
        db.run("UPDATE sport SET name = name || '!'")
        assert db.run("SELECT bool_and(name LIKE '%!') FROM sport") == [(True,)]


def test_who_works_elsewhere_too_is_not_sent_away_from_here(scratch):
    """Should the permission ever be given for single venues."""
    may = "SELECT 1"  # a manager may
    also = ("INSERT INTO account_role VALUES ({staff}, 'manager', {theirs})",
            "INSERT INTO account_role VALUES ({staff}, 'editor', NULL)")
    names = {"staff": scratch.ours["account"], "theirs": scratch.theirs["venue"]}
    here = (f"INSERT INTO staff_login (account_id, username) VALUES ({names['staff']}, 'colleague')",
            f"INSERT INTO account_role VALUES ({names['staff']}, 'manager', {scratch.ours['venue']})")
    go = f"SELECT member_remove({names['staff']}, 1, '')"
    with scratch.at_our_desk(permission="member", first=[may, *here]) as db:
        assert db.run(go) == [(True,)]
        assert db.run(go) == [(False,)]
    for more in also:
        with scratch.at_our_desk(permission="member",
                                 first=[may, *here, more.format(**names)]) as db:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege) as refusal:
                db.run(go)
            assert refusal.value.diag.constraint_name == "forbidden"
    with scratch.as_staff(first=here) as db:  # nobody has entered
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.run(go)


# -- the role ----------------------------------------------------------------------------------

SECRETS = {"staff_login": ["password_hash"], "session": ["salt", "agent"],
           "payment_attempt": ["payer", "request", "prepay"], "wechat_identity": ["openid"],
           "sms_code": ["code_hash"], "message": ["body"], "notify_log": ["plaintext"]}


def test_the_role_is_nobody_special_and_cannot_leave_its_scope(scratch):
    assert scratch.db.rows(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication FROM pg_roles"
        " WHERE rolname = 'zx_staff'") == [(False,) * 5]
    assert scratch.db.rows("SELECT 1 FROM pg_auth_members WHERE member = 'zx_staff'::regrole") == []
    assert scratch.db.rows("SELECT relname FROM pg_class WHERE relowner = 'zx_staff'::regrole") == []
    assert granted(scratch, "TRUNCATE") == {}
    with scratch.at_our_desk() as db:
        db.run("SET LOCAL row_security = off")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
            db.run("SELECT 1 FROM orders")


@pytest.mark.parametrize("table", SECRETS)
def test_what_lets_somebody_in_is_not_for_staff(scratch, table):
    assert set(granted(scratch, "SELECT").get(table, [])) & set(SECRETS[table]) == set()


def test_functions_with_the_owners_rights_are_bound_to_their_schema(scratch):
    assert scratch.db.rows(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        " AND NOT coalesce(proconfig @> '{\"search_path=pg_catalog, public, pg_temp\"}', false)"
    ) == []


# -- who gets a scope --------------------------------------------------------------------------

@pytest.mark.parametrize("change, permission, why", [
    ("SELECT 1", "catalog", "forbidden"),
    ("SELECT 1", "nonsense", "forbidden"),
    ("UPDATE session SET client = 'mini' WHERE id = %(session)s", "venue", "forbidden"),
    ("DELETE FROM account_role WHERE account_id = %(staff)s", "venue", "forbidden"),
    ("UPDATE session SET ended_at = now(), ended_why = 'logout' WHERE id = %(session)s", "venue",
     "session_ended"),
    ("UPDATE session SET ended_at = now(), ended_why = 'elsewhere' WHERE id = %(session)s", "venue",
     "session_replaced"),
    ("UPDATE session SET created_at = now() - interval '2 days', expires_at = now() WHERE"
     " id = %(session)s", "venue", "session_ended"),
    ("UPDATE session SET account_id = %(account)s WHERE id = %(session)s", "venue",
     "session_ended"),
    ("UPDATE account SET disabled_at = now() WHERE id = %(staff)s", "venue", "session_ended"),
    ("UPDATE staff_login SET must_change = true WHERE account_id = %(staff)s", "venue",
     "password_change"),
])
def test_no_scope_for(scratch, change, permission, why):
    scratch.root.run("BEGIN")
    try:
        scratch.root.run(change, scratch.ours)
        scratch.root.run("SET LOCAL SESSION AUTHORIZATION zx_staff")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege) as refusal:
            scratch.root.run("SELECT staff_enter(%s, %s, %s, 'x')", scratch.ours["session"],
                             scratch.ours["staff"], permission)
        assert refusal.value.diag.constraint_name == why
    finally:
        scratch.root.run("ROLLBACK")


def test_a_password_to_be_chosen_may_be_chosen(scratch):
    change = f"UPDATE staff_login SET must_change = true WHERE account_id = {scratch.ours['staff']}"
    with scratch.at_our_desk(permission="staff.password", first=[change]) as db:
        assert db.run("SELECT current_setting('zx.permission')") == [("staff.password",)]


def test_outside_row_level_security_only_who_may_everywhere(scratch):
    """The pools that connect as zx: the program's own statements would see all venues."""
    scratch.root.run("BEGIN")
    try:
        scratch.root.run("SET LOCAL SESSION AUTHORIZATION zx")
        scratch.root.run("SELECT staff_enter(1, 1, 'order', 'x')")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="forbidden"):
            scratch.root.run("SELECT staff_enter(%(session)s, %(staff)s, 'order', 'x')",
                             scratch.ours)
    finally:
        scratch.root.run("ROLLBACK")


# -- rights ------------------------------------------------------------------------------------

# What gives somebody rights, or lets him in: statement -> the permissions that are for it.
GRANTING = {
    "INSERT INTO account_role VALUES (%(me)s, 'admin', NULL)": {"member"},
    "INSERT INTO account_role VALUES (%(me)s, 'editor', NULL)": {"member"},
    "INSERT INTO account_role VALUES (%(account)s, 'manager', %(venue)s)": {"member"},
    "DELETE FROM account_role WHERE account_id = %(staff)s": {"member"},
    "INSERT INTO account (id) VALUES (7)": {"member"},
    "INSERT INTO staff_login (account_id, username) VALUES (%(account)s, 'x7')": {"member"},
    "UPDATE account SET phone = '13900000007' WHERE id = %(staff)s": {"member"},
    "UPDATE account SET phone = '13900000007' WHERE id = %(account)s": {"member"},
    "UPDATE account SET disabled_at = now() WHERE id = %(staff)s": {"member"},
    "UPDATE account SET disabled_at = now() WHERE id = %(account)s": {"member", "user.disable"},
    "UPDATE account SET nickname = 'x' WHERE id = %(account)s": {"member"},
    "SELECT 1 / member_remove(%(staff)s, (SELECT version FROM account WHERE id = %(staff)s),"
    " 'x')::int": {"member"},
}


def does(db, sql: str, values: dict) -> bool:
    """Whether it changes anything."""
    db.run("SAVEPOINT s")
    try:
        with db.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.rowcount > 0
    except psycopg2.errors.InsufficientPrivilege:
        return False
    finally:
        db.run("ROLLBACK TO s")


@pytest.mark.parametrize("sql", GRANTING)
@pytest.mark.parametrize("role", ["manager", "editor", "admin"])
def test_rights_are_given_only_under_the_permission_for_it(scratch, role, sql):
    if f"(%(me)s, '{role}', " in sql:
        pytest.skip("has it")
    mine = {"manager": (scratch.ours["session"], scratch.ours["staff"])}.get(role, (1, 1))
    be_editor = ["UPDATE account_role SET role = 'editor' WHERE account_id = 1"]
    second_admin = ["INSERT INTO account_role SELECT account_id, 'admin', NULL FROM account_role"
                    f" WHERE account_id = {scratch.theirs['staff']}",
                    "UPDATE staff_login SET password_hash = '$'"]
    permissions = {p for p, in scratch.db.rows(
        "SELECT permission FROM role_permission WHERE role = %s", role)}
    assert "staff.password" in permissions
    did = set()
    for permission in permissions:
        first = second_admin + (be_editor if role == "editor" else [])
        with scratch.as_staff(*mine, permission=permission, first=first) as db:
            if does(db, sql, {**scratch.ours, "me": mine[1]}):
                did.add(permission)
    assert did == (set() if role == "manager" and beyond(sql) else GRANTING[sql] & permissions)


def beyond(sql: str) -> bool:
    """Not for who keeps the members of one venue: roles everywhere, and customers' accounts."""
    return "(%(me)s, " in sql or sql.startswith("UPDATE account SET") and "%(account)s" in sql


def test_a_venues_own_manager_of_members_would_give_rights_there_only(scratch):
    with scratch.at_our_desk(permission="member") as db:
        for account in (scratch.ours["staff"], scratch.ours["account"]):
            for role, venue in (("admin", None), ("editor", None),
                                ("manager", scratch.theirs["venue"])):
                refused(db, "INSERT INTO account_role VALUES (%s, %s, %s)", account, role, venue)
        db.run("INSERT INTO account_role VALUES (%s, 'manager', %s)", scratch.ours["account"],
               scratch.ours["venue"])


def test_own_roles_elsewhere_are_seen(scratch):
    """Under any permission, also those that do not count for it."""
    first = [f"INSERT INTO account_role VALUES ({scratch.ours['staff']}, 'editor', NULL)"]
    with scratch.at_our_desk(first=first) as db:
        seen = db.run("SELECT role FROM account_role WHERE account_id = %s", scratch.ours["staff"])
        assert sorted(seen) == [("editor",), ("manager",)]
        with db.cursor() as cursor:
            cursor.execute("DELETE FROM account_role WHERE role = 'editor'")
            assert cursor.rowcount == 0


# -- what is deleted ---------------------------------------------------------------------------

# There are only some for each venue; the last goes by the index of the venue.
SMALL = {"venue_sport_sport_fk", "price_rule_sport_fk", "price_rule_court_fk", "price_rule_offer_fk"}


def test_each_reference_to_what_staff_may_delete_has_an_index(scratch):
    """Else deleting one row reads a table that grows."""
    bare = {name for name, in scratch.db.rows("""
        SELECT c.conname FROM pg_constraint c
        WHERE c.contype = 'f' AND has_table_privilege('zx_staff', c.confrelid, 'DELETE')
        AND NOT EXISTS (SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
            AND a.attnum = i.indkey[0] WHERE i.indrelid = c.conrelid AND a.attnum = ANY (c.conkey)
            AND coalesce(pg_get_expr(i.indpred, i.indrelid), format('(%I IS NOT NULL)', a.attname))
                = format('(%I IS NOT NULL)', a.attname)
            AND (array_length(c.conkey, 1) = 1 OR a.attname <> 'venue_id'
                OR i.indkey::int2[] @> c.conkey))""")}
    assert bare == SMALL


# -- customers of a venue ----------------------------------------------------------------------

def test_a_venue_knows_whoever_has_ordered_there(scratch):
    def known() -> list:
        return scratch.db.rows("SELECT venue_id, account_id FROM venue_customer ORDER BY 1, 2")
    ordered = "SELECT DISTINCT venue_id, account_id FROM orders ORDER BY 1, 2"
    assert known() == scratch.db.rows(ordered) != []
    again = ("INSERT INTO orders (id, no, account_id, venue_id, play_date, amount_fen, expires_at)"
             " SELECT 77, '000000000000000077', account_id, venue_id, play_date, 0, now()"
             " FROM orders WHERE id = %(order)s")
    scratch.db.run("UPDATE ban SET lifted_at = now(), lift_reason = 'x'")
    scratch.db.run(again, scratch.ours)
    assert known() == scratch.db.rows(ordered)
    scratch.db.run("DELETE FROM orders WHERE id = 77")
