"""Money that comes when the order has expired: it takes the courts again if a new order could have
them now, at the price of then; else it goes back, and the customer reads why."""
import pytest

from house import wait_for
from money import refunds
from place import Place
from slots import day
from test_settle import expire, held, outcomes, pay_late, state


@pytest.fixture
def place(house, admin):
    made = Place(admin)
    yield made
    made.close(house.db)


@pytest.fixture
def late(house, place, customer):
    """An order of two courts that was not paid in time, and the payment that it waits for."""
    more = place.new_court(place.add(f"{place.at}/units", {"name": "二"})["id"])
    order = customer.order(place.slot(day(3), 1200), place.slot(day(3), 1200, more))
    payment = customer.prepay(order)
    expire(house, order)
    return order, payment


def test_late_money_takes_no_court_that_has_lost_its_floor(house, sim, place, late):
    order, payment = late
    place.change(f"{place.at}/courts/{place.court}", units=[])
    pay_late(sim, payment)
    assert outcomes(house, payment) == ["late"]
    wait_for(lambda: refunds(house, order) == [("late", order["amount_fen"], "succeeded")])
    assert state(house, order) == "expired" and held(house, order) == 0
