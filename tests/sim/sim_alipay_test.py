"""The simulated Alipay, judged by a merchant of its own code."""
import io
import threading
import zipfile
from urllib.parse import urlencode

import pytest

import alipay_client
import sim
import simconf
from alipay_client import (BILL, CLOSE, CREATE, PRECREATE, QUERY, REFUND, REFUND_QUERY, china,
                           fits, object_behind)

NO = "ZX0001A01"


@pytest.fixture(scope="module")
def shared_sink(world):
    running = alipay_client.Sink(world)
    yield running
    running.shutdown()


@pytest.fixture
def sink(shared_sink):
    shared_sink.clear()
    return shared_sink


@pytest.fixture
def shop(world, server, sink):
    client = alipay_client.Merchant(world, server.server_port, sink)
    client.sim("reset", {})
    return client


def by_gateway(answer) -> tuple:
    """What the gateway itself refuses carries no signature."""
    assert answer.status_code == 200 and set(answer.json()) == {"error_response"}
    told = answer.json()["error_response"]
    return told["code"], told["sub_code"]


# --- the gateway ---

@pytest.mark.parametrize("changes, code", [
    ({"app_id": None}, ("40001", "isv.missing-app-id")),
    ({"timestamp": None}, ("40001", "isv.missing-timestamp")),
    ({"sign": ""}, ("40001", "isv.missing-signature")),
    ({"app_id": "2021000000000000"}, ("40002", "isv.invalid-app-id")),
    ({"sign": "AAAA"}, ("40002", "isv.invalid-signature")),
    ({"sign_type": "RSA"}, ("40002", "isv.invalid-signature-type")),
    ({"method": "alipay.trade.pay"}, ("40002", "isv.invalid-method")),
    ({"timestamp": china(-1000)}, ("40002", "isv.invalid-timestamp")),
    ({"timestamp": "now"}, ("40002", "isv.invalid-timestamp")),
    ({"notify_url": "http://localhost/"}, ("40002", "isv.invalid-parameter")),
    ({"biz_content": "[]"}, ("40002", "isv.invalid-parameter"))])
def test_the_gateway_refuses_by_itself(shop, changes, code):
    assert by_gateway(shop.post(shop.params(QUERY, {"out_trade_no": NO}, **changes))) == code


def test_a_parameter_changed_after_signing_is_noticed(shop):
    params = shop.params(QUERY, {"out_trade_no": NO})
    params["biz_content"] = params["biz_content"].replace("A01", "A02")
    assert by_gateway(shop.post(params)) == ("40002", "isv.invalid-signature")


def test_a_parameter_twice_is_refused(shop):
    params = shop.params(QUERY, {"out_trade_no": NO})
    answer = shop.http.post(f"{shop.base}/gateway.do?{urlencode(params)}",
                            data={"biz_content": params["biz_content"]})
    assert by_gateway(answer) == ("40002", "isv.invalid-parameter")


def test_chinese_in_the_form_needs_the_charset_in_the_query(shop):
    params = shop.params(PRECREATE, shop.order(NO))
    answer = shop.http.post(f"{shop.base}/gateway.do", data=params)
    assert by_gateway(answer) == ("40002", "isv.invalid-signature")
    assert shop.code(NO)


def test_slashes_are_escaped_and_signed_so_or_plain(shop, world):
    shop.fault("alipay_slashes", value="plain")
    answer = shop.post(shop.params(PRECREATE, shop.order(NO)))
    raw = object_behind(answer.text, "alipay_trade_precreate_response")
    sign = answer.json()["sign"]
    assert "https:\\/\\/qr.alipay.com\\/" in raw
    assert not fits(world.alipay_key, raw.encode(), sign)
    assert fits(world.alipay_key, raw.replace("\\/", "/").encode(), sign)
    shop.fault("alipay_slashes", value="escaped")
    assert shop.code(NO).startswith("https://qr.alipay.com/bax")


@pytest.mark.parametrize("fault, seen", [
    ("answer_bad_signature", "sign"), ("answer_missing_signature", None)])
def test_answers_can_be_spoiled_once(shop, world, fault, seen):
    shop.code(NO)
    shop.fault(fault, path="alipay.trade.precreate")
    answer = shop.post(shop.params(PRECREATE, shop.order("ZX0002A01")))
    raw = object_behind(answer.text, "alipay_trade_precreate_response")
    assert ("sign" in answer.json()) == bool(seen)
    assert not fits(world.alipay_key, raw.encode(), answer.json().get("sign", ""))
    assert shop.code("ZX0002A01")


def test_told_faults_do_nothing(shop):
    shop.fault("alipay_error", sub_code="ACQ.SYSTEM_ERROR", path="alipay.trade.precreate")
    assert shop.refused(PRECREATE, shop.order(NO)) == "ACQ.SYSTEM_ERROR"
    shop.fault("429", path="/gateway.do")
    assert by_gateway(shop.post(shop.params(QUERY, {"out_trade_no": NO})))[0] == "40005"
    shop.fault("http_500_before", path="/gateway.do")
    assert shop.post(shop.params(PRECREATE, shop.order(NO))).status_code == 500
    assert shop.sim("trades") == []


def test_an_answer_may_be_lost_after_the_deed(shop):
    shop.paid(NO)
    shop.fault("answer_lost", path="alipay.trade.refund")
    with pytest.raises(Exception, match="[Cc]onnection"):
        shop.refund(NO, "R1", "1.00")
    again = shop.refund(NO, "R1", "1.00")
    assert (again["fund_change"], again["refund_fee"]) == ("N", "1.00")


# --- trades ---

@pytest.mark.parametrize("product", ["FACE_TO_FACE_PAYMENT", "QR_CODE_OFFLINE"])
def test_what_the_official_sdk_sends_is_taken(shop, product):
    """alipay-sdk-java: format=json, and the product of the code."""
    answer = shop.ask(PRECREATE, shop.order(NO, product_code=product), format="json")
    assert answer["qr_code"]


def test_another_product_makes_no_code(shop):
    assert shop.refused(PRECREATE, shop.order(NO, product_code="QUICK_WAP_WAY")) == (
        "ACQ.INVALID_PARAMETER")


def test_a_code_makes_no_trade_until_it_is_scanned(shop):
    code = shop.code(NO)
    assert shop.refused(QUERY, {"out_trade_no": NO}) == "ACQ.TRADE_NOT_EXIST"
    assert shop.refused(CLOSE, {"out_trade_no": NO}) == "ACQ.TRADE_NOT_EXIST"
    shop.sim("alipay/scan", {"code_url": code})
    told = shop.query(NO)
    assert (told["trade_status"], told["buyer_pay_amount"]) == ("WAIT_BUYER_PAY", "0.00")
    assert "send_pay_date" not in told
    assert shop.sim("pay", {"code_url": code})["result"] == "ok"
    told = shop.query(NO)
    assert (told["trade_status"], told["total_amount"]) == ("TRADE_SUCCESS", "120.00")
    assert told["send_pay_date"].startswith(china(form="%Y-%m-%d"))


def test_inside_the_app_the_trade_is_there_at_once_and_only_its_buyer_pays(shop):
    who = shop.sim("alipay/buyer", {})
    order = shop.order(NO, product_code="JSAPI_PAY", op_app_id=shop.world.alipay_appid,
                       buyer_open_id=who["buyer_open_id"])
    trade_no = shop.good(CREATE, order)["trade_no"]
    assert shop.good(CREATE, order)["trade_no"] == trade_no
    assert shop.query(NO)["trade_status"] == "WAIT_BUYER_PAY"
    other = shop.sim("users", {"nickname": "别人"})["user"]
    assert shop.sim("pay", {"tradeNO": trade_no, "user": other})["result"] == "fail"
    assert shop.sim("pay", {"tradeNO": trade_no})["transaction_id"] == trade_no
    assert shop.query(NO)["buyer_open_id"] == who["buyer_open_id"]


def test_nobody_pays_with_an_open_id_of_nobody(shop):
    order = shop.order(NO, product_code="JSAPI_PAY", op_app_id=shop.world.alipay_appid,
                       buyer_open_id="0" * 40)
    assert shop.refused(CREATE, order) == "ACQ.BUYER_NOT_EXIST"


@pytest.mark.parametrize("changes", [
    {"out_trade_no": "A-1"}, {"out_trade_no": "A" * 65}, {"total_amount": "0"},
    {"total_amount": "0.00"}, {"total_amount": "1.001"}, {"total_amount": "-1.00"},
    {"total_amount": "01.00"}, {"total_amount": 120}, {"subject": ""}, {"subject": "a=b"},
    {"subject": "场" * 257}, {"time_expire": "soon"}, {"time_expire": china(-5)},
    {"time_expire": china(16 * 86400)}, {"surprise": "1"}])
def test_orders_are_checked(shop, changes):
    assert shop.refused(PRECREATE, shop.order(NO, **changes)) == "ACQ.INVALID_PARAMETER"


def test_the_same_number_again(shop):
    order = shop.order(NO)
    assert shop.good(PRECREATE, order)["qr_code"] != shop.good(PRECREATE, order)["qr_code"]
    other = {**order, "total_amount": "1.00"}
    assert shop.refused(PRECREATE, other) == "ACQ.CONTEXT_INCONSISTENT"
    shop.sim("pay", {"out_trade_no": NO})
    assert shop.refused(PRECREATE, order) == "ACQ.TRADE_HAS_SUCCESS"


def test_a_closed_trade_is_closed_for_good(shop):
    order = shop.order(NO)
    code = shop.good(PRECREATE, order)["qr_code"]
    shop.sim("alipay/scan", {"code_url": code})
    shop.good(CLOSE, {"out_trade_no": NO})
    told = shop.query(NO)
    assert told["trade_status"] == "TRADE_CLOSED" and "send_pay_date" not in told
    assert shop.refused(CLOSE, {"out_trade_no": NO}) == "ACQ.TRADE_STATUS_ERROR"
    assert shop.sim("pay", {"code_url": code})["result"] == "fail"
    assert shop.refused(PRECREATE, order) == "ACQ.TRADE_HAS_CLOSE"


def test_a_paid_trade_is_not_closed(shop):
    shop.paid(NO)
    assert shop.refused(CLOSE, {"out_trade_no": NO}) == "ACQ.TRADE_STATUS_ERROR"


def test_the_payment_may_win_against_the_closing(shop):
    shop.code(NO)
    shop.fault("pay_wins_close", out_trade_no=NO)
    assert shop.refused(CLOSE, {"out_trade_no": NO}) == "ACQ.TRADE_STATUS_ERROR"
    assert shop.query(NO)["trade_status"] == "TRADE_SUCCESS"


def test_at_its_time_a_code_is_dead_and_a_scanned_trade_closes(shop):
    dead, other = shop.code(NO), shop.code("ZX0002A01")
    shop.sim("alipay/scan", {"code_url": other})
    shop.sim("clock", {"advance_s": 601})
    for code in (dead, other):
        assert shop.sim("pay", {"code_url": code})["result"] == "fail"
    assert shop.refused(QUERY, {"out_trade_no": NO}) == "ACQ.TRADE_NOT_EXIST"
    assert shop.query("ZX0002A01")["trade_status"] == "TRADE_CLOSED"


# --- refunds ---

def status(shop, request_no: str) -> dict:
    return shop.good(REFUND_QUERY, {"out_trade_no": NO, "out_request_no": request_no,
                                    "query_options": ["gmt_refund_pay"]})


def test_refunds_in_parts_until_all_is_back(shop):
    shop.paid(NO)
    first = shop.refund(NO, "R1", "50.00", refund_reason="用户取消")
    assert (first["fund_change"], first["refund_fee"]) == ("Y", "50.00")
    assert shop.query(NO)["trade_status"] == "TRADE_SUCCESS"
    too_much = {"out_trade_no": NO, "out_request_no": "R2", "refund_amount": "70.01"}
    assert shop.refused(REFUND, too_much) == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert shop.refund(NO, "R2", "70.00")["refund_fee"] == "120.00"
    told = shop.query(NO)
    assert told["trade_status"] == "TRADE_CLOSED" and told["send_pay_date"]
    assert status(shop, "R2")["refund_amount"] == "70.00"


def test_the_requests_number_makes_it_idempotent(shop):
    shop.paid(NO)
    shop.refund(NO, "R1", "50.00")
    assert shop.refund(NO, "R1", "50.00")["fund_change"] == "N"
    other = {"out_trade_no": NO, "out_request_no": "R1", "refund_amount": "40.00"}
    assert shop.refused(REFUND, other) == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert shop.sim("trades")[0]["refunded_fen"] == 5000


def test_a_query_finds_what_was_done_and_says_nothing_of_what_was_not(shop):
    shop.paid(NO)
    assert "refund_status" not in status(shop, "R1")
    shop.refund(NO, "R1", "50.00")
    told = status(shop, "R1")
    assert told["refund_status"] == "REFUND_SUCCESS" and told["gmt_refund_pay"]


def test_refunds_that_cannot_be(shop):
    body = {"out_trade_no": NO, "out_request_no": "R1", "refund_amount": "1.00"}
    assert shop.refused(REFUND, body) == "ACQ.TRADE_NOT_EXIST"
    code = shop.code(NO)
    shop.sim("alipay/scan", {"code_url": code})
    assert shop.refused(REFUND, body) == "ACQ.TRADE_STATUS_ERROR"
    shop.sim("pay", {"code_url": code})
    part = {"out_trade_no": NO, "refund_amount": "1.00"}
    assert shop.refused(REFUND, part) == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    shop.fault("refund_not_enough")
    assert shop.refused(REFUND, body) == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    shop.sim("alipay/finish", {"out_trade_no": NO})
    assert shop.refused(REFUND, body) == "ACQ.TRADE_HAS_FINISHED"


# --- notifies ---

def test_a_payment_is_told_in_a_signed_form(shop, sink):
    shop.paid(NO)
    told = sink.open(sink.wait(1)[0])
    assert (told["out_trade_no"], told["trade_status"]) == (NO, "TRADE_SUCCESS")
    assert (told["total_amount"], told["subject"]) == ("120.00", "羽毛球 3号场")
    assert (told["app_id"], told["seller_id"]) == (shop.world.alipay_appid,
                                                   shop.world.alipay_seller_id)
    assert told["gmt_payment"] and "refund_fee" not in told
    assert shop.sim("notifies")[0]["delivered"]


def test_only_the_word_success_ends_the_deliveries(shop, sink):
    shop.fault("notify_scale", value=0.0001)
    sink.answers = [(200, b"SUCCESS"), (200, b"success\n"), (200, b"<html>success</html>"),
                    (500, b"success"), (204, b"")]
    shop.paid(NO)
    letters = sink.wait(6)
    assert len({sink.open(letter)["notify_id"] for letter in letters}) == 1


def test_eight_deliveries_and_no_more(shop, sink):
    shop.fault("notify_scale", value=0.000001)
    sink.answers = [(500, b"")] * 20
    shop.paid(NO)
    sink.wait(8)
    shop.fault("notify_scale", value=0)
    assert threading.Event().wait(0.3) is False and len(sink.letters) == 8


def test_every_refund_is_told_as_the_same_trade(shop, sink):
    shop.paid(NO)
    shop.refund(NO, "R1", "50.00")
    shop.refund(NO, "R2", "70.00")
    told = [sink.open(letter) for letter in sink.wait(3)]
    assert sorted((t["trade_status"], t.get("refund_fee")) for t in told[1:]) == [
        ("TRADE_CLOSED", "120.00"), ("TRADE_SUCCESS", "50.00")]
    assert all(t["gmt_payment"] for t in told) and len({t["notify_id"] for t in told}) == 3
    assert {t.get("out_biz_no") for t in told} == {None, "R1", "R2"}


@pytest.mark.parametrize("fault", ["notify_bad_signature", "notify_missing_signature",
                                   "notify_tampered", "notify_field_twice"])
def test_spoiled_forms_are_not_signed(shop, sink, fault):
    sink.answers = [(401, b"")]
    shop.fault("notify_scale", value=0.0001)
    shop.fault(fault, out_trade_no=NO)
    shop.paid(NO)
    bad, good = sink.wait(2)
    assert not sink.is_signed(bad) and sink.open(good)["out_trade_no"] == NO


@pytest.mark.parametrize("fault, name, value", [
    ("notify_wrong_amount", "total_amount", "120.01"),
    ("notify_wrong_mchid", "seller_id", "2088001234567891"),
    ("notify_wrong_appid", "app_id", "2021001234567891"),
    ("notify_stale", "notify_time", china(-8 * 86400, "%Y-%m-%d"))])
def test_forms_can_be_signed_and_wrong(shop, sink, fault, name, value):
    shop.fault(fault, out_trade_no=NO)
    shop.paid(NO)
    assert sink.open(sink.wait(1)[0])[name].startswith(value)


def test_never_twice_and_again(shop, sink):
    shop.fault("notify_never", out_trade_no=NO)
    shop.paid(NO)
    assert sink.letters == []
    shop.fault("notify_twice_at_once")
    shop.fault("notify_replay", n=2)
    shop.paid("ZX0002A01")
    sink.wait(4)
    assert shop.sim("notify/resend", {"out_trade_no": "ZX0002A01", "raw": True}) == \
        {"status": 200}
    assert sink.letters[-1] in sink.letters[:4]


# --- bills, and what lasts ---

def yesterdays(shop) -> str:
    day = china(-86400, "%Y-%m-%d")
    shop.sim("pay", {"code_url": shop.code(NO), "success_time": f"{day}T10:00:00+08:00"})
    return day


def test_a_bill_is_a_zip_of_gbk_files(shop):
    day = yesterdays(shop)
    url = shop.good(BILL, {"bill_type": "trade", "bill_date": day})["bill_download_url"]
    assert url.startswith("http://")
    packed = shop.http.get(url.replace("http:", "https:", 1)).content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = [i.filename.encode("cp437").decode("gbk") for i in archive.infolist()]
        text = archive.read(archive.infolist()[0]).decode("gbk")
    assert [n.rpartition("_")[2] for n in names] == ["业务明细.csv", "业务明细(汇总).csv"]
    assert "#交易合计：1笔，商家实收共120.00元" in text and f"{NO}\t,交易" in text
    shop.sim("clock", {"advance_s": 31})
    assert shop.http.get(url.replace("http:", "https:", 1)).status_code == 403


@pytest.mark.parametrize("kind, day, code", [
    ("trade", "today", "isv.invalid_arguments"), ("all", "2026-01-01", "isv.invalid_arguments"),
    ("trade", "2026-01-01", "isp.bill_not_exist")])
def test_bills_that_are_not_there(shop, kind, day, code):
    biz = {"bill_type": kind, "bill_date": china(form="%Y-%m-%d") if day == "today" else day}
    assert shop.refused(BILL, biz) == code


def test_without_its_keys_there_is_no_alipay(world, tmp_path):
    config = simconf.load(world.config(alipay_appid=""))
    world.config()
    running = sim.Server(config, 0)
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    shop = alipay_client.Merchant(world, running.server_port, type("", (), {"url": ""}))
    try:
        assert shop.post(shop.params(QUERY, {"out_trade_no": NO})).status_code == 404
    finally:
        running.shutdown()


def test_trades_outlive_the_simulator(world, tmp_path, sink):
    config = simconf.load(world.config(state_dir=str(tmp_path)))
    world.config()
    numbers = []
    for _ in range(2):
        running = sim.Server(config, 0)
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        shop = alipay_client.Merchant(world, running.server_port, sink)
        try:
            if not numbers:
                shop.paid(NO)
                shop.refund(NO, "R1", "50.00")
            numbers.append(shop.query(NO)["trade_no"])
            assert status(shop, "R1")["refund_status"] == "REFUND_SUCCESS"
        finally:
            running.shutdown()
    assert numbers[0] == numbers[1]
