"""Alipay's gateway, version 2 (/gateway.do): which requests are heard, and how answers are signed.

Parameters travel in the query and the form. What is signed: all of them that aren't empty except
sign, decoded, by name, joined with & (opendocs.alipay.com/common/02mse7). The answer's signature
covers the object behind "<method>_response", byte for byte; slashes are escaped in it.
"""
import json
import re
import sys
import time
import traceback
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import alibill
import alitrade
import simclock
import wxcrypto
from alitrade import Refusal
from answers import JSON, Answer, Request

METHODS = {
    "alipay.trade.precreate": alitrade.precreate,
    "alipay.trade.create": alitrade.create,
    "alipay.trade.query": alitrade.query,
    "alipay.trade.close": alitrade.close,
    "alipay.trade.refund": alitrade.refund,
    "alipay.trade.fastpay.refund.query": alitrade.refund_query,
    "alipay.data.dataservice.bill.downloadurl.query": alibill.offer,
}
NEEDED = {"method": "method", "app_id": "app-id", "timestamp": "timestamp", "version": "version",
          "sign_type": "signature-type", "sign": "signature", "charset": "charset"}
CLOCK_LIMIT_S = 900
MESSAGES = {"10000": "Success", "20000": "Service Currently Unavailable",
            "40001": "Missing Required Arguments", "40002": "Invalid Arguments",
            "40004": "Business Failed", "40005": "Call Limited",
            "40006": "Insufficient Permissions"}


def signed_text(params: dict) -> bytes:
    return "&".join(f"{name}={params[name]}" for name in sorted(params)
                    if name != "sign" and params[name]).encode()


def _pairs(text: str, charset: str) -> list:
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text),
                         encoding=charset, errors="replace")
    except (ValueError, LookupError):
        raise Refusal("isv.invalid-encoding", "编码错误", "40002") from None


def parameters(req: Request) -> dict:
    """Of query and form together. Without a charset in the query the form is taken for GBK."""
    query = _pairs(urlsplit(req.target).query, "utf-8")
    charset = dict(query).get("charset", "gbk")
    pairs = query + _pairs(req.body.decode("ascii", "replace"), charset)
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refusal("isv.invalid-parameter", "参数重复", "40002")
    return dict(pairs)


def _check(params: dict, config) -> None:
    for name, word in NEEDED.items():
        if not params.get(name):
            raise Refusal(f"isv.missing-{word}", f"缺少{name}参数", "40001")
    if params["app_id"] != config.alipay_appid:
        raise Refusal("isv.invalid-app-id", "无效的AppID参数", "40002")
    if params["sign_type"] != "RSA2":
        raise Refusal("isv.invalid-signature-type", "无效的签名类型", "40002")
    if not wxcrypto.verify(config.alipay_app_key, signed_text(params), params["sign"]):
        raise Refusal("isv.invalid-signature", "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配",
                      "40002")
    if params["method"] not in METHODS:
        raise Refusal("isv.invalid-method", "不存在的方法名", "40002")
    if params["version"] != "1.0" or params.get("format", "JSON").upper() != "JSON" or \
            params["charset"].lower() != "utf-8":
        raise Refusal("isv.invalid-format", "无效的公共参数", "40002")
    _check_time(params["timestamp"])
    url = params.get("notify_url", "")
    if url and not re.fullmatch(r"https://[^/?#\s@]+(/[^?#\s]*)?", url):
        raise Refusal("isv.invalid-parameter", "notify_url不合法", "40002")


def _check_time(text: str) -> None:
    try:
        told = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=simclock.BEIJING)
    except ValueError:
        raise Refusal("isv.invalid-timestamp", "非法的时间戳参数", "40002") from None
    if abs(time.time() - told.timestamp()) > CLOCK_LIMIT_S:
        raise Refusal("isv.invalid-timestamp", "非法的时间戳参数", "40002")


def _biz(params: dict) -> dict:
    try:
        value = json.loads(params.get("biz_content", ""))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refusal("isv.invalid-parameter", "biz_content不是合法的JSON", "40002")
    return value


def _judged(sim, req: Request, facts: dict, params: dict) -> dict:
    """The answer's object. `params` is filled, so that a refusal can name its method."""
    params.update(parameters(req))
    _check(params, sim.config)
    told = sim.faults.take("alipay_error", **facts)
    if told:
        raise Refusal(told.params.get("sub_code", "ACQ.SYSTEM_ERROR"), "系统异常",
                      told.params.get("code", "40004"))
    if sim.faults.take("429", **facts):
        raise Refusal("isv.app-call-limited", "应用调用次数超限", "40005")
    with sim.lock:
        return METHODS[params["method"]](sim, req, params, _biz(params))


def handle(sim, req: Request, facts: dict) -> Answer:
    """HTTP 200 whatever it comes to; what the gateway itself refuses is not signed."""
    params: dict = {}
    after = []
    try:
        value = _judged(sim, req, facts, params)
        after = value.pop("after", [])
        value = {"code": "10000", "msg": "Success", **value}
    except Refusal as refusal:
        value = refusal.value(MESSAGES)
    except Exception:  # a fault of the simulator itself looks like one of Alipay's
        traceback.print_exc(file=sys.stderr)
        value = Refusal("isp.unknow-error", "系统繁忙", "20000").value(MESSAGES)
    answer = Answer(200, _envelope(sim, params, value, facts), JSON.replace("application/json",
                                                                            "text/html"))
    answer.after = after
    return answer


def _envelope(sim, params: dict, value: dict, facts: dict) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    by_gateway = value["code"] in ("40001", "40002", "40005", "40006")
    name = "error_response" if by_gateway else params["method"].replace(".", "_") + "_response"
    spoil = sim.faults.take("answer_bad_signature", "answer_missing_signature", **facts)
    if by_gateway or (spoil and spoil.name == "answer_missing_signature"):
        return f'{{"{name}":{text}}}'.encode()
    covered = text.replace("\\/", "/") if sim.faults["alipay_slashes"] == "plain" else text
    if spoil:
        covered += " "
    sign = wxcrypto.sign(sim.config.alipay_key, covered.encode())
    return f'{{"{name}":{text},"sign":"{sign}"}}'.encode()
