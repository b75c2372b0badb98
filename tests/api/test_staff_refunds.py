"""Staff give money back, free courts, and see to what got stuck."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from house import Client, ok, refused, wait_for
from money import all_back, begin, counted, held, refunds, states, told, wrongs

RACERS = 32


@pytest.fixture
def paid(slots, customer):
    """At venue 2, far ahead."""
    return customer.paid_order(*slots.take(2, venue=2))


def test_a_part_goes_back_with_its_reason(house, customer, paid, desk2):
    refund = ok(desk2.try_refund(paid, 1234, reason="三号场灯坏了"), 201)
    assert {name: refund[name] for name in ("order_id", "amount_fen", "cause", "reason", "by")} == {
        "order_id": paid["id"], "amount_fen": 1234, "cause": "staff", "reason": "三号场灯坏了",
        "by": "江畔前台"}
    assert all_back(house, paid) == [("staff", 1234, "succeeded")]
    seen = customer.see(paid)
    assert (seen["state"], seen["pay_state"], seen["refunded_fen"]) == (
        "paid", "part_refunded", 1234)
    assert [i["state"] for i in seen["items"]] == ["booked"] * 2  # who plays, plays
    assert seen["refunds"][0]["reason"] == "三号场灯坏了"
    assert desk2.see(paid)["refunds"][0]["state"] == "succeeded"
    assert told(house, paid, "refund.created") == told(house, paid, "refund.done") == 1
    assert not wrongs(house, paid)


def test_several_parts_up_to_the_whole_and_no_further(house, customer, paid, desk2):
    whole = paid["amount_fen"]
    for part in (1, 999, whole - 1001):
        desk2.refund(paid, part)
    refused(desk2.try_refund(paid, 2), 409, "refund_too_much",
            detail={"left_fen": 1})
    desk2.refund(paid, 1)
    refused(desk2.try_refund(paid, 1), 409, "refund_too_much",
            detail={"left_fen": 0})
    assert states(house, paid) == ("paid", "refunded", whole)
    assert [r[1] for r in all_back(house, paid)] == [1, 999, whole - 1001, 1]
    assert not wrongs(house, paid)


@pytest.mark.parametrize("amount", [1, 10**9, 2**53 - 1])
def test_more_than_was_paid_is_refused_and_nothing_is_stored(house, paid, desk2, amount):
    refused(desk2.try_refund(paid, paid["amount_fen"] + amount - (amount == 2**53 - 1)
                             * paid["amount_fen"]), 409, "refund_too_much",
            detail={"left_fen": paid["amount_fen"]})
    assert not refunds(house, paid) and states(house, paid)[1] == "paid"


def test_periods_are_freed_with_it(house, slots, customer, paid, desk2):
    one, other = paid["items"]
    refund = desk2.refund(paid, 500, release=[one])
    seen = customer.see(paid)
    assert [(i["state"], i["refund_fen"]) for i in seen["items"]] == [
        ("released", 0), ("booked", 0)]
    assert seen["state"] == "paid" and counted(house, paid) == 1
    assert house.db.value("SELECT refund_id FROM order_item WHERE id = %s", one["id"]) \
        == refund["id"]
    refused(desk2.try_refund(paid, 1, release=[one]), 409, "item_cancelled")
    desk2.refund(paid, 500, release=[other])
    assert states(house, paid) == ("cancelled", "part_refunded", 1000)
    assert held(house, paid) == counted(house, paid) == 0
    desk2.refund(paid, paid["amount_fen"] - 1000)  # the rest, later
    assert states(house, paid) == ("cancelled", "refunded", paid["amount_fen"])
    assert len(all_back(house, paid)) == 3 and not wrongs(house, paid)


def test_staff_may_free_what_has_begun_but_not_what_was_used(house, slots, paid, desk2, admin):
    begin(house, paid["items"][0])
    desk2.refund(paid, 100, release=paid["items"][:1])
    used = house.customer().paid_order(*slots.soon(1))
    ok(admin.check_in(used["no"]), 201)
    refused(admin.try_refund(used, 100, release=used["items"]), 409, "order_state")
    assert not refunds(house, used)
    admin.refund(used, 100)  # money alone may go back
    assert not wrongs(house, used)


def test_an_item_of_another_order_is_none_of_this(house, slots, paid, desk2):
    strange = house.customer().order(slots.one())["items"]
    refused(desk2.try_refund(paid, 1, release=strange), 404, "not_found", "release")
    assert not refunds(house, paid)


def test_what_nobody_paid_can_not_go_back(slots, customer, desk2):
    order = customer.order(slots.one(venue=2))
    refused(desk2.try_refund(order, 1), 409, "order_unpaid")


@pytest.mark.parametrize("change, field", [
    ({"amount_fen": 0}, "amount_fen"), ({"amount_fen": -1}, "amount_fen"),
    ({"amount_fen": 1.5}, "amount_fen"), ({"amount_fen": None}, "amount_fen"),
    ({"reason": ""}, "reason"), ({"reason": None}, "reason"), ({"reason": "长" * 27}, "reason"),
    ({"release": []}, "release"), ({"release": [0]}, "release[0]"),
    ({"release": ["1"]}, "release[0]"), ({"release": 1}, "release")])
def test_a_wrong_body_is_refused(house, paid, desk2, change, field):
    body = {"amount_fen": 1, "reason": "x", **change}
    refused(desk2.post(f"/api/v1/staff/orders/{paid['id']}/refunds", body), 422, "bad_field",
            field)
    assert not refunds(house, paid)


def test_the_longest_reason_reaches_the_channel_whole(house, paid, desk2, sim):
    ok(desk2.try_refund(paid, 1, reason="长" * 26), 201)
    all_back(house, paid)
    assert "长" * 26 in house.db.value("SELECT request FROM refund WHERE order_id = %s", paid["id"])


def test_the_same_key_pays_back_once(house, paid, desk2):
    first, again = (desk2.try_refund(paid, 100, key=f"r-{paid['id']}") for _ in range(2))
    assert first.status_code == 201 and first.content == again.content
    assert len(refunds(house, paid)) == 1
    refused(desk2.try_refund(paid, 101, key=f"r-{paid['id']}"), 422, "idempotency_key_reused")


def test_another_venues_order_is_not_there(house, paid, desk1, admin):
    refused(desk1.try_refund(paid, 1), 404, "not_found")
    assert not refunds(house, paid)
    admin.refund(paid, 1)


def race(house, asks: list) -> list:
    """(token, path, body) each by a connection of its own, all at one moment."""
    people = [(Client(house, token), path, body) for token, path, body in asks]
    for client, *_ in people:
        client.get("/api/v1/ping")
    with ThreadPoolExecutor(len(people)) as pool:
        said = [pool.submit(c.post, path, body) for c, path, body in people]
    return [s.result() for s in said]


def test_thirty_two_at_once_never_give_back_more_than_was_paid(house, slots, desk2):
    """Refunds of staff, and the customer who gives up, whole and in parts."""
    for part in (0.04, 0.3, 1):
        customer = house.customer()
        order = customer.paid_order(*slots.take(3, venue=2))
        amount = int(order["amount_fen"] * part)
        items, path = order["items"], f"/api/v1/orders/{order['id']}/cancellation"
        staff = [(desk2.token, f"/api/v1/staff/orders/{order['id']}/refunds",
                  {"amount_fen": amount, "reason": "race", **more})
                 for more in ({}, {}, {"release": [items[0]["id"]]}, {"release": [items[1]["id"]]})]
        mine = [(customer.token, path, {"refund_fen": customer.quote(order)["refund_fen"]}),
                *[(customer.token, path, {"items": [i["id"]], "refund_fen": i["price_fen"]})
                  for i in items]]
        said = race(house, (staff + mine) * (RACERS // 8))
        assert len(said) == RACERS
        assert {a.status_code for a in said} <= {200, 201, 409}, [a.text for a in said]
        given = refunds(house, order)
        assert given and sum(r[1] for r in given) <= order["amount_fen"]
        assert sum(a.status_code == 201 for a in said) == sum(r[0] == "staff" for r in given)
        assert sum(r[1] for r in given) == states(house, order)[2]
        assert not wrongs(house, order)
        assert counted(house, order) == house.db.value(
            "SELECT count(*) FROM order_item WHERE order_id = %s AND state <> 'released'",
            order["id"])
        all_back(house, order)


@pytest.fixture
def stuck(house, paid, desk2, sim):
    """A refund that the channel ends without money."""
    def make(final: str, amount: int = 700):
        sim.fault("refund_outcome", value=final)
        refund = desk2.refund(paid, amount)
        wait_for(lambda: desk2.see(paid)["refunds"][0]["state"] == "stuck")
        sim.quiet()
        return refund
    return make


def work_of(staff, refund, **query) -> list:
    return [w for w in ok(staff.get("/api/v1/staff/work", limit=100, **query))["items"]
            if w["refund_id"] == refund["id"]]


class TestStuck:
    def test_it_is_on_the_work_list_of_its_venue_and_the_customer_waits(
            self, customer, paid, stuck, desk2, desk1, admin):
        refund = stuck("ABNORMAL")
        item, = work_of(desk2, refund, kind="refund_stuck")
        assert (item["order_no"], item["venue_id"], item["detail"]["trouble"]) == (
            paid["no"], 2, "ABNORMAL")
        assert work_of(admin, refund) == [item]
        assert work_of(desk1, refund) == [] == work_of(desk2, refund, kind="reconcile")
        assert customer.see(paid)["refunds"][0]["state"] == "processing"
        assert desk2.see(paid)["refunds"][0]["trouble"] == "ABNORMAL"

    def test_who_has_cancelled_is_told_and_the_desk_sees_his_wish(
            self, house, customer, paid, desk2, sim):
        sim.fault("refund_outcome", value="CLOSED")
        one = paid["items"][0]
        customer.cancel(paid, [one])
        wait_for(lambda: desk2.see(paid)["refunds"][0]["state"] == "stuck")
        entry = wait_for(lambda: [e for e in ok(customer.get("/api/v1/messages"))["items"]
                                  if e["kind"] == "refund.stuck"])[0]
        assert "未能退回" in entry["body"] and entry["body"].count("–") == 1
        item, = work_of(desk2, desk2.see(paid)["refunds"][0])
        assert (item["detail"]["cause"], item["detail"]["reason"]) == ("cancel", "顾客取消预订")
        old = desk2.see(paid)["refunds"][0]
        house.db.run("UPDATE refund SET trouble = 'ABNORMAL' WHERE id = %s", old["id"])
        ok(desk2.post(f"/api/v1/staff/refunds/{old['id']}/retry", None))
        wait_for(lambda: desk2.see(paid)["refunds"][0]["state"] == "stuck")
        house.settle()
        assert house.db.value("SELECT count(*) FROM message WHERE subject_id = %s"
                              " AND kind = 'refund.stuck'", paid["id"]) == 1

    def test_tried_again_after_closed_it_gets_another_number(self, house, paid, stuck, desk2):
        old = stuck("CLOSED")
        new = ok(desk2.post(f"/api/v1/staff/refunds/{old['id']}/retry", None))
        assert new["id"] != old["id"] and new["out_refund_no"] != old["out_refund_no"]
        assert new["amount_fen"] == old["amount_fen"] and new["by"] == "江畔前台"
        wait_for(lambda: [r["state"] for r in desk2.see(paid)["refunds"]] == ["void", "succeeded"])
        assert states(house, paid)[2] == old["amount_fen"] and not wrongs(house, paid)
        assert work_of(desk2, old) == []
        refused(desk2.post(f"/api/v1/staff/refunds/{old['id']}/retry", None), 409, "refund_state")

    def test_tried_again_otherwise_it_keeps_its_number(self, house, paid, desk2, sim):
        sim.fault("refund_user_abnormal", times=1)
        old = desk2.refund(paid, 700)
        wait_for(lambda: desk2.see(paid)["refunds"][0]["state"] == "stuck")
        sim.quiet()
        new = ok(desk2.post(f"/api/v1/staff/refunds/{old['id']}/retry", None))
        assert new["id"] == old["id"]
        assert all_back(house, paid) == [("staff", 700, "succeeded")]
        assert work_of(desk2, old) == []

    def test_paid_by_hand_it_is_settled(self, house, customer, paid, stuck, desk2):
        refund = stuck("ABNORMAL")
        path = f"/api/v1/staff/refunds/{refund['id']}/settled"
        done = ok(desk2.post(path, {"note": "现金退给本人"}))
        assert done["state"] == "by_hand" and done["done_at"]
        assert work_of(desk2, refund) == []
        assert house.db.rows("SELECT note, done_by FROM work_item WHERE refund_id = %s",
                             refund["id"]) == [("现金退给本人", 3)]
        assert customer.see(paid)["refunds"][0]["state"] == "succeeded"
        refused(desk2.post(path, {"note": "again"}), 409, "refund_state")
        refused(desk2.post(path.replace("settled", "retry"), None), 409, "refund_state")
        refused(desk2.try_refund(paid, paid["amount_fen"] - 699), 409,
                "refund_too_much", detail={"left_fen": paid["amount_fen"] - 700})
        assert not wrongs(house, paid)

    def test_its_work_is_not_done_by_a_note(self, stuck, desk2):
        item, = work_of(desk2, stuck("ABNORMAL"))
        refused(desk2.post(f"/api/v1/staff/work/{item['id']}/done", {"note": "x"}), 409,
                "refund_state")

    def test_another_venue_can_not_touch_it(self, house, stuck, desk2, desk1):
        refund = stuck("ABNORMAL")
        item, = work_of(desk2, refund)
        for path, body in ((f"refunds/{refund['id']}/retry", None),
                           (f"refunds/{refund['id']}/settled", {"note": "x"}),
                           (f"work/{item['id']}/done", {"note": "x"})):
            refused(desk1.post(f"/api/v1/staff/{path}", body), 404, "not_found")
        assert house.db.value("SELECT state FROM refund WHERE id = %s", refund["id"]) == "stuck"

    def test_what_runs_well_is_left_alone(self, house, paid, desk2):
        refund = desk2.refund(paid, 100)
        all_back(house, paid)
        for path, body in (("retry", None), ("settled", {"note": "x"})):
            refused(desk2.post(f"/api/v1/staff/refunds/{refund['id']}/{path}", body), 409,
                    "refund_state")
        refused(desk2.post("/api/v1/staff/refunds/7/retry", None), 404, "not_found")


@pytest.fixture
def delayed(house, paid, desk2, sim):
    """A refund that waits for money in the merchant's account, for hours."""
    def make(fault="refund_not_enough", trouble="NOT_ENOUGH", **more):
        sim.fault(fault, times=1000, **more)
        refund = desk2.refund(paid, 700)
        wait_for(lambda: desk2.see(paid)["refunds"][0]["trouble"] == trouble)
        refused(desk2.post(f"/api/v1/staff/refunds/{refund['id']}/retry", None), 409,
                "refund_state")
        refused(desk2.post(f"/api/v1/staff/refunds/{refund['id']}/settled", {"note": "x"}), 409,
                "refund_state")
        assert work_of(desk2, refund) == []
        house.db.run("UPDATE refund SET created_at = now() - interval '3 hours' WHERE id = %s",
                     refund["id"])
        wait_for(lambda: work_of(desk2, refund))
        return refund
    return make


class TestDelayed:
    def test_it_is_work_and_told_and_counted_until_it_arrives(
            self, house, customer, paid, delayed, desk2, sim):
        refund = delayed()
        item, = work_of(desk2, refund, kind="refund_stuck")
        assert item["detail"]["trouble"] == "NOT_ENOUGH"
        assert desk2.see(paid)["refunds"][0]["delayed_at"]
        assert customer.see(paid)["refunds"][0]["state"] == "processing"
        inbox = wait_for(lambda: [m for m in ok(customer.get("/api/v1/messages"))["items"]
                                  if m["kind"] == "refund.delayed"])
        assert len(inbox) == 1 and "7.00 元" in inbox[0]["body"]
        counted = [line for line in house.guest.get("/metrics").text.splitlines()
                   if line.startswith('zhixing_refunds_delayed_total{pool="settle"}')]
        assert int(counted[0].split()[1]) > 0
        refused(desk2.post(f"/api/v1/staff/work/{item['id']}/done", {"note": "x"}), 409,
                "refund_state")
        sim.quiet()
        again = ok(desk2.post(f"/api/v1/staff/refunds/{refund['id']}/retry", None))
        assert (again["id"], again["state"]) == (refund["id"], "created")
        assert all_back(house, paid) == [("staff", 700, "succeeded")]
        wait_for(lambda: work_of(desk2, refund) == [])
        assert told(house, paid, "refund.delayed") == 1

    def test_paid_by_hand_it_is_settled(self, house, customer, paid, delayed, desk2):
        refund = delayed()
        path = f"/api/v1/staff/refunds/{refund['id']}"

        def settled():
            answer = desk2.post(f"{path}/settled", {"note": "现金退给本人"})
            if answer.status_code == 409:  # it is being sent in this moment
                refused(answer, 409, "refund_may_arrive")
                return None
            return ok(answer)
        assert wait_for(settled)["state"] == "by_hand"
        assert work_of(desk2, refund) == []
        assert customer.see(paid)["refunds"][0]["state"] == "succeeded"
        refused(desk2.post(f"{path}/retry", None), 409, "refund_state")
        assert not wrongs(house, paid)

    def test_while_the_channel_may_have_got_it_it_is_not(self, house, paid, delayed, desk2):
        refund = delayed("http_500_before", "channel_unknown", path="/v3/refund/domestic/refunds")
        refused(desk2.post(f"/api/v1/staff/refunds/{refund['id']}/settled", {"note": "x"}), 409,
                "refund_may_arrive")


@pytest.fixture
def work(house):
    """work(venue or None): an entry as reconciliation makes them."""
    def make(venue=None) -> int:
        number = house.db.value("SELECT nextval('id_block') * 256")
        house.db.run("INSERT INTO work_item (id, key, kind, venue_id, detail)"
                     " VALUES (%s, %s, 'reconcile', %s, '{\"class\": \"only_theirs\"}')",
                     number, f"test:{number}", venue)
        made.append(number)
        return number
    made = []
    yield make
    house.db.run("UPDATE work_item SET done_at = now(), note = 'test' WHERE done_at IS NULL"
                 " AND id = ANY(%s)", made)


def listed(staff) -> list:
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = ok(staff.get("/api/v1/staff/work", limit=2, cursor=cursor))
        seen += [w["id"] for w in page["items"]]
        cursor = page["next_cursor"]
        if not page["items"]:
            break
    return seen


class TestWork:
    def test_the_oldest_is_first_and_pages_make_the_whole(self, desk2, work):
        made = [work(2) for _ in range(5)]
        seen = listed(desk2)
        assert [w for w in seen if w in made] == made and len(set(seen)) == len(seen)

    def test_what_belongs_to_no_venue_is_the_admins(self, desk2, desk1, admin, work):
        lost, mine, theirs = work(), work(2), work(1)
        for staff, want in ((desk2, {mine}), (desk1, {theirs}), (admin, {lost, mine, theirs})):
            assert {lost, mine, theirs} & set(listed(staff)) == want
        for number in (lost, theirs):
            refused(desk2.post(f"/api/v1/staff/work/{number}/done", {"note": "x"}), 404,
                    "not_found")
        ok(admin.post(f"/api/v1/staff/work/{lost}/done", {"note": "x"}))

    def test_done_is_done_once_by_somebody_with_a_note(self, desk2, admin, work):
        number = work(2)
        path = f"/api/v1/staff/work/{number}/done"
        done = ok(desk2.post(path, {"note": "已与银行核对"}))
        assert (done["note"], done["done_by"]) == ("已与银行核对", "江畔前台") and done["done_at"]
        assert number not in listed(desk2) + listed(admin)
        refused(desk2.post(path, {"note": "again"}), 404, "not_found")

    @pytest.mark.parametrize("body", [{}, {"note": ""}, {"note": "x" * 201}, {"note": 1}])
    def test_it_wants_a_note(self, desk2, work, body):
        number = work(2)
        refused(desk2.post(f"/api/v1/staff/work/{number}/done", body), 422, "bad_field", "note")
        assert number in listed(desk2)
