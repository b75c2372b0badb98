"""Refunds, and the bills of the next day."""
import base64
import gzip
import hashlib
import time
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from merchant_client import REFUNDS, told


def refused(answer) -> tuple:
    return told(answer)[:2]


def state(shop, refund_no: str, wanted: str) -> dict:
    """The refund once it is in the wanted state."""
    until = time.monotonic() + 60
    while True:
        refund = shop.good("GET", f"{REFUNDS}/{refund_no}")
        if refund["status"] == wanted or time.monotonic() > until:
            assert refund["status"] == wanted
            return refund
        time.sleep(0.02)


def test_a_refund_is_accepted_then_done_then_notified(shop, sink):
    paid = shop.paid("ZX0001A01")
    answer = shop.refund("ZX0001A01", "R1", 5000)
    refund = answer.json()
    assert answer.status_code == 200 and refund["status"] == "PROCESSING"
    assert refund["transaction_id"] == paid["transaction_id"] and "success_time" not in refund
    assert refund["amount"]["refund"] == 5000 and refund["amount"]["total"] == 12000
    assert shop.query("ZX0001A01")["trade_state"] == "REFUND"
    told_refund = sink.open(sink.wait(2)[1])
    assert told_refund["refund_status"] == "SUCCESS" and told_refund["amount"]["refund"] == 5000
    assert not {"status", "appid", "channel"} & set(told_refund)
    assert state(shop, "R1", "SUCCESS")["success_time"]


def test_partial_refunds_stop_at_the_sum(shop):
    shop.paid("ZX0001A01")
    assert shop.refund("ZX0001A01", "R1", 5000).status_code == 200
    assert shop.refund("ZX0001A01", "R2", 7001).status_code == 400
    assert shop.refund("ZX0001A01", "R2", 7000).status_code == 200
    assert refused(shop.refund("ZX0001A01", "R3", 1)) == (400, "INVALID_REQUEST")


def test_fifty_parts(shop):
    shop.paid("ZX0001A01")
    for number in range(50):
        assert shop.refund("ZX0001A01", f"R{number}", 1).status_code == 200
    assert refused(shop.refund("ZX0001A01", "R50", 1)) == (400, "INVALID_REQUEST")


def test_the_number_makes_it_idempotent(shop):
    shop.paid("ZX0001A01")
    first = shop.refund("ZX0001A01", "R1", 5000).json()
    again = shop.refund("ZX0001A01", "R1", 5000).json()
    assert again["refund_id"] == first["refund_id"] and len(shop.sim("refunds")) == 1
    assert refused(shop.refund("ZX0001A01", "R1", 4000)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("changes", [
    {"amount": {"refund": 0, "total": 12000, "currency": "CNY"}},
    {"amount": {"refund": 1, "total": 12000}}, {"amount": {"refund": 1, "currency": "CNY"}},
    {"out_refund_no": "R 1"}, {"out_refund_no": "R" * 65}, {"reason": "长" * 27},
    {"notify_url": "http://localhost/"}, {"surprise": 1}, {"transaction_id": "4200"}])
def test_refunds_are_checked(shop, changes):
    shop.paid("ZX0001A01")
    assert refused(shop.refund("ZX0001A01", "R1", 1, **changes)) == (400, "PARAM_ERROR")


def test_refusals_by_state(shop):
    shop.prepay("ZX0001A01")
    assert refused(shop.refund("ZX0001A01", "R1", 1)) == (404, "RESOURCE_NOT_EXISTS")
    assert refused(shop.refund("ZX0002A01", "R1", 1)) == (404, "RESOURCE_NOT_EXISTS")
    assert refused(shop.call("GET", f"{REFUNDS}/R1")) == (404, "RESOURCE_NOT_EXISTS")
    shop.paid("ZX0001A01")
    wrong = {"refund": 1, "total": 11999, "currency": "CNY"}
    assert refused(shop.refund("ZX0001A01", "R1", 1, amount=wrong)) == (400, "INVALID_REQUEST")
    shop.fault("refund_not_enough")
    assert refused(shop.refund("ZX0001A01", "R1", 1)) == (403, "NOT_ENOUGH")
    shop.fault("refund_user_abnormal")
    assert refused(shop.refund("ZX0001A01", "R1", 1)) == (403, "USER_ACCOUNT_ABNORMAL")
    shop.sim("clock", {"advance_s": 366 * 86400})
    assert refused(shop.refund("ZX0001A01", "R1", 1)) == (403, "TRADE_OVERDUE")


def test_a_minute_between_refunds_when_switched_on(shop):
    shop.fault("refund_interval_s", value=60)
    shop.paid("ZX0001A01")
    assert shop.refund("ZX0001A01", "R1", 1).status_code == 200
    assert refused(shop.refund("ZX0001A01", "R2", 1)) == (429, "FREQUENCY_LIMITED")
    shop.sim("clock", {"advance_s": 61})
    assert shop.refund("ZX0001A01", "R2", 1).status_code == 200


def test_a_closed_refund_frees_the_money_for_a_new_number(shop, sink):
    shop.fault("refund_outcome", value="CLOSED")
    shop.paid("ZX0001A01")
    shop.refund("ZX0001A01", "R1", 12000)
    assert sink.open(sink.wait(2)[1])["refund_status"] == "CLOSED"
    shop.fault("refund_outcome", value="PROCESSING")
    shop.refund("ZX0001A01", "R2", 12000)
    time.sleep(0.2)
    state(shop, "R2", "PROCESSING")
    assert shop.sim("refunds/decide", {"out_refund_no": "R2", "status": "SUCCESS"}) == {
        "status": "SUCCESS"}


def test_an_abnormal_refund_goes_to_a_bank_card(shop):
    shop.fault("refund_outcome", value="ABNORMAL")
    shop.paid("ZX0001A01")
    refund_id = shop.refund("ZX0001A01", "R1", 1).json()["refund_id"]
    state(shop, "R1", "ABNORMAL")
    shop.fault("refund_outcome", value="SUCCESS")
    seal = lambda text: base64.b64encode(shop.world.pubkey.public_key().encrypt(
        text.encode(), padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))).decode()
    path, body = f"{REFUNDS}/{refund_id}/apply-abnormal-refund", {
        "out_refund_no": "R1", "type": "USER_BANK_CARD", "bank_type": "ICBC_DEBIT",
        "bank_account": seal("6222000000000000"), "real_name": seal("王小明")}
    wrong = shop.call("POST", path, body, headers={"Wechatpay-Serial": "0" * 40})
    assert refused(wrong) == (400, "PARAM_ERROR")
    wrong = shop.call("POST", path, {**body, "real_name": "AAAA"})
    assert refused(wrong) == (400, "PARAM_ERROR")
    assert shop.good("POST", path, body)["channel"] == "OTHER_BANKCARD"
    state(shop, "R1", "SUCCESS")
    assert refused(shop.call("POST", path, body)) == (400, "INVALID_REQUEST")


# --- bills ---

def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))


def bill(shop, kind: str = "tradebill", query: str = "") -> dict:
    return shop.good("GET", f"/v3/bill/{kind}?bill_date={today()}{query}")


def fetched(shop, offer: dict):
    url = urlsplit(offer["download_url"])
    return shop.call("GET", f"{url.path}?{url.query}")


def rows(text: str) -> tuple[list, dict]:
    """The lines as dictionaries by header, and the summary."""
    assert text.startswith("\ufeff")
    lines = text[1:].splitlines()
    cells = [[cell.removeprefix("`") for cell in line.split(",")] for line in lines]
    assert all(c.startswith("`") for line in lines[1:-2] + lines[-1:] for c in line.split(","))
    table = [dict(zip(cells[0], row)) for row in cells[1:-2]]
    return table, dict(zip(cells[-2], cells[-1]))


@pytest.fixture
def tomorrow(shop):
    """Two payments and a partial refund, seen from the next day."""
    shop.paid("ZX0001A01", description="羽毛球,3号场")
    shop.paid("ZX0002A01", amount={"total": 5})
    assert shop.refund("ZX0001A01", "R1", 5000).status_code == 200
    state(shop, "R1", "SUCCESS")
    shop.sim("clock", {"advance_s": 86400})
    return shop


def test_the_trade_bill(tomorrow):
    offer = bill(tomorrow)
    answer = fetched(tomorrow, offer)
    assert answer.status_code == 200 and "Wechatpay-Signature" not in answer.headers
    assert offer["hash_type"] == "SHA1"
    assert offer["hash_value"] == hashlib.sha1(answer.content).hexdigest()
    table, summary = rows(answer.content.decode())
    assert [(r["商户订单号"], r["交易状态"], r["订单金额"], r["申请退款金额"]) for r in table] == [
        ("ZX0001A01", "SUCCESS", "120.00", "0.00"), ("ZX0002A01", "SUCCESS", "0.05", "0.00"),
        ("ZX0001A01", "REFUND", "0.00", "50.00")]
    assert len(table[0]) == 27 and table[0]["商品名称"] == "羽毛球\\ 3号场"
    assert table[0]["手续费"] == "0.72000" and table[2]["商户退款单号"] == "R1"
    assert summary["总交易单数"] == "3" and summary["订单总金额"] == "120.05"
    assert summary["申请退款总金额"] == "50.00"


def test_gzip_and_crlf(tomorrow):
    tomorrow.fault("bill_line_end", value="crlf")
    offer = bill(tomorrow, query="&tar_type=GZIP")
    text = gzip.decompress(fetched(tomorrow, offer).content)
    assert offer["hash_value"] == hashlib.sha1(text).hexdigest() and b"\r\n" in text


@pytest.mark.parametrize("kind, count, missing", [("SUCCESS", 2, "退款金额"), ("REFUND", 1, "-")])
def test_bill_kinds(tomorrow, kind, count, missing):
    offer = bill(tomorrow, query=f"&bill_type={kind}")
    table, _ = rows(fetched(tomorrow, offer).content.decode())
    assert len(table) == count and missing not in table[0]
    assert ("退款成功时间" in table[0]) == (kind == "REFUND")


def test_the_fund_flow_bill(tomorrow):
    table, summary = rows(fetched(tomorrow, bill(tomorrow, "fundflowbill")).content.decode())
    assert [(r["收支类型"], r["收支金额(元)"], r["账户结余(元)"]) for r in table] == [
        ("收入", "120.00", "120.00"), ("支出", "0.72", "119.28"), ("收入", "0.05", "119.33"),
        ("支出", "50.00", "69.33")]
    assert summary == {"资金流水总笔数": "4", "收入笔数": "2", "收入金额": "120.05", "支出笔数": "2",
                       "支出金额": "50.72"}


def test_bills_that_are_refused(tomorrow):
    ask = lambda date, more="": refused(tomorrow.call(
        "GET", f"/v3/bill/tradebill?bill_date={date}{more}"))
    assert ask("20260101") == (400, "PARAM_ERROR")
    assert ask("2026-02-30") == (400, "PARAM_ERROR")
    assert ask("2020-01-01") == (400, "INVALID_REQUEST")
    assert ask("2099-01-01") == (400, "INVALID_REQUEST")
    assert ask(today(), "&bill_type=X") == (400, "PARAM_ERROR")
    for fault, code in (("bill_not_ready", "STATEMENT_CREATING"), ("bill_none",
                                                                  "NO_STATEMENT_EXIST")):
        tomorrow.fault(fault)
        assert ask(today()) == (400, code)
    tomorrow.sim("clock", {"advance_s": 86400})
    tomorrow.sim("reset", {})
    tomorrow.sim("clock", {"advance_s": 86400})
    assert ask(today()) == (400, "NO_STATEMENT_EXIST")


def test_bill_faults(tomorrow):
    tomorrow.fault("bill_empty")
    table, summary = rows(fetched(tomorrow, bill(tomorrow)).content.decode())
    assert table == [] and summary["总交易单数"] == "0"
    tomorrow.fault("bill_wrong_hash")
    offer = bill(tomorrow)
    assert offer["hash_value"] != hashlib.sha1(fetched(tomorrow, offer).content).hexdigest()


def test_a_file_that_is_cut_or_not_packed(tomorrow):
    text = fetched(tomorrow, bill(tomorrow)).content
    tomorrow.fault("bill_cut")
    cut = fetched(tomorrow, bill(tomorrow)).content
    assert 0 < len(cut) < len(text) and text.startswith(cut)
    tomorrow.fault("bill_plain")
    assert fetched(tomorrow, bill(tomorrow, query="&tar_type=GZIP")).content == text


def test_bills_that_differ_from_the_books(tomorrow):
    stranger = {"out_trade_no": "OTHER1", "total": 7, "success_time": f"{today()}T00:00:01+08:00"}
    tomorrow.sim("bills", {"bill_date": today(), "drop": ["ZX0002A01"],
                           "amounts": {"ZX0001A01": 1, "R1": 2}, "add": [stranger]})
    table, summary = rows(fetched(tomorrow, bill(tomorrow)).content.decode())
    assert [(r["商户订单号"], r["订单金额"], r["申请退款金额"]) for r in table] == [
        ("OTHER1", "0.07", "0.00"), ("ZX0001A01", "0.01", "0.00"), ("ZX0001A01", "0.00", "0.02")]
    assert summary["订单总金额"] == "0.08" and summary["申请退款总金额"] == "0.02"
    table, _ = rows(fetched(tomorrow, bill(tomorrow, "fundflowbill")).content.decode())
    assert [r["收支金额(元)"] for r in table] == ["0.07", "0.01", "0.02"]


def test_one_of_the_bills_may_differ_or_be_any_file(tomorrow, tmp_path):
    tomorrow.sim("bills", {"bill_date": today(), "drop": ["ZX0002A01"], "only": ["tradebill"]})
    assert len(rows(fetched(tomorrow, bill(tomorrow)).content.decode())[0]) == 2
    flows = rows(fetched(tomorrow, bill(tomorrow, "fundflowbill")).content.decode())[0]
    assert len(flows) == 4
    file = tmp_path / "bill"
    file.write_text("any text")
    tomorrow.sim("bills", {"bill_date": today(), "files": {"tradebill": str(file)}})
    offer = bill(tomorrow, query="&tar_type=GZIP")
    assert gzip.decompress(fetched(tomorrow, offer).content) == b"any text"
    assert offer["hash_value"] == hashlib.sha1(b"any text").hexdigest()


def test_a_download_url_lives_five_minutes(tomorrow):
    offer = bill(tomorrow)
    tomorrow.sim("clock", {"advance_s": 301})
    assert refused(fetched(tomorrow, offer)) == (400, "INVALID_REQUEST")
