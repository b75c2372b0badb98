"""Addresses that don't exist, methods that don't fit, and ways out of the house."""
import pytest

import raw
from house import ok, refused

GONE = ["/api/", "/api/v1", "/api/v1/", "/api/v1/ping/", "/api/v1/pin", "/api/v1/pings",
        "/API/v1/ping", "/api/v1/Ping", "/api/v2/ping", "/api/v1/ping;x=1", "/api/v1/ping%20",
        "/api/v1/%70ing", "/api/v1//ping", "//api/v1/ping", "/api/v1/./ping",
        "/api/v1/x/../ping", "/api/v1/%2e%2e/v1/ping", "/api/v1/orders/%31",
        "/api/v1/orders/1/payments/", "/api/v1/orders/0",
        "/api/v1/orders/-1", "/api/v1/orders/01", "/api/v1/orders/1e3", "/api/v1/orders/1.0",
        "/api/v1/orders/9999999999999999", "/api/v1/orders/x", "/api/v1/orders/1/checkin-code.",
        "/api/v1/orders/1%2fcheckin-code", "/api/v1/staff/", "/api/v1/staff/x",
        "/notify/", "/notify/alipay/", "/notify/unionpay", "/notify/wechat/", "/oauth2/", "/oauth2/token/",
        "/oauth2/jwks.json", "/.well-known/", "/.well-known/openid-configuration", "/healthz/",
        "/readyz/x", "/_error/404", "/_error/", "/x", "/index.php", "/.git/config", "/.env",
        "/admin", "/play/nothing.html", "/docs/nothing", "/favicon.ico"]
OUT = ["/../etc/passwd", "/play/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
       "/play/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/play/..%2f..%2f..%2fetc/passwd",
       "/play/%252e%252e/%252e%252e/etc/passwd", "/play/....//....//etc/passwd",
       "/play/..\\..\\etc\\passwd", "/play/%5c..%5c..%5cetc%5cpasswd",
       "/play/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", "/play/%2e%2e%00/etc/passwd",
       "/play/index.html%00.png", "/docs/..;/..;/etc/passwd", "/play/%uff0e%uff0e/etc/passwd",
       "/openapi.yaml/../../etc/passwd", "/openapi.yaml%00", "/api/v1/../../etc/passwd",
       "/api/v1/ping%00", "/api/v1/orders/1%00", "/api/v1/ping%0d%0aX-Injected:%201",
       "/api/v1/ping\x01", "/a\\b",
       "/play//etc/passwd", "/play/sim/../../sim/orders"]


def word_of(answer, target: str) -> str:
    """Of the error; what begins with /oauth2/ errs in the form of RFC 6749, which has one word for
    what is wrong with a request, and says what in its description."""
    if target.startswith("/oauth2/") and target != "/oauth2/jwks":
        said = answer.json()
        assert said["error"] == "invalid_request", answer
        return said["error_description"].replace(" ", "_")
    return answer.error()["code"]


@pytest.mark.parametrize("target", GONE)
def test_what_is_not_there_is_not_found(house, target):
    answer = raw.talk(house, raw.request("GET", target))
    assert (answer.status, word_of(answer, target)) == (404, "not_found"), answer


@pytest.mark.parametrize("target", OUT)
def test_there_is_no_way_out_of_the_house(house, unchanged, target):
    answer = raw.talk(house, raw.request("GET", target))
    assert answer.status in (400, 404), answer
    assert answer.error()["code"] in ("bad_request", "not_found")
    assert b"root:" not in answer.body and "x-injected" not in answer.headers


@pytest.mark.parametrize("target", ["/x", "/api/v1/x", "/api/v1/staff/x", "/oauth2/x",
                                    "/notify/x", "/api/v1/orders/1/payment"])
def test_writing_to_nowhere_is_not_found_either(house, unchanged, target):
    answer = raw.talk(house, raw.request("POST", target, ["Content-Type: application/json"],
                                         b"{}"))
    assert (answer.status, word_of(answer, target)) == (404, "not_found"), answer


ALLOWED = {"/api/v1/ping": "GET, HEAD", "/healthz": "GET, HEAD", "/readyz": "GET, HEAD", "/api/v1/me": "GET, HEAD, PUT, DELETE",
           "/api/v1/venues": "GET, HEAD", "/api/v1/venues/1": "GET, HEAD",
           "/api/v1/venues/1/availability": "GET, HEAD", "/api/v1/orders": "POST, GET, HEAD",
           "/api/v1/orders/1": "GET, HEAD", "/api/v1/orders/1/payments": "POST",
           "/api/v1/orders/1/checkin-code": "GET, HEAD", "/api/v1/orders/1/checkin-code.png": "GET, HEAD",
           "/api/v1/staff/me": "GET, HEAD", "/api/v1/staff/checkins": "POST",
           "/oauth2/token": "POST", "/oauth2/jwks": "GET, HEAD",
           "/.well-known/oauth-authorization-server": "GET, HEAD", "/notify/wechat": "POST"}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "BREW")
WRONG = [(path, method) for path, allowed in ALLOWED.items() for method in METHODS
         if method not in allowed.split(", ")]


@pytest.mark.parametrize("path, method", WRONG)
def test_another_method_is_told_which_ones_there_are(house, path, method):
    answer = raw.talk(house, raw.request(method, path, length=0))
    assert (answer.status, word_of(answer, path)) == (405, "method_not_allowed"), answer
    assert set(answer.headers["allow"].split(", ")) == set(ALLOWED[path].split(", "))


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_trace_and_connect_are_refused(house, method):
    answer = raw.talk(house, raw.request(method, "/api/v1/ping"))
    assert answer.status in (400, 405)


@pytest.mark.parametrize("path", ["/api/v1/ping", "/healthz", "/api/v1/venues/1"])
def test_head_is_get_without_the_body(house, path):
    with raw.connect(house) as link:
        link.sendall(raw.request("HEAD", path, ["Connection: close"]))
        answer = raw.read(link)
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("query, status, code, field", [
    ("x=1", 400, "unknown_field", "x"), ("=1", 400, "unknown_field", ""),
    ("x", 400, "unknown_field", "x"), ("%zz=1", 400, "bad_request", None),
    ("a%00=1", 400, "bad_request", None), ("x=%", 400, "bad_request", "x"),
    ("x=%00", 400, "bad_request", "x"), ("%ff=1", 400, "unknown_field", None),
    ("limit=1&limit=2", 422, "bad_field", "limit"), ("limit[]=1", 400, "unknown_field", "limit[]"),
    ("limit=1;cursor=2", 422, "bad_field", "limit"), ("Limit=1", 400, "unknown_field", "Limit"),
    ("limit=%ff", 422, "bad_field", "limit"), ("limit=%31%30%31", 422, "bad_field", "limit"),
    ("limit=1%20", 422, "bad_field", "limit"), ("?", 400, "unknown_field", "?")])
def test_a_query_is_read_strictly(house, query, status, code, field):
    answer = raw.talk(house, raw.request("GET", f"/api/v1/venues?{query}"))
    error = answer.error()
    assert (answer.status, error["code"], error.get("field")) == (status, code, field)


@pytest.mark.parametrize("query", ["", "&", "&&", "limit=1", "limit=%31", "&limit=1&"])
def test_a_query_may_be_empty_or_escaped(house, query):
    ok(house.guest.call("GET", f"/api/v1/venues?{query}"))


@pytest.mark.parametrize("path", ["/api/v1/ping", "/healthz", "/readyz", "/api/v1/venues/1",
                                  "/oauth2/jwks", "/.well-known/oauth-authorization-server"])
def test_who_takes_no_query_gets_none(house, path):
    answer = house.guest.call("GET", f"{path}?debug=1")
    refused(answer, 400, "unknown_field", "debug")


def test_the_address_may_name_the_house(house):
    target = f"{house.url}/api/v1/ping"
    answer = raw.talk(house, raw.request("GET", target))
    assert (answer.status, answer.body) == (200, b'{"ok":true}')


def test_every_answer_carries_the_safe_headers(house):
    for path in ("/api/v1/ping", "/x", "/play/", "/api/v1/me"):
        headers = house.guest.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers or headers["Server"] == "nginx"
