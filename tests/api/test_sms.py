"""Staff come in by a code that comes by SMS. The daemon `sms` and the simulated gateway are real;
only clocks are set back, in the rows."""
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from entry import SMS, Clerk, oauth_refused
from house import Client, ok, refused, wait_for


@pytest.fixture
def clerk(house):
    return Clerk(house)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** 6:06d}"


def at_once(count: int, call) -> list:
    with ThreadPoolExecutor(count) as pool:
        return sorted(answer.status_code for answer in pool.map(lambda _: call(), range(count)))


def looked_at(clerk) -> bool:
    """The daemon has decided whether to send."""
    return wait_for(lambda: clerk.rows("taken_at")[-1][0])


def test_a_code_comes_and_opens(house, clerk):
    code = clerk.code()
    assert re.fullmatch(r"\d{6}", code)
    text, = clerk.texts()
    assert {k: v for k, v in text.items() if k != "id"} == {
        "phone": f"+86{clerk.phone}", "purpose": "staff_login", "code": code, "minutes": 5}
    grant = ok(clerk.log_in_by_sms(code))
    assert grant["scope"] == "staff"
    me = ok(Client(house, grant["access_token"]).get("/api/v1/staff/me"))
    assert me["id"] == clerk.account


def test_phone_and_code_are_read_as_people_write_them(house, clerk):
    code = clerk.code()
    ok(house.log_in(grant_type="urn:zhixing:sms-code", phone=f"+86 {clerk.phone} ",
                    code=f" {code[:3]} {code[3:]}\n"))


def test_it_ends_the_login_by_password(clerk):
    first = clerk.signed_in()
    ok(first.get("/api/v1/staff/me"))
    ok(clerk.log_in_by_sms(clerk.code()))
    refused(first.get("/api/v1/staff/me"), 401, "signed_in_elsewhere")


def test_a_code_stands_nowhere(clerk):
    code = clerk.code()
    (row, digest), = clerk.rows("to_jsonb(sms_code)", "code_hash")
    assert code not in map(str, row.values()) and len(digest) == 64
    assert clerk.log_in_by_sms(digest).status_code == 400


class TestAsking:
    def test_tells_nobody_who_works_here(self, house, clerk):
        """Nobody's phone, a customer's, and that of one who was dismissed."""
        gone, nobody, customer = Clerk(house), Clerk(house), Clerk(house, role=None)
        gone.disable()
        house.db.run("UPDATE account SET phone = NULL WHERE id = %s", nobody.account)
        answers = [each.ask() for each in (clerk, gone, nobody, customer)]
        for each in (clerk, gone, nobody, customer):
            looked_at(each)
        assert [a.status_code for a in answers] == [202] * 4
        assert {a.text for a in answers} == {'{"expires_in":300}'}
        assert len({frozenset(a.headers) for a in answers}) == 1
        wait_for(clerk.texts)
        assert not gone.texts() and not nobody.texts() and not customer.texts()
        assert nobody.rows("code_hash", "sent_at") == [(None, None)]

    def test_leaves_the_same_rows_for_all(self, house, clerk):
        """So the request does the same work; what differs, the daemon does later."""
        other = Clerk(house)
        other.disable()
        house.command("kill", "sms")
        try:
            for each in (clerk, other):
                ok(each.ask(), 202)
            states = [each.rows("code_hash", "tries", "taken_at", "sent_at", "ended_at")
                      for each in (clerk, other)]
            assert states == [[(None, 0, None, None, None)]] * 2
            assert clerk.texts() == []
        finally:
            house.restart("sms")
        wait_for(clerk.texts)

    @pytest.mark.parametrize("phone", ["", "1380013800", "138001380000", "12800138000",
                                       "+8613800138", "1380013800x", "1380013800０x"])
    def test_wants_a_phone(self, house, unchanged, phone):
        answer = house.guest.call("POST", "/oauth2/sms", data={"phone": phone})
        oauth_refused(answer, 400, "invalid_request")

    @pytest.mark.parametrize("calls, apart_s, wait_s", [(1, 0, 60), (5, 61, 3600), (10, 3601, 86400)])
    def test_too_often_has_to_wait(self, house, clerk, calls, apart_s, wait_s):
        """Once a minute, five times an hour, ten times a day; whosever phone it is."""
        clerk.disable()
        for _ in range(calls):
            clerk.age(apart_s)
            ok(clerk.ask(), 202)
        clerk.age(apart_s)
        late = clerk.ask()
        oauth_refused(late, 429, "too_many_requests")
        left = wait_s - calls * apart_s
        assert left - 30 < int(late.headers["Retry-After"]) <= left
        assert len(clerk.rows("id")) == calls
        clerk.age(left + 1)
        ok(clerk.ask(), 202)

    def test_at_once_one_passes(self, house):
        for clerk in [Clerk(house) for _ in range(8)]:
            assert at_once(8, clerk.ask) == [202] + [429] * 7
            wait_for(clerk.texts)
            assert len(clerk.rows("id")) == len(clerk.texts()) == 1

    def test_a_late_daemon_lets_it_be(self, house, clerk):
        house.command("kill", "sms")
        try:
            ok(clerk.ask(), 202)
            clerk.age(61)
            other = Clerk(house)
            ok(other.ask(), 202)
        finally:
            house.restart("sms")
        wait_for(other.texts)
        assert clerk.texts() == []


class TestGuessing:
    def test_a_used_code_is_spent(self, clerk):
        code = clerk.code()
        ok(clerk.log_in_by_sms(code))
        oauth_refused(clerk.log_in_by_sms(code), 400, "invalid_grant")

    def test_one_of_many_at_once_gets_in(self, clerk):
        code = clerk.code()
        assert at_once(8, lambda: clerk.log_in_by_sms(code)) == [200] + [400] * 7

    def test_four_mistakes_are_forgiven(self, clerk):
        code = clerk.code()
        for _ in range(4):
            oauth_refused(clerk.log_in_by_sms(wrong(code)), 400, "invalid_grant")
        ok(clerk.log_in_by_sms(code))

    def test_after_five_it_is_dead(self, clerk):
        code = clerk.code()
        assert at_once(12, lambda: clerk.log_in_by_sms(wrong(code))) == [400] * 12
        assert clerk.rows("tries", "ended_at IS NOT NULL") == [(5, True)]
        oauth_refused(clerk.log_in_by_sms(code), 400, "invalid_grant")

    def test_after_five_minutes_it_is_dead(self, house, clerk):
        code = clerk.code()
        house.db.run("UPDATE sms_code SET sent_at = sent_at - interval '300 seconds'"
                     " WHERE phone = %s", clerk.phone)
        oauth_refused(clerk.log_in_by_sms(code), 400, "invalid_grant")

    def test_a_new_code_ends_the_old(self, clerk):
        old = clerk.code()
        clerk.age(61)
        new = clerk.code()
        if old != new:
            oauth_refused(clerk.log_in_by_sms(old), 400, "invalid_grant")
        ok(clerk.log_in_by_sms(new))

    def test_the_code_of_another_phone(self, house, clerk):
        other = Clerk(house)
        code, others = clerk.code(), other.code()
        if code != others:
            oauth_refused(clerk.log_in_by_sms(others), 400, "invalid_grant")
        ok(clerk.log_in_by_sms(code))

    def test_who_was_dismissed_meanwhile(self, house, clerk):
        code = clerk.code()
        clerk.disable()
        oauth_refused(clerk.log_in_by_sms(code), 400, "invalid_grant")

    def test_whoever_it_is_is_told_the_same(self, house, clerk):
        code, nobody = clerk.code(), Clerk(house)
        answers = [clerk.log_in_by_sms(wrong(code)), nobody.log_in_by_sms("123456")]
        house.db.run("UPDATE account SET phone = NULL WHERE id = %s", nobody.account)
        ok(nobody.ask(), 202)
        answers.append(nobody.log_in_by_sms("123456"))
        for answer in answers:
            oauth_refused(answer, 400, "invalid_grant")
        assert len({answer.json()["message"] for answer in answers}) == 1

    @pytest.mark.parametrize("without", ["phone", "code"])
    def test_something_is_missing(self, house, clerk, without):
        form = {"grant_type": SMS, "phone": clerk.phone, "code": "123456"}
        del form[without]
        oauth_refused(house.guest.call("POST", "/oauth2/token", data=form), 400,
                      "invalid_request")


class TestGateway:
    """Its trouble is not told to who asks: that would tell whose phone it is."""

    @pytest.mark.parametrize("fault, more", [
        ("http_500_before", {"times": 2}), ("http_500_before", {"times": 2, "status": 429}),
        ("answer_lost", {"times": 2}), ("garbage", {})])
    def test_trouble_of_a_moment_is_not_noticed(self, house, clerk, sim, fault, more):
        sim.fault(fault, path="/sms/send", **more)
        ok(clerk.log_in_by_sms(clerk.code()))
        assert len(clerk.texts()) == 1

    @pytest.mark.parametrize("status, tries", [(500, 3), (403, 1)])
    def test_a_broken_one_is_asked_three_times_and_a_strict_one_once(
            self, house, clerk, sim, status, tries):
        sim.fault("http_500_before", path="/sms/send", status=status, times=9)
        ok(clerk.ask(), 202)
        number, = clerk.rows("id")[0]
        wait_for(lambda: f"text {number} was not sent" in house.log("sms"))
        assert len(sim.items("requests", path="/sms/send", status=status)) == tries
        assert clerk.texts() == []
        sim.quiet()
        assert Clerk(house).code()  # the daemon goes on

    def test_the_days_texts_are_counted(self, house, clerk):
        Clerk(house).code()
        with house.configured("sms", ZX_SMS_PER_DAY="1"):
            ok(clerk.ask(), 202)
            looked_at(clerk)
            assert clerk.rows("sent_at") == [(None,)] and clerk.texts() == []
        assert "sms_per_day" in house.log("sms")


def test_old_rows_go(house, clerk):
    ok(clerk.ask(), 202)
    clerk.age(2 * 86400 + 1)
    ok(Clerk(house).ask(), 202)
    assert clerk.rows("id") == []
