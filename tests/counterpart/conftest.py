"""These tests let packages of others play WeChat Pay and Alipay. ZX_TEST_RUN names a
stack of their own: what others have begun to pay, the counterpart would know nothing of."""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / name) for name in ("api", "sim")]
from fixtures import *  # noqa: E402,F401,F403

import pytest  # noqa: E402

from partner import Counterpart  # noqa: E402


CALLERS = ("pool-pay", "pool-notify", "settle")  # who speaks with payment channels


# What a channel says of closing what was paid a moment ago.
PAID_ALREADY = {"ORDERPAID", "ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID"}


@pytest.fixture(scope="module")
def partner(house):
    partner = Counterpart(house)
    with house.configured(*CALLERS, **partner.settings):
        yield partner
    partner.end()


@pytest.fixture
def channels(partner):
    """The counterpart, which must find nothing to object to in our requests. That it doesn't know
    a number is no objection: the daemon also asks about what never got there. Nor is that one
    which is to be closed has been paid meanwhile."""
    before = len(partner.requests())
    yield partner
    objections = [r for r in partner.requests()[before:] if r["status"] not in (200, 204, 404)
                  and not {r.get("code"), r["trouble"]} & PAID_ALREADY]
    assert objections == []


@pytest.fixture
def wechat(channels):
    return channels


@pytest.fixture
def order(slots, customer):
    return customer.order(slots.one(), note="靠窗的场地")


@pytest.fixture
def payment(house, wechat, customer, order):
    """Begun. Our programs would ask WeChat Pay about it by themselves in five seconds; here it
    is to be a letter that tells them."""
    payment = customer.prepay(order)
    ask_later(house, order)
    return payment


def ask_later(house, order):
    house.db.run("UPDATE payment_attempt SET ask_at = now() + interval '1 hour'"
                 " WHERE order_id = %s", order["id"])
