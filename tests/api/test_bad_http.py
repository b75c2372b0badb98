"""Requests that break HTTP, or stretch it: refused with a clear answer, and nothing stored."""
import json
import subprocess

import pytest

import raw
from house import order_body, wait_for

ORDERS = "/api/v1/orders"


@pytest.fixture(scope="module")
def villain(house):
    return house.customer()


@pytest.fixture(scope="module")
def good(slots):
    return json.dumps(order_body(slots.one())).encode()


@pytest.fixture(scope="module")
def send(house, villain, good):
    """POST a good order with these headers, wrong in one point; good: in none."""
    def post(*headers, body=good, length=True, kind="application/json", **more):
        lines = [f"Authorization: Bearer {villain.token}", "Idempotency-Key: raw", *headers]
        lines += [f"Content-Type: {kind}"] if kind else []
        return raw.talk(house, raw.request("POST", ORDERS, lines, body, length), **more)
    return post


def says(answer: raw.Raw, status: int, code: str):
    assert (answer.status, answer.error()["code"]) == (status, code), answer
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.error()["request_id"] == answer.headers["x-request-id"]


def test_a_body_without_a_length_is_refused(send, unchanged):
    says(send(length=None), 411, "length_required")


def test_an_empty_body_without_a_length_too(send, unchanged):
    says(send(body=b"", length=None), 411, "length_required")


@pytest.mark.parametrize("length", ["-1", "abc", "0x10", "1e3", "1 2", "18446744073709551617",
                                    "+5", ""])
def test_a_length_that_is_none_is_refused(send, unchanged, length):
    says(send(length=length), 400, "bad_request")


def test_a_body_shorter_than_its_length_is_not_worked_on(send, good, unchanged):
    answer = send(length=len(good) + 10, half=True)
    assert answer.status in (0, 400)


def test_a_body_cut_in_the_middle_is_not_worked_on(send, good, unchanged):
    assert send(body=good[:50], length=len(good), half=True).status in (0, 400)


def test_what_comes_behind_the_length_is_another_request(house, send, good, unchanged):
    """The order is cut at its length: no JSON; the rest is answered by nobody."""
    says(send(body=good, length=len(good) - 1), 400, "bad_json")


@pytest.mark.parametrize("headers, length", [
    (["Transfer-Encoding: chunked"], True), (["Content-Length: 1"], True),
    (["Content-Length: 0"], True), (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
                                    None)])
def test_two_lengths_are_refused(send, unchanged, headers, length):
    says(send(*headers, length=length), 400, "bad_request")


@pytest.mark.parametrize("coding", ["gzip", "identity", "chunked, gzip", "xchunked"])
def test_another_transfer_coding_is_refused(send, unchanged, coding):
    answer = send(f"Transfer-Encoding: {coding}", length=None)
    assert answer.status in (400, 501) and answer.error()["request_id"]


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"5\r\nabc\r\n0\r\n\r\n",
                                    b"FFFFFFFFFFFFFFFFF\r\na"])
def test_broken_chunks_are_refused(send, unchanged, chunks):
    answer = send("Transfer-Encoding: chunked", body=chunks, length=None, half=True)
    assert answer.status in (0, 400)


def test_chunks_of_more_than_64_kb_are_too_large(send, unchanged):
    chunks = b"10000\r\n" + b" " * 65536 + b"\r\n" + b"10\r\n" + b" " * 16 + b"\r\n0\r\n\r\n"
    says(send("Transfer-Encoding: chunked", body=chunks, length=None), 413, "too_large")


@pytest.mark.parametrize("length", [65537, 10 ** 9, 2 ** 62])
def test_a_body_announced_too_large_is_refused_before_it_comes(send, unchanged, length):
    says(send(body=b"{", length=length), 413, "too_large")


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/x-www-form-urlencoded",
                                  "application/jsonx", "application/json-patch+json",
                                  "multipart/form-data; boundary=x", "text/json"])
def test_another_content_type_is_refused(send, unchanged, kind):
    says(send(kind=kind), 415, "media_type")


@pytest.mark.parametrize("header", ["Authorization: Bearer x", "Host: localhost", "Host: other"])
def test_headers_that_may_come_once_may_not_come_twice(send, unchanged, header):
    says(send(header), 400, "bad_request")


@pytest.mark.parametrize("text", [
    b"GET /api/v1/ping HTTP/1.1\r\n\r\n",
    b"GET /api/v1/ping HTTP/1.1\r\nHost: a b\r\n\r\n",
    b"GET /api/v1/ping HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    b"GET /api/v1/ping HTTP/1.1\r\nHost: localhost\r\nX-\x7f: 1\r\n\r\n",
    b"GET /api/v1/ping HTTP/1.1\r\nHost: localhost\r\nX : 1\r\n\r\n",
    b"get /api/v1/ping HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /api/v1/ping HTTP/1.1 x\r\nHost: localhost\r\n\r\n",
    b"GET /api/v1/ping HTTQ/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"* * *\r\n\r\n",
])
def test_what_is_no_http_is_a_bad_request(house, unchanged, text):
    says(raw.talk(house, text), 400, "bad_request")


def test_http_without_tls_is_a_bad_request(house):
    says(raw.talk(house, raw.request("GET", "/api/v1/ping"), tls=False), 400, "bad_request")


def test_an_address_of_9_kb_is_too_long(house):
    says(raw.talk(house, raw.request("GET", "/api/v1/ping?" + "x" * 9000)), 414, "uri_too_long")


@pytest.mark.parametrize("headers", [["X-Long: " + "x" * 9000],
                                     [f"X-{n}: {'x' * 4000}" for n in range(12)]])
def test_too_much_of_headers_is_too_much(house, headers):
    says(raw.talk(house, raw.request("GET", "/api/v1/ping", headers)), 431, "headers_too_large")


@pytest.mark.parametrize("headers", [
    ["Proxy: http://127.0.0.1:1"], ["X-Forwarded-For: 1.2.3.4"], ["X-Real-IP: 1.2.3.4"],
    ["X-HTTP-Method-Override: DELETE"], ["Range: bytes=0-1"], ["Accept: text/html"],
    ["Accept-Encoding: br"], ["Expect: 100-continue"], ["Connection: Upgrade", "Upgrade: h2c"],
    ["X-Request-Id: <b>mine</b>"], ["Request-Id: 1", "Script-Name: /x"],
    [f"X-{n}: 1" for n in range(100)]])
def test_headers_that_mean_nothing_to_us_change_nothing(house, headers):
    answer = raw.talk(house, raw.request("GET", "/api/v1/ping", headers))
    assert (answer.status, answer.body) == (200, b'{"ok":true}')
    assert len(answer.headers["x-request-id"]) == 32


def test_a_forwarded_address_is_not_believed(house):
    asked = raw.talk(house, raw.request("GET", "/api/v1/ping", ["X-Forwarded-For: 6.6.6.6"]))
    line = wait_for(lambda: next((text for text in house.log("access").splitlines()
                                  if asked.headers["x-request-id"] in text), None))
    assert json.loads(line)["remote"] == "127.0.0.1" and "6.6.6.6" not in line


def curl(house, *words) -> tuple[int, bytes]:
    done = subprocess.run(["curl", "-s", "--http2", "--noproxy", "*", "--cacert", house.ca, "-w",
                           "\n%{http_code} %{http_version}", *words], capture_output=True,
                          timeout=30)
    body, _, facts = done.stdout.rpartition(b"\n")
    status, version = facts.split()
    assert version == b"2"
    return int(status), body


def test_the_limits_are_the_same_over_http_2(house, villain, tmp_path, unchanged):
    large = tmp_path / "large"
    large.write_bytes(b" " * 70000)
    head = ["-H", f"Authorization: Bearer {villain.token}", "-H", "Idempotency-Key: h2",
            "-H", "Content-Type: application/json"]
    for extra in ([], ["-H", "Content-Length:"]):
        status, body = curl(house, *head, *extra, "--data-binary", f"@{large}",
                            house.url + ORDERS)
        assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")


def test_a_chunked_order_is_an_order(send, good):
    """nginx counts the length; last in this file, as it takes the place."""
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(good), good)
    answer = send("Transfer-Encoding: chunked", body=chunks, length=None)
    assert answer.status == 201, answer
