"""One running stack seen from outside: its address, its simulator, its database, and the people
who use it. ZX_TEST_RUN names the run folder of tests/stack/stack.py."""
import itertools
import json
import os
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import requests

from database import Database

REPO = Path(__file__).resolve().parents[2]
STACK = REPO / "tests/stack/stack.py"
WAIT_S = 60  # so that a failure ends; a busy machine may need most of it
ANSWER_LIMIT_S = 30  # longer than any limit of nginx and the workers
NEW_KEY = object()


def wait_for(look, limit_s: float = WAIT_S, pause_s: float = 0.05):
    """The first true value that `look` returns; fails the test when none comes in time."""
    end = time.monotonic() + limit_s
    while not (found := look()):
        assert time.monotonic() < end, f"still not after {limit_s} s"
        time.sleep(pause_s)
    return found


class Sim:
    """The simulated WeChat's control API: what a person or fate does."""

    def __init__(self, url: str, ca: str):
        self.url, self.web = url, requests.Session()
        self.web.trust_env, self.web.verify = False, ca

    def post(self, path: str, /, **body) -> dict:
        answer = self.web.post(f"{self.url}/sim/{path}", json=body, timeout=ANSWER_LIMIT_S)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def items(self, path: str, /, **query) -> list:
        answer = self.web.get(f"{self.url}/sim/{path}", params=query, timeout=ANSWER_LIMIT_S)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def fault(self, name: str, **params):
        self.post("faults", name=name, **params)

    def quiet(self):
        """No faults, the usual settings, the real clock; users and orders stay."""
        self.post("reset", keep_books=True)
        wait_for(self.has_told)

    def has_told(self) -> bool:
        """Nobody waits for a notify's first delivery: after a reset all that were refused come
        again, and would find the next test at work."""
        return all(n["attempts"] or n["fate"] for n in self.items("notifies"))

    def user(self, nickname: str) -> dict:
        return self.post("users", nickname=nickname)

    def login_code(self, user: str) -> str:
        return self.post("login-code", user=user)["code"]

    def pay(self, payment: dict, **more) -> dict:
        """The user's tap on 支付: by the page's parameters, or by the scanned code."""
        how = payment["pay_params"] or {"code_url": payment["code_url"]}
        return self.post("pay", **how, **more)

    def order(self, out_trade_no: str) -> dict:
        return self.items("orders", out_trade_no=out_trade_no)[0]

    def attempts(self, out_trade_no: str) -> list:
        """How the deliveries of this order's notify ended."""
        return [attempt for notify in self.items("notifies", out_trade_no=out_trade_no)
                for attempt in notify["attempts"]]


class Client:
    """Somebody with a connection, and perhaps a token."""

    def __init__(self, house, token: str | None = None):
        self.house, self.web = house, requests.Session()
        self.web.trust_env, self.web.verify = False, house.ca
        self.token = token

    @property
    def token(self):
        return self.web.headers.get("Authorization", "").removeprefix("Bearer ")

    @token.setter
    def token(self, token):
        if token:
            self.web.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **more) -> requests.Response:
        return self.web.request(method, self.house.url + path, allow_redirects=False,
                                timeout=ANSWER_LIMIT_S, **more)

    def get(self, path: str, **query) -> requests.Response:
        return self.call("GET", path, params=query)

    def post(self, path: str, body, key=NEW_KEY, **more) -> requests.Response:
        headers = more.pop("headers", {})
        if key is not None:
            headers["Idempotency-Key"] = str(uuid.uuid4()) if key is NEW_KEY else key
        return self.call("POST", path, json=body, headers=headers, **more)


def ok(answer: requests.Response, status: int = 200) -> dict:
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return answer.json()


def refused(answer: requests.Response, status: int, code: str, field: str | None = None,
            detail=None):
    """The error has exactly the house's form, this code, and names this field."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"].startswith("application/json")
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) - {"field", "detail"} == {"code", "message", "request_id"}
    assert error["code"] == code, answer.text
    assert (error.get("field"), error.get("detail")) == (field, detail), answer.text
    assert error["message"] and error["request_id"] == answer.headers["X-Request-Id"]


class Customer(Client):
    """A person with the mini-program in hand."""

    def __init__(self, house, nickname: str):
        super().__init__(house)
        self.user = house.sim.user(nickname)
        self.log_in()

    def log_in(self):
        def attempt():
            answer = self.house.log_in(code=self.house.sim.login_code(self.user["user"]))
            return answer.status_code != 429 and answer  # one address, hundreds of people
        self.token = ok(wait_for(attempt, pause_s=1))["access_token"]

    @property
    def account_id(self) -> int:
        return ok(self.get("/api/v1/me"))["id"]

    def have_phone(self):
        """Behind WeChat's back."""
        self.house.db.run("UPDATE account SET phone = '139' || lpad(mod(id, 100000000)::text, 8, '0')"
                          " WHERE id = %s AND phone IS NULL", self.account_id)

    def try_order(self, *slots, key=NEW_KEY, **more) -> requests.Response:
        if slots[0].venue in (2, 3):  # they want to know a phone
            self.have_phone()
        return self.post("/api/v1/orders", order_body(*slots, **more), key)

    def order(self, *slots, **more) -> dict:
        return ok(self.try_order(*slots, **more), 201)

    def try_pay(self, order: dict, method: str = "jsapi", key=NEW_KEY) -> requests.Response:
        body = {"channel": "wechat", "method": method}
        return self.post(f"/api/v1/orders/{order['id']}/payments", body, key)

    def prepay(self, order: dict, method: str = "jsapi") -> dict:
        return ok(self.try_pay(order, method), 201)

    def pay(self, order: dict, method: str = "jsapi") -> dict:
        """Pay and wait until the notify has been answered."""
        payment = self.prepay(order, method)
        assert self.house.sim.pay(payment, wait=True)["result"] == "ok"
        return payment

    def paid_order(self, *slots, **more) -> dict:
        order = self.order(*slots, **more)
        self.pay(order)
        return self.see(order)

    def see(self, order: dict) -> dict:
        return ok(self.get(f"/api/v1/orders/{order['id']}"))

    def try_quote(self, order: dict, items=None) -> requests.Response:
        asked = {"items": ",".join(str(i["id"]) for i in items)} if items else {}
        return self.get(f"/api/v1/orders/{order['id']}/cancellation", **asked)

    def quote(self, order: dict, items=None) -> dict:
        return ok(self.try_quote(order, items))

    def try_cancel(self, order: dict, items=None, key=NEW_KEY, **body) -> requests.Response:
        if items:
            body["items"] = [i["id"] for i in items]
        return self.post(f"/api/v1/orders/{order['id']}/cancellation", body, key)

    def cancel(self, order: dict, items=None) -> dict:
        """As the page does it: what is shown is what is agreed to."""
        shown = self.quote(order, items)["refund_fen"]
        return ok(self.try_cancel(order, items, refund_fen=shown))

    def try_code(self, order: dict, suffix: str = "") -> requests.Response:
        return self.get(f"/api/v1/orders/{order['id']}/checkin-code{suffix}")

    def code(self, order: dict) -> dict:
        """The code, once the consumer has made it."""
        def look():
            answer = self.try_code(order)
            if answer.status_code == 404:
                refused(answer, 404, "code_not_ready")
                return None
            return ok(answer)
        return wait_for(look)


class Staff(Client):
    """Somebody behind the front desk."""

    def __init__(self, house, username: str):
        super().__init__(house)
        self.username = username
        self.log_in()

    def log_in(self):
        self.token = ok(self.house.log_in_staff(self.username))["access_token"]

    def call(self, method: str, path: str, **more) -> requests.Response:
        """Several tests are the same person: whoever was signed out by another signs in again."""
        answer = super().call(method, path, **more)
        if answer.status_code == 401 and "signed_in_elsewhere" in answer.text:
            self.log_in()
            answer = super().call(method, path, **more)
        return answer

    def check_in(self, code: str, key=NEW_KEY) -> requests.Response:
        return self.post("/api/v1/staff/checkins", {"code": code}, key)

    def try_undo(self, order: dict, checked_in_at: str, reason: str = "扫错了",
                 key=NEW_KEY) -> requests.Response:
        return self.post(f"/api/v1/staff/orders/{order['id']}/checkin/undo",
                         {"checked_in_at": checked_in_at, "reason": reason}, key)

    def search(self, **query) -> list:
        return ok(self.get("/api/v1/staff/orders", **query))["items"]

    def see(self, order: dict) -> dict:
        return ok(self.get(f"/api/v1/staff/orders/{order['id']}"))

    def try_refund(self, order: dict, amount: int, release=None, key=NEW_KEY,
                   reason: str = "灯坏了") -> requests.Response:
        body = {"amount_fen": amount, "reason": reason}
        if release:
            body["release"] = [i["id"] for i in release]
        return self.post(f"/api/v1/staff/orders/{order['id']}/refunds", body, key)

    def refund(self, order: dict, amount: int, release=None) -> dict:
        return ok(self.try_refund(order, amount, release), 201)


def order_body(*slots, **more) -> dict:
    """slots: of one venue and day, as slots.Slots hands them out."""
    return {"venue_id": slots[0].venue, "date": slots[0].date,
            "periods": [{"court_id": s.court, "start": s.start, "end": s.end} for s in slots],
            **more}


class House:
    def __init__(self, run: Path):
        self.run = run.resolve()
        base = int((run / "port-base").read_text())
        self.url, self.port = f"https://localhost:{base + 443}", base + 443
        self.ca = str(run / "tls/ca.pem")
        self.sim = Sim(f"https://localhost:{base + 80}", self.ca)
        self.db = Database(self.run, "zx_owner")
        self.guest = Client(self)
        self._names, self._tag = itertools.count(1), uuid.uuid4().hex[:8]

    def setting(self, name: str) -> str:
        lines = (self.run / "zx.env").read_text().splitlines()
        values = dict(line.partition("=")[::2] for line in lines)
        return values[name].strip('"')

    def secret(self, *names) -> bytes:
        return self.run.joinpath("secrets", *names).read_bytes()

    def log(self, name: str) -> str:
        return (self.run / f"log/{name}.log").read_text(errors="replace")

    def customer(self) -> Customer:
        return Customer(self, f"客人{self._tag}-{next(self._names)}")

    def log_in(self, **form) -> requests.Response:
        form = {"grant_type": "urn:zhixing:wechat-code", **form}
        return self.guest.call("POST", "/oauth2/token", data=form)

    def log_in_staff(self, username: str, password: str | None = None,
                     **more) -> requests.Response:
        password = password or (self.run / "demo-password").read_text()
        return self.log_in(grant_type="password", username=username, password=password, **more)

    def settle(self, limit_s: float = 90):
        """Until everybody who has paid has his code, and all that happened has been told."""
        wait_for(self._is_settled, limit_s)

    def _is_settled(self) -> bool:
        """At one moment: no message that nobody acted on, nor a refund that was just begun or a
        ban, which will send one."""
        return not self.db.value(
            "SELECT (SELECT count(*) FROM message m WHERE kind ~ '^(order|refund|ban)[.]'"
            " AND kind <> 'order.created' AND (SELECT count(*) FROM message_done d"
            "  WHERE d.message_id = m.id) < CASE kind WHEN 'order.paid' THEN 2 ELSE 1 END)"
            " + (SELECT count(*) FROM refund WHERE state IN ('created', 'accepted') AND tries < 2"
            "  AND created_at > now() - interval '20 seconds')"
            " + (SELECT count(*) FROM ban WHERE told_at IS NULL OR end_told_at IS NULL"
            "  AND (lifted_at IS NOT NULL OR until <= now()))")

    def picture(self) -> dict:
        """Every table in a few numbers, when nothing is under way any more."""
        wait_for(lambda: self._is_settled() and self.sim.has_told() and self._is_settled(), 90)
        return self.db.picture()

    def command(self, *words) -> str:
        """tests/stack/stack.py on this stack."""
        done = subprocess.run([sys.executable, STACK, *words, "--run", self.run], text=True,
                              capture_output=True, timeout=400)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def configured(self, *programs, **settings):
        """These programs, restarted with other settings; afterwards with their own again."""
        options = self.run / "options.json"
        own = options.read_text()
        told = json.loads(own)
        told["set"].update(settings)
        try:
            options.write_text(json.dumps(told))
            self.restart(*programs)
            yield
        finally:
            options.write_text(own)
            self.restart(*programs)

    def restart(self, *programs):
        """`start` leaves alone what runs already as it is wanted."""
        for name in programs:
            self.command("start", name)


def find() -> House:
    if not os.environ.get("ZX_TEST_RUN"):
        raise RuntimeError("ZX_TEST_RUN is not set: these tests need a running stack")
    return House(Path(os.environ["ZX_TEST_RUN"]))
