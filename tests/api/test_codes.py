"""The check-in code: a signed text, ten digits, and two pictures that a scanner reads."""
import re
import subprocess

import pytest

from house import ok, refused


def scanned(picture: bytes) -> str:
    """What Debian's zbarimg reads in it."""
    done = subprocess.run(["zbarimg", "--raw", "-q", "-Sdisable", "-Sqrcode.enable", "-"],
                          input=picture, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().rstrip("\n")


def drawn(svg: str, scale: int = 6) -> bytes:
    """The drawing as a PGM picture: white, and black where the path's runs are."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    rows = [bytearray(b"\xff" * side) for _ in range(side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", svg):
        rows[int(y)][int(x):int(x) + int(length)] = bytes(int(length))
    wide = [bytes(b for b in row for _ in range(scale)) for row in rows]
    body = b"".join(row for row in wide for _ in range(scale))
    return b"P5 %d %d 255\n" % (side * scale, side * scale) + body


@pytest.fixture
def order(slots, customer):
    return customer.paid_order(slots.one())


def test_the_code_has_a_text_and_ten_digits(customer, order):
    code = customer.code(order)
    assert set(code) == {"state", "short_code", "qr_text"} and code["state"] == "active"
    assert re.fullmatch(r"[0-9]{10}", code["short_code"])
    assert re.fullmatch(rf"ZX1\.{order['id']}\.[A-Za-z0-9_-]{{12}}\.[A-Za-z0-9_-]{{22}}",
                        code["qr_text"])
    assert customer.code(order) == code


def test_a_scanner_reads_the_picture(customer, order):
    text = customer.code(order)["qr_text"]
    answer = customer.try_code(order, ".png")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store"
    assert scanned(answer.content) == text


def test_a_scanner_reads_the_drawing(customer, order):
    text = customer.code(order)["qr_text"]
    answer = customer.try_code(order, ".svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in answer.text and "href" not in answer.text
    assert scanned(drawn(answer.text)) == text


@pytest.mark.parametrize("suffix", ["", ".png", ".svg"])
def test_an_unpaid_order_has_no_code(slots, customer, suffix):
    refused(customer.try_code(customer.order(slots.one()), suffix), 409, "order_unpaid")


@pytest.mark.parametrize("suffix", ["", ".png", ".svg"])
def test_until_the_consumer_has_made_it_the_code_is_being_made(house, customer, order, suffix):
    customer.code(order)
    house.db.run("WITH gone AS (DELETE FROM checkin_code WHERE order_id = %s RETURNING *)"
                 " SELECT 1 FROM gone", order["id"])
    refused(customer.try_code(order, suffix), 404, "code_not_ready")
    house.db.run("INSERT INTO checkin_code (order_id, short_code, nonce)"
                 " VALUES (%s, lpad((%s %% 10000000000)::text, 10, '9'), 'remadebytest')",
                 order["id"], order["id"])
    assert customer.try_code(order, suffix).status_code == 200


@pytest.mark.parametrize("suffix", [".gif", ".PNG", ".png.svg", "/", "x"])
def test_there_are_no_other_pictures(customer, order, suffix):
    refused(customer.try_code(order, suffix), 404, "not_found")


def test_codes_of_many_orders_differ(house, slots):
    people = [house.customer() for _ in range(4)]
    orders = [(p, p.paid_order(slots.one())) for p in people]
    codes = [p.code(o) for p, o in orders]
    assert len({c["short_code"] for c in codes}) == len({c["qr_text"][-22:] for c in codes}) == 4


def test_a_used_code_says_so(house, slots, customer, desk1):
    order = customer.paid_order(*slots.soon(1))
    code = customer.code(order)
    ok(desk1.check_in(code["short_code"]), 201)
    assert customer.code(order) == {**code, "state": "used"}
