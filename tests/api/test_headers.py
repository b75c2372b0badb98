"""What every answer says to browsers and to those in between: what it may load, who may see it,
who may keep it. And what no method, host name or other site can get by."""
import re
import ssl
import socket

import pytest

import raw
from house import Client, ok
from slots import day

PAGES = ("/play/", "/docs/", "/play/main.js", "/docs/style.css")
NO_PAGES = ("/api/v1/ping", "/api/v1/me", "/api/v1/orders/1/checkin-code.png", "/nowhere",
            "/oauth2/token", "/oauth2/jwks", "/notify/wechat", "/openapi.json", "/healthz",
            "/api/v1/staff/me", "/play/nowhere.js")
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
NOBODY = "https://evil.example.com"


def policy(answer) -> dict:
    """A Content-Security-Policy as {directive: sources}."""
    lines = answer.headers["Content-Security-Policy"].split(";")
    return {name: words for name, *words in (line.split() for line in lines)}


@pytest.mark.parametrize("path", PAGES + NO_PAGES)
def test_every_kind_of_answer_carries_the_safe_headers(house, path):
    headers = house.guest.get(path).headers
    assert {name: headers.get(name) for name in SAFE} == SAFE
    assert re.fullmatch(r"max-age=\d+; includeSubDomains", headers["Strict-Transport-Security"])
    assert headers["Permissions-Policy"].startswith("camera=(self), microphone=()")
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


@pytest.mark.parametrize("text", [
    b"GET / HTTP/1.1\r\n\r\n",  # refused before any location was found
    raw.request("POST", "/api/v1/orders", length=10 ** 9),
    raw.request("GET", "/api/v1/ping?" + "x" * 9000)])
def test_what_nginx_refuses_by_itself_carries_them_too(house, text):
    headers = raw.talk(house, text).headers
    assert {name: headers.get(name) for name in SAFE} == SAFE
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES + NO_PAGES)
def test_nobody_frames_us_and_nothing_embeds_foreign_things(house, path):
    told = policy(house.guest.get(path))
    for directive in ("default-src", "object-src", "base-uri", "form-action", "frame-ancestors"):
        assert told[directive] == ["'none'"]


@pytest.mark.parametrize("path", NO_PAGES)
def test_what_is_no_page_loads_nothing(house, path):
    told = policy(house.guest.get(path))
    assert "sandbox" in told and not [name for name in told if name.startswith("script")]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_from_its_own_house_and_nothing_else(house, path):
    told = policy(house.guest.get(path))
    words = {word for sources in told.values() for word in sources}
    assert words == {"'none'", "'self'", "data:", "blob:", "'script'"}
    assert told["script-src"] == told["style-src"] == told["connect-src"] == ["'self'"]
    assert told["require-trusted-types-for"] == ["'script'"]


def test_a_page_that_has_not_changed_keeps_its_policy(house):
    first = house.guest.get("/play/")
    again = house.guest.call("GET", "/play/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert policy(again) == policy(first)


@pytest.fixture(scope="module")
def visitor(house):
    return house.customer()


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/orders", "/api/v1/messages",
                                  "/api/v1/orders/999999/checkin-code.png"])
def test_a_customers_answers_are_kept_by_nobody(visitor, path):
    assert visitor.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/v1/staff/me", "/api/v1/staff/orders",
                                  "/api/v1/staff/work"])
def test_a_desks_answers_are_kept_by_nobody(desk1, path):
    assert desk1.get(path).headers["Cache-Control"] == "no-store"


def test_who_is_signed_in_gets_no_copy_of_a_guests_answer(house, visitor):
    for asker in (house.guest, visitor):
        ok(asker.get("/api/v1/venues"))
    assert visitor.get("/api/v1/venues").headers.get("X-Cache") in (None, "BYPASS")


def test_tokens_are_kept_by_nobody(house):
    answer = house.log_in(code="wrong")
    assert answer.headers["Cache-Control"] == "no-store" and answer.status_code == 400


def test_what_is_not_there_is_not_remembered(house):
    assert house.guest.get("/play/nowhere.js").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES + NO_PAGES)
def test_no_other_origin_is_let_in(house, path):
    for method, more in (("GET", {}), ("OPTIONS", {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, idempotency-key"})):
        answer = house.guest.call(method, path, headers={"Origin": NOBODY, **more})
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x"])
def test_what_another_site_can_send_unasked_changes_nothing(house, visitor, slots, kind, unchanged):
    """Such a request has no preflight; not even a stolen token would help it."""
    answer = house.guest.call("POST", "/api/v1/orders", data=b"{}", headers={
        "Content-Type": kind, "Origin": NOBODY, "Authorization": f"Bearer {visitor.token}"})
    assert answer.status_code == 415


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "DEBUG", "PROPFIND", "PATCH", "OPTIONS",
                                    "PURGE", "MOVE", "LINK"])
@pytest.mark.parametrize("path", ["/api/v1/orders", "/play/", "/docs/main.js"])
def test_only_the_methods_of_the_table_work(house, method, path):
    answer = raw.talk(house, raw.request(method, path, ["X-Secret: echo-me"]))
    assert answer.status in (400, 405), answer
    assert b"echo-me" not in answer.body


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override: DELETE", "X-HTTP-Method: PUT",
                                    "X-Method-Override: POST"])
def test_a_method_in_a_header_is_none(house, visitor, header, unchanged):
    answer = raw.talk(house, raw.request("GET", "/api/v1/orders", [
        header, f"Authorization: Bearer {visitor.token}"]))
    assert answer.status == 200 and b'"items"' in answer.body


def test_a_method_in_the_query_is_none(visitor):
    assert visitor.get("/api/v1/orders", _method="DELETE").status_code == 400


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:443", "127.0.0.1",
                                  "localhost.evil.example.com"])
@pytest.mark.parametrize("path", ["/", "/play", "/api/v1/venues",
                                  "/.well-known/oauth-authorization-server", "/nowhere"])
def test_another_host_name_leads_nowhere(house, path, host):
    told = raw.talk(house, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n"
                           f"X-Forwarded-Host: {host}\r\nForwarded: host={host}\r\n\r\n".encode())
    assert told.status in (200, 301, 302, 404)
    assert b"evil" not in told.body and "evil" not in str(told.headers)
    assert told.headers.get("location", "/").startswith("/")
    again = house.guest.get(path)  # nor does it stay in a cache
    assert "evil" not in again.text


@pytest.mark.parametrize("path, kind", [
    ("/play/", "text/html; charset=utf-8"), ("/docs/style.css", "text/css; charset=utf-8"),
    ("/play/main.js", "application/javascript; charset=utf-8"),
    ("/openapi.yaml", "application/yaml; charset=utf-8"), ("/api/v1/ping", "application/json"),
    ("/nowhere", "application/json; charset=utf-8"), ("/play/favicon.svg", "image/svg+xml")])
def test_an_answer_says_what_it_is(house, path, kind):
    assert house.guest.get(path).headers["Content-Type"] == kind


@pytest.mark.parametrize("path", PAGES + NO_PAGES)
def test_no_answer_names_a_version(house, path):
    answer = house.guest.get(path)
    assert answer.headers["Server"] == "nginx"
    assert not {"x-powered-by", "via", "x-aspnet-version"} & {n.lower() for n in answer.headers}
    if path in NO_PAGES and path != "/openapi.json":
        assert not re.search(r"nginx|PostgreSQL|fcgi|\.c:\d", answer.text)


@pytest.mark.parametrize("path", [
    "/.git/config", "/.git/HEAD", "/play/.git/config", "/.env", "/zx.env", "/docs/..%2fzx.env",
    "/play/lib/", "/docs/..", "/nginx.conf", "/play/index.html~", "/play/main.js.bak",
    "/migrations/0001_house.sql", "/server-status", "/debug", "/bench/return", "/admin",
    "/_error/internal", "/@password", "/oauth2/../zx.env"])
def test_what_is_not_to_be_served_is_not_there(house, path):
    answer = raw.talk(house, raw.request("GET", path))
    assert answer.status in (302, 400, 404), answer
    assert b"<a href" not in answer.body  # no list of a folder


def test_a_header_can_not_send_a_request_to_another_pool(house):
    """What workers may ask of nginx, clients may not."""
    for name in ("X-Accel-Redirect: @password", "X-Sendfile: /etc/passwd",
                 "X-Accel-Redirect: /_error/internal"):
        answer = raw.talk(house, raw.request("GET", "/api/v1/ping", [name]))
        assert (answer.status, answer.body) == (200, b'{"ok":true}')


def sign_in(house, **headers):
    """By a page that wants its refresh token in a cookie; nobody else keeps that cookie."""
    return Client(house).call("POST", "/oauth2/token", headers=headers, data={
        "grant_type": "password", "username": "desk2", "deliver": "cookie",
        "password": (house.run / "demo-password").read_text()})


def cookies_of(house) -> list:
    asked = [Client(house).call("POST", "/oauth2/scan"), sign_in(house)]
    return [answer.headers["Set-Cookie"] for answer in asked]


def test_cookies_are_for_this_house_and_no_script(house):
    for line in cookies_of(house):
        name, *attributes = line.split("; ")
        said = {a.partition("=")[0].lower() for a in attributes}
        assert name.startswith(("__Host-", "__Secure-")), line
        assert {"secure", "httponly", "samesite", "path"} <= said and "domain" not in said
        assert "SameSite=Lax" in attributes or "SameSite=Strict" in attributes
        assert "Path=/" in attributes or not name.startswith("__Host-")


@pytest.mark.parametrize("origin", [NOBODY, "null", "https://localhost"])
def test_another_site_can_not_sign_a_browser_in(house, desk2, origin):
    """A form sent from there, with a name and password of its own."""
    answer = sign_in(house, Origin=origin)
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert "Set-Cookie" not in answer.headers and "token" not in answer.text
    ok(desk2.get("/api/v1/staff/me"))  # whose own session stands


@pytest.mark.parametrize("grant", [
    {"grant_type": "refresh_token"}, {"grant_type": "urn:zhixing:wechat-code", "code": "code"},
    {"grant_type": "urn:zhixing:wechat-scan", "code": "code", "state": "state"},
    {"grant_type": "urn:zhixing:sms-code", "phone": "13800138000", "code": "000000"}],
    ids=lambda grant: grant["grant_type"])
def test_nor_by_any_other_grant(house, grant):
    """Nothing is spent by the try: the stranger's own token is as good as before."""
    stranger = house.customer()
    number = stranger.account_id
    own = ok(house.log_in(code=house.sim.login_code(stranger.user["user"])))["refresh_token"]
    if grant["grant_type"] == "refresh_token":
        grant = {**grant, "refresh_token": own}
    elif grant["grant_type"] == "urn:zhixing:wechat-code":
        grant = {**grant, "code": house.sim.login_code(stranger.user["user"])}
    for origin in (NOBODY, "null"):
        answer = house.guest.call("POST", "/oauth2/token", data={**grant, "deliver": "cookie"},
                                  headers={"Origin": origin})
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
        assert "Set-Cookie" not in answer.headers and "token" not in answer.text
    assert house.db.value("SELECT generation FROM session WHERE account_id = %s"
                          " AND ended_at IS NULL", number) == 1
    ok(house.guest.call("POST", "/oauth2/token",
                        data={"grant_type": "refresh_token", "refresh_token": own}))


def test_answers_with_tokens_are_kept_by_nobody(house):
    """RFC 6749 §5.1."""
    for answer in (sign_in(house, Origin=house.url), sign_in(house, Origin=NOBODY)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"


def test_the_houses_own_page_may(house):
    answer = sign_in(house, Origin=house.url)
    assert ok(answer) and "Set-Cookie" in answer.headers


@pytest.mark.parametrize("version, good", [
    (ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
    (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_tls_is_refused(house, version, good):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(house.ca)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("localhost", house.port), timeout=20) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="localhost") as link:
                told = link.version(), link.cipher()[0]
        except (ssl.SSLError, OSError):
            assert not good
            return
    assert good and re.search("GCM|CHACHA20|POLY1305", told[1]), told


def test_a_cipher_without_forward_secrecy_is_refused(house):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(house.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256:AES256-SHA256:AES128-SHA")
    with socket.create_connection(("localhost", house.port), timeout=20) as plain:
        with pytest.raises((ssl.SSLError, OSError)):
            context.wrap_socket(plain, server_hostname="localhost")


# ---- Pages of other hosts, and compression

H5 = "https://h5.example.com"


@pytest.fixture(scope="module")
def open_to_h5(house):
    with house.configured("nginx", cors=f"{H5} http://localhost:5173"):
        yield


def cors_of(answer) -> dict:
    return {name: value for name, value in answer.headers.items()
            if name.lower().startswith("access-control-")}


def preflight(house, path: str, origin: str = H5):
    return house.guest.call("OPTIONS", path, headers={
        "Origin": origin, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key"})


@pytest.mark.parametrize("path", ["/api/v1/venues", "/oauth2/token", "/api/v1/orders"])
def test_without_the_setting_no_other_page_reads_anything(house, path):
    asked = preflight(house, path)
    assert asked.status_code == 405 and cors_of(asked) == {}
    assert cors_of(house.guest.call("GET", path, headers={"Origin": H5})) == {}


@pytest.mark.parametrize("path", ["/api/v1/orders", "/oauth2/token", "/api/v1/staff/venues/1"])
def test_a_listed_page_may_ask_with_a_token(house, open_to_h5, path):
    asked = preflight(house, path)
    assert asked.status_code == 204 and asked.content == b""
    allowed = {name: {w.lower() for w in re.split(", *", asked.headers[
        f"Access-Control-Allow-{name}"])} for name in ("Methods", "Headers")}
    assert {"get", "post", "put", "delete"} <= allowed["Methods"]
    assert {"authorization", "content-type", "idempotency-key", "if-match"} <= allowed["Headers"]
    assert asked.headers["Access-Control-Allow-Origin"] == H5


def test_a_listed_page_reads_answers_and_errors_but_sends_no_cookie(house, open_to_h5):
    for path, status in (("/api/v1/venues", 200), ("/api/v1/me", 401),
                         ("/.well-known/oauth-authorization-server", 200),
                         ("/api/v1/nowhere", 404), ("/api/v1/venues?" + "x" * 7000, 400)):
        answer = house.guest.call("GET", path, headers={"Origin": H5})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == H5
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]


def test_a_listed_page_logs_in_by_tokens_and_never_by_cookie(house, open_to_h5, customer):
    code = house.sim.login_code(customer.user["user"])
    form = {"grant_type": "urn:zhixing:wechat-code", "code": code}
    headers = {"Origin": H5}
    by_cookie = house.guest.call("POST", "/oauth2/token", data={**form, "deliver": "cookie"},
                                 headers=headers)
    assert by_cookie.status_code == 403 and "Set-Cookie" not in by_cookie.headers
    grant = ok(house.guest.call("POST", "/oauth2/token", data=form, headers=headers))
    again = house.guest.call("POST", "/oauth2/token", headers=headers, data={
        "grant_type": "refresh_token", "refresh_token": grant["refresh_token"]})
    assert ok(again)["access_token"] and again.headers["Access-Control-Allow-Origin"] == H5


@pytest.mark.parametrize("origin", [
    NOBODY, "null", f"{H5}.evil.com", "https://evil.com/" + H5, H5.replace("https", "http"),
    f"{H5}:8443", ""])
def test_pages_that_are_not_listed_read_nothing(house, open_to_h5, origin):
    assert preflight(house, "/api/v1/orders", origin).status_code == 405
    answer = house.guest.call("GET", "/api/v1/venues", headers={"Origin": origin})
    assert cors_of(answer) == {} and "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/play/", "/docs/", "/healthz", "/openapi.json", "/metrics",
                                  "/nginx_status", "/notify/wechat"])
def test_what_is_not_the_api_is_not_opened(house, open_to_h5, path):
    assert cors_of(house.guest.call("GET", path, headers={"Origin": H5})) == {}


def zipped(client, path: str, **query) -> bool:
    answer = client.call("GET", path, headers={"Accept-Encoding": "gzip"}, params=query)
    assert answer.status_code == 200, answer.text
    return answer.headers.get("Content-Encoding") == "gzip"


def test_long_answers_are_zipped_for_who_can_read_that(house, admin):
    grid = ("/api/v1/venues/1/availability", {"sport": "badminton", "date": day(1)})
    assert zipped(house.guest, grid[0], **grid[1])
    plain = house.guest.call("GET", grid[0], params=grid[1], headers={"Accept-Encoding": ""})
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"] and plain.json()["courts"]
    assert zipped(admin, "/api/v1/staff/audit", limit=100)


def test_what_has_a_version_is_sent_as_it_is(house, admin):
    """An ETag of zipped bytes would be another, and no If-Match would fit."""
    for path in ("prices", "hours", "courts", "refund-rule", ""):
        path = f"/api/v1/staff/venues/1/{path}".rstrip("/")
        answer = admin.call("GET", path, headers={"Accept-Encoding": "gzip"})
        assert not answer.headers.get("ETag", "").startswith("W/"), path


def test_tokens_are_never_zipped(house, customer):
    code = house.sim.login_code(customer.user["user"])
    for path, form in (("/oauth2/token", {"grant_type": "urn:zhixing:wechat-code", "code": code}),):
        answer = house.guest.call("POST", path, data=form, headers={"Accept-Encoding": "gzip"})
        assert ok(answer) and "Content-Encoding" not in answer.headers
    config = (house.run / "nginx/nginx.conf").read_text()
    for block in re.findall(r"location ([^{]*) \{([^}]*)\}", config):
        if "oauth2" in block[0] or "login.sock" in block[1] or "pay.sock" in block[1]:
            assert "gzip" not in block[1], block
