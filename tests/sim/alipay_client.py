"""A small merchant of Alipay for the tests: signs and verifies by its own code, so that the
simulator is judged by something that shares nothing with it."""
import base64
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus, urlencode

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

PRECREATE, CREATE, QUERY = "alipay.trade.precreate", "alipay.trade.create", "alipay.trade.query"
CLOSE, REFUND = "alipay.trade.close", "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"
BILL = "alipay.data.dataservice.bill.downloadurl.query"


def china(seconds: float = 0, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return time.strftime(form, time.gmtime(time.time() + 8 * 3600 + seconds))


def fits(key, text: bytes, signature: str) -> bool:
    try:
        key.public_key().verify(base64.b64decode(signature), text, padding.PKCS1v15(),
                                hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def object_behind(text: str, name: str) -> str:
    """The raw object under that name, by counting its braces."""
    at = text.index("{", text.index(f'"{name}"'))
    _, end = json.JSONDecoder().raw_decode(text, at)
    return text[at:end]


class Merchant:
    def __init__(self, world, port: int, sink):
        self.world, self.sink = world, sink
        self.base = f"https://localhost:{port}"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = str(world.folder / "ca.pem")

    def sim(self, name: str, body: dict | None = None):
        url = f"{self.base}/sim/{name}"
        answer = self.http.get(url) if body is None else self.http.post(url, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json().get("items", answer.json())

    def fault(self, name: str, **params) -> None:
        self.sim("faults", {"name": name, **params})

    def sign(self, params: dict) -> str:
        text = "&".join(f"{k}={v}" for k, v in sorted(params.items()) if k != "sign" and v)
        return base64.b64encode(self.world.alipay_app_key.sign(
            text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def params(self, method: str, biz: dict, /, **changes) -> dict:
        told = {"app_id": self.world.alipay_appid, "method": method, "format": "JSON",
                "charset": "utf-8", "sign_type": "RSA2", "timestamp": china(), "version": "1.0",
                "notify_url": self.sink.url, "biz_content": json.dumps(biz, ensure_ascii=False)}
        told.update(changes)
        told = {k: v for k, v in told.items() if v is not None}
        told.setdefault("sign", self.sign(told))
        return told

    def post(self, params: dict) -> requests.Response:
        """As the official SDKs do: biz_content in the form, all else in the query."""
        form = {"biz_content": params["biz_content"]} if "biz_content" in params else {}
        query = {k: v for k, v in params.items() if k != "biz_content"}
        return self.http.post(f"{self.base}/gateway.do?{urlencode(query)}", data=form)

    def ask(self, method: str, biz: dict, /, **changes) -> dict:
        """The answer's object, once its signature is proven."""
        answer = self.post(self.params(method, biz, **changes))
        assert answer.status_code == 200, answer.text
        raw = object_behind(answer.text, method.replace(".", "_") + "_response")
        assert fits(self.world.alipay_key, raw.encode(), answer.json()["sign"])
        return json.loads(raw)

    def good(self, method: str, biz: dict) -> dict:
        told = self.ask(method, biz)
        assert (told["code"], told["msg"]) == ("10000", "Success"), told
        return told

    def refused(self, method: str, biz: dict) -> str:
        told = self.ask(method, biz)
        assert told["code"] == "40004" and told["msg"] == "Business Failed", told
        return told["sub_code"]

    def order(self, number: str, **changes) -> dict:
        body = {"out_trade_no": number, "total_amount": "120.00", "subject": "羽毛球 3号场",
                "time_expire": china(600), **changes}
        return {k: v for k, v in body.items() if v is not None}

    def code(self, number: str, **changes) -> str:
        return self.good(PRECREATE, self.order(number, **changes))["qr_code"]

    def paid(self, number: str, **more) -> dict:
        result = self.sim("pay", {"code_url": self.code(number), "wait": True, **more})
        assert result["result"] == "ok" and result["resultCode"] == "9000"
        return result

    def query(self, number: str) -> dict:
        return self.good(QUERY, {"out_trade_no": number})

    def refund(self, number: str, request_no: str, amount: str, **more) -> dict:
        return self.good(REFUND, {"out_trade_no": number, "out_request_no": request_no,
                                  "refund_amount": amount, **more})


class Sink:
    """The merchant's notify endpoint: keeps what arrives, answers what `answers` says, then
    `success`."""

    def __init__(self, world):
        self.world, sink = world, self
        self.clear()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with sink.arrived:
                    sink.letters.append(body)
                    status, word = sink.answers.pop(0) if sink.answers else (200, b"success")
                    sink.arrived.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", str(len(word)))
                self.end_headers()
                self.wfile.write(word)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.folder / "tls.pem", world.folder / "tls.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}/notify/alipay"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def clear(self) -> None:
        self.letters, self.answers, self.arrived = [], [], threading.Condition()

    def shutdown(self) -> None:
        self._server.shutdown()

    def wait(self, count: int) -> list:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.letters) >= count, 10), \
                f"{len(self.letters)} of {count} notifies arrived"
            return list(self.letters)

    def is_signed(self, body: bytes) -> bool:
        pairs = [part.split("=", 1) for part in body.decode("ascii").split("&")]
        told = {name: unquote_plus(value) for name, value in pairs}
        if len(told) != len(pairs) or told.get("sign_type") != "RSA2":
            return False
        text = "&".join(f"{k}={told[k]}" for k in sorted(set(told) - {"sign", "sign_type"})
                        if told[k])
        return fits(self.world.alipay_key, text.encode(), told.get("sign", ""))

    def open(self, body: bytes) -> dict:
        """What a letter says; AssertionError unless it is rightly signed."""
        assert self.is_signed(body)
        return {k: unquote_plus(v) for k, v in
                (part.split("=", 1) for part in body.decode("ascii").split("&"))}
