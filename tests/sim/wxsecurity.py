"""WeChat Pay's helpers for keys: platform certificates (page 4012551764), and the echo call
that tests signing and encryption both ways (page 4014551946; its optional notify isn't
played)."""
import wxcrypto
import wxfields
from answers import Answer, PayError, Request, signed


def certificates(sim, req: Request) -> Answer:
    return signed({"data": sim.keys.certificates()})


def echo(sim, req: Request) -> Answer:
    """The message comes back; an encrypted one is decrypted and encrypted to the merchant."""
    body = wxfields.parse(req, wxfields.ECHO)
    shown = {"echo_message": body["echo_message"]}
    if "encrypted_echo_message" in body:
        key = sim.keys.for_decryption(req.header("Wechatpay-Serial"))
        try:
            plain = wxcrypto.oaep_decrypt(key.private, body["encrypted_echo_message"])
        except ValueError:
            raise PayError(400, "PARAM_ERROR", "敏感字段encrypted_echo_message解密失败") from None
        shown["encrypted_echo_message"] = wxcrypto.oaep_encrypt(sim.config.merchant_key, plain)
    return signed(shown)
