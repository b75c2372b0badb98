"""A trade about which its channel fails stands alone: it backs off, and stops no other."""
from house import wait_for
from money import held
from test_settle import overdue, state, until


def test_one_poisoned_order_stops_no_other(house, slots, customer, sim):
    poisoned = customer.order(slots.one())
    number = customer.prepay(poisoned)["out_trade_no"]
    others = [house.customer() for _ in range(4)]
    orders = [(c, c.order(slots.one())) for c in others]
    payments = [c.prepay(o) for c, o in orders]
    look = lambda what: house.db.value(f"SELECT {what} FROM payment_attempt WHERE order_id = %s",
                                       poisoned["id"])
    hurry = lambda: house.db.run("UPDATE payment_attempt SET close_at = NULL WHERE order_id = %s",
                                 poisoned["id"])
    with house.configured("settle", ZX_BREAKERS="on"):
        before = len(house.log("settle"))
        sim.fault("http_500_before", times=-1, path=number)
        overdue(house, poisoned)
        for tries in (1, 2, 3):
            wait_for(lambda: look("close_tries") >= tries and look("close_at > now()"))
            hurry()
        for _, order in orders:
            overdue(house, order)
        for _, order in orders:
            until(house, order, "expired")
        assert all(sim.order(p["out_trade_no"])["trade_state"] == "CLOSED" for p in payments)
        assert "wechat_pay is open" not in house.log("settle")[before:]
        assert state(house, poisoned) == "closing" and held(house, poisoned) > 0
        sim.quiet()
        hurry()
        until(house, poisoned, "expired")
