"""Staff close what is sold: a date, hours, a court for a while or for good, a venue. They see the list
and choose: kept, or cancelled by the venue and given back in full; what is undecided is on the work
list until it is not."""
import threading
from datetime import timedelta

import psycopg2
import pytest

from database import Database
from house import Client, ok, refused, wait_for
from money import all_back, counted, held, refunds, states, wrongs
from place import DAYTIME, ROOT, Place, refusal
from slots import day, now

TIERS = [{"hours": 24, "percent": 80, "fee_fen": 100}]
REASON = "停电检修"


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    made.write(f"{made.at}/refund-rule", {"tiers": TIERS})
    made.change(f"{made.at}/sports/1", slot_minutes=60)
    yield made
    made.close(house.db)


@pytest.fixture
def sold(place, customer):
    """Three days ahead, one of three hours, for 40 yuan."""
    return customer.paid_order(place.slot(day(3), 600))


def closed(place, **more):
    return place.try_add(f"{place.at}/exceptions", {"day": day(3), "hours": [], **more})


def shorter(place, **more):
    return place.try_write(f"{place.at}/hours", {
        "hours": [{**line, "closes": "10:00"} for line in DAYTIME], **more})


def weekday_closed(place, **more):
    return place.try_write(f"{place.at}/hours", {"hours": [], **more})


def blocked(place, **more):
    first, last = place.slot(day(3), 540), place.slot(day(3), 660)
    return place.try_add(f"{place.at}/blocks", {
        "court_id": place.court, "start": first.start, "end": last.end, "reason": "地板翻新", **more})


def court_ended(place, **more):
    return place.try_change(f"{place.at}/courts/{place.court}", ends_on=day(3), **more)


def venue_ended(place, **more):
    return place.try_change(place.at, ends_on=day(3), **more)


WAYS = [closed, shorter, weekday_closed, blocked, court_ended, venue_ended]
AT_ONCE = [closed, shorter, weekday_closed]  # these may leave it undecided


def work(house, order) -> list:
    """The order's entries: done or not, and the choice and trouble of each item in it."""
    return house.db.rows("SELECT done_at IS NOT NULL, detail->'items'->0->>'choice',"
                         " detail->'items'->0->>'trouble' FROM work_item"
                         " WHERE order_id = %s AND kind = 'sold_outside'", order["id"])


def outside(place) -> list:
    return [(o["item_id"], o["choice"]) for o in ok(
        place.client.get(f"{ROOT}/{place.at}/outside"))["items"]]


def choose(place, sold: str, *items, client=None, **more):
    body = {"sold": sold, **more, **({"items": list(items)} if items else {})}
    return (client or place.client).post(f"{ROOT}/{place.at}/outside", body)


def item(order, n: int = 0) -> int:
    return order["items"][n]["id"]


def all_refunded(house, order, amount: int | None = None):
    wait_for(lambda: refunds(house, order))
    amount = order["amount_fen"] if amount is None else amount
    assert all_back(house, order) == [("venue", amount, "succeeded")]
    assert wrongs(house, order) == []


def texts(house, customer, order) -> list:
    house.settle()
    return [m["title"] + m["body"] for m in ok(customer.get("/api/v1/messages"))["items"]
            if m["order_id"] == order["id"]]


@pytest.mark.parametrize("way", WAYS)
def test_chosen_at_once_it_is_given_back_in_full(house, place, sold, customer, way):
    answer = way(place, sold="refund_all", sold_reason=REASON)
    assert answer.status_code in (200, 201), answer.text
    all_refunded(house, sold)
    assert states(house, sold) == ("cancelled", "refunded", sold["amount_fen"])
    assert held(house, sold) == 0 and counted(house, sold) == 0
    assert customer.see(sold)["items"][0]["refund_fen"] == sold["amount_fen"]
    told = texts(house, customer, sold)
    assert any("球馆取消了您的预订" in t and REASON in t and "40.00 元" in t for t in told), told
    assert work(house, sold) == [] and outside(place) == []


@pytest.mark.parametrize("way", WAYS)
def test_kept_it_stays_and_nobody_is_asked_again(house, place, sold, customer, way):
    assert way(place, sold="keep").status_code in (200, 201)
    assert work(house, sold) == [] and outside(place) == []
    assert states(house, sold)[0] == "paid" and held(house, sold) == 2
    if way in (court_ended, venue_ended):
        path = f"{place.at}/courts/{place.court}" if way is court_ended else place.at
        place.change(path, name="新名")
    assert customer.quote(sold)["refund_fen"] == 4000 * 80 // 100 - 100  # by the tiers
    customer.cancel(sold)


@pytest.mark.parametrize("way", WAYS)
def test_asked_first_nothing_is_changed_and_all_is_listed(house, place, sold, way):
    before = place.grid(day(3))
    listed = refusal(way(place, sold="ask"), 409, "sold_outside")["outside"]
    assert [(o["order_id"], o["item_id"], o["no"], o["date"], o["start"], o["end"], o["choice"])
            for o in listed] == [(sold["id"], item(sold), sold["no"], sold["date"],
                                  sold["items"][0]["start"], sold["items"][0]["end"], None)]
    assert place.grid(day(3)) == before
    assert work(house, sold) == [] and refunds(house, sold) == [] and outside(place) == []


def test_many_that_are_sold_are_all_listed(house, place):
    orders = [house.customer().order(place.slot(day(3), 480 + 60 * n)) for n in range(12)]
    listed = refusal(closed(place, sold="ask"), 409, "sold_outside")["outside"]
    assert [o["order_id"] for o in listed] == [o["id"] for o in orders]


@pytest.mark.parametrize("way", WAYS)
def test_where_nothing_is_sold_asking_changes_it(place, way):
    assert way(place, sold="ask").status_code in (200, 201)
    assert outside(place) == []


@pytest.mark.parametrize("way", set(WAYS) - set(AT_ONCE))
def test_these_are_refused_without_a_choice(house, place, sold, way):
    field = None if way is blocked else "ends_on"
    assert refusal(way(place), 409, "in_use", field)["orders"][0]["id"] == sold["id"]
    assert outside(place) == [] and states(house, sold)[0] == "paid"


@pytest.mark.parametrize("way", AT_ONCE)
class TestUndecided:
    @pytest.fixture
    def undecided(self, house, place, sold, way):
        assert [o["choice"] for o in way(place).json()["outside"]] == [None]
        assert work(house, sold) == [(False, None, None)]
        assert outside(place) == [(item(sold), None)] and refunds(house, sold) == []
        return sold

    def test_it_is_on_the_work_list_until_it_is_given_back(self, house, place, undecided):
        chosen = ok(choose(place, "refund_all", sold_reason=REASON))["outside"]
        assert [(o["item_id"], o["choice"]) for o in chosen] == [(item(undecided), "refund_all")]
        assert work(house, undecided)[0][0]
        all_refunded(house, undecided)
        assert outside(place) == []
        house.db.value("SELECT 1 FROM refund WHERE order_id = %s AND by_account = %s AND reason = %s",
                       undecided["id"], ok(place.client.get("/api/v1/me"))["id"], REASON)

    def test_or_kept(self, house, place, undecided):
        assert [o["choice"] for o in ok(choose(place, "keep"))["outside"]] == ["keep"]
        assert work(house, undecided)[0][0] and outside(place) == []
        assert refunds(house, undecided) == []

    def test_or_said_to_be_done(self, house, place, undecided):
        entry = house.db.value("SELECT id FROM work_item WHERE order_id = %s", undecided["id"])
        ok(place.client.post(f"{ROOT}/work/{entry}/done", {"note": "顾客知道，照常来"}))
        assert outside(place) == [] and work(house, undecided)[0][0]
        assert house.db.value("SELECT choice FROM outside_item WHERE item_id = %s",
                              item(undecided)) == "keep"

    def test_or_given_up_by_its_customer_who_gets_all_of_it(self, house, place, undecided, customer):
        assert customer.cancel(undecided)["refunded_fen"] == undecided["amount_fen"]
        assert work(house, undecided)[0][0] and outside(place) == []
        assert ok(choose(place, "refund_all"))["outside"] == []
        assert [r[0] for r in all_back(house, undecided)] == ["cancel"]

    def test_or_inside_again(self, house, place, undecided, way):
        if way is closed:
            place.drop(f"{place.at}/exceptions/{day(3).replace('-', '')}")
        else:
            place.write(f"{place.at}/hours", {"hours": DAYTIME})
        assert work(house, undecided)[0][0] and outside(place) == []
        assert way(place).json()["outside"][0]["choice"] is None
        assert work(house, undecided) == [(False, None, None)]  # and open again

    def test_a_kept_one_can_be_given_back_after_all(self, house, place, undecided):
        ok(choose(place, "keep"))
        assert ok(choose(place, "refund_all"))["outside"] == []  # not by the way
        ok(choose(place, "refund_all", item(undecided)))
        all_refunded(house, undecided)
        assert ok(choose(place, "keep"))["outside"] == []


def test_only_what_is_affected_is_given_back(house, place, customer):
    """Two of three periods, of which one falls outside; and another order of that day."""
    two = customer.paid_order(place.slot(day(3), 480), place.slot(day(3), 1200))
    ok(place.try_write(f"{place.at}/hours", {"sold": "refund_all", "hours": [
        {**line, "closes": "20:00"} for line in DAYTIME]}))
    all_refunded(house, two, 4000)
    assert states(house, two) == ("paid", "part_refunded", 4000)
    late = customer.see(two)["items"][1]
    assert (late["state"], late["refund_fen"]) == ("released", 4000)
    customer.cancel(two)


def test_what_was_given_back_before_is_not_given_back_again(house, place, sold, admin):
    admin.refund(sold, 1500)
    closed(place, sold="refund_all", sold_reason=REASON)
    wait_for(lambda: len(refunds(house, sold)) == 2)
    assert [r[:2] for r in all_back(house, sold)] == [("staff", 1500), ("venue", 2500)]
    assert states(house, sold) == ("cancelled", "refunded", 4000) and wrongs(house, sold) == []


def test_an_unpaid_order_ends_without_money_and_with_the_reason(house, place, customer):
    order = customer.order(place.slot(day(3), 600))
    customer.prepay(order)
    closed(place, sold="refund_all", sold_reason=REASON)
    wait_for(lambda: states(house, order)[0] == "cancelled")
    assert held(house, order) == 0 and refunds(house, order) == [] and outside(place) == []
    assert any("球馆取消了" in t and REASON in t for t in texts(house, customer, order))
    assert house.db.value("SELECT count(*) FROM violation WHERE order_id = %s", order["id"]) == 0


def test_money_that_comes_while_the_venue_closes_goes_back_once(house, place, customer, sim):
    """A part of an unpaid order is left open: it is paid, and the part is given back then."""
    order = customer.order(place.slot(day(3), 480), place.slot(day(3), 1200))
    place.write(f"{place.at}/hours", {"sold": "refund_all", "hours": [
        {**line, "closes": "20:00"} for line in DAYTIME]})
    assert states(house, order)[0] == "pending"
    customer.pay(order)
    house.db.run("UPDATE outside_item SET run_at = now() WHERE order_id = %s", order["id"])
    all_refunded(house, order, 4000)
    customer.cancel(order)


class TestBlocks:
    def floor(self, house, place) -> list:
        """Who holds the three hours of the block: (items, block)."""
        return house.db.rows(
            "SELECT count(item_id), count(block_id) FROM occupancy WHERE unit_id = %s", place.unit)[0]

    def test_the_floor_of_what_is_kept_falls_to_the_block(self, house, place, sold, customer):
        blocked(place, sold="keep")
        assert self.floor(house, place) == (2, 4)
        customer.cancel(sold)
        assert self.floor(house, place) == (0, 6)
        refused(customer.try_order(place.slot(day(3), 600)), 409, "slot_taken", "periods[0]")

    def test_the_floor_of_what_is_given_back_too(self, house, place, sold):
        block = blocked(place, sold="refund_all").json()
        all_refunded(house, sold)
        assert self.floor(house, place) == (0, 6)
        place.drop(f"{place.at}/blocks/{block['id']}")
        assert self.floor(house, place) == (0, 0)

    def test_and_of_an_unpaid_order(self, house, place, customer):
        order = customer.order(place.slot(day(3), 600))
        customer.prepay(order)
        blocked(place, sold="refund_all")
        wait_for(lambda: states(house, order)[0] == "cancelled")
        assert self.floor(house, place) == (0, 6)

    def test_two_blocks_never_overlap(self, house, place, sold):
        first = blocked(place, sold="keep").json()
        assert refusal(blocked(place, sold="keep"), 409, "in_use")["blocks"] == [first["id"]]
        path = f"{place.at}/blocks/{first['id']}"
        place.change(path, reason="别的原因", start=sold["items"][0]["start"],
                     end=sold["items"][0]["end"])
        assert self.floor(house, place) == (2, 0)

    def test_a_block_only_chooses_for_what_it_covers(self, house, place, sold, customer):
        other = customer.paid_order(place.slot(day(3), 900))
        closed(place)
        blocked(place, sold="refund_all")
        all_refunded(house, sold)
        assert outside(place) == [(item(other), None)] and refunds(house, other) == []
        customer.cancel(other)

    def test_whoever_moves_a_block_is_asked(self, house, place, sold):
        free = place.slot(day(3), 780)
        block = place.add(f"{place.at}/blocks", {
            "court_id": place.court, "start": free.start, "end": free.end, "reason": "检修"})
        path = f"{place.at}/blocks/{block['id']}"
        over = {"start": sold["items"][0]["start"], "end": free.end}
        refusal(place.try_change(path, **over), 409, "in_use")
        refusal(place.try_change(path, **over, sold="ask"), 409, "sold_outside")
        place.change(path, **over, sold="refund_all")
        all_refunded(house, sold)


class TestWhatCanNotBeGivenBack:
    @pytest.fixture
    def stuck(self, house, place, sold):
        """The channel takes no more than fifty refunds of one payment."""
        house.db.run(
            "INSERT INTO refund (id, order_id, attempt_id, venue_id, out_refund_no, amount_fen, cause,"
            " reason, request, state, done_at) SELECT nextval('id_block') * 256, order_id, id, %s,"
            " out_trade_no || 'X' || n, 1, 'late', '-', '', 'void', now() FROM payment_attempt,"
            " generate_series(1, 50) n WHERE order_id = %s", place.id, sold["id"])
        closed(place, sold="refund_all", sold_reason=REASON)
        wait_for(lambda: work(house, sold))
        yield sold
        house.db.run("DELETE FROM refund WHERE order_id = %s AND state = 'void'", sold["id"])

    def test_it_is_on_the_work_list_until_it_can(self, house, place, stuck):
        assert work(house, stuck) == [(False, "refund_all", "refund_too_much")]
        assert outside(place) == [(item(stuck), "refund_all")]
        entry = house.db.value("SELECT id FROM work_item WHERE order_id = %s", stuck["id"])
        refused(place.client.post(f"{ROOT}/work/{entry}/done", {"note": "好"}), 409, "refund_state")
        assert states(house, stuck) == ("paid", "paid", 0) and held(house, stuck) == 2
        house.db.run("DELETE FROM refund WHERE order_id = %s AND state = 'void'", stuck["id"])
        house.db.run("UPDATE outside_item SET run_at = now() WHERE order_id = %s", stuck["id"])
        all_refunded(house, stuck)
        assert work(house, stuck)[0][0] and outside(place) == []


class TestAtOnce:
    """Whatever the order of things: the money goes back once at most, and as it was chosen."""
    ROUNDS = range(4)

    def together(self, *calls) -> list:
        answers, barrier = [None] * len(calls), threading.Barrier(len(calls), timeout=60)

        def one(i, call):
            barrier.wait()
            answers[i] = call()
        threads = [threading.Thread(target=one, args=each) for each in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def own(self, client):
        return Client(client.house, client.token)

    def decided(self, house, order):
        wait_for(lambda: house.db.value("SELECT bool_and(done_at IS NOT NULL) FROM outside_item"
                                        " WHERE order_id = %s", order["id"]) is not False)
        return all_back(house, order)

    @pytest.mark.parametrize("n", ROUNDS)
    def test_two_of_staff_choose(self, house, place, sold, n):
        closed(place)
        clients = [self.own(place.client) for _ in range(4)]
        for client in clients:
            client.get("/api/v1/me")
        answers = self.together(*[
            lambda c=c, s=s: choose(place, s, item(sold), client=c)
            for c, s in zip(clients, ("keep", "refund_all", "refund_all", "keep"))])
        assert {a.status_code for a in answers} == {200}
        assert self.decided(house, sold) == [("venue", 4000, "succeeded")]  # it wins
        assert wrongs(house, sold) == [] and work(house, sold)[0][0]

    @pytest.mark.parametrize("n", ROUNDS)
    def test_its_customer_cancels(self, house, place, sold, customer, n):
        own = self.own(customer)
        own.get("/api/v1/me")
        self.together(
            lambda: closed(place, sold="refund_all", sold_reason=REASON),
            lambda: own.post(f"/api/v1/orders/{sold['id']}/cancellation", {"refund_fen": 4000}),
            lambda: own.post(f"/api/v1/orders/{sold['id']}/cancellation", {"refund_fen": 3100}))
        back = self.decided(house, sold)
        assert len(back) == 1 and back[0] in [
            ("venue", 4000, "succeeded"), ("cancel", 4000, "succeeded"), ("cancel", 3100, "succeeded")]
        assert states(house, sold)[0] == "cancelled" and wrongs(house, sold) == []
        assert outside(place) == []

    @pytest.mark.parametrize("n", ROUNDS)
    def test_a_desk_gives_back_by_itself(self, house, place, sold, admin, n):
        own = self.own(admin)
        own.get("/api/v1/me")
        self.together(
            lambda: closed(place, sold="refund_all"),
            lambda: own.post(f"{ROOT}/orders/{sold['id']}/refunds", {
                "amount_fen": 4000, "reason": "停业", "release": [item(sold)]}))
        back = self.decided(house, sold)
        assert len(back) == 1 and back[0][1:] == (4000, "succeeded")
        assert wrongs(house, sold) == [] and outside(place) == []

    @pytest.mark.parametrize("way", [closed, blocked, court_ended, venue_ended])
    def test_an_order_arrives(self, house, place, way):
        """Refused, or listed: never sold and forgotten."""
        people = [house.customer() for _ in range(3)]
        slots = [place.slot(day(3), 540 + 60 * n) for n in range(3)]
        *orders, change = self.together(
            *[lambda p=p, s=s: p.try_order(s) for p, s in zip(people, slots)],
            lambda: way(place, sold="refund_all", sold_reason=REASON))
        assert change.status_code in (200, 201), change.text
        for answer in orders:
            if answer.status_code != 201:
                assert answer.status_code in (404, 409, 422), answer.text
                continue
            wait_for(lambda o=answer.json(): states(house, o)[0] == "cancelled")
        assert outside(place) == []


def test_money_goes_back_only_by_who_may_refund(house, place, sold):
    """Whatever route it is that lets somebody choose."""
    closed(place)
    other = Database(house.run, "zx_owner")
    other.run("BEGIN")
    other.run("SELECT set_config('zx.actor', %s, true)", str(house.customer().account_id))
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        other.run("UPDATE outside_item SET choice = 'refund_all', reason = '-', chosen_at = now()"
                  " WHERE item_id = %s", item(sold))
    other.close()
    ok(choose(place, "keep"))


def test_what_is_to_be_given_back_stays_so(house, place, sold):
    with pytest.raises(psycopg2.errors.CheckViolation, match="is to be given back"):
        house.db.all_at_once(
            ("INSERT INTO outside_item (item_id, order_id, venue_id, choice, chosen_at, reason)"
             " VALUES (%s, %s, %s, 'refund_all', now(), '-')", item(sold), sold["id"], place.id),
            ("UPDATE outside_item SET choice = 'keep', done_at = now() WHERE item_id = %s",
             item(sold)))


def test_undoing_a_check_in_takes_no_choice_back(house, place, customer, admin):
    """Checked in before the daemon could give it back, and that was a mistake."""
    place.change(place.at, checkin_early_minutes=1440)
    place.write(f"{place.at}/hours", {"hours": [
        {"weekday": d, "opens": "00:00", "closes": "24:00"} for d in range(1, 8)]})
    soon = now() + timedelta(hours=2)
    order = customer.paid_order(place.slot(str(soon.date()), soon.hour * 60))
    used = ok(admin.check_in(order["no"]), 201)
    house.db.run("INSERT INTO outside_item (item_id, order_id, venue_id, choice, chosen_at, reason,"
                 " chosen_by, done_at) VALUES (%s, %s, %s, 'refund_all', now(), '停电', 1, now())",
                 item(order), order["id"], place.id)
    ok(admin.try_undo(order, used["checked_in_at"]))
    wait_for(lambda: customer.see(order)["state"] == "cancelled")
    assert all_back(house, order) == [("venue", order["amount_fen"], "succeeded")]


@pytest.mark.parametrize("body, status, code, field", [
    ({}, 422, "bad_field", "sold"),
    ({"sold": "ask"}, 422, "bad_field", "sold"),
    ({"sold": "keep", "items": [1]}, 404, "not_found", "items"),
    ({"sold": "keep", "items": []}, 422, "bad_field", "items"),
    ({"sold": "keep", "sold_reason": "长" * 27}, 422, "bad_field", "sold_reason")])
def test_other_choices_are_refused(place, body, status, code, field):
    refused(place.client.post(f"{ROOT}/{place.at}/outside", body), status, code, field)
    refused(place.client.post(f"{ROOT}/venues/9007199254740991/outside", {"sold": "keep"}),
            404, "not_found")
