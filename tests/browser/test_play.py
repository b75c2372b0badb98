"""The whole main job in a browser: a customer books, pays and shows his code, the desk lets him
in. Tests read in order; what several of them stand on is a fixture."""
import re
import time
from dataclasses import dataclass
from datetime import datetime

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from page import CHINA, VENUE, cell_words, nickname
from slots import Slots, day


@dataclass
class Booking:
    cells: list[dict]
    total: str
    order_id: int


@pytest.fixture(scope="module")
def booking(phone) -> Booking:
    """A customer has ordered two neighbouring cells of one court."""
    phone.login(nickname())
    phone.choose_venue(VENUE)
    pair = phone.free_pair()
    cells = [cell_words(cell) for cell in pair]
    for cell in pair:
        phone.tap(cell)
    phone.screenshot("chosen")
    total = phone.wait("#customer .dock .total").text
    return Booking(cells, total, phone.order())


@pytest.fixture(scope="module")
def paid(phone, booking) -> Booking:
    phone.as_customer()
    phone.open(f"#order-{booking.order_id}")
    phone.pay()
    return booking


@pytest.fixture(scope="module")
def code(phone, paid) -> str:
    return phone.short_code()


def test_a_guest_sees_courts_times_and_prices(phone):
    phone.open("#venues")
    phone.wait("#customer a.venue", VENUE)
    phone.screenshot("venues")
    phone.choose_venue(VENUE)
    phone.choose_day(1)
    phone.screenshot("grid")
    cells = [cell_words(cell) for cell in phone.shown("#customer .cell")]
    assert {cell["court"] for cell in cells} >= {"1 号场", "2 号场"}
    assert any(cell["price"] and cell["state"] == "可订" for cell in cells)


def test_the_first_day_is_the_venues_today(phone):
    phone.choose_venue(VENUE)
    today = datetime.now(CHINA).strftime("%m/%d")
    assert phone.shown("#customer .choices-date button")[0].text.split() == ["今天", today]


def test_neighbouring_cells_become_one_period_with_the_sum_of_their_prices(phone, booking):
    order = phone.fetch(f"/api/v1/orders/{booking.order_id}")
    first, last = booking.cells
    yuan = int(first["price"]) + int(last["price"])
    assert booking.total == f"¥{yuan}" and order["amount_fen"] == 100 * yuan
    [item] = order["items"]
    assert item["start"][11:16] == first["start"]
    assert item["end"][11:16].replace("00:00", "24:00") == last["end"]


def test_an_unpaid_order_counts_down(phone, booking):
    phone.open(f"#order-{booking.order_id}")
    before = phone.wait("#customer .countdown").text
    phone.screenshot("unpaid")
    time.sleep(2.2)
    after = phone.wait("#customer .countdown").text
    assert re.fullmatch(r"(\d:)?\d\d:\d\d", before) and after < before


def test_a_cancelled_payment_leaves_the_order_open(phone, booking):
    phone.open(f"#order-{booking.order_id}")
    phone.tap_on("#pay")
    phone.wait("#cashier-accept")
    phone.screenshot("cashier")
    phone.tap_on("#cashier-cancel")
    phone.wait("#customer .dock", "已取消支付")
    assert phone.fetch(f"/api/v1/orders/{booking.order_id}")["pay_state"] == "unpaid"


def test_the_qr_on_the_screen_reads_back_as_the_signed_text(phone, paid, code):
    answer = phone.fetch(f"/api/v1/orders/{paid.order_id}/checkin-code")
    phone.screenshot("code")
    assert phone.qr_read() == answer["qr_text"]
    assert code == answer["short_code"] and re.fullmatch(r"\d{10}", code)


def test_a_taken_cell_cannot_be_tapped(phone, house, booking):
    slot = Slots(house).free(1, "badminton", day(1))[-1]
    house.customer().order(slot)
    phone.choose_venue(VENUE)
    phone.choose_day(1)
    where = f"{slot.court} 号场 {slot.start[11:16]}"
    cell = phone.wait(f"#customer .cell.taken[aria-label^='{where}']")
    phone.driver.execute_script("arguments[0].click()", cell)
    assert not cell.is_enabled() and cell.get_attribute("aria-pressed") is None
    assert phone.shown("#customer .dock") == []


def test_ones_own_cell_leads_to_its_order(phone, paid):
    phone.choose_venue(VENUE)
    order = phone.fetch(f"/api/v1/orders/{paid.order_id}")
    phone.tap(phone.driver.find_element(By.CSS_SELECTOR, f"[data-value='{order['date']}']"))
    where = f"{paid.cells[0]['court']} {paid.cells[0]['time']}"
    cell = phone.wait(f"#customer .cell.own[aria-label^='{where}']", "我的")
    phone.screenshot("own")
    phone.tap(cell)
    phone.wait("#customer .order-page")
    assert phone.driver.current_url.endswith(f"#order-{paid.order_id}")


def test_my_orders_lists_the_paid_order(phone, paid):
    phone.open("#orders")
    card = phone.wait(f"#customer a.order[href='#order-{paid.order_id}']")
    phone.screenshot("orders")
    assert VENUE in card.text and "已支付" in card.text and paid.total in card.text


def test_a_wrong_password_is_explained_in_chinese(phone):
    phone.as_desk()
    phone.type("#username", "desk2")
    phone.type("#password", "not the password")
    phone.tap_on("#desk form button")
    assert "不正确" in phone.wait("#desk .notice").text


def test_staff_of_another_venue_is_refused(phone, code, password):
    phone.desk_login("desk2", password)
    card = phone.check_in(code)
    assert card.get_attribute("data-result") == "bad"
    assert card.get_attribute("data-code") == "wrong_venue"
    phone.screenshot("desk-other-venue")
    phone.desk_logout()


def test_the_desk_checks_a_typed_code_in_exactly_once(phone, paid, code, password):
    phone.desk_login("desk1", password)
    card = phone.check_in(f"{code[:4]} {code[4:7]}-{code[7:]}")
    phone.screenshot("desk-green")
    assert card.get_attribute("data-result") == "good" and "核销成功" in card.text
    assert paid.cells[0]["court"] in card.text
    phone.type("#code", code + Keys.ENTER)
    again = phone.wait("#desk [data-code=already_checked_in]")
    phone.screenshot("desk-red")
    assert "已核销" in again.text
    assert len(phone.shown("#desk .done-list li")) == 1
    phone.tap_on("#desk [data-undo]")
    phone.type("#desk [name=reason]", "扫错了")
    phone.screenshot("desk-undo")
    phone.tap_on("#desk .sheet [type=submit]")
    phone.wait("#desk .result.idle", "已撤销")
    assert not phone.shown("#desk .done-list li")
    assert phone.check_in(code).get_attribute("data-result") == "good"


def test_the_customer_sees_that_the_code_was_used(phone, paid):
    phone.as_customer()
    phone.open(f"#order-{paid.order_id}")
    phone.wait("#customer .stamp", "已核销")
    phone.screenshot("used")


def test_fingers_find_every_button(phone):
    for place in ("#login", "#venues", "#venue-1", "#orders", "#inbox"):
        phone.open(place)
        phone.wait("#customer .screen > *")
        time.sleep(0.5)
        assert phone.small_targets() == [], place


def test_the_phone_never_complained(phone):
    assert phone.errors() == []


def test_arrow_keys_and_space_choose_a_cell(counter):
    counter.choose_venue(VENUE)
    counter.choose_day(1)
    first = counter.wait("#customer .cell[tabindex='0']")
    first.send_keys(Keys.ARROW_DOWN)
    active = counter.driver.switch_to.active_element
    assert active.get_attribute("data-column") == first.get_attribute("data-column")
    assert active.get_attribute("data-row") > first.get_attribute("data-row")
    active.send_keys(Keys.SPACE)
    assert active.get_attribute("aria-pressed") == "true"
    active.send_keys(Keys.SPACE)
    assert active.get_attribute("aria-pressed") == "false"


def test_side_by_side_the_desk_scans_the_customers_screen(counter, password):
    counter.desk_login("desk1", password)
    counter.login(nickname())
    counter.choose_venue(VENUE)
    for cell in counter.free_pair():
        counter.tap(cell)
    counter.screenshot("grid")
    counter.order()
    counter.screenshot("unpaid")
    counter.pay()
    counter.short_code()
    counter.screenshot("code")
    counter.tap_on("#scan-beside:enabled", "演示用")
    counter.wait("#desk [data-result=good]")
    counter.wait("#customer .stamp", "已核销")
    counter.screenshot("checked-in")
    assert counter.errors() == []


def test_a_lost_answer_is_asked_for_again_without_ordering_twice(counter):
    counter.login(nickname())
    counter.choose_venue(VENUE)
    for cell in counter.free_pair():
        counter.tap(cell)
    counter.tap_on("#confirm")
    counter.lose_answer("/api/v1/orders")
    counter.tap_on("#customer .sheet button[type=submit]")
    counter.wait("#customer .sheet .notice", "连不上服务器")
    counter.tap_on("#customer .sheet button[type=submit]")
    counter.wait("#customer .countdown")
    assert len(counter.fetch("/api/v1/orders")["items"]) == 1


def test_who_comes_second_is_told_and_sees_the_cell_taken(counter):
    counter.login(nickname())
    counter.choose_venue(VENUE)
    first, second = counter.free_pair()
    left = cell_words(second)
    counter.tap(first)
    counter.tap(second)
    counter.tap_on("#confirm")
    counter.take_first_chosen_cell()
    counter.tap_on("#customer .sheet button[type=submit]")
    counter.wait("#customer .dock .notice", "已被预订")
    counter.wait("#customer .dock-sum", f"{left['court']} {left['time']}")
    counter.screenshot("second")
    assert counter.errors() == []


def test_who_was_shown_an_old_price_sees_the_new_one_before_he_orders(counter, house):
    counter.login(nickname())
    counter.choose_venue(VENUE)
    for cell in counter.free_pair():
        counter.tap(cell)
    counter.tap_on("#confirm")
    before = counter.wait("#customer .dock .total").text
    house.db.run("UPDATE price_rule SET hour_fen = hour_fen + 200 WHERE venue_id = 1")
    try:
        counter.tap_on("#customer .sheet button[type=submit]")
        told = counter.wait("#customer .dock .trouble [role=status]", "现在合计").text
        now = counter.wait("#customer .dock-sum .total").text
        counter.screenshot("price-changed")
        assert now != before and told.endswith(now)
        assert counter.fetch("/api/v1/orders")["items"] == []
        counter.order()
    finally:
        house.db.run("UPDATE price_rule SET hour_fen = hour_fen - 200 WHERE venue_id = 1")
    assert counter.errors() == []


def test_a_choice_survives_logging_in(night_phone):
    night_phone.choose_venue(VENUE)
    for cell in night_phone.free_pair():
        night_phone.tap(cell)
    total = night_phone.wait("#customer .dock .total").text
    night_phone.screenshot("dark-guest")
    night_phone.tap_on("#customer .dock button", "登录后下单")
    night_phone.type("#nickname", nickname())
    night_phone.screenshot("dark-login")
    night_phone.tap_on("#customer form button")
    night_phone.wait("#confirm")
    assert night_phone.wait("#customer .dock .total").text == total
    assert night_phone.errors() == []
