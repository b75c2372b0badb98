"""Nobody holds courts without end: few orders that wait for their money, and few that end without it."""
import sys
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from house import ok, order_body
from place import Place, rule
from slots import day
from test_leaving import gone
from test_settle import expire, overdue, silence, until

sys.path.append(str(Path(__file__).resolve().parents[1] / "race"))
from players import at_once  # noqa: E402

AT_ONCE, A_DAY = 2, 6


@pytest.fixture(scope="module")
def strict(house):
    """The limits of a real server."""
    with house.configured("pool-api", ZX_HOLDS_AT_ONCE=str(AT_ONCE),
                          ZX_HOLDS_ENDED_PER_DAY=str(A_DAY)):
        yield


@pytest.fixture
def place(house, admin, strict):
    made = Place(admin)
    yield made
    made.close(house.db)


@pytest.fixture
def hours(place):
    """One hour after the other, on three days."""
    return iter([place.slot(day(n), 480 + 60 * h) for h in range(14) for n in (2, 3, 4)])


def used_up(answer) -> datetime:
    """When it ends, as the refusal says it."""
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "holds_used_up"), answer.text
    return datetime.fromisoformat(error["until"])


def moment(order, name: str = "expires_at") -> datetime:
    return datetime.fromisoformat(order[name])


def give_up(customer, hours, count: int) -> list:
    orders = []
    for _ in range(count):
        orders.append(customer.order(next(hours)))
        customer.cancel(orders[-1])
    return orders


def test_a_third_unpaid_order_has_to_wait_for_the_first(customer, hours):
    first, second = customer.order(next(hours)), customer.order(next(hours))
    third = next(hours)
    assert used_up(customer.try_order(third, key="third")) == moment(first)
    assert len(ok(customer.get("/api/v1/orders"))["items"]) == 2
    customer.pay(second)
    customer.order(third, key="third")


@pytest.mark.parametrize("end", [
    lambda house, customer, order: customer.pay(order),
    lambda house, customer, order: customer.cancel(order),
    lambda house, customer, order: overdue(house, order),
    lambda house, customer, order: expire(house, order)], ids=["paid", "given_up", "over", "expired"])
def test_what_does_not_wait_any_more_makes_room(house, customer, hours, end):
    first, _ = customer.order(next(hours)), customer.order(next(hours))
    used_up(customer.try_order(next(hours)))
    end(house, customer, first)
    customer.order(next(hours))
    used_up(customer.try_order(next(hours)))


def test_an_order_that_is_being_closed_makes_room_and_counts_as_ended(house, sim, customer, hours):
    orders = [customer.order(next(hours)) for _ in range(AT_ONCE)]
    customer.prepay(orders[0])
    silence(sim)
    overdue(house, orders[0])
    until(house, orders[0], "closing")
    customer.order(next(hours))


def test_after_six_that_ended_unpaid_the_rest_of_the_day_is_waited(house, customer, hours):
    orders = give_up(customer, hours, A_DAY)
    ended = house.db.value("SELECT min(closed_at) FROM orders WHERE account_id = %s",
                           customer.account_id)
    seventh = next(hours)
    assert abs(used_up(customer.try_order(seventh)) - ended - timedelta(hours=24)) < timedelta(
        seconds=1)
    house.customer().order(next(hours))  # others are not concerned
    house.db.run("UPDATE orders SET closed_at = closed_at - interval '24 hours' WHERE id = %s",
                 orders[0]["id"])
    customer.order(seventh)


def test_leaving_and_coming_back_does_not_begin_anew(house, customer, hours):
    give_up(customer, hours, A_DAY - 1)
    gone(customer)
    customer.log_in()
    give_up(customer, hours, 1)
    used_up(customer.try_order(next(hours)))


def test_expired_ones_count_like_those_that_were_given_up(house, customer, hours):
    for _ in range(2):
        expire(house, customer.order(next(hours)))
    give_up(customer, hours, A_DAY - 2)
    used_up(customer.try_order(next(hours)))


def test_what_waits_is_counted_as_if_it_will_end_unpaid(customer, hours):
    """Or two that wait could end as the sixth and the seventh."""
    give_up(customer, hours, A_DAY - 1)
    last = customer.order(next(hours))
    used_up(customer.try_order(next(hours)))
    customer.pay(last)
    customer.order(next(hours))


def test_what_was_paid_is_no_order_without_payment(customer, hours):
    for _ in range(3):
        customer.cancel(customer.paid_order(next(hours)))
    give_up(customer, hours, A_DAY - 1)
    customer.order(next(hours))


def test_what_staff_have_lifted_does_not_count(house, customer, hours):
    order = customer.order(next(hours))
    expire(house, order)
    give_up(customer, hours, A_DAY - 1)
    used_up(customer.try_order(next(hours)))
    house.db.run("UPDATE violation SET lifted_at = now(), lift_reason = '渠道故障'"
                 " WHERE order_id = %s", order["id"])
    customer.order(next(hours))


def test_what_the_venue_gave_up_does_not_count(house, place, customer, hours):
    lost = customer.order(place.slot(day(5), 600))
    give_up(customer, hours, A_DAY - 1)
    place.add(f"{place.at}/exceptions", {"day": day(5), "hours": [], "sold": "refund_all",
                                         "reason": "停电"})
    until(house, lost, "cancelled")
    customer.order(next(hours))


def test_free_hours_are_no_unpaid_orders(place, customer, hours):
    for _ in range(AT_ONCE):
        customer.order(next(hours))
    place.write(f"{place.at}/prices", {"rules": [rule(0)]})
    assert customer.order(next(hours))["state"] == "paid"


def test_of_many_at_the_same_moment_as_many_are_made_as_may_wait(house, customer, place):
    """Each from a process of its own, all for hours that nobody else wants."""
    slots = [place.slot(day(n), 480 + 60 * h) for h in range(4) for n in (2, 3, 4)]
    heard = at_once(house.run, [(customer.token, "/api/v1/orders", order_body(s),
                                 str(uuid.uuid4())) for s in slots])
    assert sorted(status for status, _ in heard) == [201] * AT_ONCE + [409] * (12 - AT_ONCE)
    for status, text in heard:
        assert status == 201 or '"holds_used_up"' in text and '"until"' in text, text
    assert house.db.value("SELECT count(*) FROM orders WHERE account_id = %s",
                          customer.account_id) == AT_ONCE
