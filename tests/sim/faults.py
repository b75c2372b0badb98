"""What can be made to go wrong (POST /sim/faults): one-shot faults, counted down by `times`,
and settings that stay until changed or reset. One line a fault, one line a setting."""
import threading
from dataclasses import dataclass, field

WHERE = ("path", "method")  # narrow an answer fault to requests whose target contains `path`
WHOSE = ("out_trade_no", "out_refund_no", "event")  # … a notify fault to one order or kind:
# event is transaction or refund

FAULTS = {  # name: (own parameters and filters, sentence)
    "slow": (("ms",) + WHERE, "wait `ms` before working on the request"),
    "http_500_before": (("status",) + WHERE, "500 (or `status`), nothing done"),
    "http_500_after": (("status",) + WHERE, "done and stored, but answered 500 (or `status`)"),
    "answer_lost": (WHERE, "done and stored, then the connection is closed without an answer"),
    "garbage": (WHERE, "done and stored, but the answer is a page of HTML with status 200"),
    "429": (WHERE, "429 with the code of setting rate_code, nothing done"),
    "wx_errcode": (("errcode",) + WHERE, "api.weixin.qq.com answers `errcode`, nothing done"),
    "answer_bad_signature": (WHERE, "2xx whose signature belongs to other bytes"),
    "answer_missing_signature": (WHERE, "2xx without any Wechatpay-* header"),
    "answer_signtest": (WHERE, "2xx with a WECHATPAY/SIGNTEST/ probe (page 4013053249)"),
    "answer_stale": (WHERE, "2xx signed rightly, but 10 minutes ago"),
    "answer_unknown_serial": (WHERE, "2xx that names a key nobody knows"),
    "notify_wrong_amount": (("total",) + WHOSE, "amount.total is one fen more, or `total`"),
    "notify_wrong_mchid": (WHOSE, "another merchant's mchid inside the resource"),
    "notify_wrong_appid": (WHOSE, "another appid inside the resource"),
    "notify_bad_signature": (WHOSE, "signature of other bytes"),
    "notify_missing_signature": (WHOSE, "no Wechatpay-* header"),
    "notify_signtest": (WHOSE, "a WECHATPAY/SIGNTEST/ probe first"),
    "notify_stale": (WHOSE, "signed rightly, 10 minutes ago"),
    "notify_future": (WHOSE, "signed rightly, 10 minutes ahead"),
    "notify_unknown_serial": (WHOSE, "signed by a key whose serial nobody knows"),
    "notify_tampered": (WHOSE, "body changed after signing"),
    "notify_wrong_key": (WHOSE, "resource encrypted with another APIv3 key"),
    "notify_bad_aad": (WHOSE, "associated_data differs from what was encrypted"),
    "notify_not_json": (WHOSE, "rightly signed, but not JSON"),
    "notify_v2_xml": (WHOSE, "the v2 XML of a refund made in the merchant console"),
    "notify_replay": (("n",) + WHOSE, "after success the same bytes `n` times more"),
    "notify_twice_at_once": (WHOSE, "two deliveries of the first attempt at the same time"),
    "notify_never": (WHOSE, "no delivery at all"),
    "notify_before_prepay_answer": (WHOSE, "the user pays and the notify is delivered before "
                                           "the prepay answer is sent"),
    "notify_out_of_order": (WHOSE, "held back until the next notify has been delivered"),
    "notify_field_twice": (WHOSE, "Alipay: a form with a sum of its own in front of the signed"),
    "alipay_error": (("code", "sub_code") + WHERE, "Alipay: this refusal, nothing done"),
    "pay_wins_close": (("out_trade_no",), "the user pays just before the close is worked on"),
    "close_wins_pay": (("out_trade_no", "ms"), "the user's payment waits up to `ms` (2000) for "
                                               "a close, and then loses"),
    "refund_not_enough": (("out_trade_no",), "403 NOT_ENOUGH, refund not accepted"),
    "refund_user_abnormal": (("out_trade_no",), "403 USER_ACCOUNT_ABNORMAL, not accepted"),
    "bill_not_ready": (("bill_date",), "400 STATEMENT_CREATING"),
    "bill_none": (("bill_date",), "400 NO_STATEMENT_EXIST"),
    "bill_empty": (("bill_date",), "header and summary only, although there was business"),
    "bill_wrong_hash": (("bill_date",), "hash_value doesn't belong to the file"),
    "bill_cut": (("bill_date",), "a third of the file is missing"),
    "bill_plain": (("bill_date",), "not packed, although GZIP was asked for"),
}
SPOILED_LETTERS = tuple(n for n in FAULTS if n.startswith("notify_") and n not in (
    "notify_replay", "notify_twice_at_once", "notify_never", "notify_before_prepay_answer",
    "notify_out_of_order", "notify_field_twice"))
SPOILED_FORMS = tuple(f"notify_{n}" for n in (
    "wrong_amount", "wrong_mchid", "wrong_appid", "bad_signature", "missing_signature", "stale",
    "future", "tampered", "field_twice"))
SPOILED_ANSWERS = tuple(n for n in FAULTS if n.startswith("answer_") and n != "answer_lost")

SETTINGS = {  # name: (default, allowed values or kind, sentence)
    "order_paid_code": ("ORDER_PAID", ("ORDER_PAID", "ORDERPAID"), "spelling of both worlds"),
    "reorder_code": ("OUT_TRADE_NO_USED", ("OUT_TRADE_NO_USED", "INVALID_REQUEST"),
                     "same number, other parameters"),
    "rate_code": ("FREQUENCY_LIMITED", ("FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"), "of a 429"),
    "key_mode": ("auto", ("auto", "both", "pubkey", "cert"),
                 "auto: both when a public key is configured, else cert"),
    "notify_key": ("auto", ("auto", "pubkey", "cert", "mixed"),
                   "which key signs notifies; auto: as the merchant last asked"),
    "notify_scale": (0.01, float, "the 15 s of the retry table last 0.15 s; real: 1"),
    "notify_delay_ms": (0, float, "between payment and the first delivery"),
    "refund_interval_s": (0, float, "between two refunds of one order; 0 = off, real: 60"),
    "refund_delay_ms": (100, float, "from acceptance to the final state"),
    "refund_outcome": ("SUCCESS", ("SUCCESS", "ABNORMAL", "CLOSED", "PROCESSING"),
                       "PROCESSING: stays until POST /sim/refunds/decide"),
    "close_min_age_s": (0, float, "closing a younger order is refused; overseas pages: 300"),
    "bill_ready_hour": (0, float, "bills exist from this hour of the next day; real: 10"),
    "bill_line_end": ("lf", ("lf", "crlf"), "line ends of bills"),
    "login_rate": (100, float, "code2Session calls a minute and user, then 45011"),
    "phone_country": ("string", ("string", "number", "foreign"),
                      "JSON kind of countryCode; foreign: a number of Hong Kong"),
    "phone_watermark": ("own", ("own", "other"), "whose appid stands in the phone's watermark"),
    "alipay_slashes": ("escaped", ("escaped", "plain"),
                       "Alipay signs the escaped slashes of its answers, or what they stand for"),
    "alipay_fund_change": ("Y", ("Y", "N"), "N: a refund's answer leaves open whether it is done"),
    "alipay_tell_closed": (False, bool, "whether Alipay notifies that a trade was closed"),
    "alipay_bill_scheme": ("http", ("http", "https"), "of the address of Alipay's bills"),
    "trade_managed": (True, bool, "whether the shipping duty applies"),
}


class FaultError(Exception):
    pass


@dataclass
class Fault:
    name: str
    times: int  # -1: until reset
    params: dict = field(default_factory=dict)

    def concerns(self, facts: dict) -> bool:
        for key in ("path",) if "path" in self.params else ():
            if self.params[key] not in facts.get("path", ""):
                return False
        keys = ("method", "bill_date") + WHOSE
        return all(facts.get(key) == self.params[key] for key in keys if key in self.params)


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.armed: list[Fault] = []
            self.settings = {name: row[0] for name, row in SETTINGS.items()}

    def __getitem__(self, setting: str):
        return self.settings[setting]

    def arm(self, name: str, times: int, params: dict) -> None:
        unknown = set(params) - set(FAULTS[name][0])
        if unknown:
            raise FaultError(f"{name} has no parameter {', '.join(sorted(unknown))}")
        if not isinstance(times, int) or times < -1 or times == 0:
            raise FaultError("times must be a positive number, or -1 for ever")
        with self._lock:
            self.armed.append(Fault(name, times, params))

    def set(self, name: str, value) -> None:
        allowed = SETTINGS[name][1]
        if isinstance(allowed, tuple):
            fits = value in allowed
        elif allowed is bool:
            fits = isinstance(value, bool)
        else:
            fits = type(value) in (int, float) and value >= 0
        if not fits:
            raise FaultError(f"{name} can't be {value!r}")
        self.settings[name] = value

    def take(self, *names: str, **facts) -> Fault | None:
        """The first armed fault of these names that concerns these facts, counted down."""
        with self._lock:
            for fault in self.armed:
                if fault.name in names and fault.concerns(facts):
                    fault.times -= 1 if fault.times > 0 else 0
                    if fault.times == 0:
                        self.armed.remove(fault)
                    return fault
        return None

    def show(self) -> dict:
        with self._lock:
            armed = [{"name": f.name, "times": f.times, **f.params} for f in self.armed]
            return {"armed": armed, "settings": dict(self.settings)}
