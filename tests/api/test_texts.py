"""Names, reasons and notes: every route that stores one takes what can be seen, and of what shows
nothing or hides something it stores nothing."""
import uuid

import pytest

import staffing
from house import ok
from place import ROOT, Place, venue_body
from slots import at, day
from test_bans import banned, conduct  # noqa: F401
from test_staff_refunds import paid, stuck, work  # noqa: F401

BAD = (" ", "\u3000", "\u200b", "\ufeff", "a\x1b[31m", "\u202e", "a\u202eb", "a\u200bb", "\x7f",
       "a\rb")
FAR = "2098-05-0"


def letters() -> str:
    return uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:20]


class World:
    """Documents that the texts can be written into."""

    def __init__(self, house, admin, slots):
        self.house, self.admin, self.place = house, admin, Place(admin)
        self.at, add = self.place.at, self.place.add
        self.member = staffing.add(admin)
        self.unit = add(f"{self.at}/units", {"name": "二"})["id"]
        self.sport = add("sports", {"code": letters(), "name": "新"})["id"]
        self.block = add(f"{self.at}/blocks", self.block_body("修"))["id"]
        add(f"{self.at}/exceptions", {"day": FAR + "1", "hours": []})
        house.db.run("DELETE FROM calendar_day WHERE day IN (%s, %s)", FAR + "3", FAR + "4")
        add("calendar", {"day": FAR + "3", "kind": "holiday", "name": "节"})
        self.customer, self.other = house.customer(), house.customer()
        self.order = self.customer.paid_order(slots.one())
        self.slots = slots

    def block_body(self, reason: str, hour: int = 10) -> dict:
        return {"court_id": self.place.court, "start": at(day(5), 60 * hour),
                "end": at(day(5), 60 * hour + 60), "reason": reason}

    def change(self, path: str, **texts):
        return self.place.try_change(path, **texts)

    def close(self):
        self.place.close(self.house.db)
        self.house.db.run("UPDATE venue SET closed_at = now() WHERE name LIKE '新 🏸%'")
        self.house.db.run("DELETE FROM sport WHERE name LIKE '新 🏸%' OR name = '新'")
        self.house.db.run("DELETE FROM calendar_day WHERE day IN (%s, %s)", FAR + "3", FAR + "4")


# (what, its field, how it is written)
ROUTES = [
    ("a new venue", "name", lambda w, t: w.place.try_add("venues", venue_body(name=t))),
    ("a venue", "name", lambda w, t: w.change(w.at, name=t)),
    ("a venue", "address", lambda w, t: w.change(w.at, address=t)),
    ("a venue", "phone", lambda w, t: w.change(w.at, phone=t)),
    ("a new court", "name", lambda w, t: w.place.try_add(
        f"{w.at}/courts", {"sport_id": 1, "name": t, "units": []})),
    ("a court", "name", lambda w, t: w.change(f"{w.at}/courts/{w.place.court}", name=t)),
    ("a new unit", "name", lambda w, t: w.place.try_add(f"{w.at}/units", {"name": t})),
    ("a unit", "name", lambda w, t: w.change(f"{w.at}/units/{w.unit}", name=t)),
    ("a new block", "reason", lambda w, t: w.place.try_add(
        f"{w.at}/blocks", w.block_body(t, 12))),
    ("a block", "reason", lambda w, t: w.change(f"{w.at}/blocks/{w.block}", reason=t)),
    ("a new exception", "reason", lambda w, t: w.place.try_add(
        f"{w.at}/exceptions", {"day": FAR + "2", "hours": [], "reason": t})),
    ("an exception", "reason", lambda w, t: w.change(
        f"{w.at}/exceptions/20980501", reason=t)),
    ("a new sport", "name", lambda w, t: w.place.try_add(
        "sports", {"code": letters(), "name": t})),
    ("a sport", "name", lambda w, t: w.change(f"sports/{w.sport}", name=t)),
    ("a new holiday", "name", lambda w, t: w.place.try_add(
        "calendar", {"day": FAR + "4", "kind": "holiday", "name": t})),
    ("a holiday", "name", lambda w, t: w.change("calendar/20980503", name=t)),
    ("a new member", "name", lambda w, t: staffing.try_add(w.admin, name=t)),
    ("a member", "name", lambda w, t: staffing.put(
        w.admin, staffing.see(w.admin, w.member), "", {"name": t})),
    ("a member's end", "reason", lambda w, t: staffing.disable(w.admin, w.member, t)),
    ("a customer's end", "reason", lambda w, t: w.admin.post(
        f"{ROOT}/users/{w.other.account_id}/disable", {"reason": t})),
    ("a refund", "reason", lambda w, t: w.admin.try_refund(w.order, 1, reason=t)),
    ("a nickname", "nickname", lambda w, t: w.customer.call(
        "PUT", "/api/v1/me", json={"nickname": t}))]


@pytest.fixture(scope="module")
def world(house, admin, slots):
    made = World(house, admin, slots)
    house.settle()
    yield made
    made.close()


def refused_all(house, field: str, write, more=()):
    before = house.picture()
    for text in (*BAD, *more):
        answer = write(text)
        assert answer.status_code == 422, (text, answer.text)
        error = answer.json()["error"]
        assert (error["code"], error["field"]) == ("bad_field", field), (text, answer.text)
    after = house.picture()
    assert {t: (before[t], after[t]) for t in after if before[t] != after[t]} == {}


@pytest.mark.parametrize("what, field, write", ROUTES, ids=[f"{w}-{f}" for w, f, _ in ROUTES])
def test_a_line(house, world, what, field, write):
    def bare(text):
        return write(world, text)
    refused_all(house, field, bare, more=("a\nb",))
    answer = bare(f"新 🏸 {len(what + field)}")
    assert answer.status_code in (200, 201, 204), answer.text


def test_a_note_of_an_order(house, slots, customer):
    slot = slots.one()
    refused_all(house, "note", lambda text: customer.try_order(slot, note=text), more=("\n",))
    assert customer.order(slot, note="球拍两副\n谢谢 🏸")["note"] == "球拍两副\n谢谢 🏸"


def test_a_note_of_how_a_refund_was_paid(house, stuck, desk2):
    refund = stuck("CLOSED")
    house.settle()

    def write(text):
        return desk2.post(f"{ROOT}/refunds/{refund['id']}/settled", {"note": text})
    refused_all(house, "note", write)
    ok(write("现金\n已签收"))


def test_a_note_of_what_was_done(house, work, admin):
    item = work()

    def write(text):
        return admin.post(f"{ROOT}/work/{item}/done", {"note": text})
    refused_all(house, "note", write)
    assert ok(write("一\n二"))["note"] == "一\n二"


def test_a_reason_why_a_violation_and_a_ban_are_lifted(house, banned, desk1):
    held = conduct(desk1, banned)
    house.settle()
    for path in (f"violations/{held['violations'][0]['id']}", f"bans/{held['bans'][0]['id']}"):
        def write(text, path=path):
            return desk1.post(f"{ROOT}/{path}/lift", {"reason": text})
        refused_all(house, "reason", write, more=("a\nb",))
        ok(write("本人已说明"))
