"""Every route of the front desk asks who it is, and for a permission of its own."""
import pytest

from house import Staff, ok, refused

# (method, path, body, permission)
ROUTES = [
    ("GET", "/api/v1/staff/orders", None, "order"),
    ("GET", "/api/v1/staff/orders/7", None, "order"),
    ("POST", "/api/v1/staff/orders/7/refunds", {"amount_fen": 1, "reason": "x"}, "refund"),
    ("POST", "/api/v1/staff/refunds/7/retry", None, "refund"),
    ("POST", "/api/v1/staff/refunds/7/settled", {"note": "x"}, "refund"),
    ("GET", "/api/v1/staff/work", None, "work"),
    ("POST", "/api/v1/staff/work/7/done", {"note": "x"}, "work"),
    ("GET", "/api/v1/staff/accounts/7/violations", None, "ban"),
    ("POST", "/api/v1/staff/violations/7/lift", {"reason": "x"}, "ban"),
    ("POST", "/api/v1/staff/bans/7/lift", {"reason": "x"}, "ban"),
]
each_route = pytest.mark.parametrize("method, path, body, permission", ROUTES,
                                     ids=[f"{m}_{p[14:]}" for m, p, *_ in ROUTES])


def ask(client, method: str, path: str, body):
    return client.get(path) if method == "GET" else client.post(path, body)


def test_these_are_all_of_them(house):
    import json
    import re
    import subprocess
    told = subprocess.run([house.run / "app/libexec/zhixing/staff.fcgi", "--routes"], text=True,
                          capture_output=True, check=True, env={"PATH": "/usr/bin:/bin"}).stdout
    assert {(m, p, right) for m, p, _, right in ROUTES} == {
        (r["method"], re.sub(r"\{\w+\}", "7", r["path"]), r["permission"])
        for r in json.loads(told) if r["permission"] not in ("staff", "checkin")}


@each_route
def test_without_a_login(house, method, path, body, permission):
    refused(ask(house.guest, method, path, body), 401, "unauthenticated")


@each_route
def test_a_customer_may_not(customer, method, path, body, permission):
    refused(ask(customer, method, path, body), 403, "forbidden")


@pytest.fixture(scope="module")
def editor(house):
    """Staff without any of these permissions."""
    house.db.run("INSERT INTO account (id, nickname) VALUES (5, '内容编辑') ON CONFLICT DO NOTHING")
    house.db.run("INSERT INTO staff_login (account_id, username, password_hash) SELECT 5, 'editor5',"
                 " password_hash FROM staff_login WHERE account_id = 1 ON CONFLICT DO NOTHING")
    house.db.run("INSERT INTO account_role VALUES (5, 'editor', NULL) ON CONFLICT DO NOTHING")
    return Staff(house, "editor5")


@each_route
def test_staff_without_the_permission_may_not(editor, method, path, body, permission):
    refused(ask(editor, method, path, body), 403, "forbidden")


@each_route
def test_the_permission_is_that_one_and_no_other(house, method, path, body, permission, desk1):
    """The same person without just this one is refused, and with it is let in."""
    row = ("operator", permission)
    assert ask(desk1, method, path, body).status_code != 403
    house.db.run("DELETE FROM role_permission WHERE role = %s AND permission = %s", *row)
    try:
        refused(ask(desk1, method, path, body), 403, "forbidden")
    finally:
        house.db.run("INSERT INTO role_permission VALUES (%s, %s)", *row)


def test_a_permission_elsewhere_is_none_here(house, slots, customer):
    """Somebody who works at venue 1 as an operator and everywhere as an editor."""
    house.db.run("INSERT INTO account (id, nickname) VALUES (6, '两职') ON CONFLICT DO NOTHING")
    house.db.run("INSERT INTO staff_login (account_id, username, password_hash) SELECT 6, 'both6',"
                 " password_hash FROM staff_login WHERE account_id = 1 ON CONFLICT DO NOTHING")
    house.db.run("INSERT INTO account_role VALUES (6, 'editor', NULL), (6, 'operator', 1)"
                 " ON CONFLICT DO NOTHING")
    both = Staff(house, "both6")
    here, away = customer.order(slots.one()), customer.order(slots.one(venue=2))
    assert both.see(here)["order"]["id"] == here["id"]
    refused(both.get(f"/api/v1/staff/orders/{away['id']}"), 404, "not_found")
    assert both.search(number=away["no"]) == []
    assert {o["venue_id"] for o in both.search(limit=100)} == {1}


def test_a_disabled_member_of_staff_is_out_at_once(house, desk2):
    ok(desk2.get("/api/v1/staff/work"))
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = 3")
    try:
        refused(desk2.get("/api/v1/staff/work"), 401, "session_ended")
    finally:
        house.db.run("UPDATE account SET disabled_at = NULL WHERE id = 3")
