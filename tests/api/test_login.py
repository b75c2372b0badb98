"""Logging in: by a mini-program code, by a staff password; OAuth's own forms of answers."""
import uuid

import re

import pytest

import jose
from house import Client, ok, refused


def oauth_refused(answer, status: int, code: str):
    """RFC 6749 §5.2, with our request id."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) - {"field"} == {"error", "error_description", "message", "request_id"}
    assert body["error"] == code, answer.text
    assert re.fullmatch(r"[ !#-\[\]-~]+", body["error_description"])
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_metadata_say_what_the_endpoint_can_do(house):
    about = ok(house.guest.get("/.well-known/oauth-authorization-server"))
    assert about["issuer"] == house.url
    assert about["token_endpoint"] == house.url + "/oauth2/token"
    assert about["jwks_uri"] == house.url + "/oauth2/jwks"
    assert about["revocation_endpoint"] == house.url + "/oauth2/revoke"
    assert {"refresh_token", "password", "urn:zhixing:wechat-code"} <= set(
        about["grant_types_supported"])


def test_a_mini_program_code_gives_a_token_once(house):
    user = house.sim.user(uuid.uuid4().hex)["user"]
    code = house.sim.login_code(user)
    grant = house.log_in(code=code)
    body = ok(grant)
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "refresh_token",
                         "refresh_expires_in", "device"}
    assert body["device"] is None
    assert (body["token_type"], body["scope"]) == ("Bearer", "user")
    assert grant.headers["Cache-Control"] == "no-store"
    oauth_refused(house.log_in(code=code), 400, "invalid_grant")


def test_the_same_person_keeps_his_account(house):
    customer = house.customer()
    before = customer.account_id
    customer.log_in()
    assert customer.account_id == before
    me = ok(customer.get("/api/v1/me"))
    assert me == {"id": before, "nickname": "", "phone": None, "roles": []}


def test_a_blocked_user_is_refused(house):
    user = house.sim.post("users", nickname=uuid.uuid4().hex, blocked=True)["user"]
    oauth_refused(house.log_in(code=house.sim.login_code(user)), 403, "login_blocked")


@pytest.mark.parametrize("form, status, code", [
    ({"code": "neverissued"}, 400, "invalid_grant"),
    ({"code": "../../x?appid=1&secret=2"}, 400, "invalid_grant"),
    ({"code": "球"}, 400, "invalid_grant"),
    ({}, 400, "invalid_request"),
    ({"code": ""}, 400, "invalid_request"),
    ({"code": "x" * 513}, 400, "invalid_request"),
    ({"code": ["x", "y"]}, 400, "invalid_request"),
    ({"grant_type": "authorization_code", "code": "x"}, 400, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    ({"grant_type": ""}, 400, "invalid_request"),
    ({"grant_type": "password", "username": "desk1"}, 400, "invalid_request"),
    ({"grant_type": "password", "password": "x"}, 400, "invalid_request"),
    ({"grant_type": "password", "username": "desk1", "password": "wrong"}, 400, "invalid_grant"),
    ({"grant_type": "password", "username": f"n{uuid.uuid4().hex}"[:32], "password": "x"}, 400, "invalid_grant"),
    ({"grant_type": "password", "username": "desk1' --", "password": "x"}, 400, "invalid_grant"),
    ({"grant_type": "password", "username": "u" * 33, "password": "x"}, 400, "invalid_request"),
    ({"grant_type": "password", "username": "desk1", "password": "p" * 512}, 400,
     "invalid_request"),
])
def test_a_wrong_request_for_a_token_is_refused_by_rfc_6749(house, form, status, code):
    sessions = house.db.value("SELECT count(*) FROM session")
    oauth_refused(house.log_in(**form), status, code)
    assert house.db.value("SELECT count(*) FROM session") == sessions
    house.db.run("UPDATE staff_login SET failed = 0")


@pytest.mark.parametrize("body, kind", [
    (b'{"grant_type":"password"}', "application/json"),
    (b"grant_type=password", "text/plain"),
    (b"grant_type=password&grant_type=password", "application/x-www-form-urlencoded"),
    (b"grant_type=%zz", "application/x-www-form-urlencoded"),
    (b"grant_type=%00", "application/x-www-form-urlencoded"),
    (b"grant_type=%ff", "application/x-www-form-urlencoded"),
    (b"&&&", "application/x-www-form-urlencoded"),
    (b"", "application/x-www-form-urlencoded"),
])
def test_a_malformed_form_is_an_invalid_request(house, unchanged, body, kind):
    answer = house.guest.call("POST", "/oauth2/token", data=body, headers={"Content-Type": kind})
    oauth_refused(answer, 400, "invalid_request")


@pytest.mark.parametrize("fault, more, status, code", [
    ("wx_errcode", {"errcode": -1, "times": 9}, 503, "temporarily_unavailable"),
    ("wx_errcode", {"errcode": 45011, "times": 9}, 503, "temporarily_unavailable"),
    ("wx_errcode", {"errcode": 40125, "times": 9}, 503, "temporarily_unavailable"),
    ("http_500_before", {"times": 9}, 503, "temporarily_unavailable"),
    ("answer_lost", {"times": 9}, 503, "temporarily_unavailable"),
    ("wx_errcode", {"errcode": 40029}, 400, "invalid_grant"),
    ("wx_errcode", {"errcode": 40226}, 403, "login_blocked"),
])
def test_trouble_at_wechat_is_told_and_stores_nothing(
        house, sim, unchanged, fault, more, status, code):
    wx_code = sim.login_code(sim.user(uuid.uuid4().hex)["user"])
    sim.fault(fault, **more)
    oauth_refused(house.log_in(code=wx_code), status, code)


def test_wechat_busy_for_a_moment_is_not_noticed(house, sim):
    code = sim.login_code(sim.user(uuid.uuid4().hex)["user"])
    sim.fault("wx_errcode", errcode=-1)
    ok(house.log_in(code=code))


@pytest.fixture
def clerk(house):
    """A member of staff of our own, to be locked out and dismissed."""
    name = f"t{uuid.uuid4().hex[:12]}"
    account = house.db.value("INSERT INTO account (id, nickname) VALUES"
                             " (nextval('id_block') * 256, '临时工') RETURNING id")
    house.db.run("INSERT INTO staff_login (account_id, username, password_hash)"
                 " SELECT %s, %s, password_hash FROM staff_login WHERE username = 'desk1'",
                 account, name)
    house.db.run("INSERT INTO account_role VALUES (%s, 'manager', 1)", account)
    return name, account


def test_staff_see_what_they_may_do_and_where(house, desk1, desk2):
    me = ok(desk1.get("/api/v1/staff/me"))
    held = [p for p, in house.db.rows("SELECT permission FROM role_permission"
                                      " WHERE role = 'manager' ORDER BY permission")]
    assert {"audit", "ban", "checkin", "member", "order", "refund", "staff", "work"} <= set(held)
    assert not {"catalog", "role", "user.phone", "venue.create"} & set(held)
    assert me == {"id": 2, "name": "星河前台", "permissions": held,
                  "venues": [{"id": 1, "name": "星河羽毛球馆"}]}
    assert [v["id"] for v in ok(desk2.get("/api/v1/staff/me"))["venues"]] == [2]
    admin = Client(house, ok(house.log_in_staff("admin"))["access_token"])
    everywhere = [v["id"] for v in ok(admin.get("/api/v1/staff/me"))["venues"]]
    assert everywhere == [v for v, in house.db.rows("SELECT id FROM venue ORDER BY id")]


def test_a_staff_token_says_so(house):
    grant = ok(house.log_in_staff("desk1"))
    assert grant["scope"] == "staff"
    assert jose.read(grant["access_token"])[1]["scope"] == "staff"


def test_customers_are_not_staff(house, customer):
    refused(customer.get("/api/v1/staff/me"), 403, "forbidden")
    refused(customer.post("/api/v1/staff/checkins", {"code": "1234567890"}), 403, "forbidden")


def test_a_role_that_is_taken_away_is_gone_at_once(house, clerk):
    name, account = clerk
    staff = Client(house, ok(house.log_in_staff(name))["access_token"])
    ok(staff.get("/api/v1/staff/me"))
    house.db.run("DELETE FROM account_role WHERE account_id = %s", account)
    refused(staff.get("/api/v1/staff/me"), 403, "forbidden")
    refused(staff.post("/api/v1/staff/checkins", {"code": "1234567890"}), 403, "forbidden")


def test_an_editor_may_look_but_not_check_in(house, clerk):
    name, account = clerk
    house.db.run("UPDATE account_role SET role = 'editor', venue_id = NULL"
                 " WHERE account_id = %s", account)
    staff = Client(house, ok(house.log_in_staff(name))["access_token"])
    ok(staff.get("/api/v1/staff/me"))
    refused(staff.post("/api/v1/staff/checkins", {"code": "1234567890"}), 403, "forbidden")


def test_five_wrong_passwords_lock_the_name_for_a_while(house, clerk):
    name, account = clerk
    for _ in range(5):
        oauth_refused(house.log_in_staff(name, "wrong"), 400, "invalid_grant")
    locked = house.log_in_staff(name)
    oauth_refused(locked, 429, "login_locked")
    assert int(locked.headers["Retry-After"]) >= 1
    house.db.run("UPDATE login_place p SET locked_until = now() FROM staff_login l"
                 " WHERE p.tried_at = l.tried_at AND l.account_id = %s", account)
    ok(house.log_in_staff(name))
    assert house.db.value("SELECT failed FROM staff_login WHERE account_id = %s", account) == 0


def test_a_dismissed_member_of_staff_is_as_good_as_unknown(house, clerk):
    name, account = clerk
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = %s", account)
    oauth_refused(house.log_in_staff(name), 400, "invalid_grant")
