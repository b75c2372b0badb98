"""Customers and the front desk, who do whatever comes to their minds: each visitor is a thread
with people of its own. What they ask for is in the diary; the channels' books know the rest."""
import os
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg2
import requests

import history
import house as houses
from diary import Diary, Wish, ask
from slots import now
from venue import Hall

PEOPLE, HOURS = 4, 72  # people of each visitor; the nearest hours, which everybody fights for
TRIES, DAY = 4, timedelta(days=1)
AWAY = (requests.RequestException, AssertionError)  # the house or the channel is away
# What becomes of a notice about a payment, and how often.
FATES = {"": 45, "notify_never": 14, "notify_twice_at_once": 10, "notify_replay": 10,
         "notify_out_of_order": 7, "notify_before_prepay_answer": 9, "notify_bad_signature": 5}
REFUND_FATES = {"": 60, "notify_never": 12, "notify_twice_at_once": 8, "notify_replay": 8,
                "refund_not_enough": 10, "refund_user_abnormal": 4}


@dataclass
class Order:
    person: object
    id: int
    no: str
    amount: int
    items: list
    starts: datetime
    begun: set = field(default_factory=set)  # (channel, method)
    payments: list = field(default_factory=list)
    state: str = "pending"  # as last seen


class Visitor:
    def __init__(self, run: Path, hall: Hall, desk: str, number: int, diary: Diary, stop):
        self.house, self.hall, self.desk, self.diary = houses.House(run), hall, desk, diary
        self.client, self.twin = houses.Client(self.house), houses.Client(self.house)
        self.random, self.stop = random.Random(), stop
        self.name, self.born = f"过客{number}", 0
        self.hours = hall.hours()[:HOURS]
        self.channels = ["wechat"] * 3 + ["alipay"] * ("ZX_ALIPAY_APPID" in house_settings(run))
        self.people, self.orders, self.annoyed = [], [], defaultdict(int)

    # What they do, and how often.
    DEEDS = {"order": 40, "pay": 34, "pay_late": 10, "check": 6, "give_up": 7, "cancel": 14,
             "refund": 7, "check_in": 7, "look": 8, "settle_stuck": 1}

    def live(self):
        while not self.stop.is_set():
            deed, = self.random.choices(list(self.DEEDS), self.DEEDS.values())
            try:
                if len(self.people) < PEOPLE:
                    self._enter()
                getattr(self, deed)()
            except AWAY:
                time.sleep(0.2)
            time.sleep(self.random.uniform(0, 0.1))

    def _enter(self):
        """Somebody new logs in."""
        self.born += 1
        self.people.append(houses.Customer(self.house, f"{self.name}-{self.born}"))
        if self._chance(15):
            self.people.append(houses.Customer(self.house, f"{self.name}-{self.born}b"))
            self._are_the_same()

    def _are_the_same(self):
        """The last two, who are new, are one person with two phones, each with WeChat."""
        ids = sorted(int(history.account_of(p.token)) for p in self.people[-2:])
        try:
            self.house.db.rows("UPDATE account SET person_id = coalesce((SELECT person_id FROM account"
                               " WHERE id = %s), %s) WHERE id = %s", ids[0], *ids)
        except psycopg2.Error:
            pass  # it is down at the moment, and they stay two

    def _chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    def _one_of(self, *states) -> Order | None:
        fitting = [o for o in self.orders if o.state in states]
        return self.random.choice(fitting) if fitting else None

    def _ask(self, op: str, token: str, path: str, body: dict):
        """Most ask again while the outcome is open, some go away; some ask twice at once."""
        wish = Wish(op, token, path, body)
        if self._chance(12):
            twin = threading.Thread(target=ask, args=(self.diary, self.twin, wish))
            twin.start()
            told = ask(self.diary, self.client, wish)
            twin.join()
        else:
            told = ask(self.diary, self.client, wish)
        for _ in range(TRIES):
            if told.kind != "info" or self._chance(15) or self.stop.is_set():
                break
            time.sleep(self.random.uniform(0.1, 0.8))
            told = ask(self.diary, self.client, wish)
        if told.kind == "ok" and self._chance(6):
            told = self._again(wish, told)
        return told

    def _again(self, wish: Wish, told):
        """Long answered: the same again, or the key for something else."""
        if self._chance(50):
            ask(self.diary, self.client, wish)
            return told
        self.client.token = wish.token
        other = {**(wish.body or {}), "note": "别的"}
        answer = self.client.post(wish.path, other, wish.key)
        if answer.status_code < 400:
            self.diary.write("wrong", what="a key was taken twice", key=wish.key,
                             text=answer.text)
        return told

    # Orders.

    def _choose(self) -> list:
        on, minute = self.random.choice(self.hours)
        if self._chance(50):
            return [self.hall.slot(self.random.choice(self.hall.singles), on, minute)]
        if self._chance(40):
            return [self.hall.slot(self.random.choice(self.hall.floor), on, minute)]
        same_day = [m for d, m in self.hours if d == on]
        wanted = {(self.random.choice(self.hall.singles), self.random.choice(same_day))
                  for _ in range(self.random.randint(2, 3))}
        return [self.hall.slot(court, on, m) for court, m in wanted]

    def order(self):
        person = self.random.choice(self.people)
        told = self._ask("order", person.token, "/api/v1/orders",
                         houses.order_body(*self._choose()))
        if told.kind == "ok":
            made = told.body
            items = made["items"]
            self.orders.append(Order(person, made["id"], made["no"], made["amount_fen"],
                                     [i["id"] for i in items],
                                     datetime.fromisoformat(items[0]["start"])))
            if self._chance(70):
                self.pay(self.orders[-1])
        elif told.code in ("banned", "quota_exceeded"):
            self.annoyed[person.token] += 10 if told.code == "banned" else 1
            if self.annoyed[person.token] >= 10:
                self.people.remove(person)

    def look(self, order: Order | None = None):
        order = order or self._one_of("pending", "closing", "paid", "expired")
        if order:
            self.client.token = order.person.token
            order.state = houses.ok(self.client.get(f"/api/v1/orders/{order.id}"))["state"]

    # Paying.

    def _arm(self, fates: dict, number: str, event: str) -> str:
        name, = self.random.choices(list(fates), fates.values())
        if name:
            of = {} if name.startswith("refund_") else {"event": event}
            more = {"n": 3} if name == "notify_replay" else {}
            if name == "refund_not_enough":
                more = {"times": self.random.choice([1, 1, 3])}  # of the third people hear
            self.house.sim.fault(name, out_trade_no=number, **of, **more)
        return name

    def _prepay(self, order: Order, channel: str, method: str):
        body = {"channel": channel, "method": method}
        if (channel, method) == ("alipay", "jsapi"):
            buyer = self.house.sim.post("alipay/buyer", user=order.person.user["user"])
            body["payer"] = buyer["buyer_open_id"]
        if (channel, method) not in order.begun and self._chance(10):
            order.begun.add((channel, method))
            self._arm({"notify_before_prepay_answer": 1}, f"{order.no}A{len(order.begun):02d}",
                      "transaction")
        order.begun.add((channel, method))
        told = self._ask("pay", order.person.token, f"/api/v1/orders/{order.id}/payments", body)
        if told.kind == "ok":
            order.payments.append(told.body)

    def pay(self, order: Order | None = None):
        order = order or self._one_of("pending")
        if not order:
            return
        ways = {(self.random.choice(self.channels), self.random.choice(["jsapi", "native"]))
                for _ in range(self.random.choice([1, 1, 1, 2, 3]))}
        for channel, method in ways:
            self._prepay(order, channel, method)
        if self._chance(20):
            return  # and doesn't tap on the button
        if order.payments and self._chance(2):  # WeChat Pay never answers about this one
            self.house.sim.fault("http_500_before", times=-1,
                                 path=order.payments[-1]["out_trade_no"])
        for payment in order.payments[-2:]:
            fate = self._arm(FATES, payment["out_trade_no"], "transaction")
            by_coupon = self.random.randrange(order.amount) if self._chance(15) else 0
            more = {"coupon_fen": by_coupon} if payment["channel"] == "wechat" else {}
            self.house.sim.pay(payment, mode="cancel" if self._chance(5) else "ok", **more)
            if fate == "notify_never" and self._chance(50):
                self.check(order)
        self.look(order)

    def pay_late(self):
        """The bank's word comes when the order has ended."""
        order = self._one_of("expired", "cancelled")
        if not order or not order.payments:
            return self.look()
        payment = order.payments.pop()
        self._arm(FATES, payment["out_trade_no"], "transaction")
        self.house.sim.post("pay", out_trade_no=payment["out_trade_no"], late=True)
        if self._chance(30):
            self.check(order)
        self.look(order)

    def check(self, order: Order | None = None):
        order = order or self._one_of("pending", "closing", "expired")
        if order:
            self.client.token = order.person.token
            self.client.call("POST", f"/api/v1/orders/{order.id}/payments/check")

    # Giving up, and getting money back.

    def give_up(self):
        order = self._one_of("pending")
        if order:
            if order.payments and self._chance(30):
                self.house.sim.fault(self.random.choice(["pay_wins_close", "close_wins_pay"]),
                                     out_trade_no=order.payments[-1]["out_trade_no"])
            self._ask("cancel", order.person.token, f"/api/v1/orders/{order.id}/cancellation", {})
            self.look(order)

    def _arm_refund(self, order: Order):
        for payment in order.payments[-1:]:
            self._arm(REFUND_FATES, payment["out_trade_no"], "refund")

    def cancel(self):
        order = self._one_of("paid")
        if not order:
            return
        path = f"/api/v1/orders/{order.id}/cancellation"
        some = self.random.sample(order.items, self.random.randint(1, len(order.items)))
        body = {"items": some} if self._chance(60) else {}
        self.client.token = order.person.token
        query = {"items": ",".join(map(str, some))} if body else {}
        quote = self.client.get(path, **query)
        if quote.status_code == 200:
            self._arm_refund(order)
            body["refund_fen"] = quote.json()["refund_fen"] + self._chance(5)
            self._ask("cancel", order.person.token, path, body)
        self.look(order)

    def refund(self):
        """The front desk gives back some of it, or tries to give back too much."""
        order = self._one_of("paid")
        if not order:
            return
        self._arm_refund(order)
        most = order.amount if self._chance(20) else order.amount // 3
        body = {"amount_fen": self.random.randint(1, most), "reason": "场地灯坏了"}
        if self._chance(30):
            body["release"] = [self.random.choice(order.items)]
        self._ask("refund", self.desk, f"/api/v1/staff/orders/{order.id}/refunds", body)

    def settle_stuck(self):
        """The front desk tries a stuck refund again, or pays it by hand."""
        self.client.token = self.desk
        work = self.client.get("/api/v1/staff/work", kind="refund_stuck")
        if work.status_code != 200 or not work.json()["items"]:
            return
        refund = self.random.choice(work.json()["items"])["refund_id"]
        path = f"/api/v1/staff/refunds/{refund}"
        if self._chance(60):
            self._ask("retry", self.desk, f"{path}/retry", None)
        else:
            self._ask("settled", self.desk, f"{path}/settled", {"note": "已付现金"})

    def check_in(self):
        """Mostly of those that may be let in: the hall does so a day before."""
        soon = [o for o in self.orders if o.state == "paid" and o.starts < now() + DAY]
        order = self.random.choice(soon) if soon else self._one_of("paid")
        if not order:
            return
        self.client.token = order.person.token
        code = self.client.get(f"/api/v1/orders/{order.id}/checkin-code")
        if code.status_code == 200:
            told = self._ask("checkin", self.desk, "/api/v1/staff/checkins",
                             {"code": code.json()["short_code"]})
            if told.kind == "ok" and self._chance(20):
                self._ask("undo", self.desk, f"/api/v1/staff/orders/{order.id}/checkin/undo", {
                    "checked_in_at": told.body["checked_in_at"], "reason": "扫错了"})


def house_settings(run: Path) -> dict:
    return dict(line.partition("=")[::2] for line in (run / "zx.env").read_text().splitlines())


def live(run: Path, hall: Hall, desk: str, numbers: range, diary: Path, stop):
    """One process of visitors. They wait for the house, the house doesn't wait for them."""
    os.nice(10)
    book = Diary(diary)
    threads = [threading.Thread(target=Visitor(run, hall, desk, n, book, stop).live)
               for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
