"""QR login of the website app (developers.weixin.qq.com: 网站应用微信登录): the page that a
browser is sent to, and the OAuth calls behind it. Own appid, secret and openids."""
import html
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import wxcrypto
from answers import Answer, ControlError, Request, WxError, plain

LIFE_S = 7200
REFRESH_LIFE_S = 30 * 86400
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>微信登录</title>
<h1>微信扫码登录（模拟）</h1><p>谁来扫码？</p><ul>{people}</ul>
<p><a href="{refuse}">拒绝</a></p></html>"""


class Grants:
    """OAuth tokens of website logins: value -> (user, good until)."""

    def __init__(self):
        self.reset()

    def reset(self) -> None:
        self.access: dict[str, tuple[str, float]] = {}
        self.refresh: dict[str, tuple[str, float]] = {}


def _check_app(sim, appid: str) -> None:
    if not sim.config.web_appid or appid != sim.config.web_appid:
        raise WxError(40013, "invalid appid")


def _way_back(query: dict) -> str | None:
    """What the answer's parameters are put behind; None if the page's address is wrong."""
    target = query.get("redirect_uri", "")
    fits = (urlsplit(target).scheme == "https" and query.get("response_type") == "code"
            and query.get("scope") == "snsapi_login")
    return target + ("&" if urlsplit(target).query else "?") if fits else None


def scanned(sim, address: str, user: str, agrees: bool) -> str:
    """Where the browser that shows this page goes when that user has scanned it."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    back = _way_back(query)
    known = sim.config.web_appid and query.get("appid") == sim.config.web_appid
    if parts.path != "/connect/qrconnect" or not known or back is None:
        raise ControlError("not the address of a QR page")
    code = {"code": sim.codes.issue("web", user)} if agrees else {}
    return back + urlencode({**code, "state": query.get("state", "")})


def qrconnect(sim, req: Request) -> Answer:
    """The page lists who may scan; with &user=u1 that one has scanned already."""
    query = req.query
    _check_app(sim, query.get("appid", ""))
    back = _way_back(query)
    if back is None:
        return Answer(200, "Scope 参数错误或没有 Scope 权限".encode(), "text/html; charset=utf-8")
    state = query.get("state", "")
    if query.get("user") in sim.books.users:
        where = scanned(sim, req.target, query["user"], True)
        return Answer(302, headers={"Location": where})
    people = "".join(
        f'<li><a href="{html.escape(req.target)}&amp;user={quote(user.user)}">'
        f"{html.escape(user.nickname)}</a></li>" for user in sim.books.users.values())
    refuse = html.escape(back + urlencode({"state": state}))
    return Answer(200, PAGE.format(people=people, refuse=refuse).encode(),
                  "text/html; charset=utf-8")


def _grant(sim, user) -> dict:
    now = sim.clock.now()
    access, refresh = wxcrypto.random_text(110), wxcrypto.random_text(110)
    sim.grants.access[access] = (user.user, now + LIFE_S)
    sim.grants.refresh[refresh] = (user.user, now + REFRESH_LIFE_S)
    return {"access_token": access, "expires_in": LIFE_S, "refresh_token": refresh,
            "openid": user.web_openid, "scope": "snsapi_login", "unionid": user.unionid}


def access_token(sim, req: Request) -> Answer:
    query = req.query
    _check_app(sim, query.get("appid", ""))
    if query.get("secret") != sim.config.web_secret:
        raise WxError(40125, "invalid appsecret")
    if query.get("grant_type") != "authorization_code":
        raise WxError(40002, "invalid grant_type")
    return plain(_grant(sim, sim.books.users[sim.codes.take("web", query.get("code", ""))]))


def refresh_token(sim, req: Request) -> Answer:
    _check_app(sim, req.query.get("appid", ""))
    user, until = sim.grants.refresh.get(req.query.get("refresh_token", ""), ("", 0))
    if sim.clock.now() >= until:
        raise WxError(42002, "refresh_token expired")
    return plain(_grant(sim, sim.books.users[user]))


def _granted_user(sim, req: Request):
    user, until = sim.grants.access.get(req.query.get("access_token", ""), ("", -1))
    if until < 0:
        raise WxError(40001, "invalid credential, access_token is invalid or not latest")
    if sim.clock.now() >= until:
        raise WxError(42001, "access_token expired")
    granted = sim.books.users[user]
    if req.query.get("openid") != granted.web_openid:
        raise WxError(40003, "invalid openid")
    return granted


def userinfo(sim, req: Request) -> Answer:
    user = _granted_user(sim, req)
    return plain({"openid": user.web_openid, "nickname": user.nickname, "sex": 0,
                  "province": "", "city": "", "country": "", "headimgurl": "",
                  "privilege": [], "unionid": user.unionid})


def auth(sim, req: Request) -> Answer:
    _granted_user(sim, req)
    return plain({"errcode": 0, "errmsg": "ok"})
