"""People read the times of a venue on that venue's clock: in its grid, its orders, at its desk."""
import re

import pytest

from house import Staff, ok, wait_for
from place import ROOT, Place, rule
from slots import Slot, at, day

STAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+([+-]\d\d:\d\d)")
KOLKATA = "+05:30"


@pytest.fixture(scope="module")
def place(house, module_admin):
    made = Place(module_admin)
    made.change(made.at, timezone="Asia/Kolkata", checkin_early_minutes=1440)
    made.write(f"{made.at}/prices", {"rules": [rule(4000)]})
    made.write(f"{made.at}/hours", {"hours": [
        {"weekday": d, "opens": "00:00", "closes": "24:00"} for d in range(1, 8)]})
    made.change(f"{made.at}/sports/1", slot_minutes=30)
    yield made
    made.close(house.db)


@pytest.fixture(scope="module")
def module_admin(house):
    return Staff(house, "admin")


@pytest.fixture(scope="module")
def order(house, place):
    """Of what begins within a day."""
    customer = house.customer()
    grid = place.grid(day(0))
    free = [s for s, c in zip(grid["slots"], grid["courts"][0]["cells"]) if c["state"] == "free"]
    slot = Slot(place.id, grid["date"], place.court, free[0]["start"], free[0]["end"])
    made = customer.paid_order(slot)
    made["customer"] = customer
    return made


def offsets(answer) -> set:
    return set(STAMP.findall(answer.text if hasattr(answer, "text") else str(answer)))


def test_the_grid(place):
    assert offsets(place.grid(day(2))) == {KOLKATA}
    assert place.grid(day(2))["slots"][0]["start"] == f"{day(2)}T00:00:00{KOLKATA}"


def test_a_customers_orders_each_on_its_venues_clock(house, place, order, slots):
    customer = order["customer"]
    assert offsets(customer.get(f"/api/v1/orders/{order['id']}")) == {KOLKATA}
    customer.order(slots.one())
    listed = ok(customer.get("/api/v1/orders"))["items"]
    assert [offsets(o) for o in listed] == [{"+08:00"}, {KOLKATA}]


def test_an_order_as_it_is_made_and_given_up(house, place):
    customer = house.customer()
    made = customer.try_order(place.slot(day(2), 600))
    assert offsets(made) == {KOLKATA}
    order = ok(made, 201)
    assert offsets(customer.try_pay(order, "native")) == {KOLKATA}
    customer.pay(order)
    gone = customer.cancel(order)
    assert gone["refunds"] and offsets(gone) == {KOLKATA}


def test_at_the_desk(house, place, order):
    desk = place.client
    assert offsets(desk.get(f"{ROOT}/orders/{order['id']}")) == {KOLKATA}
    found = ok(desk.get(f"{ROOT}/orders", number=order["no"]))["items"]
    assert offsets(found) == {KOLKATA}
    code = order["customer"].code(order)["short_code"]
    assert offsets(desk.check_in(code)) == {KOLKATA}
    again = desk.check_in(code)
    assert again.status_code == 409 and offsets(again) == {KOLKATA}


def test_blocks_and_what_lies_outside(house, place):
    customer = house.customer()
    grid = place.grid(day(3))
    slot = Slot(place.id, day(3), place.court, grid["slots"][20]["start"], grid["slots"][20]["end"])
    customer.paid_order(slot)
    start = at(day(4), 600)
    block = place.try_add(f"{place.at}/blocks", {
        "court_id": place.court, "start": start, "end": at(day(4), 660), "reason": "检修"})
    assert block.status_code == 201 and offsets(block) == {KOLKATA}
    closed = place.try_add(f"{place.at}/exceptions", {"day": day(3), "hours": []})
    assert offsets(closed) == {KOLKATA}
    assert offsets(place.client.get(f"{ROOT}/{place.at}/outside")) == {KOLKATA}
    work = wait_for(lambda: [w for w in ok(place.client.get(f"{ROOT}/work", limit=100, kind="sold_outside"))["items"]
                             if w["venue_id"] == place.id])
    assert offsets(work) == {KOLKATA}
    ok(place.client.post(f"{ROOT}/{place.at}/outside", {"sold": "refund_all"}))
