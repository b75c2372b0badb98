"""The front desk: it finds orders, gives money back, cures what is stuck, and lifts bans."""
import pytest

from page import nickname, yuan


both = pytest.mark.parametrize("desk", ["phone", "counter"], indirect=True)


@pytest.fixture
def desk(request, password):
    """A page whose desk is signed in, and whose customer is a new one."""
    page = request.getfixturevalue(getattr(request, "param", "counter"))
    page.login(nickname())
    page.as_desk()
    if page.shown("#desk .tabs"):  # desk1 may have signed in on the other page since
        page.desk_logout()
    page.desk_login("desk1", password)
    yield page
    assert page.errors() == []


@pytest.fixture
def paid(desk) -> dict:
    """Two periods of venue 1, of the customer on the same page."""
    order_id = desk.book(30, 2)
    desk.pay()
    return desk.see(order_id)


def at_desk(page, order: dict) -> dict:
    return page.fetch(f"/api/v1/staff/orders/{order['id']}", party="desk")


def test_an_order_is_found_by_number_date_and_state(desk, paid):
    desk.desk_view("orders")
    desk.type("#desk [name=number]", paid["no"])
    desk.tap_on("#desk .search button")
    desk.wait(f"#desk [data-order='{paid['id']}']", "已支付")
    desk.screenshot("desk-search")
    desk.choose("#desk [name=state]", "cancelled")
    desk.tap_on("#desk .search button")
    desk.wait("#desk .empty", "没有找到")
    desk.type("#desk [name=number]", "12")
    desk.tap_on("#desk .search button")
    desk.wait("#desk .search [data-code=bad_field]", "订单号")
    assert desk.wait("#desk [name=number]").get_attribute("aria-invalid") == "true"
    desk.screenshot("desk-search-wrong")
    desk.type("#desk [name=number]", "")
    desk.choose("#desk [name=state]", "paid")
    desk.set_date("#desk [name=date]", paid["date"])
    desk.tap_on("#desk .search button")
    desk.wait(f"#desk [data-order='{paid['id']}']", "¥")


@both
def test_the_detail_shows_payment_and_periods(desk, paid):
    desk.desk_order(paid)
    desk.screenshot("desk-order")
    text = desk.wait("#desk .screen").text
    for words in (paid["no"], paid["items"][0]["court_name"], "微信支付", f"{paid['no']}A01",
                  "开场 24 小时以前退 100%"):
        assert words in text
    desk.tap_on("#desk .bar .icon-button")
    assert desk.wait("#desk [name=number]").get_attribute("value") == paid["no"]


@both
def test_a_part_goes_back_and_one_period_is_freed(desk, paid):
    one, other = paid["items"]
    desk.desk_order(paid)
    desk.tap_on("#refund")
    desk.type("#desk .sheet [name=amount_fen]", "12.5元")
    desk.type("#desk .sheet [name=reason]", "灯坏了")
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait("#desk .sheet .notice", "金额")
    desk.type("#desk .sheet [name=amount_fen]", "99999")
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait("#desk .sheet [data-code=refund_too_much]", "超过可退余额")
    desk.type("#desk .sheet [name=amount_fen]", "12.50")
    desk.tap_on(f"#desk .sheet input[value='{one['id']}']")
    desk.screenshot("desk-refund")
    assert desk.small_targets() == []
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait("#desk [data-refund][data-state=succeeded]", "¥12.50")
    desk.screenshot("desk-refunded")
    found = at_desk(desk, paid)
    [refund] = found["refunds"]
    assert (refund["amount_fen"], refund["reason"], refund["by"]) == (1250, "灯坏了", "星河前台")
    assert [i["state"] for i in found["order"]["items"]] == ["released", "booked"]
    desk.as_customer()
    desk.wait("#customer .refunds [data-state=succeeded]", "灯坏了")
    desk.wait("#customer .periods [data-state=released]", one["court_name"])


def stuck_refund(desk, paid, outcome: str) -> int:
    """A refund whose end the simulator's panel has spoilt."""
    desk.fate(f"[data-outcome={outcome}]")
    desk.desk_order(paid)
    desk.tap_on("#refund")
    desk.type("#desk .sheet [name=amount_fen]", "7")
    desk.type("#desk .sheet [name=reason]", "少开半小时")
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait("#desk [data-refund][data-state=stuck]", outcome)
    desk.fate("[data-outcome=SUCCESS]")
    return at_desk(desk, paid)["refunds"][0]["id"]


def work_card(desk, paid) -> str:
    """The selector of the order's entry on the work list."""
    desk.desk_view("work")
    card = desk.wait("#desk [data-work]", paid["no"])
    return f"#desk [data-work='{card.get_attribute('data-work')}']"


@both
def test_a_stuck_refund_is_tried_again(desk, paid, sim):
    stuck_refund(desk, paid, "CLOSED")
    desk.screenshot("desk-stuck")
    card = work_card(desk, paid)
    desk.screenshot("desk-work")
    assert "CLOSED" in desk.wait(card).text and "¥7" in desk.wait(card).text
    assert desk.small_targets() == []
    desk.tap_on(f"{card} [data-do=retry]")
    desk.wait_for(lambda: desk.shown(card) == [], "still on the list")
    desk.desk_order(paid)
    desk.wait("#desk [data-refund][data-state=succeeded]", "¥7")
    assert [r["state"] for r in at_desk(desk, paid)["refunds"]] == ["void", "succeeded"]


def test_a_stuck_refund_is_settled_by_hand(desk, paid, sim):
    refund = stuck_refund(desk, paid, "ABNORMAL")
    desk.tap_on(f"#desk [data-refund='{refund}'] [data-do=settled]")
    desk.type("#desk .sheet [name=note]", "现金退给本人")
    desk.screenshot("desk-settled")
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait(f"#desk [data-refund='{refund}'][data-state=by_hand]", "线下已退")
    desk.as_customer()
    desk.wait("#customer .refunds [data-state=succeeded]", yuan(700))


def test_other_work_is_done_with_a_note(desk, house):
    number = house.db.value("SELECT nextval('id_block') * 256")
    house.db.run("INSERT INTO work_item (id, key, kind, venue_id, detail) VALUES (%s, %s,"
                 " 'reconcile', 1, %s)", number, f"browser:{number}",
                 '{"class": "only_theirs", "theirs_fen": 4200, "number": "4200X"}')
    desk.desk_view("work")
    desk.choose("#desk [name=kind]", "reconcile")
    card = f"#desk [data-work='{number}']"
    assert "¥42" in desk.wait(card).text
    desk.tap_on(f"{card} [data-do=done]")
    desk.tap_on("#desk .sheet button[type=submit]")  # the browser asks for the note
    desk.type("#desk .sheet [name=note]", "与银行核对过")
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait_for(lambda: desk.shown(card) == [], "still on the list")
    assert house.db.value("SELECT note FROM work_item WHERE id = %s", number) == "与银行核对过"


@both
def test_violations_and_a_ban_are_seen_and_lifted(desk, house):
    orders = []
    for _ in range(3):
        order_id = desk.book(30, 1)
        orders.append(desk.see(order_id))
        house.db.run("UPDATE orders SET expires_at = now() WHERE id = %s", order_id)
        desk.wait_for(lambda: desk.see(order_id)["state"] == "expired", "not expired")
    desk.wait("#customer .status.off", "已超时")
    desk.desk_order(orders[0])
    desk.tap_on("#person")
    desk.wait("#desk [data-ban]", "封禁中")
    desk.screenshot("desk-ban")
    assert desk.small_targets() == []
    assert len(desk.shown("#desk [data-violation]")) == 3
    desk.tap_on("#desk [data-ban] [data-do=lift]")
    desk.type("#desk .sheet [name=reason]", "本人已说明")
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait("#desk [data-ban]", "已解除")
    desk.tap_on("#desk [data-violation] [data-do=lift]")
    desk.type("#desk .sheet [name=reason]", "系统故障")
    desk.tap_on("#desk .sheet button[type=submit]")
    desk.wait("#desk [data-violation]", "已撤销")
    desk.screenshot("desk-lifted")
    desk.book(30, 1)  # may book again


def test_what_somebody_may_not_do_has_no_tab(house, desk, password):
    rights = ("order", "work", "refund")
    house.db.run("DELETE FROM role_permission WHERE role = 'manager' AND permission = ANY(%s)",
                 list(rights))
    try:
        desk.desk_logout()
        desk.desk_login("desk1", password)
        assert [tab.text for tab in desk.shown("#desk .tabs button")] == ["核销"]
    finally:
        for right in rights:
            house.db.run("INSERT INTO role_permission VALUES ('manager', %s)", right)
    desk.desk_logout()
    desk.desk_login("desk1", password)
    assert len(desk.shown("#desk .tabs button")) == 3
