"""access_token of api.weixin.qq.com in its two kinds (developers.weixin.qq.com pages
getAccessToken and getStableAccessToken): classic ones push each other out, the stable one stays
the same until its last 5 minutes. The two kinds don't touch each other."""
from dataclasses import dataclass

import wxcrypto
from answers import Answer, Request, WxError, plain, wx_body, wx_member

LIFE_S = 7200
OVERLAP_S = 300
FORCED_PER_DAY = 20
FORCED_GAP_S = 30
TOKEN_LENGTH = 512  # the page asks to store at least so many characters


@dataclass
class Token:
    value: str
    expire_at: float
    killed: bool = False


class Tokens:
    def __init__(self, clock):
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self._known: dict[str, Token] = {}
        self._classic: Token | None = None
        self._stable: Token | None = None
        self._forced: list[float] = []

    def _new(self) -> Token:
        token = Token(wxcrypto.random_text(TOKEN_LENGTH), self._clock.now() + LIFE_S)
        self._known[token.value] = token
        return token

    def classic(self) -> Token:
        """A new one each time; the one before lives 5 more minutes, older ones no longer."""
        if self._classic:
            end = self._clock.now() + OVERLAP_S
            self._classic.expire_at = min(self._classic.expire_at, end)
        self._classic = self._new()
        return self._classic

    def stable(self, force: bool) -> Token:
        now = self._clock.now()
        if force:
            self._check_force(now)
            if self._stable:
                self._stable.killed = True
            self._stable = self._new()
        elif self._stable is None or self._stable.killed or \
                now >= self._stable.expire_at - OVERLAP_S:
            self._stable = self._new()
        return self._stable

    def _check_force(self, now: float) -> None:
        self._forced = [at for at in self._forced if at > now - 86400]
        if len(self._forced) >= FORCED_PER_DAY:
            raise WxError(45009, "reach max api daily quota limit")
        if self._forced and now < self._forced[-1] + FORCED_GAP_S:
            raise WxError(45011, "api minute-quota reach limit, must slower, retry next minute")
        self._forced.append(now)

    def kill_all(self) -> None:
        """As after a secret's reset: every token is refused from now on."""
        for token in self._known.values():
            token.killed = True

    def check(self, req: Request) -> None:
        """The access_token of a business call: 41001, 40001 or 42001 when it doesn't serve."""
        value = req.query.get("access_token")
        if not value:
            raise WxError(41001, "access_token missing")
        token = self._known.get(value)
        if token is None or token.killed:
            raise WxError(40001, "invalid credential, access_token is invalid or not latest")
        if self._clock.now() >= token.expire_at:
            raise WxError(42001, "access_token expired")


def check_app(appid: str, secret: str, config) -> None:
    """appid and secret of the mini-program (W: 41002, 41004 for missing ones)."""
    if not appid:
        raise WxError(41002, "appid missing")
    if not secret:
        raise WxError(41004, "appsecret missing")
    if appid != config.appid:
        raise WxError(40013, "invalid appid")
    if secret != config.secret:
        raise WxError(40125, "invalid appsecret")


def _check_grant(value) -> None:
    if value != "client_credential":
        raise WxError(40002, "invalid grant_type")


def _shown(sim, token: Token) -> Answer:
    return plain({"access_token": token.value,
                  "expires_in": round(token.expire_at - sim.clock.now())})


def classic_token(sim, req: Request) -> Answer:
    _check_grant(req.query.get("grant_type"))
    check_app(req.query.get("appid", ""), req.query.get("secret", ""), sim.config)
    return _shown(sim, sim.tokens.classic())


def stable_token(sim, req: Request) -> Answer:
    body = wx_body(req)
    _check_grant(body.get("grant_type"))
    check_app(wx_member(body, "appid", ""), wx_member(body, "secret", ""), sim.config)
    return _shown(sim, sim.tokens.stable(wx_member(body, "force_refresh", False)))
