"""Secrets stay where they belong: not in the list of processes, not in files that others read, not
in a core file; and what clients make up stays data in every log."""
import json
import os
import stat
import subprocess
import unicodedata
from pathlib import Path

import pika
import pytest

import raw
from house import wait_for

POOLS = [f"pool-{name}" for name in ("api", "login", "pay", "notify", "staff", "identity",
                                    "password")]


def pids(house) -> dict:
    """Of all that the stack has started, by the folder that they know of: {pid: command line}."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            around = (entry / "environ").read_bytes()
            place = os.readlink(entry / "cwd")
        except OSError:  # ended, or not ours to look at
            continue
        if str(house.run).encode() in line + around or place.startswith(str(house.run)):
            found[int(entry.name)] = line + b"\0" + around
    return found


@pytest.fixture(scope="module")
def kept(house) -> dict:
    """All that the files of the house and of the simulated parties hold."""
    files = [p for folder in ("secrets", "sim") for p in (house.run / folder).rglob("*")
             if p.is_file() and "public" not in p.name and "pub" not in p.name
             and p.suffix not in (".jsonl",) and "cert" not in p.name and p.name != "server.pem"
             and p.name != "current"]
    files.append(house.run / "demo-password")
    return {str(p): p.read_bytes().strip() for p in files}


def traces(secret: bytes) -> list:
    """A key is betrayed by its first line of base64, too."""
    lines = [line for line in secret.splitlines() if not line.startswith(b"-----")]
    return [lines[0]] if lines else []


def test_there_are_secrets_to_look_for(kept):
    assert len(kept) >= 10 and all(len(t) >= 8 for s in kept.values() for t in traces(s))


def test_no_process_shows_a_secret(house, kept):
    seen = pids(house)
    assert len(seen) >= 20
    shown = [(pid, path) for pid, text in seen.items() for path, secret in kept.items()
             for trace in traces(secret) if trace in text]
    assert shown == []


def test_no_process_is_given_a_password(house):
    for pid, text in pids(house).items():
        names = {piece.partition(b"=")[0] for piece in text.split(b"\0")}
        assert not {b"PGPASSWORD", b"REDISCLI_AUTH", b"ZX_MQ_PASSWORD", b"RABBITMQ_DEFAULT_PASS",
                    b"AWS_SECRET_ACCESS_KEY"} & names, pid
        assert b"password=" not in text, pid


def test_no_log_holds_a_files_secret(house, kept):
    for log in (house.run / "log").glob("*.log"):
        text = log.read_bytes()
        told = [path for path, secret in kept.items() for t in traces(secret) if t in text]
        assert told == [], log


def test_what_holds_a_secret_is_read_by_its_owner_and_his_group_at_most(house, kept):
    for path in [*map(Path, kept), house.run / "secrets", house.run / "secrets/token-keys"]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o007 == 0, f"{path} {mode:o}"
        assert mode & 0o020 == 0, f"{path} {mode:o}"


def around(house) -> dict:
    """The environment of the programs."""
    lines = (house.run / "zx.env").read_text().splitlines()
    pairs = (line.partition("=")[::2] for line in lines if "=" in line)
    return {name: value.strip('"') for name, value in pairs}


def test_a_secret_that_everybody_can_read_is_not_taken(house, tmp_path):
    """The program ends, says which setting it is, and not what is in the file."""
    open_file = tmp_path / "code-key"
    open_file.write_bytes(b"0123456789abcdef0123456789abcdef")
    open_file.chmod(0o644)
    done = subprocess.run([house.run / "app/libexec/zhixing/api.fcgi"], capture_output=True,
                          env=around(house) | {"ZX_CODE_KEY_FILE": str(open_file)}, text=True,
                          timeout=60)
    assert done.returncode == 78 and "ZX_CODE_KEY_FILE" in done.stderr
    assert "0123456789abcdef" not in done.stdout + done.stderr


def test_the_settings_are_printed_without_what_files_hold(house, kept):
    done = subprocess.run([house.run / "app/libexec/zhixing/api.fcgi", "--settings"],
                          env=around(house), capture_output=True, timeout=60)
    assert done.returncode == 0 and b"ZX_CODE_KEY_FILE=" in done.stdout
    assert [p for p, s in kept.items() for t in traces(s) if t in done.stdout] == []


def test_no_program_of_ours_leaves_a_core_file(house):
    ours = [pid for pid, text in pids(house).items()
            if text.startswith(str(house.run / "app/libexec/zhixing").encode())]
    assert len(ours) >= 15
    for pid in ours:
        limit = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
                     if line.startswith("Max core file size"))
        assert limit.split()[4:6] == ["0", "0"], pid


def test_the_brokers_default_account_opens_nothing(house):
    way = pika.ConnectionParameters(
        "127.0.0.1", int(house.setting("ZX_MQ_PORT")),
        credentials=pika.PlainCredentials("guest", "guest"), connection_attempts=1)
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(way)


def test_the_tree_holds_no_key():
    """But for the published test vectors, and what a test makes for itself."""
    top = Path(__file__).resolve().parents[2]
    allowed = {"tests/vectors/wechat-vectors.json"}
    found = [str(p.relative_to(top)) for folder in ("lib", "fcgi", "jobs", "nginx", "migrations",
                                                    "tests")
             for p in (top / folder).rglob("*") if p.is_file() and "node_modules" not in p.parts
             and b"PRIVATE KEY-----\n" in p.read_bytes()]
    assert set(found) <= allowed


EVIL = "\r\n{\"level\":\"error\",\"event\":\"forged\"}\u2028\u2029\x1b[2J\x07\x7f\x9b31m\u202e"


def log_lines(house, name: str) -> list:
    """As a reader of bytes has them: a line ends at LF, whatever else stands in it."""
    return (house.run / f"log/{name}.log").read_bytes().split(b"\n")


def harmless(line: bytes) -> bool:
    """UTF-8, one JSON object, nothing in it that a terminal or a reader of lines acts upon."""
    text = line.decode("utf-8")
    json.loads(text)
    return not [c for c in text if unicodedata.category(c) in ("Cc", "Zl", "Zp")
                or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]


@pytest.fixture(scope="module")
def mischief(house, desk1):
    """Everything a client can make up, with what would be another line, or a command to a
    terminal, or no UTF-8. Returns how many requests nginx has to have written down."""
    mark = os.urandom(6).hex()
    odd = EVIL.encode()
    for target in (f"/api/v1/{mark}/%0d%0a%1b%5b2J", f"/api/v1/{mark}?q=%0d%0a%e2%80%a8",
                   f"/api/v1/{mark}/\xff\xfe", f"/{mark}\xe2\x80\xa8\xc2\x9b"):
        raw.talk(house, raw.request("GET", target))
    for name in ("User-Agent", "X-Request-Id", "Idempotency-Key", "If-Match", "Cookie",
                 "Accept-Language", "X-Forwarded-For", "Authorization"):
        value = odd.replace(b"\r\n", b" \r").decode("latin-1") + "\xff"
        raw.talk(house, raw.request("GET", f"/api/v1/{mark}", [f"{name}: {value}"]))
    raw.talk(house, raw.request("GET", f"/api/v1/{mark}", ["Referer: https://a/\x1b[2J"]))
    house.log_in_staff(EVIL[:30], EVIL)
    house.log_in(code=EVIL)
    house.log_in(grant_type=EVIL)
    house.guest.call("POST", "/oauth2/revoke", data={"token": EVIL})
    villain = house.customer()
    villain.call("PUT", "/api/v1/me", json={"nickname": EVIL[:20]})
    villain.post("/api/v1/orders", {"venue_id": EVIL, EVIL: 1})
    villain.post("/api/v1/orders", {"note": EVIL}, key="x\x1b")
    desk1.check_in(EVIL[:60])
    desk1.get("/api/v1/staff/orders", number=EVIL[:20])
    for kind in ("wechat", "wechat/refund", "alipay"):
        house.guest.call("POST", f"/notify/{kind}", data=odd + b"\xff", headers={
            "Wechatpay-Serial": "a\x1bb", "Wechatpay-Timestamp": "1", "Wechatpay-Nonce": "\x7f",
            "Wechatpay-Signature": "x"})
    wait_for(lambda: mark in house.log("access"))
    return mark


@pytest.mark.parametrize("name", [*POOLS, "access"])
def test_what_a_client_makes_up_stays_one_harmless_line(house, mischief, name):
    for line in log_lines(house, name):
        if line.startswith(b"{") or name == "access" and line:
            assert harmless(line), line
    assert '"event":"forged"' not in house.log(name)


def test_nginxs_own_log_has_no_commands_to_a_terminal(house, mischief):
    for line in log_lines(house, "nginx-error"):
        assert not [c for c in line if c < 0x20 and c != 0x09 or c == 0x7f], line


def test_a_referrer_that_acts_is_refused(house):
    answer = raw.talk(house, raw.request("GET", "/api/v1/ping", ["Referer: a\x1bb"]))
    assert (answer.status, answer.error()["code"]) == (400, "bad_request")


def line_of(house, name: str, answer, event: str = "request") -> dict:
    wanted = answer.headers["X-Request-Id"]
    return wait_for(lambda: next((json.loads(text) for text in house.log(name).splitlines()
                                  if wanted in text and f'"event":"{event}"' in text), None))


def test_who_was_refused_stands_in_the_log(house, desk1):
    """With the route, the reason and the account, so that it can be looked into."""
    customer = house.customer()
    for pool, path in (("pool-desk", "/api/v1/staff/orders"), ("pool-api", "/api/v1/orders/1")):
        answer = customer.get(path)
        line = line_of(house, pool, answer)
        assert line["code"] == answer.json()["error"]["code"]
        assert line["user"] == customer.account_id and line["status"] == answer.status_code


def test_a_broken_rule_of_the_input_stands_in_the_log(house):
    customer = house.customer()
    answer = customer.post("/api/v1/orders", {"price_fen": 1})
    line = line_of(house, "pool-api", answer)
    assert (line["code"], line["route"]) == (answer.json()["error"]["code"], "/api/v1/orders")


def test_who_came_in_and_by_which_way_stands_in_the_log(house):
    user = house.sim.user("登记")["user"]
    answer = house.log_in(code=house.sim.login_code(user))
    line = line_of(house, "pool-identity", answer, "granted")
    again = house.log_in(grant_type="refresh_token", refresh_token=answer.json()["refresh_token"])
    assert line["msg"].startswith("urn:zhixing:wechat-code to account ")
    later = line_of(house, "pool-login", again, "granted")
    assert later["msg"].split()[-1] == line["msg"].split()[-1]


def test_who_gave_a_wrong_password_stands_in_the_log(house):
    answer = house.log_in_staff("desk2", "not the one")
    account = house.db.value("SELECT account_id FROM staff_login WHERE username = 'desk2'")
    house.db.run("UPDATE staff_login SET failed = 0")
    line = line_of(house, "pool-password", answer, "password_wrong")
    assert line["msg"] == f"account {account}"
