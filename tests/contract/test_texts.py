"""Texts that people read, in every body of the description: marked by x-text, and refused by it."""
from types import SimpleNamespace

import pytest

from calls import body_of, right, staff_tokens
from description import DESCRIPTION

# What is no such text has a rule of its own.
OWN_RULE = {"grant_type", "code", "state", "username", "password", "new_password", "phone",
            "refresh_token", "token", "token_type_hint", "payer", "role", "timezone", "device",
            "permissions[0]"}
OWN_FORM = {"enum", "format", "pattern", "const"}
FOR_NOTIFYING = "/notify/"
BAD = {"a_space": " ", "wide_space": "\u3000", "zero_width": "\u200b", "bom": "\ufeff",
       "filler": "\u3164", "escape": "a\x1b[31m", "tab": "a\tb", "c1": "a\x9b2Jb", "return": "a\rb",
       "bidi": "a\u202eb", "isolate": "\u2066a", "mark": "a\u200fb", "line_end": "a\u2028b",
       "hidden": "a\u200bb", "joiner": "a\u200db", "grapheme": "a\u034fb", "vowel": "a\u17b4b",
       "tag": "a\U000e0041b", "non_joiner": "a\u200cb", "selector": "a\ufe00b", "soft_hyphen": "a\u00adb"}
ONE_LINE = {**BAD, "two_lines": "a\nb"}


def texts(schema: dict, path: str = ""):
    """(path, schema) of every text in it."""
    if "properties" in schema:
        for name, member in schema["properties"].items():
            yield from texts(member, f"{path}.{name}" if path else name)
    elif "items" in schema:
        yield from texts(schema["items"], f"{path}[0]")
    elif "string" in schema.get("type", ()):
        yield path, schema
    for part in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from texts(part, path)


WRITERS = [op for op in DESCRIPTION.operations
           if op.body and not op.path.startswith(FOR_NOTIFYING)]
MARKED = [(op, field, schema["x-text"]) for op in WRITERS
          for field, schema in texts(op.body["schema"]) if "x-text" in schema]
WRONG = [(op, field, name, text) for op, field, rule in MARKED
         for name, text in (BAD if rule == "lines" else ONE_LINE).items()]


@pytest.fixture(scope="module")
def world(house, slots):
    customer = house.customer()
    return SimpleNamespace(order_id=customer.order(slots.one())["id"],
                           tokens={"user": customer.token, **staff_tokens(house)})


@pytest.mark.parametrize("operation", WRITERS, ids=str)
def test_each_text_is_for_people_or_has_a_rule_of_its_own(operation):
    for path, schema in texts(operation.body["schema"]):
        name = path.rsplit(".")[-1]
        own = OWN_FORM & set(schema) or name in OWN_RULE or schema.get("maxLength") == 5
        if "x-text" in schema:
            assert schema["x-text"] == ("lines" if name == "note" else "line"), path
        else:
            assert own, f"{path} has neither"


def test_there_are_such_texts():
    assert len(MARKED) >= 29 and {"line", "lines"} == {rule for _, _, rule in MARKED}


@pytest.mark.parametrize("operation, field, text", [(o, f, t) for o, f, _, t in WRONG],
                         ids=[f"{o}-{f}-{n}" for o, f, n, _ in WRONG])
def test_what_shows_nothing_or_hides_something_is_refused(house, world, operation, field, text):
    call = right(operation, world)
    answer = call.with_json({**body_of(operation), field: text}).send(house)
    assert (answer.status, answer.code, answer.field) == (422, "bad_field", field), answer.body


@pytest.mark.parametrize("operation, field", [(o, f) for o, f, r in MARKED if r == "lines"],
                         ids=[f"{o}-{f}" for o, f, r in MARKED if r == "lines"])
def test_a_note_may_have_lines(house, world, operation, field):
    answer = right(operation, world).with_json(
        {**body_of(operation), field: "一\n二"}).send(house)
    assert answer.code != "bad_field", answer.body
