"""One notify as it goes over the wire, and the Wechatpay-* headers of notifies and answers:
right, or spoiled in the way a fault asks for."""
import copy
import time
from dataclasses import dataclass

import simclock
import wxcrypto
from answers import to_json

WRONG_KEY = b"another merchant's APIv3 key ...".ljust(32)[:32]
V2_XML = ("<xml><return_code>SUCCESS</return_code><appid><![CDATA[{appid}]]></appid>"
          "<mch_id><![CDATA[{mchid}]]></mch_id><nonce_str><![CDATA[{nonce}]]></nonce_str>"
          "<req_info><![CDATA[T87GAHG17TGAHG1TGHAHAHA1Y1CIOA9UGJH1GAHV871HAGAG]]></req_info>"
          "</xml>")
SHIFT = {"stale": -600, "future": 600}  # seconds; the receiver allows 300 (page 4013053249)


@dataclass
class Letter:
    body: bytes
    headers: dict


def signature_headers(key, body: bytes, spoil: str = "") -> dict:
    """The headers that WeChat Pay sends with a 2xx answer or a notify (page 4013053249)."""
    if spoil == "missing_signature":
        return {}
    timestamp = str(int(time.time()) + SHIFT.get(spoil, 0))
    nonce = wxcrypto.random_text(32)
    text = wxcrypto.answer_text(timestamp, nonce, body)
    signature = wxcrypto.sign(key.private, text + b"x" if spoil == "bad_signature" else text)
    if spoil == "signtest":
        signature = wxcrypto.SIGNTEST + signature[len(wxcrypto.SIGNTEST):]
    serial = key.serial
    if spoil == "unknown_serial":
        serial = wxcrypto.random_text(40, "0123456789ABCDEF")
    return {"Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": signature, "Wechatpay-Serial": serial,
            "Wechatpay-Signature-Type": wxcrypto.SCHEME}


def _resource(notify, spoil: str, params: dict, config) -> dict:
    resource = copy.deepcopy(notify.resource)
    if spoil == "wrong_amount":
        resource["amount"]["total"] = params.get("total", resource["amount"]["total"] + 1)
    elif spoil == "wrong_mchid":
        resource["mchid"] = str(int(config.mchid) + 1)
    elif spoil == "wrong_appid":
        resource["appid"] = "wx" + "0" * 16
    return resource


def _envelope(notify, spoil: str, params: dict, config) -> bytes:
    """The body of page 4012791861; associated_data as WeChat sends it in practice."""
    key = WRONG_KEY if spoil == "wrong_key" else config.apiv3_key
    nonce = wxcrypto.random_text(12)
    sealed = wxcrypto.aead_encrypt(key, nonce, notify.event,
                                   to_json(_resource(notify, spoil, params, config)))
    return to_json({
        "id": notify.id, "create_time": simclock.rfc3339(notify.created_at),
        "resource_type": "encrypt-resource", "event_type": notify.event_type,
        "summary": notify.summary,
        "resource": {"original_type": notify.event, "algorithm": "AEAD_AES_256_GCM",
                     "ciphertext": sealed, "nonce": nonce,
                     "associated_data": "other" if spoil == "bad_aad" else notify.event}})


def _body(notify, spoil: str, params: dict, config) -> bytes:
    if spoil == "not_json":
        return b"this is not JSON"
    if spoil in ("wrong_amount", "wrong_mchid", "wrong_appid", "wrong_key", "bad_aad"):
        return _envelope(notify, spoil, params, config)
    if notify.body is None:
        notify.body = _envelope(notify, "", {}, config)
    return notify.body


def compose(notify, fault, keys, config) -> Letter:
    """Every attempt has its own timestamp, nonce and signature around the same body."""
    spoil = fault.name.removeprefix("notify_") if fault else ""
    params = fault.params if fault else {}
    if spoil == "v2_xml":
        text = V2_XML.format(appid=config.appid, mchid=config.mchid,
                             nonce=wxcrypto.random_text(32))
        return Letter(text.encode(), {"Content-Type": "text/xml"})
    body = _body(notify, spoil, params, config)
    headers = signature_headers(keys.for_notify(), body, spoil)
    if spoil == "tampered":
        body = body.replace(b'"id":"', b'"id":"X', 1)
    return Letter(body, {"Content-Type": "application/json", **headers})
