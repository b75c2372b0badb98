"""What a customer does besides booking and playing: another wallet, giving up, reading what was
told; and what the simulator can make go wrong. On a phone, and in part also beside the desk."""
import re
import time

import pytest

from page import nickname, yuan


both = pytest.mark.parametrize("page", ["phone", "counter"], indirect=True)


@pytest.fixture
def page(request):
    page = request.getfixturevalue(getattr(request, "param", "phone"))
    page.login(nickname())
    yield page
    assert page.errors() == []


def unread(page) -> int:
    return sum(int(node.text) for node in page.shown("#customer .tabs .count"))


def wait_unread(page, count: int):
    page.wait_for(lambda: unread(page) == count, f"{count} unread, not {unread(page)}")


def refunds_of(page, order_id: int) -> list:
    return [(r["amount_fen"], r["state"]) for r in page.see(order_id)["refunds"]]


def shown_sum(page) -> int:
    text = page.wait("#cancel-confirm:enabled", "确认取消").text
    return round(100 * float(re.search(r"¥([\d.]+)$", text)[1]))


def test_an_unpaid_order_is_cancelled(page):
    order_id = page.book(30, 1)
    page.tap_on("#cancel")
    page.wait("#customer .sheet", "不产生费用")
    page.screenshot("cancel-unpaid")
    page.tap_on("#cancel-confirm")
    page.wait("#customer .status.off", "已取消")
    page.screenshot("cancelled")
    order = page.see(order_id)
    assert (order["state"], order["pay_state"]) == ("cancelled", "unpaid")
    page.open("#orders")
    assert "已取消" in page.wait(f"#customer a[href='#order-{order_id}']").text


def test_what_the_channel_knows_is_closed_there_first(page, sim):
    order_id = page.book(30, 1)
    page.tap_on("#pay")
    page.tap_on("#cashier-cancel")
    sim.fault("http_500_before", times=-1, path="/v3/pay/transactions")
    page.tap_on("#cancel")
    page.tap_on("#cancel-confirm")
    page.wait("#customer .status.off", "关闭中")
    page.screenshot("closing")
    assert page.see(order_id)["state"] == "closing"
    sim.quiet()
    page.wait("#customer .status.off", "已取消")


@both
def test_one_paid_period_is_given_up_for_the_sum_that_was_shown(page, sim):
    order_id = page.book(5, 2)  # venue 1 gives half of it back on the last day
    page.pay()
    first, second = page.see(order_id)["items"]
    half = first["price_fen"] // 2
    sim.fault("refund_outcome", value="PROCESSING")
    page.tap_on("#cancel")
    assert shown_sum(page) == half + second["price_fen"] // 2
    page.screenshot("quote")
    line = page.wait(f"#customer .sheet [data-item='{first['id']}']")
    for words in (f"价格 {yuan(first['price_fen'])}",
                  f"手续费 {yuan(first['price_fen'] - half)}", f"退 {yuan(half)}"):
        assert words in line.text
    page.tap_on(f"#customer .sheet [data-item='{second['id']}'] input")
    page.wait("#cancel-confirm:enabled", yuan(half))
    page.screenshot("quote-one")
    assert f"退回 {yuan(half)}" in page.wait("#customer .quote-sum").text
    page.tap_on("#cancel-confirm")
    page.wait("#customer .refunds [data-state=processing]", yuan(half))
    page.wait("#customer .periods [data-state=released]", first["court_name"])
    page.screenshot("refunding")
    assert refunds_of(page, order_id) == [(half, "processing")]
    [theirs] = [r for r in sim.items("refunds") if r["status"] == "PROCESSING"]
    assert theirs["amount"]["refund"] == half
    sim.post("refunds/decide", out_refund_no=theirs["out_refund_no"], status="SUCCESS")
    page.wait("#customer .refunds [data-state=succeeded]", "已退款")
    page.wait("#customer .card-head .badges", "部分退款")
    page.screenshot("refunded")
    assert [i["state"] for i in page.see(order_id)["items"]] == ["released", "booked"]


def test_a_sum_that_has_changed_is_shown_again_before_it_is_taken(page, house):
    order_id = page.book(30, 1)
    page.pay()
    price = page.see(order_id)["amount_fen"]
    page.tap_on("#cancel")
    assert shown_sum(page) == price
    house.db.run("UPDATE orders SET refund_tiers = %s WHERE id = %s",
                 '[{"hours": 2, "percent": 50, "fee_fen": 0}]', order_id)
    page.tap_on("#cancel-confirm")
    page.wait("#customer .sheet [data-code=quote_changed]", "已变化")
    page.wait("#customer .sheet .trouble", "重新计算")
    assert shown_sum(page) == price // 2
    page.screenshot("quote-changed")
    assert page.see(order_id)["state"] == "paid"
    page.tap_on("#cancel-confirm")
    page.wait("#customer .status.off", "已取消")
    assert refunds_of(page, order_id)[0][0] == price // 2


@both
def test_alipay_is_paid_by_the_code_on_the_screen(page, sim):
    order_id = page.book(30, 1)
    page.tap_on("#customer .channels [data-value=alipay]")
    page.screenshot("channels")
    page.tap_on("#pay")
    page.wait("#customer .cashier canvas")
    page.screenshot("alipay")
    code = page.qr_read("#customer .cashier .qr")
    assert code.startswith("https://qr.alipay.com/")
    assert sim.post("pay", code_url=code)["result"] == "ok"  # another phone scans it
    page.wait("#customer .status.good", "支付成功")
    assert page.see(order_id)["pay_state"] == "paid"
    [trade] = [t for t in sim.items("trades") if code in t["codes"]]
    assert trade["total_fen"] == page.see(order_id)["amount_fen"]


def test_the_pages_own_alipay_wallet_pays_too(page):
    order_id = page.book(30, 1)
    page.tap_on("#customer .channels [data-value=alipay]")
    page.pay()
    assert page.see(order_id)["state"] == "paid"


def test_a_payment_whose_notify_was_lost_is_asked_for(page):
    order_id = page.book(30, 1)
    page.fate("#fate-lose")
    page.tap_on("#customer .channels [data-value=wechat]")
    page.tap_on("#pay")
    page.tap_on("#cashier-accept")
    page.wait("#cashier-accept", "我已支付")
    time.sleep(1.5)
    assert page.see(order_id)["state"] == "pending"
    page.screenshot("notify-lost")
    page.tap_on("#cashier-accept")
    page.wait("#customer .status.good", "支付成功")


def test_who_has_not_paid_is_told_so(page):
    page.book(30, 1)
    page.tap_on("#pay")
    page.tap_on("#cashier-cancel")
    page.tap_on("#check")
    page.wait("#customer .dock .trouble", "还没有收到这笔付款")


def test_money_that_comes_after_the_end_goes_back(page, sim):
    order_id = page.book(30, 1)
    page.tap_on("#customer .channels [data-value=wechat]")
    page.tap_on("#pay")
    page.tap_on("#cashier-cancel")
    page.tap_on("#cancel")
    page.tap_on("#cancel-confirm")
    page.wait("#customer .status.off", "已取消")
    page.tap_on("#fate")
    number = page.see(order_id)["no"]
    page.tap(page.wait("#stage .fate li", number).find_element("css selector", "button"))
    page.wait("#stage > .sheet .trouble [role=status]", "钱到账了")
    page.screenshot("late")
    page.tap_on("#stage > .sheet .sheet-head button")
    page.wait("#customer .refunds [data-state=succeeded]", "付款到账时订单已由您取消")
    assert page.see(order_id)["state"] == "cancelled"


@both
def test_the_inbox_counts_what_is_unread_until_it_is_opened(page):
    assert unread(page) == 0
    order_id = page.book(30, 1)
    page.pay()
    wait_unread(page, 1)
    page.tap_on("#cancel")
    page.tap_on("#cancel-confirm:enabled", "确认取消")
    wait_unread(page, 3)  # paid, refund begun, refund done
    page.screenshot("unread")
    page.tap_on("#customer .tabs [href='#inbox']")
    page.wait("#customer .message", "退款已完成")
    assert len(page.shown("#customer .message .dot")) == 3
    page.screenshot("inbox")
    wait_unread(page, 0)
    assert page.fetch("/api/v1/messages")["unread"] == 0
    page.open("#orders")
    page.open("#inbox")
    page.wait("#customer .message", "退款已完成")
    assert page.shown("#customer .message .dot") == []
    page.tap_on("#customer .message")
    page.wait("#customer .status.off")
    assert page.driver.current_url.endswith(f"#order-{order_id}")


def test_who_is_banned_reads_until_when(page, house):
    me = page.fetch("/api/v1/me")["id"]
    house.db.run("INSERT INTO ban (id, account_id, until, reason) VALUES"
                 " (nextval('id_block') * 256, %s, '2031-05-04 09:30+08', 'test')", me)
    page.choose_venue("星河羽毛球馆")
    page.tap(page.cells_ahead(30, 1)[0])
    page.tap_on("#confirm")
    page.tap_on("#customer .sheet button[type=submit]")
    text = page.wait("#customer .sheet [data-code=banned]").text
    page.screenshot("banned")
    assert "暂停预订" in text and "5月4日 09:30" in text


@both
def test_fingers_find_every_button_of_the_new_screens(page):
    order_id = page.book(5, 2)
    assert page.small_targets() == []
    page.pay()
    assert page.small_targets() == []
    page.tap_on("#cancel")
    shown_sum(page)
    assert page.small_targets() == []
    page.tap_on("#customer .sheet .sheet-head button")
    page.tap_on("#fate")
    page.wait("#fate-lose")
    page.screenshot("fate")
    assert page.small_targets() == []
    page.tap_on("#stage > .sheet .sheet-head button")
    assert page.see(order_id)["state"] == "paid"
