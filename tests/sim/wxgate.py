"""The gate of api.mch.weixin.qq.com: who may pass, and the exact words for who may not.

Order of the checks as observed without credentials (wechat pay error page 4012081709 and
4012072670): needed headers, Authorization, clock, serial, signature.
"""
import re
import time

import wxcrypto
from answers import PayError, Request

CLOCK_LIMIT_S = 300
FIELD_NAMES = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
_FIELD = r'[a-z_]+="[^"]*"'
_FIELDS = re.compile(f"{_FIELD}(,{_FIELD})*")
_NONCE = re.compile(r"[0-9A-Za-z]{1,32}")

NO_AGENT = "Http头缺少Accept或User-Agent"
MALFORMED = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
MALFORMED_ON_PAY = "签名信息错误，验签失败"
WRONG_SCHEME = "HTTP头Authorization认证类型不正确"
STALE = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
WRONG_SERIAL = "商户证书序列号有误。请使用签名私钥匹配的证书序列号"
FORGED = "签名错误"


def _refuse(message: str) -> PayError:
    return PayError(401, "SIGN_ERROR", message)


def parse_fields(header: str) -> dict | None:
    """The five fields, each once, in any order; no blank at the commas (page 4012365344)."""
    if not _FIELDS.fullmatch(header):
        return None
    pairs = re.findall(r'([a-z_]+)="([^"]*)"', header)
    fields = dict(pairs)
    if len(pairs) != len(FIELD_NAMES) or set(fields) != FIELD_NAMES:
        return None
    fits = fields["timestamp"].isdecimal() and _NONCE.fullmatch(fields["nonce_str"])
    return fields if fits else None


def _fields(req: Request) -> dict:
    """The pay paths have one text for everything that isn't a well-formed Authorization."""
    on_pay = req.path.startswith("/v3/pay/transactions/")
    headers = req.headers.get_all("Authorization") or []
    if len(headers) != 1:
        raise _refuse(MALFORMED_ON_PAY if on_pay else MALFORMED)
    scheme, _, rest = headers[0].partition(" ")
    if scheme != wxcrypto.SCHEME:
        raise _refuse(MALFORMED_ON_PAY if on_pay else WRONG_SCHEME)
    fields = parse_fields(rest)
    if fields is None:
        raise _refuse(MALFORMED_ON_PAY if on_pay else MALFORMED)
    return fields


def check_agent(req: Request) -> None:
    if not req.header("User-Agent") or not req.header("Accept"):
        raise PayError(400, "INVALID_REQUEST", NO_AGENT)


def authenticate(req: Request, config) -> None:
    """PayError 401 unless the merchant signed exactly these bytes in the last 5 minutes."""
    fields = _fields(req)
    if abs(time.time() - int(fields["timestamp"])) > CLOCK_LIMIT_S:
        raise _refuse(STALE)
    if fields["mchid"] != config.mchid:
        raise _refuse(FORGED)
    if fields["serial_no"] != config.merchant_serial:
        raise _refuse(WRONG_SERIAL)
    text = wxcrypto.request_text(req.method, req.target, fields["timestamp"],
                                 fields["nonce_str"], req.body)
    if not wxcrypto.verify(config.merchant_key, text, fields["signature"]):
        raise _refuse(FORGED)
