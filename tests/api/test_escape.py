"""A ban is a person's: what a banned person tries in order to book all the same."""
import threading

import pytest

from house import Customer, ok, refused, wait_for
from test_bans import expire, lift
from test_leaving import gone
from test_phone import bind


class Escape:
    """A person with two WeChats and as many phone numbers as he likes."""

    def __init__(self, house, slots, customer):
        self.house, self.slots = house, slots
        self.first, self.second, self.now = customer, None, customer

    def misses(self, times: int = 3):
        for _ in range(times):
            expire(self.house, self.now.order(self.slots.one()))

    def binds(self, number: int = 1):
        """The number that WeChat vouches for: the first, the second … of this person."""
        base = self.first.user["phone"]
        self.house.sim.post("users", user=self.now.user["user"],
                            phone=f"1{4 + number}8{base[3:]}")
        ok(bind(self.now))

    def leaves(self):
        self.now.number = self.now.account_id
        gone(self.now)

    def comes_back(self):
        self.now.log_in()

    def takes_the_other_wechat(self):
        self.second = self.second or self.house.customer()
        self.second.log_in()
        self.now = self.second

    def takes_the_first_wechat(self):
        self.first.log_in()
        self.now = self.first

    def takes_another_app(self):
        """WeChat names the same unionid there: an account that was made apart."""
        union = self.house.db.value("SELECT unionid FROM wechat_identity WHERE account_id = %s",
                                    self.now.account_id)
        self.takes_the_other_wechat()
        self.house.db.run("UPDATE wechat_identity SET unionid = NULL WHERE account_id = %s",
                          self.second.account_id)
        # the simulator knows a user by one unionid: as if it had learned this one now
        self.house.db.run("SELECT person_change(%s, '', '', %s, 30)", self.second.account_id, union)


# The ban comes with the third expiry; each word is a step of his, numbers say which phone.
ESCAPES = {
    "leaves and comes back by WeChat": "misses leaves comes_back",
    "leaves and comes back by phone": "binds misses leaves takes_the_other_wechat binds",
    "by phone, by WeChat, by phone": "binds misses leaves comes_back takes_the_other_wechat binds",
    "by WeChat after the phone": "binds misses leaves takes_the_other_wechat binds:2 binds:1"
                                 " takes_the_first_wechat",
    "binds another phone": "binds misses binds:2",
    "the phone he had, from another WeChat": "binds misses binds:2 takes_the_other_wechat binds:1",
    "both phones changed": "binds misses binds:2 binds:3 takes_the_other_wechat binds:2",
    "a phone got after the ban": "misses binds binds:2 takes_the_other_wechat binds:1",
    "changes the phone and leaves": "binds misses binds:2 leaves takes_the_other_wechat binds:1",
    "as somebody joined, with a new phone": "binds misses leaves takes_the_other_wechat binds"
                                            " binds:2",
    "joined, changed, left, back": "binds misses leaves takes_the_other_wechat binds binds:2"
                                   " leaves comes_back",
    "joined, left, back by the first": "binds misses leaves takes_the_other_wechat binds leaves"
                                       " takes_the_first_wechat",
    "misses as two": "binds misses:2 leaves takes_the_other_wechat binds misses:1",
    "misses as two, then the first again": "binds misses:2 leaves takes_the_other_wechat binds"
                                           " misses:1 takes_the_first_wechat",
    "through another app": "misses takes_another_app",
    "leaves twice": "misses leaves comes_back leaves comes_back",
}


@pytest.fixture
def person(house, slots, customer):
    return Escape(house, slots, customer)


def go(person, steps: str):
    for step in steps.split():
        verb, _, number = step.partition(":")
        getattr(person, verb)(*([int(number)] if number else []))


@pytest.mark.parametrize("steps", ESCAPES.values(), ids=ESCAPES.keys())
def test_nobody_escapes_a_ban(house, slots, person, steps):
    go(person, steps)
    error = person.now.try_order(slots.one()).json()["error"]
    assert error["code"] == "banned" and error["until"], error
    owner = house.db.rows("SELECT b.account_id, o.account_id FROM ban b JOIN violation v"
                          " ON v.account_id = b.account_id JOIN orders o ON o.id = v.order_id"
                          " WHERE b.account_id = ANY(person_accounts(%s))", person.now.account_id)
    assert owner and all(a == b for a, b in owner)  # nothing has moved


def test_who_has_nothing_in_common_books(house, slots, person):
    go(person, "binds misses takes_the_other_wechat binds:2")
    person.now.order(slots.one())


def test_a_lifted_ban_is_lifted_for_the_person(house, slots, person, admin):
    go(person, "binds misses leaves takes_the_other_wechat binds")
    ban = house.db.value("SELECT id FROM ban WHERE account_id = ANY(person_accounts(%s))",
                         person.now.account_id)
    ok(lift(admin, "bans", ban))
    person.now.order(slots.one())


def test_a_ban_that_comes_while_an_order_is_made_is_seen(house, slots, person):
    """The order has passed every look before it: the wall waits for who bans, and looks again."""
    from psycopg2 import connect

    number, slot, said = person.now.account_id, slots.one(), []
    with connect(house.db.dsn) as other, other.cursor() as cursor:
        cursor.execute("SELECT person_hold(%s)", (number,))
        cursor.execute("INSERT INTO ban (id, account_id, until, reason) VALUES"
                       " (nextval('id_block') * 256, %s, now() + interval '1 day', 'x')", (number,))
        order = threading.Thread(target=lambda: said.append(person.now.try_order(slot)))
        order.start()
        wait_for(lambda: house.db.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        other.commit()
        order.join()
    error = said[0].json()["error"]
    assert error["code"] == "banned" and error["until"], error


def test_a_venue_may_want_a_phone(house, slots):
    customer = house.customer()
    slot = slots.one(venue=3, sport="tennis")
    answer = super(Customer, customer).post("/api/v1/orders", {
        "venue_id": 3, "date": slot.date,
        "periods": [{"court_id": slot.court, "start": slot.start, "end": slot.end}]})
    refused(answer, 403, "phone_required")
    assert not ok(house.guest.get("/api/v1/venues/1"))["phone_required"]
    assert ok(house.guest.get("/api/v1/venues/3"))["phone_required"]
    ok(bind(customer))
    customer.order(slot)
