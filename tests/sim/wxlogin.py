"""The mini-program's users at api.weixin.qq.com: wx.login codes, code2Session, checksession and
the phone number (developers.weixin.qq.com: api_code2session, getPhoneNumber, signature)."""
import base64
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass

import wxcrypto
from answers import Answer, Request, WxError, plain, wx_body, wx_member
from wxtokens import check_app

CODE_LIFE_S = 300
WEB_CODE_LIFE_S = 600


@dataclass
class Code:
    kind: str  # login | phone | web: one is never good for another
    user: str
    expire_at: float
    used: bool = False


class Codes:
    """One-time codes, as WeChat's client and QR page hand them out."""

    def __init__(self, clock):
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self._issued: dict[str, Code] = {}

    def issue(self, kind: str, user: str) -> str:
        value = wxcrypto.random_text(32, wxcrypto.ALPHABET + "_-")
        life = WEB_CODE_LIFE_S if kind == "web" else CODE_LIFE_S
        self._issued[value] = Code(kind, user, self._clock.now() + life)
        return value

    def peek(self, kind: str, value: str) -> Code | None:
        """A living code of this kind, used or not."""
        code = self._issued.get(value)
        alive = code and code.kind == kind and self._clock.now() < code.expire_at
        return code if alive else None

    def take(self, kind: str, value: str) -> str:
        """The user; 40029 for a wrong or old code, 40163 for a used one."""
        code = self.peek(kind, value)
        if code is None:
            raise WxError(40029, "invalid code")
        if code.used:
            raise WxError(40163, "code been used")
        code.used = True
        return code.user


class Sessions:
    """session_key of each user, the latest only, and how often he logged in this minute."""

    def __init__(self, clock):
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self.keys: dict[str, str] = {}
        self._calls = defaultdict(deque)

    def renew(self, openid: str) -> str:
        self.keys[openid] = base64.b64encode(secrets.token_bytes(16)).decode()
        return self.keys[openid]

    def check_rate(self, user: str, limit: float) -> None:
        calls, now = self._calls[user], self._clock.now()
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= limit:
            raise WxError(45011, "api minute-quota reach limit, must slower, retry next minute")
        calls.append(now)


def code2session(sim, req: Request) -> Answer:
    check_app(req.query.get("appid", ""), req.query.get("secret", ""), sim.config)
    value = req.query.get("js_code")
    if not value:
        raise WxError(41008, "missing code")
    if req.query.get("grant_type") != "authorization_code":
        raise WxError(40002, "invalid grant_type")
    code = sim.codes.peek("login", value)
    if code:
        sim.sessions.check_rate(code.user, sim.faults["login_rate"])
    user = sim.books.users[sim.codes.take("login", value)]
    if user.blocked:
        raise WxError(40226, "code blocked")
    session = {"session_key": sim.sessions.renew(user.openid), "openid": user.openid}
    if sim.config.web_appid:  # bound to an Open Platform account: only then there is a unionid
        session["unionid"] = user.unionid
    answer = plain(session)
    answer.content_type = "text/plain"  # as seen in practice: clients must not insist on JSON
    return answer


def check_session(sim, req: Request) -> Answer:
    sim.tokens.check(req)
    if req.query.get("sig_method") != "hmac_sha256":
        raise WxError(87008, "invalid sig_method")
    key = sim.sessions.keys.get(req.query.get("openid", ""))
    if key is None or wxcrypto.session_signature(key, b"") != req.query.get("signature"):
        raise WxError(87009, "invalid signature")
    return plain({"errcode": 0, "errmsg": "ok"})


def phone_number(sim, req: Request) -> Answer:
    """Its code is not the login code; a used one is simply invalid here."""
    sim.tokens.check(req)
    value = wx_member(wx_body(req), "code", "")
    try:
        user = sim.books.users[sim.codes.take("phone", value)]
    except WxError:
        raise WxError(40029, "invalid code") from None
    country = {"string": "86", "number": 86, "foreign": "852"}[sim.faults["phone_country"]]
    appid = sim.config.appid if sim.faults["phone_watermark"] == "own" else "wx" + "0" * 16
    whole = user.phone if country in ("86", 86) else f"+{country}{user.phone}"
    return plain({"errcode": 0, "errmsg": "ok", "phone_info": {
        "phoneNumber": whole, "purePhoneNumber": user.phone, "countryCode": country,
        "watermark": {"timestamp": int(sim.clock.now()), "appid": appid}}})

