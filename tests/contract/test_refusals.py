"""Each operation, asked wrongly in one point at a time and rightly at its limits: the answer is
the one that the description promises."""
import re
import time
from types import SimpleNamespace

import pytest

import raw
from answers import Answer, check
from calls import NOBODYS, clerk, right, staff_tokens
from description import DESCRIPTION
from jose import Mint
from spoil import edges, gateway_word, spoilers

OPERATIONS = DESCRIPTION.operations
WRONG = [(op, spoiled) for op in OPERATIONS for spoiled in spoilers(op)]
EDGES = [(op, name, change) for op in OPERATIONS for name, change in edges(op)]
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW")
PATHS = sorted({op.path for op in OPERATIONS})


@pytest.fixture(scope="module")
def world(house, slots):
    """Whom the calls come from, and the order that they are about."""
    customer, gone, twice = house.customer(), house.customer(), house.customer()
    replaced = twice.token
    twice.log_in()
    house.db.run("UPDATE session SET ended_at = now(), ended_why = 'test'"
                 " WHERE account_id = %s", gone.account_id)
    mint, now = Mint(house), int(time.time())
    expired = mint.make(claims=mint.claims(customer.account_id, iat=now - 7200, exp=now - 60))
    return SimpleNamespace(
        order_id=customer.order(slots.one())["id"],
        tokens={"user": customer.token, **staff_tokens(house), "expired": expired,
                "ended": gone.token, "replaced": replaced,
                "newcomer": clerk(house, must_change=True).token,
                "editor": clerk(house, "editor").token})


@pytest.mark.parametrize("operation, spoiled", WRONG, ids=[f"{o}-{s}" for o, s in WRONG])
def test_a_wrong_request(house, world, operation, spoiled):
    answer = spoiled.change(right(operation, world), world).send(house)
    check(operation, answer)
    assert (answer.status, answer.code) == (spoiled.status, spoiled.code), answer.body
    if spoiled.field:
        assert answer.field == spoiled.field


@pytest.mark.parametrize("operation, change", [(o, c) for o, _, c in EDGES],
                         ids=[f"{o}-{n}" for o, n, _ in EDGES])
def test_a_request_just_within_its_limits(house, world, operation, change):
    """Its form is right: what is refused is refused for other reasons."""
    answer = check(operation, change(right(operation, world), world).send(house))
    assert answer.code not in ("bad_field", "unknown_field", "bad_json", "media_type",
                               "idempotency_key_invalid"), answer.body


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_told_which_ones_there_are(house, path):
    operations = [op for op in OPERATIONS if op.path == path]
    allowed = {op.method for op in operations}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    target = path.format(**{"venue": 1, "order": 1, **NOBODYS})
    for method in set(METHODS) - allowed:
        got = raw.talk(house, raw.request(method, target))
        answer = Answer(got.status, got.headers, got.body)
        for operation in operations:
            check(operation, answer)
        word = gateway_word(operations[0], "method_not_allowed")
        assert (answer.status, answer.code) == (405, word)
        assert set(re.split(", ?", answer.headers["allow"])) == allowed


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if op.method == "GET"], ids=str)
def test_head_is_get_without_its_body(house, world, operation):
    call = right(operation, world)
    full = check(operation, call.send(house))
    lines = [f"{name}: {value}" for name, value in call.headers.items()]
    query = "?" + "&".join(call.query) if call.query else ""
    with raw.connect(house) as link:
        link.sendall(raw.request("HEAD", call.path + query, [*lines, "Connection: close"]))
        data = b"".join(iter(lambda: link.recv(65536), b""))
    head = raw.parse(data)
    assert (head.status, head.body) == (full.status, b"")
    assert head.headers["content-type"] == full.headers["content-type"]


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if "304" in op.responses], ids=str)
def test_what_has_not_changed_is_not_sent_again(house, world, operation):
    call = right(operation, world)
    etag = check(operation, call.send(house)).headers.get("etag", '"1"')
    answer = check(operation, call.with_headers(If_None_Match=etag).send(house))
    assert answer.status in (304, 404)
