"""What the programs' own role may do in the database: what they need, and no more."""
import pytest

NEVER_CHANGED = ("role", "role_permission", "account_role", "venue", "sport", "venue_sport",
                 "court", "unit", "court_unit", "opening", "opening_exception",
                 "opening_exception_hours", "calendar_day", "price_rule", "schema_migration")
NEVER_DELETED = ("account", "staff_login", "orders", "order_item",
                 "payment_attempt", "notify_log", "checkin_code", "checkin", "checkin_try",
                 "booking_day", "message_done", "message_dead", "refund", "violation", "ban",
                 "work_item")
WRITTEN_ONCE = ("occupancy", "checkin_code", "checkin", "checkin_try", "message_done",
                "idempotency")


def may(house, table: str, *rights) -> list:
    return [right for right in rights if house.db.value(
        "SELECT has_table_privilege('zx', %s, %s)", table, right)]


@pytest.mark.parametrize("table", NEVER_CHANGED)
def test_the_programs_cannot_change_what_others_decide(house, table):
    assert may(house, table, "INSERT", "UPDATE", "DELETE", "TRUNCATE") == []


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_the_programs_cannot_make_records_vanish(house, table):
    assert may(house, table, "DELETE", "TRUNCATE") == []


@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_the_programs_cannot_rewrite_records(house, table):
    assert may(house, table, "UPDATE", "TRUNCATE") == []


def test_the_programs_own_nothing_and_are_nobody_special(house):
    assert house.db.rows("SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles"
                         " WHERE rolname = 'zx'") == [(False,) * 4]
    assert house.db.rows("SELECT relname FROM pg_class WHERE relowner = 'zx'::regrole") == []
    assert not house.db.value("SELECT has_schema_privilege('zx', 'public', 'CREATE')")
