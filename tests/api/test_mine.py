"""What a customer has at a venue is shown to him as his own, and to nobody else."""
import pytest

from house import Client, ok, refused
from place import Place
from slots import day
from test_settle import overdue, silence, until


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


def grid_of(who, place, on: str = "") -> dict:
    return ok(who.get(f"/api/v1/venues/{place.id}/availability", sport="badminton",
                      date=on or day(2)))


def own(who, place, on: str = "") -> dict:
    """(court, minute) -> order, of the cells that say `mine`."""
    grid = grid_of(who, place, on)
    return {(court["id"], slot["start"][11:16]): cell["mine"] for court in grid["courts"]
            for slot, cell in zip(grid["slots"], court["cells"]) if cell["mine"]}


def test_own_holds_and_bookings_say_whose_order_they_are(house, place, customer):
    one, two = place.slot(day(2), 600), place.slot(day(2), 1200)
    held, booked = customer.order(one), customer.paid_order(two)
    assert own(customer, place) == {(place.court, "10:00"): held["id"],
                                    (place.court, "20:00"): booked["id"]}
    cells = grid_of(customer, place)["courts"][0]["cells"]
    assert [c["state"] for c in cells if c["mine"]] == ["taken", "taken"]
    assert own(customer, place, day(3)) == {}


def test_a_period_of_several_slots_is_own_in_all_of_them(place, customer):
    slot = place.slot(day(2), 600)
    order = customer.order(slot._replace(end=slot.end.replace("11:00", "13:00")))
    assert own(customer, place) == {(place.court, at): order["id"]
                                    for at in ("10:00", "11:00", "12:00")}


def test_what_was_given_up_is_nobodys(house, place, customer):
    order = customer.order(place.slot(day(2), 600))
    customer.cancel(order)
    paid = customer.paid_order(place.slot(day(2), 660))
    customer.cancel(paid)
    assert own(customer, place) == {}


def test_what_is_being_closed_is_still_own(house, sim, place, customer):
    order = customer.order(place.slot(day(2), 600))
    customer.prepay(order)
    silence(sim)
    overdue(house, order)
    until(house, order, "closing")
    assert own(customer, place) == {(place.court, "10:00"): order["id"]}


def test_nobody_else_is_told_whose_it_is(house, place, customer, desk1, admin):
    slot = place.slot(day(2), 600)
    order = customer.order(slot)
    for other in (house.customer(), house.guest, admin):
        assert own(other, place) == {}
        assert str(order["id"]) not in str(grid_of(other, place))
    refused(house.customer().try_order(slot), 409, "slot_taken", "periods[0]")


def test_no_copy_of_it_is_kept_for_others(house, place, customer):
    """Asked in turns, so that whatever any cache keeps would be handed out."""
    order = customer.order(place.slot(day(2), 600))
    other, path = house.customer(), f"/api/v1/venues/{place.id}/availability"
    query = {"sport": "badminton", "date": day(2)}
    for _ in range(3):
        mine = customer.get(path, **query)
        assert '"mine":null' in mine.text and f'"mine":{order["id"]}' in mine.text
        assert mine.headers["Cache-Control"] == "no-store"
        assert mine.headers.get("X-Cache") in (None, "BYPASS") and "ETag" not in mine.headers
        for who in (house.guest, other, Client(house)):
            assert str(order["id"]) not in who.get(path, **query).text
    assert house.guest.get(path, **query).headers["Cache-Control"] == "no-cache"


def test_a_token_that_is_sent_has_to_be_good(house, place, customer):
    path, query = f"/api/v1/venues/{place.id}/availability", {"sport": "badminton", "date": day(2)}
    refused(Client(house, "nonsense").get(path, **query), 401, "token_invalid")
    old = Client(house, customer.token)
    customer.log_in()
    refused(old.get(path, **query), 401, "signed_in_elsewhere")
    assert house.guest.call("GET", path, params=query, headers={
        "Authorization": "Basic eDp5"}).status_code == 200


def test_who_wants_what_he_has_already_is_led_to_his_order(house, place, customer):
    slot = place.slot(day(2), 600)
    order = customer.order(slot)
    refused(customer.try_order(place.slot(day(2), 660), slot), 409, "slot_taken", "periods[1]",
            {"mine": order["id"]})


def test_a_half_of_ones_own_stands_in_the_way_of_the_whole(house, place, customer):
    other = place.add(f"{place.at}/units", {"name": "二"})["id"]
    whole = place.new_court(place.unit, other)
    slot = place.slot(day(2), 600)
    order = customer.order(slot)
    refused(customer.try_order(slot._replace(court=whole)), 409, "slot_taken", "periods[0]",
            {"mine": order["id"]})
    assert own(customer, place) == {(place.court, "10:00"): order["id"]}
    refused(house.customer().try_order(slot._replace(court=whole)), 409, "slot_taken", "periods[0]")


def test_a_court_under_repair_is_nobodys(place, customer):
    slot = place.slot(day(2), 600)
    place.add(f"{place.at}/blocks", {"court_id": place.court, "start": slot.start,
                                     "end": slot.end, "reason": "检修"})
    refused(customer.try_order(slot), 409, "slot_taken", "periods[0]")
    assert own(customer, place) == {}
