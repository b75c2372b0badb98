"""Which of WeChat Pay's keys are believed: the public key, platform certificates, and the new
certificate when they change. The last tests restart the workers with other settings."""
import json

import pytest

from house import refused, wait_for
from mail import Post, key

POOLS = ("pool-pay", "pool-notify")
CERTIFICATES_ONLY = {"ZX_WXPAY_PUBKEY_ID": "", "ZX_WXPAY_PUBKEY_FILE": ""}


def paid(house, slots, customer) -> dict:
    order = customer.order(slots.one())
    house.sim.pay(customer.prepay(order), wait=True)
    wait_for(lambda: customer.see(order)["state"] == "paid")
    return order


def letters(house, order) -> list:
    return [attempt["status"] for attempt in house.sim.attempts(order["no"] + "A01")]


def test_the_public_key_is_believed(house, slots, customer, sim):
    sim.fault("notify_key", value="pubkey")
    assert letters(house, paid(house, slots, customer)) == [204]


def test_in_the_days_of_a_switch_both_kinds_are_believed(house, slots, sim):
    sim.fault("notify_key", value="mixed")
    for _ in range(4):
        paid(house, slots, house.customer())


@pytest.fixture(scope="module")
def certificates_only(house):
    with house.configured(*POOLS, **CERTIFICATES_ONLY):
        yield
    house.sim.quiet()


@pytest.mark.usefixtures("certificates_only")
class TestWithCertificatesOnly:
    """In this order: the workers begin without any certificate."""

    def test_a_letter_of_the_public_key_is_refused(self, house, unchanged):
        post = Post(house)
        body = post.envelope(post.payment("20260101000000000000A01", 4000))
        refused(post.send(body), 401, "notify_refused")

    def test_a_certificate_that_changes_is_believed_all_the_time(self, house, slots):
        house.sim.fault("key_mode", value="cert")
        for step in ("publish", "switch", "retire"):
            house.sim.post("certificates", step=step)
            for _ in range(3):
                paid(house, slots, house.customer())

    def test_a_retired_certificates_key_is_refused_in_new_workers(self, house, unchanged):
        house.command("kill", "pool-notify", "--signal", "KILL")
        house.restart("pool-notify")
        post = Post(house)
        post.key = key(house.run / "sim/platform-key.pem")
        post.serial = json.loads((house.run / "sim.json").read_text())["platform_serial"]
        body = post.envelope(post.payment("20260101000000000000A01", 4000))
        refused(post.send(body), 401, "notify_refused")
