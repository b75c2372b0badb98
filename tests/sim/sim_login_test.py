"""The mini-program's and the website's side: codes, tokens, phone, messages, shipping duty,
QR login."""
import hashlib
import hmac
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests


def session(shop, code: str, **changes) -> dict:
    query = {"appid": shop.world.appid, "secret": shop.world.secret, "js_code": code,
             "grant_type": "authorization_code", **changes}
    return shop.wx("GET", "/sns/jscode2session",
                   **{k: v for k, v in query.items() if v is not None})


def login_code(shop, nickname: str = "小明") -> str:
    return shop.sim("login-code", {"user": shop.user(nickname)["user"]})["code"]


def stable(shop, force: bool = False) -> dict:
    return shop.wx("POST", "/cgi-bin/stable_token", {
        "grant_type": "client_credential", "appid": shop.world.appid,
        "secret": shop.world.secret, "force_refresh": force})


def classic(shop) -> str:
    return shop.wx("GET", "/cgi-bin/token", grant_type="client_credential",
                   appid=shop.world.appid, secret=shop.world.secret)["access_token"]


def errcode_with(shop, token: str) -> int:
    return shop.wx("POST", "/wxa/sec/order/is_trade_managed", {"appid": shop.world.appid},
                   access_token=token)["errcode"]


def test_a_login_code_serves_once(shop):
    code = login_code(shop)
    first = session(shop, code)
    assert first["openid"] == shop.user()["openid"]
    assert len(first["session_key"]) == 24 and "errcode" not in first
    again = session(shop, code)
    assert again["errcode"] == 40163 and " rid: " in again["errmsg"]


def test_a_login_code_lives_five_minutes(shop):
    code = login_code(shop)
    shop.sim("clock", {"advance_s": 301})
    assert session(shop, code)["errcode"] == 40029


@pytest.mark.parametrize("changes, errcode", [
    ({"js_code": "nonsense"}, 40029), ({"appid": "wxother"}, 40013), ({"secret": "x"}, 40125),
    ({"appid": None}, 41002), ({"secret": None}, 41004), ({"js_code": None}, 41008),
    ({"grant_type": "password"}, 40002)])
def test_code2session_refuses(shop, changes, errcode):
    assert session(shop, login_code(shop), **changes)["errcode"] == errcode


def test_two_logins_give_one_openid_and_two_session_keys(shop):
    first, second = session(shop, login_code(shop)), session(shop, login_code(shop))
    assert first["openid"] == second["openid"]
    assert first["session_key"] != second["session_key"]
    assert session(shop, login_code(shop, "小红"))["openid"] != first["openid"]


def test_only_the_latest_session_key_is_good(shop):
    token = stable(shop)["access_token"]
    old, new = session(shop, login_code(shop)), session(shop, login_code(shop))
    for answer, errcode in ((old, 87009), (new, 0)):
        signature = hmac.new(answer["session_key"].encode(), b"", hashlib.sha256).hexdigest()
        told = shop.wx("GET", "/wxa/checksession", access_token=token, openid=answer["openid"],
                       signature=signature, sig_method="hmac_sha256")
        assert told["errcode"] == errcode


def test_a_blocked_user_and_a_busy_one(shop):
    shop.fault("login_rate", value=2)
    assert "openid" in session(shop, login_code(shop))
    assert "openid" in session(shop, login_code(shop))
    assert session(shop, login_code(shop))["errcode"] == 45011
    shop.sim("users", {"user": shop.user("坏人")["user"], "blocked": True})
    assert session(shop, login_code(shop, "坏人"))["errcode"] == 40226


def test_an_armed_errcode_comes_back_once(shop):
    shop.fault("wx_errcode", errcode=-1, path="/sns/jscode2session")
    code = login_code(shop)
    assert session(shop, code)["errcode"] == -1
    assert "openid" in session(shop, code)


def test_the_stable_token_stays_until_its_last_five_minutes(shop):
    first = stable(shop)
    assert first["expires_in"] == 7200
    shop.sim("clock", {"advance_s": 6800})
    assert stable(shop)["access_token"] == first["access_token"]
    shop.sim("clock", {"advance_s": 200})
    second = stable(shop)["access_token"]
    assert second != first["access_token"]
    assert errcode_with(shop, first["access_token"]) == 0
    shop.sim("clock", {"advance_s": 300})
    assert errcode_with(shop, first["access_token"]) == 42001
    assert errcode_with(shop, second) == 0


def test_a_forced_refresh_kills_the_old_token_and_needs_half_a_minute(shop):
    first = stable(shop)["access_token"]
    second = stable(shop, force=True)["access_token"]
    assert errcode_with(shop, first) == 40001 and errcode_with(shop, second) == 0
    assert stable(shop, force=True)["errcode"] == 45011
    shop.sim("clock", {"advance_s": 31})
    assert "access_token" in stable(shop, force=True)


def test_twenty_forced_refreshes_a_day(shop):
    for _ in range(20):
        assert "access_token" in stable(shop, force=True)
        shop.sim("clock", {"advance_s": 31})
    assert stable(shop, force=True)["errcode"] == 45009


def test_a_classic_token_is_pushed_out_after_five_minutes(shop):
    first, other, second = classic(shop), stable(shop)["access_token"], classic(shop)
    assert errcode_with(shop, first) == 0
    shop.sim("clock", {"advance_s": 301})
    assert errcode_with(shop, first) == 42001
    assert errcode_with(shop, second) == 0
    assert errcode_with(shop, other) == 0


def test_tokens_that_never_were(shop):
    assert errcode_with(shop, "nonsense") == 40001
    assert errcode_with(shop, "") == 41001
    token = stable(shop)["access_token"]
    shop.sim("tokens/kill", {})
    assert errcode_with(shop, token) == 40001
    assert stable(shop)["access_token"] != token


def test_wrong_method_unknown_path_bad_json(shop):
    assert shop.wx("POST", "/sns/jscode2session")["errcode"] == 43001
    assert shop.wx("GET", "/cgi-bin/stable_token")["errcode"] == 43002
    assert shop.wx("POST", "/cgi-bin/stable_token")["errcode"] == 44002
    assert shop.wx("POST", "/cgi-bin/stable_token", ["list"])["errcode"] == 47001
    assert shop.wx("POST", "/cgi-bin/stable_token", {
        "grant_type": "client_credential", "appid": 1})["errcode"] == 47001
    assert shop.http.get(shop.base + "/sns/nothing").status_code == 404


def test_the_phone_code_is_not_the_login_code(shop):
    token, user = stable(shop)["access_token"], shop.user()
    path = "/wxa/business/getuserphonenumber"
    code = shop.sim("phone-code", {"user": user["user"]})["code"]
    told = shop.wx("POST", path, {"code": code}, access_token=token)["phone_info"]
    assert told["purePhoneNumber"] == user["phone"] and told["countryCode"] == "86"
    assert told["watermark"]["appid"] == shop.world.appid
    assert shop.wx("POST", path, {"code": code}, access_token=token)["errcode"] == 40029
    wrong = {"code": login_code(shop)}
    assert shop.wx("POST", path, wrong, access_token=token)["errcode"] == 40029


@pytest.mark.parametrize("setting, value, told", [
    ("phone_country", "number", {"countryCode": 86}),
    ("phone_country", "foreign", {"countryCode": "852"}),
    ("phone_watermark", "other", {"watermark": "wx0000000000000000"})])
def test_a_phone_is_told_in_other_ways(shop, setting, value, told):
    shop.fault(setting, value=value)
    code = shop.sim("phone-code", {"user": shop.user()["user"]})["code"]
    info = shop.wx("POST", "/wxa/business/getuserphonenumber", {"code": code},
                   access_token=stable(shop)["access_token"])["phone_info"]
    info["watermark"] = info["watermark"]["appid"]
    assert told.items() <= info.items()


def test_a_phone_code_lives_five_minutes(shop):
    token = stable(shop)["access_token"]
    code = shop.sim("phone-code", {"user": shop.user()["user"]})["code"]
    shop.sim("clock", {"advance_s": 301})
    assert shop.wx("POST", "/wxa/business/getuserphonenumber", {"code": code},
                   access_token=token)["errcode"] == 40029


TEMPLATE = "T" * 43


def send(shop, token: str, **changes) -> dict:
    message = {"touser": shop.user()["openid"], "template_id": TEMPLATE,
               "page": "pages/order?id=1", "data": {"thing1": {"value": "羽毛球 3号场"}}, **changes}
    return shop.wx("POST", "/cgi-bin/message/subscribe/send", message, access_token=token)


def test_one_consent_is_one_message(shop):
    token = stable(shop)["access_token"]
    assert send(shop, token)["errcode"] == 43101
    shop.sim("subscribe", {"user": shop.user()["user"], "template_id": TEMPLATE})
    assert send(shop, token)["errcode"] == 0
    assert send(shop, token)["errcode"] == 43101
    assert len(shop.sim("messages")) == 1


@pytest.mark.parametrize("changes, errcode", [
    ({"touser": "onobody"}, 40003), ({"template_id": "short"}, 40037), ({"page": "?"}, 41030),
    ({"data": {"thing1": {"value": "长" * 21}}}, 47003),
    ({"data": {"thing1": {"value": ""}}}, 47003),
    ({"data": {"phrase2": {"value": "六个汉字太长"}}}, 47003), ({"data": {}}, 47003)])
def test_messages_are_checked(shop, changes, errcode):
    shop.sim("subscribe", {"user": shop.user()["user"], "template_id": TEMPLATE})
    told = send(shop, stable(shop)["access_token"], **changes)
    assert told["errcode"] == errcode
    if "thing1" in changes.get("data", {}):
        assert "data.thing1.value" in told["errmsg"]


def shipping(shop, number: str, **changes) -> dict:
    return {"order_key": {"order_number_type": 1, "mchid": shop.world.mchid,
                          "out_trade_no": number},
            "logistics_type": 4, "delivery_mode": 1, "shipping_list": [{"item_desc": "羽毛球场地"}],
            "upload_time": "2026-01-01T10:00:00.120+08:00",
            "payer": {"openid": shop.user()["openid"]}, **changes}


def test_the_shipping_duty(shop):
    token, path = stable(shop)["access_token"], "/wxa/sec/order/upload_shipping_info"
    upload = lambda **changes: shop.wx("POST", path, shipping(shop, "ZX0001A01", **changes),
                                       access_token=token)["errcode"]
    shop.prepay("ZX0001A01")
    assert upload() == 10060001
    shop.sim("pay", {"out_trade_no": "ZX0001A01", "wait": True})
    assert upload(payer={"openid": shop.user("小红")["openid"]}) == 10060031
    assert upload(logistics_type=9) == 10060005
    assert upload(upload_time="yesterday") == 268485216
    assert upload(shipping_list=[{}]) == 10060008
    assert upload() == 0
    assert upload() == 10060023
    assert upload(logistics_type=3) == 0
    assert upload(logistics_type=2) == 10060003


def web_query(shop, **changes) -> dict:
    return {"appid": shop.world.web_appid, "redirect_uri": "https://localhost:1/back",
            "response_type": "code", "scope": "snsapi_login", "state": "st4te", **changes}


def scan(shop, **more) -> dict:
    """What a scan of the QR page sends the browser away with."""
    page = shop.base + "/connect/qrconnect?" + urlencode(web_query(shop)) + "#wechat_redirect"
    told = shop.sim("scan", {"url": page, "user": shop.user()["user"], **more})
    assert told["location"].startswith("https://localhost:1/back?")
    return parse_qs(urlsplit(told["location"]).query)


def web_token(shop, code: str) -> dict:
    return shop.wx("GET", "/sns/oauth2/access_token", appid=shop.world.web_appid, code=code,
                   secret=shop.world.secret, grant_type="authorization_code")


def test_a_scan_by_the_control_api(shop):
    back = scan(shop)
    assert back["state"] == ["st4te"]
    assert web_token(shop, back["code"][0])["openid"] == shop.user()["web_openid"]
    assert web_token(shop, back["code"][0])["errcode"] == 40163


def test_who_refuses_sends_no_code(shop):
    assert scan(shop, agree=False) == {"state": ["st4te"]}


def test_a_scan_needs_a_qr_page(shop):
    for url in ("https://localhost/elsewhere", f"{shop.base}/connect/qrconnect?appid=wxother",
                f"{shop.base}/connect/qrconnect?" + urlencode(web_query(shop, scope="x"))):
        wrong = {"url": url, "user": shop.user()["user"]}
        assert shop.http.post(f"{shop.base}/sim/scan", json=wrong).status_code == 400


def test_a_website_code_lives_ten_minutes_and_is_no_other_code(shop):
    code = scan(shop)["code"][0]
    assert session(shop, code)["errcode"] == 40029
    shop.sim("clock", {"advance_s": 570})
    assert "openid" in web_token(shop, code)
    late = scan(shop)["code"][0]
    shop.sim("clock", {"advance_s": 601})
    assert web_token(shop, late)["errcode"] == 40029
    assert web_token(shop, login_code(shop))["errcode"] == 40029


TEXT = {"id": "7", "phone": "+8613800138000", "purpose": "staff_login", "code": "012345",
        "minutes": 5}


def text(shop, secret: str = "only for texts", body=None):
    return shop.http.post(f"{shop.base}/sms/send", json=body or TEXT,
                          headers={"Authorization": f"Bearer {secret}"})


def test_the_sms_gateway_keeps_what_it_sends_once(shop):
    assert text(shop).json() == text(shop).json() == {"accepted": True}
    assert text(shop, body={**TEXT, "id": "8"}).status_code == 200
    assert [sent["id"] for sent in shop.sim("sms")] == ["7", "8"]
    assert shop.sim("sms?id=7") == [TEXT]


@pytest.mark.parametrize("change, status", [
    ({}, 401), ({"phone": "13800138000"}, 400), ({"code": "12a456"}, 400),
    ({"minutes": "5"}, 400), ({"more": 1}, 400)])
def test_the_sms_gateway_refuses(shop, change, status):
    secret = "only for texts" if change else "wrong"
    assert text(shop, secret, {**TEXT, **change}).status_code == status
    assert shop.sim("sms") == []


def test_the_sms_gateway_has_the_usual_faults(shop):
    shop.fault("http_500_before", status=502, path="/sms/send")
    assert text(shop).status_code == 502 and shop.sim("sms") == []
    shop.fault("garbage", path="/sms/send")
    assert text(shop).text.startswith("<html>") and len(shop.sim("sms")) == 1
    shop.fault("answer_lost", path="/sms/send")
    with pytest.raises(requests.ConnectionError):
        text(shop, body={**TEXT, "id": "8"})
    assert len(shop.sim("sms")) == 2


def test_the_website_login(shop):
    user, query = shop.user(), web_query(shop)
    page = shop.http.get(shop.base + "/connect/qrconnect", params=query)
    assert page.status_code == 200 and "小明" in page.text
    sent = shop.http.get(shop.base + "/connect/qrconnect", allow_redirects=False,
                         params={**query, "user": user["user"]})
    back = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert sent.status_code == 302 and back["state"] == ["st4te"]
    ask = {"appid": shop.world.web_appid, "secret": shop.world.secret, "code": back["code"][0],
           "grant_type": "authorization_code"}
    grant = shop.wx("GET", "/sns/oauth2/access_token", **ask)
    assert grant["openid"] == user["web_openid"] != user["openid"]
    assert shop.wx("GET", "/sns/oauth2/access_token", **ask)["errcode"] == 40163
    info = shop.wx("GET", "/sns/userinfo", access_token=grant["access_token"],
                   openid=grant["openid"])
    assert info["nickname"] == "小明" and info["unionid"] == user["unionid"]
    again = shop.wx("GET", "/sns/oauth2/refresh_token", appid=shop.world.web_appid,
                    grant_type="refresh_token", refresh_token=grant["refresh_token"])
    assert shop.wx("GET", "/sns/auth", access_token=again["access_token"],
                   openid=grant["openid"])["errcode"] == 0
