"""The whole simulator behind one function: a request goes in, an answer (or none: the
connection is dropped) comes out. Routes of both WeChat hosts are tables; faults act around
the handlers."""
import re
import secrets
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import replace

import billedits
import alibill
import alibooks
import aligate
import alinotify
import alitrade
import bills
import faults
import letters
import smsgate
import wxgate
import wxlogin
import wxmessage
import wxpay
import wxrefund
import wxsecurity
import wxtokens
import wxweb
from answers import Answer, PayError, Request, WxError, plain
from books import Books
from keyring import Keyring
from notify import Notifier
from scheduler import Scheduler
from simclock import Clock, rfc3339

ID = r"([^/]+)"
PAY_ROUTES = [(method, re.compile(path), handler) for method, path, handler in (
    ("POST", "/v3/pay/transactions/jsapi", wxpay.jsapi),
    ("POST", "/v3/pay/transactions/native", wxpay.native),
    ("GET", f"/v3/pay/transactions/out-trade-no/{ID}", wxpay.query_by_number),
    ("GET", f"/v3/pay/transactions/id/{ID}", wxpay.query_by_id),
    ("POST", f"/v3/pay/transactions/out-trade-no/{ID}/close", wxpay.close),
    ("POST", "/v3/refund/domestic/refunds", wxrefund.create),
    ("GET", f"/v3/refund/domestic/refunds/{ID}", wxrefund.show),
    ("POST", f"/v3/refund/domestic/refunds/{ID}/apply-abnormal-refund",
     wxrefund.apply_abnormal),
    ("GET", "/v3/bill/tradebill", bills.trade_bill),
    ("GET", "/v3/bill/fundflowbill", bills.fund_flow_bill),
    ("GET", "/v3/billdownload/file", bills.download),
    ("GET", "/v3/certificates", wxsecurity.certificates),
    ("POST", "/v3/security/echo", wxsecurity.echo))]
WX_ROUTES = {
    "/sns/jscode2session": ("GET", wxlogin.code2session),
    "/wxa/checksession": ("GET", wxlogin.check_session),
    "/wxa/business/getuserphonenumber": ("POST", wxlogin.phone_number),
    "/cgi-bin/token": ("GET", wxtokens.classic_token),
    "/cgi-bin/stable_token": ("POST", wxtokens.stable_token),
    "/cgi-bin/message/subscribe/send": ("POST", wxmessage.send),
    "/wxa/sec/order/upload_shipping_info": ("POST", wxmessage.upload_shipping_info),
    "/wxa/sec/order/is_trade_managed": ("POST", wxmessage.is_trade_managed),
    "/connect/qrconnect": ("GET", wxweb.qrconnect),
    "/sns/oauth2/access_token": ("GET", wxweb.access_token),
    "/sns/oauth2/refresh_token": ("GET", wxweb.refresh_token),
    "/sns/userinfo": ("GET", wxweb.userinfo),
    "/sns/auth": ("GET", wxweb.auth),
}


class Simulator:
    def __init__(self, config):
        self.config = config
        self.lock = threading.RLock()  # guards books and everything a handler changes
        self.clock = Clock()
        self.faults = faults.Faults()
        self.scheduler = Scheduler()
        self.books = Books(self.clock, config.state_dir)
        self.keys = Keyring(config, self.faults)
        self.notifier = Notifier(config, self.keys, self.faults, self.scheduler, self._remember)
        self.alibooks = alibooks.AliBooks(self.clock, config.state_dir)
        self.alinotifier = alinotify.AliNotifier(config, self.keys, self.faults, self.scheduler,
                                                 self._remember)
        self.codes = wxlogin.Codes(self.clock)
        self.sessions = wxlogin.Sessions(self.clock)
        self.tokens = wxtokens.Tokens(self.clock)
        self.messages = wxmessage.Messages()
        self.grants = wxweb.Grants()
        self.texts = smsgate.Texts()
        self.downloads: dict[str, tuple[bytes, float]] = {}
        self.bill_edits: dict[str, billedits.Edits] = {}  # by day
        self.requests: deque[dict] = deque(maxlen=20000)

    def reset(self, keep_books: bool) -> None:
        """Letters that are on their way arrive before, all others are dropped."""
        self.scheduler.clear()
        self.scheduler.rest()
        with self.lock:
            self.scheduler.clear()
            self.clock.offset = 0.0
            for part in (self.notifier, self.alinotifier, self.faults, self.keys, self.codes, self.sessions,
                         self.tokens, self.messages, self.grants, self.texts):
                part.reset()
            self.downloads.clear()
            self.bill_edits.clear()
            self.requests.clear()
            if not keep_books:
                self.books.clear()
                self.alibooks.clear()
        self.resume()

    def resume(self) -> None:
        """After a restart: refunds go on, and what the merchant hasn't heard is told again."""
        with self.lock:
            for refund in self.books.refunds.values():
                if refund.status == "PROCESSING":
                    wxrefund.schedule(self, refund)
            untold = [wxpay.pay_notify(self, order) for order in self.books.orders.values()
                      if order.paid and not order.notified]
            untold += [wxrefund.refund_notify(self, refund)
                       for refund in self.books.refunds.values()
                       if refund.status != "PROCESSING" and not refund.notified]
            alipay = [alitrade.pay_notify(self, trade) for trade in self.alibooks.trades.values()
                      if trade.paid and not trade.notified]
        for notify in filter(None, untold):
            self.notifier.announce(notify)
        for notify in alipay:
            self.alinotifier.announce(notify)

    def _remember(self, record) -> None:
        """A notify is done with. After a reset its record may no longer be in the books."""
        with self.lock:
            books = self.alibooks if isinstance(record, alibooks.Trade) else self.books
            if books.holds(record):
                record.notified = True
                books.save(record)

    def handle(self, req: Request) -> Answer | None:
        """Plays one request of the backend; None means: close the connection, say nothing."""
        facts = {"path": req.target, "method": req.method}
        slow = self.faults.take("slow", **facts)
        if slow:
            time.sleep(slow.params.get("ms", 1000) / 1000)
        on_pay = req.path.startswith("/v3/")
        if self.config.alipay_appid and req.path in ("/gateway.do", "/downloadBillFile.resource"):
            answer = self._alipay(req, facts)
        elif self.config.sms_secret and req.path == "/sms/send":
            answer = self._sms(req, facts)
        else:
            answer = self._pay(req, facts) if on_pay else self._weixin(req, facts)
        for job in answer.after:
            job()
        answer = self._fail_after(answer, facts)
        self.requests.append({"at": rfc3339(time.time()), "method": req.method,
                              "path": req.path, "status": answer.status if answer else 0})
        return answer and self._sign(req, answer, facts)

    def _pay(self, req: Request, facts: dict) -> Answer:
        """api.mch.weixin.qq.com; 404 and 405 have empty bodies (observed in 2026)."""
        routes = [(method, handler, match.groups()) for method, path, handler in PAY_ROUTES
                  if (match := path.fullmatch(req.path))]
        route = next((r for r in routes if r[0] == req.method), None)
        if route is None:
            return Answer(405 if routes else 404, content_type="")
        try:
            wxgate.check_agent(req)
            self._fail_before(facts)
            wxgate.authenticate(req, self.config)
            with self.lock:
                answer = route[1](self, req, *route[2])
        except PayError as refusal:
            answer = refusal.answer()
        except Exception:  # a fault of the simulator itself looks like one of WeChat's
            traceback.print_exc(file=sys.stderr)
            answer = PayError(500, "SYSTEM_ERROR", "模拟器内部错误").answer()
        if answer.status != 401 or not req.path.startswith("/v3/pay/transactions/"):
            answer.headers["Request-ID"] = f"{secrets.token_hex(20).upper()}-0"
        return answer

    def _weixin(self, req: Request, facts: dict) -> Answer:
        """api.weixin.qq.com and open.weixin.qq.com: errors are HTTP 200 with errcode."""
        if req.path not in WX_ROUTES:
            return Answer(404, content_type="")
        method, handler = WX_ROUTES[req.path]
        try:
            self._fail_before(facts)
            told = self.faults.take("wx_errcode", **facts)
            if told:
                raise WxError(told.params.get("errcode", -1), "system error")
            if req.method != method:
                raise WxError(43001 if method == "GET" else 43002, f"require {method} method")
            with self.lock:
                return handler(self, req)
        except PayError as refusal:
            return refusal.answer()
        except WxError as error:
            rid = "-".join(secrets.token_hex(4) for _ in range(3))
            return plain({"errcode": error.errcode, "errmsg": f"{error.errmsg} rid: {rid}"})
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return plain({"errcode": -1, "errmsg": "system error"})

    def _alipay(self, req: Request, facts: dict) -> Answer:
        """openapi.alipay.com and dwbillcenter.alipay.com."""
        broken = self.faults.take("http_500_before", **facts)
        if broken:
            return Answer(broken.params.get("status", 500), b"<html></html>", "text/html")
        if req.path != "/gateway.do":
            return alibill.download(self, req)
        return aligate.handle(self, req, facts) if req.method in ("GET", "POST") else Answer(405)

    def _sms(self, req: Request, facts: dict) -> Answer:
        """The SMS gateway."""
        if req.method != "POST":
            return Answer(405, content_type="")
        try:
            self._fail_before(facts)
            with self.lock:
                return smsgate.send(self, req)
        except PayError as refusal:
            return refusal.answer()

    def _fail_before(self, facts: dict) -> None:
        broken = self.faults.take("http_500_before", **facts)
        if broken:
            raise PayError(broken.params.get("status", 500), "SYSTEM_ERROR", "系统错误")
        if self.faults.take("429", **facts):
            raise PayError(429, self.faults["rate_code"], "请求频率超过限制")

    def _fail_after(self, answer: Answer, facts: dict) -> Answer | None:
        """Faults after the deed: only what succeeded can lose its answer."""
        if answer.status >= 300:
            return answer
        if self.faults.take("answer_lost", **facts):
            return None
        if self.faults.take("garbage", **facts):
            return Answer(200, b"<html>502 Bad Gateway</html>", "text/html")
        broken = self.faults.take("http_500_after", **facts)
        if broken:
            return PayError(broken.params.get("status", 500), "SYSTEM_ERROR", "系统错误").answer()
        return answer

    def _sign(self, req: Request, answer: Answer, facts: dict) -> Answer:
        """Every 2xx of WeChat Pay is signed, 204 too; refusals and downloads are not."""
        if not answer.signed:
            return answer
        fault = self.faults.take(*faults.SPOILED_ANSWERS, **facts)
        spoil = fault.name.removeprefix("answer_") if fault else ""
        key = self.keys.for_answer(req.header("Wechatpay-Serial"))
        headers = letters.signature_headers(key, answer.body, spoil)
        return replace(answer, headers={**answer.headers, **headers})
