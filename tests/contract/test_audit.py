"""The log of what staff did: conftest.py checks every answer."""
import pytest

from house import Staff, ok


@pytest.fixture
def admin(house):
    return Staff(house, "admin")


def test_an_update_an_insert_and_a_delete(slots, customer, admin, desk2):
    order = customer.paid_order(slots.one(venue=2))
    operation = desk2.try_refund(order, 100).headers["X-Request-Id"]
    found = ok(admin.get("/api/v1/staff/audit", operation=operation))["items"]
    assert {entry["action"] for entry in found} == {"insert", "update"}
    assert {entry["actor_username"] for entry in found} == {"desk2"}
    assert ok(admin.get("/api/v1/staff/audit", actor_username="desk2", before="refunded_fen",
                        after="part_refunded", limit=1))["items"]
    created = admin.post("/api/v1/staff/sports", {"code": "curling", "name": "冰壶"})
    path = f"/api/v1/staff/sports/{ok(created, 201)['id']}"
    gone = admin.call("DELETE", path, headers={"If-Match": created.headers["ETag"]})
    assert gone.status_code == 204, gone.text
    entry, = ok(admin.get("/api/v1/staff/audit", operation=gone.headers["X-Request-Id"]))["items"]
    assert (entry["action"], entry["venue_id"], entry["after"]) == ("delete", None, None)
    assert ok(admin.get("/api/v1/staff/audit", entity="sport", limit=1))["next_cursor"]
