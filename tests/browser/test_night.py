"""After midnight the page leads to the business day that still runs, and names it."""
import sys
from pathlib import Path

import pytest

from page import nickname

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))
from house import Staff  # noqa: E402
from place import Elsewhere  # noqa: E402


@pytest.fixture
def place(house):
    made = Elsewhere(Staff(house, "admin"), 1)
    made.open("18:00", "30:00")
    yield made
    made.close(house.db)


def test_last_night_is_named_and_booked(phone, place):
    phone.login(nickname())
    phone.open(f"#venue-{place.id}")
    phone.tap(phone.wait("#last-night", "昨晚营业日"))
    assert "昨晚营业日" in phone.wait("#customer .day-note .day-kind").text
    phone.tap(phone.shown("#customer .cell.free")[-1])
    phone.screenshot("last-night")
    order = phone.fetch(f"/api/v1/orders/{phone.order()}")
    assert order["date"] == place.yesterday
