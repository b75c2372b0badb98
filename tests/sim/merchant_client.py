"""A small merchant for the tests: signs, verifies and decrypts by its own code, so that the
simulator is judged by something that shares nothing with it."""
import base64
import json
import secrets
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

APIV3_KEY = b"0123456789abcdefghijklmnopqrstuv"
JSAPI = "/v3/pay/transactions/jsapi"
NATIVE = "/v3/pay/transactions/native"
REFUNDS = "/v3/refund/domestic/refunds"


def told(answer: requests.Response) -> tuple:
    """Status, code and message of a refusal, which carries no signature."""
    assert not any(name.lower().startswith("wechatpay-") for name in answer.headers)
    body = answer.json()
    return answer.status_code, body["code"], body["message"]


def in_seconds(seconds: float) -> str:
    """That time as WeChat writes it."""
    instant = time.gmtime(time.time() + 8 * 3600 + seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S+08:00", instant)


def is_signed(world, headers, body: bytes) -> bool:
    """Whether WeChat's headers fit these bytes, by the table serial -> key."""
    keys = {world.platform_serial: world.platform_key, world.pubkey_id: world.pubkey}
    key = keys.get(headers.get("Wechatpay-Serial"))
    if key is None or abs(time.time() - int(headers["Wechatpay-Timestamp"])) > 300:
        return False
    text = b"%s\n%s\n%s\n" % (headers["Wechatpay-Timestamp"].encode(),
                              headers["Wechatpay-Nonce"].encode(), body)
    try:
        key.public_key().verify(base64.b64decode(headers["Wechatpay-Signature"]), text,
                                padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def unsealed(resource: dict, key: bytes = APIV3_KEY) -> bytes:
    return AESGCM(key).decrypt(resource["nonce"].encode(),
                               base64.b64decode(resource["ciphertext"]),
                               resource["associated_data"].encode())


class Merchant:
    def __init__(self, world, port: int, sink=None):
        self.world, self.sink = world, sink
        self.base = f"https://localhost:{port}"
        self.http = requests.Session()
        self.http.trust_env = False  # REQUESTS_CA_BUNDLE would win over verify
        self.http.verify = str(world.folder / "ca.pem")

    def sim(self, name: str, body: dict | None = None):
        """The control API: POST with a body, GET without."""
        url = f"{self.base}/sim/{name}"
        answer = self.http.get(url) if body is None else self.http.post(url, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"] if body is None and "items" in answer.json() else \
            answer.json()

    def fault(self, name: str, **params) -> None:
        self.sim("faults", {"name": name, **params})

    def wx(self, method: str, path: str, body=None, **query) -> dict:
        answer = self.http.request(method, self.base + path, params=query, json=body)
        assert answer.status_code == 200
        return answer.json()

    def rsa(self, text: str) -> str:
        return base64.b64encode(self.world.merchant_key.sign(
            text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def fields(self, method: str, target: str, body: str, **changes) -> dict:
        values = {"mchid": self.world.mchid, "nonce_str": secrets.token_hex(16),
                  "timestamp": str(int(time.time())), "serial_no": self.world.merchant_serial}
        values.update(changes)
        values.setdefault("signature", self.rsa(
            f"{method}\n{target}\n{values['timestamp']}\n{values['nonce_str']}\n{body}\n"))
        return values

    @staticmethod
    def header(fields: dict) -> str:
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{k}="{v}"' for k, v in fields.items())

    def call(self, method: str, target: str, body=None, authorization: str | None = None,
             headers: dict | None = None) -> requests.Response:
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        own = self.header(self.fields(method, target, text))
        sent = {"Authorization": authorization or own,
                "Accept": "application/json", "User-Agent": "test",
                "Wechatpay-Serial": self.world.pubkey_id}
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        return self.http.request(method, self.base + target, data=text.encode() or None,
                                 headers={k: v for k, v in sent.items() if v is not None})

    def good(self, method: str, target: str, body=None) -> dict | None:
        """A call that must succeed with a signed answer."""
        answer = self.call(method, target, body)
        assert answer.status_code in (200, 204), answer.text
        assert is_signed(self.world, answer.headers, answer.content)
        return answer.json() if answer.content else None

    def user(self, nickname: str = "小明") -> dict:
        return self.sim("users", {"nickname": nickname})

    def order(self, number: str, **changes) -> dict:
        body = {"appid": self.world.appid, "mchid": self.world.mchid, "description": "羽毛球 3号场",
                "out_trade_no": number, "notify_url": self.sink.url,
                "amount": {"total": 12000, "currency": "CNY"},
                "payer": {"openid": self.user()["openid"]}}
        body.update(changes)
        return {name: value for name, value in body.items() if value is not None}

    def prepay(self, number: str, **changes) -> str:
        return self.good("POST", JSAPI, self.order(number, **changes))["prepay_id"]

    def pay_parameters(self, prepay_id: str) -> dict:
        stamp, nonce = str(int(time.time())), secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        sign = self.rsa(f"{self.world.appid}\n{stamp}\n{nonce}\n{package}\n")
        return {"timeStamp": stamp, "nonceStr": nonce, "package": package, "signType": "RSA",
                "paySign": sign}

    def paid(self, number: str, **changes) -> dict:
        """An order prepaid, paid and notified."""
        self.prepay(number, **changes)
        return self.sim("pay", {"out_trade_no": number, "wait": True})

    def query(self, number: str) -> dict:
        return self.good("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid="
                                f"{self.world.mchid}")

    def close(self, number: str) -> requests.Response:
        return self.call("POST", f"/v3/pay/transactions/out-trade-no/{number}/close",
                         {"mchid": self.world.mchid})

    def refund(self, number: str, refund_no: str, fen: int, **changes) -> requests.Response:
        body = {"out_trade_no": number, "out_refund_no": refund_no, "reason": "用户取消",
                "notify_url": self.sink.url,
                "amount": {"refund": fen, "total": 12000, "currency": "CNY"}, **changes}
        return self.call("POST", REFUNDS, body)


class Sink:
    """The merchant's notify endpoint: keeps what arrives, answers what `answers` says (then
    204) after verifying nothing: the tests judge."""

    def __init__(self, world):
        self.world, sink = world, self
        self.clear()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with sink.arrived:
                    sink.letters.append((self.headers, body))
                    status = sink.answers.pop(0) if sink.answers else 204
                    sink.arrived.notify_all()
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.folder / "tls.pem", world.folder / "tls.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}/notify/wechat"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def clear(self) -> None:
        self.letters, self.answers, self.arrived = [], [], threading.Condition()

    def shutdown(self) -> None:
        self._server.shutdown()

    def wait(self, count: int) -> list:
        """The letters once there are so many of them."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.letters) >= count, 60), \
                f"{len(self.letters)} of {count} notifies arrived"
            return list(self.letters)

    def open(self, letter) -> dict:
        """A letter's plaintext; AssertionError unless it is rightly signed."""
        headers, body = letter
        assert is_signed(self.world, headers, body)
        return json.loads(unsealed(json.loads(body)["resource"]))
