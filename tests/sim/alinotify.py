"""Sends notifies as Alipay does: a form, signed over its decoded values without sign and
sign_type, eight times in 25 hours until the merchant answers `success`."""
import http.client
import time
from urllib.parse import urlencode, urlsplit

import faults
import notify
import simclock
import wxcrypto
from letters import Letter
from notify import Notifier, Notify

RETRIES_S = (240, 600, 600, 3600, 7200, 21600, 54000)
SHIFT = {"stale": -8 * 86400, "future": 86400}


def signed_text(params: dict) -> bytes:
    return "&".join(f"{name}={params[name]}" for name in sorted(params)
                    if name not in ("sign", "sign_type") and params[name]).encode()


def compose(notice: Notify, fault, config) -> Letter:
    """Every delivery has its own time and signature around the same notify_id."""
    spoil = fault.name.removeprefix("notify_") if fault else ""
    told = {"notify_id": notice.id, **notice.resource,
            "notify_time": simclock.beijing(time.time() + SHIFT.get(spoil, 0),
                                            "%Y-%m-%d %H:%M:%S")}
    if spoil == "wrong_amount":
        fen = fault.params.get("total", round(float(told["total_amount"]) * 100) + 1)
        told["total_amount"] = f"{fen // 100}.{fen % 100:02d}"
    elif spoil == "wrong_mchid":
        told["seller_id"] = str(int(config.alipay_seller_id) + 1)
    elif spoil == "wrong_appid":
        told["app_id"] = str(int(config.alipay_appid) + 1)
    told["sign_type"] = "RSA2"
    text = signed_text(told)
    told["sign"] = wxcrypto.sign(config.alipay_key, text + b"x" if spoil == "bad_signature"
                                 else text)
    if spoil == "missing_signature":
        del told["sign"]
    elif spoil == "tampered":
        told["trade_no"] += "1"
    body = urlencode(told)
    if spoil == "field_twice":
        body = "total_amount=0.01&" + body
    return Letter(body.encode(),
                  {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})


class AliNotifier(Notifier):
    retries = RETRIES_S

    def announce(self, notice: Notify, wait: bool = False) -> None:
        if notice.url:
            super().announce(notice, wait)

    def _deliver(self, notice: Notify) -> int:
        fault = self._switches.take(*faults.SPOILED_FORMS, **notice.facts)
        return self._post(notice, compose(notice, fault, self._config),
                          fault.name if fault else "")

    def resend(self, notice: Notify, raw: bool) -> int:
        if raw and notice.last:
            return self._post(notice, notice.last, "raw")
        return self._post(notice, compose(notice, None, self._config), "resend")

    def _post(self, notice: Notify, letter: Letter, why: str) -> int:
        """200 if the merchant said `success`; another answer 200 counts as none: 0."""
        notice.last = letter
        began = time.monotonic()
        status, body, reason = _post_form(notice.url, letter, self._tls)
        notice.attempts.append({"at": simclock.rfc3339(time.time()), "status": status,
                                "body": body[:64], "error": reason, "fault": why,
                                "ms": round((time.monotonic() - began) * 1000)})
        if status in (200, 204):
            return 200 if status == 200 and body == "success" else 0
        return status


def _post_form(url: str, letter: Letter, tls) -> tuple[int, str, str]:
    parts = urlsplit(url)
    link = http.client.HTTPSConnection(parts.hostname, parts.port or 443,
                                       timeout=notify.ANSWER_LIMIT_S, context=tls)
    try:
        link.request("POST", parts.path or "/", letter.body,
                     {"User-Agent": "Mozilla/4.0", "Connection": "close", **letter.headers})
        answer = link.getresponse()
        return answer.status, answer.read(4096).decode("utf-8", "replace"), ""
    except (OSError, http.client.HTTPException) as error:
        return 0, "", f"{type(error).__name__}: {error}"
    finally:
        link.close()
