"""An SMS gateway as lib/login/sms.h describes what stands behind ZX_SMS_URL: POST /sms/send with a
bearer secret and JSON. What real gateways want (Aliyun's SendSms, Tencent's) an adapter makes of
that. It keeps what was sent, for GET /sim/sms."""
import re

from answers import Answer, Request, plain

PHONE = re.compile(r"\+861[3-9]\d{9}", re.ASCII)
MEMBERS = {"id": str, "phone": str, "purpose": str, "code": str, "minutes": int}


class Texts:
    """Sent texts, oldest first; an id that is known is not sent again."""

    def __init__(self):
        self.reset()

    def reset(self) -> None:
        self.sent: list[dict] = []

    def take(self, text: dict) -> None:
        if all(text["id"] != known["id"] for known in self.sent):
            self.sent.append(text)


def _refused(status: int, reason: str) -> Answer:
    return plain({"error": reason}, status)


def send(sim, req: Request) -> Answer:
    scheme, _, given = req.header("Authorization").partition(" ")
    if scheme != "Bearer" or given != sim.config.sms_secret:
        return _refused(401, "wrong secret")
    try:
        text = req.json()
    except ValueError:
        return _refused(400, "not a JSON object")
    if {name: type(value) for name, value in text.items()} != MEMBERS:
        return _refused(400, "wrong members")
    if not PHONE.fullmatch(text["phone"]) or not text["code"].isdecimal():
        return _refused(400, "wrong phone or code")
    sim.texts.take(text)
    return plain({"accepted": True})
