"""Bodies that are no JSON, too much JSON, or JSON that two parsers could read in two ways."""
import json

import pytest

from house import ok, order_body, refused

KEY = {"Idempotency-Key": "bad-json", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def villain(house):
    return house.customer()


@pytest.fixture(scope="module")
def good(slots):
    """An order that would be taken, as text."""
    return json.dumps(order_body(slots.one()))


def send(villain, body: bytes):
    return villain.call("POST", "/api/v1/orders", data=body, headers=KEY)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return b'{"venue_id":' + opening * (depth - 1) + closing * (depth - 1) + b"}"


NO_JSON = {
    "nothing": b"",
    "blanks": b"  \r\n\t ",
    "a_brace": b"{",
    "no_name": b"{1:1}",
    "a_bare_name": b"{venue_id:1}",
    "single_quotes": b"{'venue_id':1}",
    "a_comma_too_many": b'{"venue_id":1,}',
    "a_comma_in_the_list": b'{"periods":[,]}',
    "no_colon": b'{"venue_id" 1}',
    "a_comment": b'{"venue_id":1/* one */}',
    "a_line_comment": b'{"venue_id":1}//x',
    "two_values": b'{"venue_id":1}{"venue_id":1}',
    "something_behind": b'{"venue_id":1}x',
    "an_unclosed_text": b'{"date":"2026',
    "a_list": b"[]",
    "a_text": b'"order"',
    "a_number": b"1",
    "null": b"null",
    "true": b"true",
    "NaN": b'{"venue_id":NaN}',
    "Infinity": b'{"venue_id":Infinity}',
    "a_leading_zero": b'{"venue_id":01}',
    "a_leading_plus": b'{"venue_id":+1}',
    "a_bare_point": b'{"venue_id":1.}',
    "a_leading_point": b'{"venue_id":.5}',
    "a_bare_exponent": b'{"venue_id":1e}',
    "hexadecimal": b'{"venue_id":0x1}',
    "a_raw_line_break_in_a_text": b'{"note":"a\nb"}',
    "a_raw_control_character": b'{"note":"a\x01b"}',
    "a_NUL_byte": b'{"note":"a\x00b"}',
    "a_NUL_byte_behind": b'{"venue_id":1}\x00',
    "an_escaped_NUL": b'{"note":"a\\u0000b"}',
    "an_escaped_NUL_in_a_name": b'{"venue_id\\u0000":1}',
    "half_a_surrogate_pair": b'{"note":"\\ud83c"}',
    "surrogates_the_wrong_way_round": b'{"note":"\\udff8\\ud83c"}',
    "a_short_escape": b'{"note":"\\u12"}',
    "an_unknown_escape": b'{"note":"\\x41"}',
    "a_byte_order_mark": b'\xef\xbb\xbf{"venue_id":1}',
    "UTF-16": '{"venue_id":1}'.encode("utf-16"),
    "a_byte_that_is_no_UTF-8": b'{"note":"\xff"}',
    "UTF-8_cut_short": b'{"note":"\xe7\x90"}',
    "overlong_UTF-8": b'{"note":"\xc0\xaf"}',
    "an_encoded_surrogate": b'{"note":"\xed\xa0\x80"}',
    "beyond_Unicode": b'{"note":"\xf4\x90\x80\x80"}',
    "bad_UTF-8_in_a_name": b'{"venue_\xff":1}',
    "GBK": '{"note":"羽毛球"}'.encode("gbk"),
    "33_levels": nested(33),
    "33_levels_of_objects": nested(33, b'{"a":', b"}").replace(b'{"a":}', b"{}"),
    "1000_levels": nested(1000),
    "30000_levels": nested(30000),
    "30000_open_brackets": b"[" * 30000,
    "30000_open_braces": b'{"a":' * 10000,
    "a_name_twice": b'{"venue_id":1,"venue_id":2}',
    "a_name_twice_the_same": b'{"venue_id":1,"venue_id":1}',
    "a_name_twice_by_escape": b'{"venue_id":1,"venue\\u005fid":2}',
    "a_name_twice_further_down": b'{"periods":[{"court_id":1,"court_id":2}]}',
    "65_members": json.dumps({f"m{n}": n for n in range(65)}).encode(),
    "a_form": b"venue_id=1&date=2026-11-23",
    "XML": b"<order/>",
    "binary": bytes(range(256)),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
def test_what_is_no_json_object_is_refused(villain, unchanged, body):
    refused(send(villain, body), 400, "bad_json")


@pytest.mark.parametrize("cut", [1, 10, 40, -1, -2])
def test_a_good_order_cut_short_is_refused(villain, good, unchanged, cut):
    refused(send(villain, good.encode()[:cut]), 400, "bad_json")


def test_32_levels_are_read_and_found_wrong(villain, unchanged):
    refused(send(villain, nested(32)), 422, "bad_field", "venue_id")


@pytest.mark.parametrize("extra, field", [
    ('"price_fen":1', "price_fen"), ('"amount_fen":0', "amount_fen"), ('"state":"paid"', "state"),
    ('"account_id":1', "account_id"), ('"id":1', "id"), ('"Venue_id":2', "Venue_id"),
    ('"":1', ""), ('"场地":1', "场地"), ('"a\\"b\\\\\\n":1', 'a"b\\\n'),
    ('"__proto__":{}', "__proto__"), (f'"{"x" * 5000}":1', "x" * 5000)])
def test_a_member_that_nobody_knows_is_named(villain, good, unchanged, extra, field):
    refused(send(villain, f"{good[:-1]},{extra}}}".encode()), 400, "unknown_field", field)


@pytest.mark.parametrize("extra", ["price_fen", "id", "state"])
def test_so_is_one_inside_a_period(villain, good, unchanged, extra):
    body = json.loads(good)
    body["periods"][0][extra] = 1
    refused(send(villain, json.dumps(body).encode()), 400, "unknown_field", f"periods[0].{extra}")


@pytest.mark.parametrize("size", [65537, 66000, 70000, 1 << 20])
def test_more_than_64_kb_is_too_large(villain, good, unchanged, size):
    refused(send(villain, good.ljust(size).encode()), 413, "too_large")


def test_64_kb_are_not(villain, good):
    """Last in this file: it takes the order that all the others were refused."""
    ok(send(villain, good.ljust(65536).encode()), 201)
