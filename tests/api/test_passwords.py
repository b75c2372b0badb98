"""Passwords of staff: how they are kept, tried, changed and given."""
import threading
import time
import uuid

import pytest
from requests.adapters import HTTPAdapter

import staffing
from house import Client, ok, refused
from staffing import BETTER, GOOD

OLD_HASHES = (  # of GOOD: bcrypt, SHA-512
    "$2b$04$1E/rhry6G9rYXfGOh6ECIezlrnwtfvo/INrCHaodqJv0fsyynyYBO",
    "$6$rounds=1000$Ql3mzUUblsh4LKHg$EFnRgg7mXCyD7L8ctyBjdvncrEit"
    "de/MPXXmuvxqD5VfZrdhckYLb6oEixLPBTvVF16EONRDqGzPI4o4kKJOo/")


def hash_of(house, member) -> str:
    return house.db.value("SELECT password_hash FROM staff_login WHERE account_id = %s",
                          member["id"])


def tries(house, member) -> tuple:
    """Failures in a row, and whether the network of the last one is locked out."""
    return house.db.rows("SELECT failed, (SELECT p.locked_until > now() FROM login_place p"
                         " WHERE p.tried_at = l.tried_at) FROM staff_login l"
                         " WHERE account_id = %s", member["id"])[0]


def at_once(count: int, call) -> list:
    """So many calls, all let go at the same moment."""
    gate, answers = threading.Barrier(count), []

    def one():
        gate.wait()
        answers.append(call())
    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def member(house, admin):
    return staffing.member_with_password(house, admin)


def test_who_was_given_a_password_changes_it_first(house, admin):
    member = staffing.add(admin)
    assert staffing.give_password(admin, member).status_code == 204
    shown = staffing.see(admin, member)
    assert shown["has_password"] and shown["must_change"]
    clerk = staffing.log_in(house, member)
    ok(clerk.get("/api/v1/staff/me"))
    for path in ("orders", "work", "users"):
        refused(clerk.get(f"/api/v1/staff/{path}"), 403, "password_change_required")
    assert staffing.change_password(clerk, GOOD, BETTER).status_code == 204
    ok(clerk.get("/api/v1/staff/orders"))
    assert not staffing.see(admin, member)["must_change"]


def test_the_given_password_is_no_password_of_ones_own(house, admin):
    member = staffing.add(admin)
    staffing.give_password(admin, member)
    clerk = staffing.log_in(house, member)
    refused(staffing.change_password(clerk, GOOD, GOOD), 422, "password_weak", "new_password")
    refused(clerk.get("/api/v1/staff/orders"), 403, "password_change_required")


def test_a_changed_password_ends_the_other_logins(house, member):
    clerk = staffing.log_in(house, member, BETTER)
    house.db.run("INSERT INTO session (id, account_id, client, expires_at, salt) VALUES"
                 " (nextval('id_block') * 256, %s, 'mini', now() + interval '1 hour', 'x')",
                 member["id"])
    assert staffing.change_password(clerk, BETTER, GOOD).status_code == 204
    ok(clerk.get("/api/v1/staff/me"))
    assert house.db.rows("SELECT client, ended_why FROM session WHERE account_id = %s"
                         " ORDER BY created_at DESC, id DESC LIMIT 2", member["id"]) == [
        ("mini", "password"), ("staff", None)]
    assert house.log_in_staff(member["username"], BETTER).status_code == 400
    staffing.log_in(house, member, GOOD)


def test_a_given_password_ends_all_logins_and_the_lock(house, admin, member):
    clerk = staffing.log_in(house, member, BETTER)
    for _ in range(5):
        house.log_in_staff(member["username"], "wrong")
    assert tries(house, member) == (5, True)
    assert staffing.give_password(admin, member).status_code == 204
    refused(clerk.get("/api/v1/staff/me"), 401, "session_ended")
    assert tries(house, member)[0] == 0
    assert house.db.value("SELECT ended_why FROM session WHERE account_id = %s AND client = 'staff'"
                          " ORDER BY created_at DESC LIMIT 1", member["id"]) == "password"
    staffing.log_in(house, member, GOOD)


def test_a_weak_password_is_refused(house, admin, member):
    """tests/unit/login/password_rule_test.c knows what is weak."""
    before = hash_of(house, member)
    clerk = staffing.log_in(house, member, BETTER)
    for weak, code in (("", "bad_field"), ("k7fqxm2ta", "password_weak"),
                       ("Zhixing2026", "password_weak"), ("woaini1314520", "password_weak")):
        refused(staffing.change_password(clerk, BETTER, weak), 422, code, "new_password")
        refused(staffing.give_password(admin, member, weak), 422, code, "new_password")
    assert hash_of(house, member) == before


def test_the_username_is_no_password(house, admin, member):
    name = member["username"]
    for weak in (name, name.upper(), name + name, name[::-1]):
        refused(staffing.give_password(admin, member, weak), 422, "password_weak", "new_password")


def test_the_longest_password_is_511_bytes(house, admin, member):
    longest = "球馆k7fqxm2ta9we" + "z" * 493
    assert len(longest.encode()) == 511
    assert staffing.give_password(admin, member, longest).status_code == 204
    staffing.log_in(house, member, longest)
    refused(staffing.give_password(admin, member, longest + "é"), 422, "bad_field",
            "new_password")
    refused(staffing.give_password(admin, member, "z" * 512), 422, "bad_field", "new_password")
    assert house.log_in_staff(member["username"], longest[:-1]).status_code == 400


def test_a_hash_of_other_days_is_made_anew(house, admin, member):
    for old in OLD_HASHES:
        house.db.run("UPDATE staff_login SET password_hash = %s WHERE account_id = %s", old,
                     member["id"])
        assert house.log_in_staff(member["username"], BETTER).status_code == 400
        assert hash_of(house, member) == old
        staffing.log_in(house, member, GOOD)
        assert hash_of(house, member).startswith("$y$j9T$") and hash_of(house, member) != old
    new = hash_of(house, member)
    staffing.log_in(house, member, GOOD)
    assert hash_of(house, member) == new


def test_a_hash_of_another_cost_is_made_anew(house, admin, member):
    with house.configured("pool-password", ZX_PASSWORD_COST="1"):
        staffing.log_in(house, member, BETTER)
        assert hash_of(house, member).startswith("$y$j75$")
    staffing.log_in(house, member, BETTER)
    assert hash_of(house, member).startswith("$y$j9T$")


def test_wrong_passwords_at_once_all_count(house, member):
    """Five are compared, whatever comes beside them; the right one is not among them."""
    answers = at_once(12, lambda: house.log_in_staff(member["username"], "wrong"))
    assert tries(house, member) == (5, True)
    assert sorted(a.status_code for a in answers) == [400] * 5 + [429] * 7
    locked = house.log_in_staff(member["username"], BETTER)
    assert locked.status_code == 429 and 1 <= int(locked.headers["Retry-After"]) <= 30
    assert tries(house, member) == (5, True)


def test_a_day_later_wrong_passwords_are_forgotten(house, member):
    def wrong() -> int:
        return house.log_in_staff(member["username"], "wrong").status_code

    def later(hours: int):
        house.db.run("UPDATE login_place p SET tried_at = p.tried_at - make_interval(hours => %s),"
                     " locked_until = p.locked_until - make_interval(hours => %s) FROM staff_login l"
                     " WHERE p.tried_at = l.tried_at AND l.account_id = %s", hours, hours, member["id"])
        house.db.run("UPDATE staff_login SET tried_at = tried_at - make_interval(hours => %s),"
                     " locked_until = locked_until - make_interval(hours => %s)"
                     " WHERE account_id = %s", hours, hours, member["id"])

    assert [wrong() for _ in range(6)] == [400] * 5 + [429]
    later(23)
    assert [wrong() for _ in range(2)] == [400, 429] and tries(house, member) == (6, True)
    later(25)
    assert [wrong() for _ in range(6)] == [400] * 5 + [429]
    assert tries(house, member) == (5, True)


class TestANameThatOpensNothing:
    """Its answers are those of one that somebody has."""

    def misses(self, house) -> dict:
        return dict(house.db.rows("SELECT name, failed FROM login_miss"))

    @pytest.mark.parametrize("why", ["unknown", "disabled", "no_password", "not_even_a_name"])
    def test_is_locked_like_another(self, house, admin, member, why):
        name = {"unknown": staffing.new_name(), "not_even_a_name": f"球馆 {uuid.uuid4()}"[:32]
                }.get(why, member["username"])
        if why == "disabled":
            ok(staffing.disable(admin, member))
        if why == "no_password":
            house.db.run("UPDATE staff_login SET password_hash = '!' WHERE account_id = %s",
                         member["id"])
        before, began = self.misses(house), time.monotonic()
        answers = at_once(12, lambda: house.log_in_staff(name, "wrong"))
        assert sorted(a.status_code for a in answers) == [400] * 5 + [429] * 7
        locked = house.log_in_staff(name, BETTER)
        assert locked.status_code == 429 and locked.json()["error"] == "login_locked"
        assert 29 - (time.monotonic() - began) <= int(locked.headers["Retry-After"]) <= 30
        new = {k: n for k, n in self.misses(house).items() if k not in before}
        assert list(new.values()) == [5]
        assert name not in str(house.db.rows("SELECT * FROM login_miss"))
        if why in ("disabled", "no_password"):
            assert tries(house, member) == (0, None)

    def test_holds_nobody_back_who_gets_it(self, house, admin):
        name = staffing.new_name()
        for _ in range(6):
            house.log_in_staff(name, "wrong")
        assert house.log_in_staff(name, GOOD).status_code == 429
        member = staffing.add(admin, username=name)
        staffing.give_password(admin, member)
        staffing.log_in(house, member, GOOD)

    def test_is_forgotten_a_day_later(self, house):
        name = staffing.new_name()
        for _ in range(3):
            house.log_in_staff(name, "wrong")
        for table in ("login_miss", "login_place"):
            house.db.run(f"UPDATE {table} SET tried_at = tried_at - interval '25 hours'")
        assert [house.log_in_staff(name, "wrong").status_code for _ in range(6)] == (
            [400] * 5 + [429])
        for _ in range(len(self.misses(house)) // 20 + 1):
            house.log_in_staff(staffing.new_name(), "wrong")
        assert house.db.value("SELECT count(*) FROM login_miss"
                              " WHERE tried_at < now() - interval '1 day'") == 0



def test_each_failure_after_the_fifth_locks_for_longer(house, member):
    def lock() -> int:
        house.log_in_staff(member["username"], "wrong")
        s, = house.db.run("WITH was AS (SELECT p.name, p.locked_until - now() AS left FROM login_place p"
                          " JOIN staff_login l ON l.tried_at = p.tried_at WHERE l.account_id = %s)"
                          " UPDATE login_place p SET locked_until = now() - interval '1 second' FROM was"
                          " WHERE p.name = was.name RETURNING extract(epoch FROM was.left)",
                          member["id"])[0]
        return s and next(step for step in (30, 60, 120, 240, 480, 960) if s <= step)
    assert [lock() for _ in range(12)] == [None] * 4 + [30, 60, 120, 240, 480, 960, 960, 960]
    staffing.log_in(house, member, BETTER)
    assert tries(house, member) == (0, None)


def test_a_wrong_old_password_counts_like_one_at_the_login(house, member):
    clerk = staffing.log_in(house, member, BETTER)
    for _ in range(5):
        refused(staffing.change_password(clerk, "wrong", GOOD), 400, "invalid_grant", "password")
    answer = staffing.change_password(clerk, BETTER, GOOD)
    refused(answer, 429, "login_locked")
    assert int(answer.headers["Retry-After"]) >= 1


class Elsewhere(HTTPAdapter):
    """Calls from another address: for this machine all of 127.0.0.0/8 is at home."""

    def __init__(self, address: str):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **more):
        super().init_poolmanager(*args, **more, source_address=(self.address, 0))


def log_in_from(house, address: str, username: str, password: str, **more):
    client = Client(house)
    client.web.mount("https://", Elsewhere(address))
    return client.call("POST", "/oauth2/token", data={
        "grant_type": "password", "username": username, "password": password, **more})


@pytest.mark.parametrize("known", [True, False], ids=["a_member", "nobodys_name"])
def test_a_strangers_tries_lock_his_own_network_out(house, member, known):
    name = member["username"] if known else staffing.new_name()
    said = [log_in_from(house, "127.0.0.7", name, "wrong").status_code for _ in range(6)]
    assert said == [400] * 5 + [429]
    assert log_in_from(house, "127.0.0.7", name, BETTER).status_code == 429
    assert log_in_from(house, "127.0.0.8", name, "wrong").status_code == 400
    if known:
        assert log_in_from(house, "127.0.0.8", name, BETTER).status_code == 200


@pytest.mark.parametrize("known", [True, False], ids=["a_member", "nobodys_name"])
def test_tries_from_everywhere_lock_far_beyond(house, member, known):
    name = member["username"] if known else staffing.new_name()
    for n in range(25):
        for _ in range(4):
            assert log_in_from(house, f"127.0.1.{n + 1}", name, "wrong").status_code == 400
    assert log_in_from(house, "127.0.2.1", name, BETTER).status_code == 429


class TestADeviceThatLoggedInBefore:
    @pytest.fixture
    def device(self, house, member):
        return ok(house.log_in_staff(member["username"], BETTER))["device"]

    def test_gets_through(self, house, member, device):
        for _ in range(6):
            house.log_in_staff(member["username"], "wrong")
        house.db.run("UPDATE staff_login SET failed = 200, locked_until = now() + interval '10 minutes'"
                     " WHERE account_id = %s", member["id"])
        assert house.log_in_staff(member["username"], BETTER).status_code == 429
        assert house.log_in_staff(member["username"], BETTER, device=device).status_code == 200

    def test_is_counted_for_itself(self, house, member, device):
        said = [house.log_in_staff(member["username"], "wrong", device=device).status_code
                for _ in range(6)]
        assert said == [400] * 5 + [429]
        assert house.log_in_staff(member["username"], BETTER, device=device).status_code == 429
        assert tries(house, member)[0] == 0
        assert house.log_in_staff(member["username"], BETTER).status_code == 200

    def test_is_its_members_alone(self, house, admin, member, device):
        other = staffing.member_with_password(house, admin)
        for wrong in (device, device[:-1] + ("0" if device[-1] != "0" else "1"), "x", "1.2.3", "."):
            for _ in range(6):
                house.log_in_staff(other["username"], "wrong", device=wrong)
            assert house.log_in_staff(other["username"], BETTER, device=wrong).status_code == 429


def test_of_two_changes_at_once_one_wins(house, member):
    clerk = staffing.log_in(house, member, BETTER)
    new = [GOOD, "und noch ein anderes"]
    picks = iter(new)
    answers = at_once(2, lambda: staffing.change_password(clerk, BETTER, next(picks)))
    assert sorted(a.status_code for a in answers) == [204, 400]
    logins = [house.log_in_staff(member["username"], p).status_code for p in new]
    assert sorted(logins) == [200, 400]


@pytest.mark.parametrize("client", ["front", "customer"])
def test_no_password_of_others_is_set_without_the_permission(request, house, member, client):
    who = request.getfixturevalue(client)
    before = hash_of(house, member)
    refused(staffing.give_password(who, member), 403, "forbidden")
    assert hash_of(house, member) == before
    if client == "customer":
        refused(staffing.change_password(who, BETTER, GOOD), 403, "forbidden")


def test_no_trace_of_a_password_is_kept(house, admin, member):
    """Not even a quick digest of the request that carried it."""
    clerk = staffing.log_in(house, member, BETTER)
    rows = house.db.value("SELECT count(*) FROM idempotency")
    for key in ("same-key", "same-key"):
        clerk.post("/api/v1/staff/me/password", {"password": BETTER, "new_password": "short"}, key)
    assert house.db.value("SELECT count(*) FROM idempotency") == rows
    for log in house.run.glob("log/*.log"):
        assert BETTER not in log.read_text(errors="replace")
