"""How orders end and what the desk does about it: conftest.py checks every answer."""
import pytest

from house import ok, refused, wait_for
from money import all_back, begin
from test_bans import banned, conduct, expire, lift  # noqa: F401
from test_staff_refunds import delayed, stuck, work, work_of  # noqa: F401

USED = "idempotency_key_reused"


@pytest.fixture
def paid(slots, customer):
    """At venue 2, far ahead."""
    return customer.paid_order(*slots.take(2, venue=2))


def check(customer, order):
    return customer.call("POST", f"/api/v1/orders/{order['id']}/payments/check")


def test_an_order_is_given_up_piece_by_piece(house, customer, paid):
    one, other = paid["items"]
    customer.quote(paid)
    refused(customer.try_cancel(paid, refund_fen=1), 409, "quote_changed")
    refused(customer.try_cancel(paid), 422, "bad_field", "refund_fen")
    for _ in range(2):
        ok(customer.try_cancel(paid, [one], key="part", refund_fen=one["price_fen"]))
    refused(customer.try_cancel(paid, [other], key="part", refund_fen=0), 422, USED)
    for ask in (customer.try_quote(paid, [one]), customer.try_cancel(paid, [one], refund_fen=0)):
        refused(ask, 409, "item_cancelled")
    begin(house, other)
    for ask in (customer.try_quote(paid), customer.try_cancel(paid, refund_fen=0)):
        refused(ask, 409, "cancel_too_late")
    all_back(house, paid)
    assert customer.see(paid)["refunds"][0]["state"] == "succeeded"


def test_what_has_ended_says_how(house, slots, customer, desk1):
    order = customer.order(*slots.take(2))
    for ask in (customer.try_quote(order, order["items"][:1]),
                customer.try_cancel(order, order["items"][:1])):
        refused(ask, 409, "order_unpaid")
    refused(desk1.try_refund(order, 1), 409, "order_unpaid")
    customer.quote(order)
    ok(customer.try_cancel(order))
    for ask in (customer.try_quote(order), customer.try_cancel(order), customer.try_pay(order),
                desk1.check_in(order["no"]), customer.try_code(order),
                customer.try_code(order, ".png"), customer.try_code(order, ".svg")):
        refused(ask, 409, "order_cancelled")
    late = customer.order(slots.one())
    house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", late["id"])
    wait_for(lambda: customer.see(late)["state"] == "expired")
    for ask in (customer.try_quote(late), customer.try_cancel(late)):
        refused(ask, 409, "order_expired")


class TestAsking:
    def test_back_from_the_page(self, slots, customer, sim):
        order = customer.order(slots.one())
        payment = customer.prepay(order)
        assert ok(check(customer, order))["state"] == "pending"
        sim.fault("notify_never", times=1000)
        assert sim.pay(payment)["result"] == "ok"
        assert ok(check(customer, order))["state"] == "paid"

    @pytest.mark.parametrize("fault, more, status, code", [
        ("http_500_before", {"status": 403}, 502, "channel_refused"),
        ("http_500_before", {}, 503, "channel_unknown"), ("429", {}, 503, "upstream_down")])
    def test_trouble_at_the_channel(self, slots, customer, sim, fault, more, status, code):
        order = customer.order(slots.one())
        customer.prepay(order)
        sim.fault(fault, times=9, path="/v3/pay/transactions/out-trade-no", **more)
        refused(check(customer, order), status, code)


def test_a_channel_that_was_given_up(house, slots, customer, desk1):
    """Its money can't be asked about or given back until it is there again."""
    pending, paid, again = (customer.order(slots.one()), customer.paid_order(slots.one()),
                            customer.paid_order(slots.one()))
    customer.prepay(pending)
    stuck_one = desk1.refund(again, 100)
    all_back(house, again)
    mine = "order_id = ANY(%s)", [o["id"] for o in (pending, paid, again)]
    was = house.db.rows(f"SELECT id, state, done_at FROM refund WHERE {mine[0]}", mine[1])
    house.db.run(f"UPDATE payment_attempt SET channel = 'alipay' WHERE {mine[0]}", mine[1])
    house.db.run("ALTER TABLE refund DISABLE TRIGGER refund_move")
    house.db.run("UPDATE refund SET state = 'stuck', trouble = 'CLOSED', done_at = NULL"
                 " WHERE id = %s", stuck_one["id"])
    try:
        with house.configured("pool-api", "pool-pay", "pool-staff", ZX_ALIPAY_APPID=""):
            other = house.customer()
            order, body = other.order(slots.one()), {"channel": "alipay", "method": "native"}
            refused(other.post(f"/api/v1/orders/{order['id']}/payments", body), 422,
                    "channel_off", "channel")
            refused(check(customer, pending), 422, "channel_off")
            refused(customer.try_cancel(paid, refund_fen=paid["amount_fen"]), 422, "channel_off")
            refused(desk1.try_refund(paid, 1), 422, "channel_off")
            refused(desk1.post(f"/api/v1/staff/refunds/{stuck_one['id']}/retry", None), 422,
                    "channel_off")
    finally:
        house.db.run(f"UPDATE payment_attempt SET channel = 'wechat' WHERE {mine[0]}", mine[1])
        for number, state, done_at in was:
            house.db.run("UPDATE refund SET state = %s, trouble = NULL, done_at = %s"
                         " WHERE id = %s", state, done_at, number)
        house.db.run("ALTER TABLE refund ENABLE TRIGGER refund_move")


class TestDesk:
    def test_looks_up(self, desk2, paid, customer):
        for query in ({}, {"number": paid["no"]}, {"date": paid["date"], "state": "paid"},
                      {"phone": "13000000000"}):
            desk2.search(**query)
        assert desk2.see(paid)["attempts"]

    def test_gives_back(self, house, paid, desk2):
        for _ in range(2):
            ok(desk2.try_refund(paid, 1, release=paid["items"][:1], key=f"ends-{paid['id']}"), 201)
        refused(desk2.try_refund(paid, 2, key=f"ends-{paid['id']}"), 422, USED)
        refused(desk2.try_refund(paid, 1, release=paid["items"][:1]), 409,
                "item_cancelled")
        refused(desk2.try_refund(paid, paid["amount_fen"]), 409, "refund_too_much",
                detail={"left_fen": paid["amount_fen"] - 1})
        assert desk2.see(paid)["refunds"]

    def test_what_was_used_is_not_given_back(self, house, customer, paid, desk2):
        used = paid["items"][:1]
        house.db.run("UPDATE order_item SET state = 'used' WHERE id = %s", used[0]["id"])
        refused(desk2.try_refund(paid, 1, release=used), 409, "order_state")
        for ask in (customer.try_quote(paid, used), customer.try_cancel(paid, used, refund_fen=0)):
            refused(ask, 409, "order_state")

    def test_fifty_refunds_of_one_payment_are_the_most(self, house, customer, paid, desk2):
        for _ in range(50):
            refund = desk2.refund(paid, 1)
        left = customer.quote(paid)["refund_fen"]
        refused(customer.try_cancel(paid, refund_fen=left), 409, "refund_too_much")
        all_back(house, paid)
        house.db.run("ALTER TABLE refund DISABLE TRIGGER refund_move")
        change = "UPDATE refund SET state = %s, done_at = {}, trouble = 'CLOSED' WHERE id = %s"
        try:
            house.db.run(change.format("NULL"), "stuck", refund["id"])
            refused(desk2.post(f"/api/v1/staff/refunds/{refund['id']}/retry", None), 409,
                    "refund_too_much")
        finally:
            house.db.run(change.format("now()"), "succeeded", refund["id"])
            house.db.run("ALTER TABLE refund ENABLE TRIGGER refund_move")

    def test_sees_to_a_stuck_refund(self, stuck, paid, desk2):  # noqa: F811
        refund = stuck("ABNORMAL")
        item, = work_of(desk2, refund)
        refused(desk2.post(f"/api/v1/staff/work/{item['id']}/done", {"note": "x"}), 409,
                "refund_state")
        path, key = f"/api/v1/staff/refunds/{refund['id']}", f"settled-{refund['id']}"
        for _ in range(2):
            ok(desk2.post(f"{path}/settled", {"note": "现金"}, key))
        refused(desk2.post(f"{path}/settled", {"note": "x"}, key), 422, USED)
        refused(desk2.post(f"{path}/settled", {"note": "x"}), 409, "refund_state")
        refused(desk2.post(f"{path}/retry", None), 409, "refund_state")
        refused(desk2.post(f"{path}/retry", None, key), 422, USED)

    def test_pays_by_hand_only_what_can_not_arrive(self, delayed, desk2):  # noqa: F811
        refund = delayed("http_500_before", "channel_unknown", path="/v3/refund/domestic/refunds")
        path = f"/api/v1/staff/refunds/{refund['id']}"
        refused(desk2.post(f"{path}/settled", {"note": "x"}), 409, "refund_may_arrive")

    def test_tries_again(self, stuck, desk2):  # noqa: F811
        refund = stuck("CLOSED")
        for _ in range(2):
            ok(desk2.post(f"/api/v1/staff/refunds/{refund['id']}/retry", None,
                          f"again-{refund['id']}"))

    def test_works_the_list_off(self, desk1, work):  # noqa: F811
        number, other = work(1), work(1)
        for _ in range(2):
            ok(desk1.post(f"/api/v1/staff/work/{number}/done", {"note": "x"}, f"done-{number}"))
        refused(desk1.post(f"/api/v1/staff/work/{other}/done", {"note": "x"}, f"done-{number}"),
                422, USED)

    def test_lifts_what_was_unjust(self, slots, banned, desk1):  # noqa: F811
        assert banned.try_order(slots.one()).json()["error"]["code"] == "banned"
        seen = conduct(desk1, banned)
        for what in ("violations", "bans"):
            number = seen[what][0]["id"]
            for _ in range(2):
                ok(desk1.post(f"/api/v1/staff/{what}/{number}/lift", {"reason": "x"},
                              f"lift-{number}"))
            refused(desk1.post(f"/api/v1/staff/{what}/{number}/lift", {"reason": "y"},
                               f"lift-{number}"), 422, USED)
        assert lift(desk1, "bans", 7).status_code == 404

    def test_gives_back_within_a_limit(self, slots, customer, front, house):
        order = customer.paid_order(slots.one())
        house.db.run("INSERT INTO desk_refund SELECT (%s), (now() AT TIME ZONE 'Asia/Shanghai')::date,"
                     " 100000, 100000", ok(front.get("/api/v1/staff/me"))["id"])
        refused(front.post(f"/api/v1/staff/orders/{order['id']}/refunds",
                           {"amount_fen": 100, "reason": "灯坏了"}), 403, "refund_limit")

    def test_lifts_nothing_of_other_venues(self, house, slots, customer, desk1, desk2):
        for venue in (1, 2):
            expire(house, customer.order(slots.one(venue=venue)))
        ban = house.db.value("INSERT INTO ban (id, account_id, until, reason) VALUES"
                             " (nextval('id_block') * 256, %s, now() + interval '1 day', 'x')"
                             " RETURNING id", customer.account_id)
        refused(lift(desk1, "bans", ban), 403, "other_venue")
        own = next(v for v in conduct(desk2, customer)["violations"] if v["order_id"])
        refused(lift(desk1, "violations", own["id"]), 403, "other_venue")
