"""Notifies of WeChat Pay written by hand with WeChat's own keys: genuine, whatever they say."""
import json
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "sim"))
import wxcrypto  # noqa: E402

from house import Client  # noqa: E402


def key(path: Path):
    return wxcrypto.private_key(path.read_bytes())


class Post:
    """Somebody who holds WeChat Pay's private key and the merchant's APIv3 key."""

    def __init__(self, house):
        self.house, self.client = house, Client(house)
        self.apiv3 = house.secret("wxpay-apiv3-key")
        self.serial = house.setting("ZX_WXPAY_PUBKEY_ID")
        self.key = key(house.run / "sim/pubkey-private.pem")

    @staticmethod
    def digits(count: int) -> str:
        return wxcrypto.random_text(count, wxcrypto.DIGITS)

    def payment(self, out_trade_no: str, total: int, **changes) -> dict:
        """What a notify about a payment says; None takes a member away."""
        told = {"appid": self.house.setting("ZX_WX_APPID"),
                "mchid": self.house.setting("ZX_WXPAY_MCHID"),
                "out_trade_no": out_trade_no, "trade_state": "SUCCESS", "trade_type": "JSAPI",
                "transaction_id": "4200" + wxcrypto.random_text(24, wxcrypto.DIGITS),
                "success_time": time.strftime("%Y-%m-%dT%H:%M:%S+08:00",
                                              time.gmtime(time.time() + 8 * 3600)),
                "payer": {"openid": "oTest"},
                "amount": {"total": total, "currency": "CNY", **changes.pop("amount", {})}}
        return {k: v for k, v in {**told, **changes}.items() if v is not None}

    def envelope(self, told, event_type: str = "TRANSACTION.SUCCESS", aad: str = "transaction",
                 **changes) -> bytes:
        """The encrypted body; `changes` replace members of the envelope, `box` of its resource."""
        plain = told if isinstance(told, bytes) else json.dumps(told).encode()
        nonce = wxcrypto.random_text(12)
        box = {"original_type": "transaction", "algorithm": "AEAD_AES_256_GCM",
               "ciphertext": wxcrypto.aead_encrypt(self.apiv3, nonce, aad, plain),
               "nonce": nonce, "associated_data": aad, **changes.pop("box", {})}
        letter = {"id": f"EV-{wxcrypto.random_text(30, wxcrypto.DIGITS)}",
                  "create_time": "2026-11-23T10:00:00+08:00",
                  "resource_type": "encrypt-resource", "event_type": event_type,
                  "summary": "支付成功", "resource": box}
        letter = {k: v for k, v in {**letter, **changes}.items() if v is not None}
        return json.dumps(letter).encode()

    def headers(self, body: bytes, age_s: int = 0, signer=None, **changes) -> dict:
        stamp, nonce = str(int(time.time()) - age_s), wxcrypto.random_text(32)
        text = wxcrypto.answer_text(stamp, nonce, body)
        told = {"Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce,
                "Wechatpay-Signature": wxcrypto.sign(signer or self.key, text),
                "Wechatpay-Serial": self.serial, "Content-Type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in changes.items()}
        return {k: v for k, v in {**told, **given}.items() if v is not None}

    def send(self, body: bytes, headers: dict | None = None):
        return self.client.call("POST", "/notify/wechat", data=body,
                                headers=headers or self.headers(body))

    def tell(self, resource: dict, **more):
        """The whole way, rightly signed."""
        return self.send(self.envelope(resource, **more))
