"""Access tokens live for minutes: pages exchange them without a word to anybody."""
import json

import jose
from page import VENUE, nickname

KEPT = "return sessionStorage.getItem('zx.{}.{}')"
KEEP = "sessionStorage.setItem('zx.{}.{}', arguments[0])"


def let_expire(house, page, party: str) -> str:
    """The page's own token, as it will look when its time is over."""
    token = page.driver.execute_script(KEPT.format(party, "token"))
    _, claims = jose.read(token)
    mint = jose.Mint(house)
    over = mint.make(claims={**claims, "iat": claims["iat"] - 7200, "exp": claims["iat"] - 60})
    page.driver.execute_script(KEEP.format(party, "token"), over)
    return over


def test_a_customer_goes_on_with_a_new_token(house, phone):
    phone.login(nickname())
    refresh = phone.driver.execute_script(KEPT.format("customer", "refresh"))
    over = let_expire(house, phone, "customer")
    phone.choose_venue(VENUE)
    phone.open("#orders")
    phone.wait("#customer .empty")
    assert phone.driver.execute_script(KEPT.format("customer", "token")) != over
    assert phone.driver.execute_script(KEPT.format("customer", "refresh")) != refresh


def test_who_has_signed_in_elsewhere_is_told_so(house, phone):
    token = phone.driver.execute_script(KEPT.format("customer", "token"))
    session = int(jose.read(token)[1]["sid"])
    house.db.run("UPDATE session SET ended_at = now(), ended_why = 'elsewhere' WHERE id = %s",
                 session)
    phone.open("#messages")
    phone.wait("#customer", "账号已在其他设备登录")
    assert phone.driver.execute_script(KEPT.format("customer", "token")) is None
    assert phone.driver.execute_script(KEPT.format("customer", "refresh")) is None


def test_a_desk_keeps_its_refresh_token_out_of_reach(house, counter, password):
    counter.as_desk()
    if counter.shown("#desk .tabs"):
        counter.desk_logout()
    counter.desk_login("desk1", password)
    reach = counter.driver.execute_script(
        "return JSON.stringify([document.cookie, {...sessionStorage}, {...localStorage}])")
    assert "zxr_" not in json.dumps(json.loads(reach))
    over = let_expire(house, counter, "desk")
    counter.desk_view("orders")
    counter.tap_on("#desk .search button")
    counter.wait("#desk .order, #desk .empty")
    assert counter.driver.execute_script(KEPT.format("desk", "token")) != over
    counter.desk_logout()
