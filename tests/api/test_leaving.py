"""A customer leaves (注销): the person goes, orders and money stay, bans follow."""
import subprocess
import uuid

import pytest

import test_alipay
from house import ok, refused, wait_for
from money import long_ago
from test_bans import expire

GONE = "已注销用户"


def leave(customer, key=None):
    return customer.call("DELETE", "/api/v1/me",
                         headers={"Idempotency-Key": key or str(uuid.uuid4())})


def gone(customer):
    answer = leave(customer)
    assert answer.status_code == 204, answer.text


def why_not(customer) -> set:
    """Who may not leave yet is told which orders are in the way, and why."""
    answer = leave(customer)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "account_busy"), answer.text
    return {(o["id"], o["no"], o["why"]) for o in error["detail"]["orders"]}


def name(house, customer) -> str:
    """A name and a phone that nobody else has."""
    nickname = f"张{uuid.uuid4().hex[:10]}"
    ok(customer.call("PUT", "/api/v1/me", json={"nickname": nickname}))
    customer.number = customer.account_id
    customer.phone = f"135{customer.number % 10**8:08d}"
    house.db.run("UPDATE account SET phone = %s WHERE id = %s", customer.phone, customer.number)
    return nickname


def play_it(house, order):
    """Its time is over, and WeChat has been told what it wants to know."""
    long_ago(house, order)
    house.db.run("INSERT INTO shipping (attempt_id, order_id, state, sent_at)"
                 " SELECT id, order_id, 'sent', now() FROM payment_attempt WHERE order_id = %s"
                 " AND state = 'paid' ON CONFLICT DO NOTHING", order["id"])


def everything(house) -> str:
    return subprocess.run(
        ["/usr/lib/postgresql/15/bin/pg_dump", "--data-only", "-d", house.db.dsn], check=True,
        capture_output=True, text=True).stdout


def count(house, table: str, customer) -> int:
    return house.db.value(f"SELECT count(*) FROM {table} WHERE account_id = %s", customer.number)


def test_nothing_in_the_database_tells_of_the_person(house, slots, customer, desk1, admin):
    """Paid, refunded in part, violated, seen by staff; and then gone."""
    nickname = name(house, customer)
    openid = house.db.value("SELECT openid FROM wechat_identity WHERE account_id = %s",
                            customer.number)
    note = f"请留灯 {customer.phone}"
    order = customer.paid_order(slots.one(), note=note)
    desk1.refund(order, 100)
    expire(house, customer.order(slots.one()))
    seen = ok(desk1.get(f"/api/v1/staff/accounts/{customer.number}/violations"))
    ok(desk1.post(f"/api/v1/staff/violations/{seen['violations'][0]['id']}/lift",
                  {"reason": "系统故障"}))  # the stored answer has the name in it
    wait_for(lambda: customer.see(order)["refunds"][0]["state"] == "succeeded")
    house.settle()
    play_it(house, order)
    before = everything(house)
    assert all(word in before for word in (nickname, customer.phone, openid))
    gone(customer)
    told = house.db.rows("UPDATE idempotency SET created_at = now() - interval '48 hours'"
                         " WHERE answer LIKE %s RETURNING account_id", f"%{nickname}%")
    assert told == [(2,)]  # the desk; leaving does not read what others were answered
    house.command("kill", "sweep")  # it sweeps when it starts, and each hour
    house.restart("sweep")
    wait_for(lambda: not house.db.value("SELECT count(*) FROM idempotency WHERE answer LIKE %s",
                                        f"%{nickname}%"))
    after = everything(house)
    assert not [word for word in (nickname, customer.phone, openid) if word in after]
    assert house.db.rows("SELECT nickname, phone FROM account WHERE id = %s",
                         customer.number) == [(GONE, None)]
    assert [count(house, t, customer) for t in ("wechat_identity", "inbox")] == [0, 0]
    assert count(house, "idempotency", customer) == 1  # of the leaving itself: empty
    shown = ok(admin.get(f"/api/v1/staff/orders/{order['id']}"))["order"]
    assert shown["customer"] == {"id": customer.number, "nickname": GONE, "phone": None}


def test_who_has_left_is_signed_out_and_a_repeat_says_so(house, customer):
    name(house, customer)
    key = str(uuid.uuid4())
    assert leave(customer, key).status_code == 204
    refused(leave(customer, key), 401, "session_ended")
    refused(customer.get("/api/v1/me"), 401, "session_ended")
    assert house.db.rows("SELECT ended_why FROM session WHERE account_id = %s",
                         customer.number) == [("deleted",)]


def test_the_same_wechat_user_comes_back_as_somebody_new(house, slots, customer):
    name(house, customer)
    customer.cancel(customer.order(slots.one()))
    gone(customer)
    customer.log_in()
    me = ok(customer.get("/api/v1/me"))
    assert me["id"] != customer.number and (me["nickname"], me["phone"]) == ("", None)
    assert ok(customer.get("/api/v1/orders"))["items"] == []
    customer.order(slots.one())


def test_nobody_leaves_an_unpaid_order(house, slots, customer):
    order = customer.order(slots.one())
    assert why_not(customer) == {(order["id"], order["no"], "unpaid")}
    ok(customer.get("/api/v1/me"))
    customer.cancel(order)
    customer.number = customer.account_id
    gone(customer)


def test_nobody_leaves_an_order_to_be_played_or_a_refund_under_way(house, slots, customer):
    order = customer.paid_order(slots.one())
    assert why_not(customer) == {(order["id"], order["no"], "to_be_played")}
    long_ago(house, order)
    assert why_not(customer) == {(order["id"], order["no"], "settling")}
    play_it(house, order)
    house.db.run("INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no,"
                 " amount_fen, cause, reason, request, state, run_at) SELECT 0 - o.id, o.id, a.id,"
                 " o.venue_id, 'X' || o.id, 1, 'cancel', '', '{}', 'accepted', now() + interval"
                 " '1 day' FROM orders o JOIN payment_attempt a ON a.order_id = o.id"
                 " WHERE o.id = %s", order["id"])
    assert why_not(customer) == {(order["id"], order["no"], "refund")}
    house.db.run("DELETE FROM refund WHERE id = %s", -order["id"])
    gone(customer)


def test_money_of_an_old_order_goes_back_after_the_person_has_left(house, slots, customer, desk1):
    name(house, customer)
    order = customer.paid_order(slots.one())
    play_it(house, order)
    gone(customer)
    refund = desk1.refund(order, 500)
    wait_for(lambda: house.db.value("SELECT state FROM refund WHERE id = %s",
                                    refund["id"]) == "succeeded")
    house.settle()
    assert count(house, "inbox", customer) == 0  # there is nobody to tell
    assert house.db.value("SELECT count(*) FROM ledger_day WHERE gap_fen <> 0") == 0


def test_a_late_notice_brings_no_openid_back(house, slots, customer):
    """Money that arrives when the person has left goes back, without taking courts."""
    name(house, customer)
    openid = house.db.value("SELECT openid FROM wechat_identity WHERE account_id = %s",
                            customer.number)
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    expire(house, order)
    gone(customer)
    house.sim.post("pay", out_trade_no=payment["out_trade_no"], late=True, wait=True)
    wait_for(lambda: house.db.value("SELECT count(*) FROM refund WHERE order_id = %s"
                                    " AND state = 'succeeded'", order["id"]) == 1)
    assert house.db.rows("SELECT state, payer FROM payment_attempt WHERE order_id = %s",
                         order["id"]) == [("surplus", None)]
    assert openid not in everything(house)


def test_staff_do_not_leave(house, desk1):
    refused(leave(desk1), 409, "staff_account")
    ok(desk1.get("/api/v1/staff/me"))


def test_leaving_wants_a_key_that_was_not_used(customer):
    refused(customer.call("DELETE", "/api/v1/me"), 400, "idempotency_key_missing")
    ok(customer.get("/api/v1/me"))


@pytest.fixture
def banned(house, slots, customer):
    for _ in range(3):
        expire(house, customer.order(slots.one()))
    assert customer.try_order(slots.one()).json()["error"]["code"] == "banned"
    name(house, customer)
    return customer


def test_a_ban_follows_the_person(house, slots, banned, desk1):
    until = banned.try_order(slots.one()).json()["error"]["until"]
    gone(banned)
    marks = house.db.rows("SELECT mark FROM left_mark WHERE account_id = %s", banned.number)
    assert len(marks) >= 2  # phone and openid
    banned.log_in()
    error = banned.try_order(slots.one()).json()["error"]
    assert (error["code"], error["until"]) == ("banned", until)
    assert (count(house, "ban", banned), count(house, "violation", banned)) == (1, 3)  # as they were


def test_violations_that_count_go_on_counting(house, slots, customer):
    for _ in range(2):
        expire(house, customer.order(slots.one()))
    name(house, customer)
    gone(customer)
    customer.log_in()
    expire(house, customer.order(slots.one()))
    assert customer.try_order(slots.one()).json()["error"]["code"] == "banned"


def test_nothing_is_kept_of_whom_nothing_is_held_against(house, slots, customer):
    expire(house, customer.order(slots.one()))
    name(house, customer)
    a_month_ago(house, customer)
    gone(customer)
    assert count(house, "left_mark", customer) == 0


def a_month_ago(house, customer):
    """What was held against him, and what counts for the limits of unpaid orders."""
    house.db.run("UPDATE violation SET at = now() - interval '31 days' WHERE account_id = %s",
                 customer.number)
    house.db.run("UPDATE orders SET created_at = created_at - interval '31 days'"
                 " WHERE account_id = %s", customer.number)


def test_marks_are_kept_for_no_longer_than_they_matter(house, slots, banned):
    gone(banned)
    house.db.run("UPDATE left_mark SET created_at = now() - interval '31 days'"
                 " WHERE account_id = %s", banned.number)
    gone(house.customer())
    assert count(house, "left_mark", banned) > 0  # the ban is in force yet
    house.db.run("UPDATE ban SET until = now() - interval '1 second', since = now() - interval '31 days'"
                 " WHERE account_id = %s", banned.number)
    a_month_ago(house, banned)
    gone(house.customer())
    assert count(house, "left_mark", banned) == 0


def leave_waits_for_its_time(house, customer, order):
    """Neither before it nor later."""
    customer.number = customer.account_id
    assert why_not(customer) == {(order["id"], order["no"], "settling")}
    house.db.run("UPDATE orders SET expires_at = now() - interval '5 minutes' WHERE id = %s",
                 order["id"])
    gone(customer)


def ended(house, order, why: str):
    """The channel was silent, and the order ended without its word."""
    house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", order["id"])
    look = lambda what: house.db.value(f"SELECT {what} FROM orders WHERE id = %s", order["id"])
    wait_for(lambda: look("state") == "closing")
    house.db.run("UPDATE orders SET closing_at = now() - interval '1 day' WHERE id = %s",
                 order["id"])
    house.db.run("UPDATE payment_attempt SET close_at = NULL WHERE order_id = %s", order["id"])
    wait_for(lambda: look("state") == "expired")
    assert look(why)


def test_a_code_that_nobody_scans_beside_a_paid_attempt_holds_nobody(house, slots, customer):
    order = customer.order(slots.one())
    test_alipay.prepay(customer, order)
    customer.pay(order)
    customer.cancel(order)
    wait_for(lambda: house.db.value("SELECT bool_and(state = 'succeeded') FROM refund"
                                    " WHERE order_id = %s", order["id"]))
    leave_waits_for_its_time(house, customer, order)


def test_an_order_that_ended_without_the_channels_word_holds_nobody(
        house, slots, customer, sim):
    order = customer.order(slots.one())
    customer.prepay(order)
    sim.fault("http_500_before", times=-1, path="/v3/pay/transactions")
    ended(house, order, "unconfirmed")
    leave_waits_for_its_time(house, customer, order)


def test_an_attempt_that_was_never_answered_holds_nobody(house, slots, customer, sim):
    order = customer.order(slots.one())
    sim.fault("http_500_before", times=-1, path="/v3/pay/transactions")
    refused(customer.try_pay(order), 503, "channel_unknown")
    ended(house, order, "unconfirmed")
    leave_waits_for_its_time(house, customer, order)


def test_a_wrong_sum_holds_nobody(house, slots, customer, sim):
    order = customer.order(slots.one())
    payment = customer.prepay(order)
    house.db.run("UPDATE payment_attempt SET amount_fen = amount_fen + 1 WHERE order_id = %s",
                 order["id"])  # it is the channel that errs; here we do
    sim.fault("notify_never", times=-1)
    sim.pay(payment)
    customer.call("POST", f"/api/v1/orders/{order['id']}/payments/check")
    assert house.db.value("SELECT state FROM payment_attempt WHERE order_id = %s",
                          order["id"]) == "closed"
    expire(house, order)
    customer.number = customer.account_id
    gone(customer)
    assert house.db.value("SELECT detail->>'outcome' FROM work_item WHERE order_id = %s",
                          order["id"]) == "wrong_amount"
