"""What can be wrong with a request, read off its description: one thing at a time."""
import json
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Callable
from urllib.parse import quote, urlencode

from calls import Call, body_of, right
from description import DESCRIPTION, Operation

LIMIT = 64 * 1024
OF_ALL_STAFF = ("staff", "staff.password")
BAD_DATES = ["", "2026-13-01", "2026-02-30", "20261124", "2026-1-1", "1969-12-31", "2200-01-01",
             "2026-11-24 "]
BAD_TIMES = ["", "2026-11-24", "2026-11-24 20:00:00+08:00", "2026-11-24T20:00:00",
             "2026-11-24T24:00:00+08:00", "2026-11-24T20:00+08:00", "2026-02-30T20:00:00+08:00",
             "2026-11-24T20:00:00+0800"]
BAD_PATH_IDS = ["0", "01", "-1", "+1", "1.5", "1e3", "abc", "%31", "9" * 17]
NOT_JSON = {"nothing": b"", "half": b'{"a":', "a_word": b"nul", "a_list": b"[]",
            "a_text": b'"a"', "comma": b'{"a":1,}', "twice": b'{"a":1,"a":1}',
            "nan": b'{"a":NaN}', "quotes": b"{'a':1}", "bom": b"\xef\xbb\xbf{}",
            "bad_utf8": b'{"a":"\xff"}', "nul": b'{"a":"\\u0000"}',
            "half_pair": b'{"a":"\\ud83c"}', "more": b"{} {}",
            "leading_zero": b'{"a":01}', "deep": b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"}
NOT_FORM = {"bad_escape": "%zz", "nul": "%00", "bad_utf8": "%ff"}


@dataclass(frozen=True)
class Spoiled:
    name: str
    change: Callable  # (right call, world) -> call
    status: int
    code: str
    field: str | None = None

    def __str__(self):
        return self.name


def bad_texts(schema: dict) -> list:
    """Texts that a query parameter must not have, unquoted."""
    if schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        return ["", str(low - 1), str(high + 1), "1.0", "01", "+1", "1e1", "abc", " 1",
                "9" * 40]
    if schema.get("format") in ("date", "date-time"):
        return {"date": BAD_DATES, "date-time": BAD_TIMES}[schema["format"]]
    if "enum" in schema:
        return ["", "other", "|".join(schema["enum"][:2]), f"{schema['enum'][0]} "]
    form = ["x", "1,", "0"] if "pattern" in schema else []
    return form + ["x" * (schema["minLength"] - 1), "字" * (schema["maxLength"] + 1)]


def without(call: Call, name: str) -> Call:
    return replace(call, query=tuple(q for q in call.query if not q.startswith(f"{name}=")))


def gateway_word(op: Operation, code: str) -> str:
    """How nginx calls it there: RFC 6749 has one word for all of them."""
    return "invalid_request" if is_oauth(op) else code


def is_oauth(op: Operation) -> bool:
    """Errors in OAuth's form, and unknown parameters of the body are passed over."""
    return op.path.startswith("/oauth2/") and op.method == "POST"


def query_spoilers(op: Operation):
    oauth = is_oauth(op)
    unknown, broken = ((400, "invalid_request"),) * 2 if oauth else (
        (400, "unknown_field"), (400, "bad_request"))
    yield Spoiled("query_unknown", lambda c, w: c.with_query("zx_no=1"), *unknown, "zx_no")
    for escape in ("%zz", "%00", "%"):
        yield Spoiled(f"query_escape_{escape}",
                      lambda c, w, e=escape: c.with_query(f"zx_no={e}"), *broken, "zx_no")
    for p in op.named("query"):
        name = p["name"]
        pair = f"{name}={good_text(p)}"
        yield Spoiled(f"query_{name}_twice", lambda c, w, n=name, pair=pair: without(
            c, n).with_query(pair, pair), 422, "bad_field", name)
        if p.get("required"):
            yield Spoiled(f"query_{name}_missing", lambda c, w, n=name: without(c, n),
                          422, "bad_field", name)
        for text in bad_texts(p["schema"]):
            yield Spoiled(f"query_{name}_{text[:12]}", lambda c, w, n=name, t=text: without(
                c, n).with_query(f"{n}={quote(t)}"), 422, "bad_field", name)
        if p["schema"]["type"] == "string":
            yield Spoiled(f"query_{name}_bad_utf8", lambda c, w, n=name: without(
                c, n).with_query(f"{n}=%ff%ff"), 422, "bad_field", name)


def good_text(parameter: dict) -> str:
    return str(parameter.get("example", parameter["schema"].get("minimum")))


def path_spoilers(op: Operation):
    names = [p["name"] for p in op.named("path")]
    for name in names:
        def at(text, name=name):
            return op.path.format(**{**dict.fromkeys(names, 7), name: text})
        for text in BAD_PATH_IDS:
            yield Spoiled(f"path_{name}_{text}", lambda c, w, path=at(text): replace(
                c, path=path), 404, "not_found")
        code = "venue_not_found" if op.permission == "guest" else "not_found"
        for number in (7, 999_999_999_999_999):
            yield Spoiled(f"path_{name}_unknown_{number}", lambda c, w, path=at(number): replace(
                c, path=path), 404, code)


def token_spoilers(op: Operation):
    if op.permission == "guest" and not op.knows_who:
        return
    missing = (("none", None, "unauthenticated"), ("basic", "Basic dXNlcjpwYXNz", "unauthenticated"))
    for name, text, code in (*missing[2 * op.knows_who:],
                             ("nonsense", "Bearer nonsense", "token_invalid"),
                             ("three_parts", "Bearer a.b.c", "token_invalid")):
        yield Spoiled(f"token_{name}", lambda c, w, t=text: c.with_headers(Authorization=t),
                      401, code)
    for name, code in (("expired", "token_expired"), ("ended", "session_ended"),
                       ("replaced", "signed_in_elsewhere")):
        yield Spoiled(f"token_{name}", lambda c, w, n=name: c.with_headers(
            Authorization=f"Bearer {w.tokens[n]}"), 401, code)
    if op.permission in ("guest", "user"):
        return
    yield Spoiled("token_of_a_customer", lambda c, w: c.with_headers(
        Authorization=f"Bearer {w.tokens['user']}"), 403, "forbidden")
    if op.permission not in OF_ALL_STAFF:
        yield Spoiled("token_of_an_editor", lambda c, w: c.with_headers(
            Authorization=f"Bearer {w.tokens['editor']}"), 403, "forbidden")
    if op.permission != "staff.password":
        yield Spoiled("token_of_a_newcomer", lambda c, w: c.with_headers(
            Authorization=f"Bearer {w.tokens['newcomer']}"), 403, "password_change_required")


def version_spoilers(op: Operation):
    if not op.conditional:
        return
    for name, text, status, code in (
            ("missing", None, 428, "version_missing"), ("empty list", ",", 412, "version_changed"),
            ("bare", "1", 400, "bad_request"), ("weak", 'W/"1"', 412, "version_changed"),
            ("unended", '"1", "2', 400, "bad_request"), ("two stars", "*, *", 400, "bad_request"),
            ("word", '"one"', 412, "version_changed"),
            ("overlong", f'"{"1" * 16}"', 412, "version_changed")):
        yield Spoiled(f"version_{name}", lambda c, w, t=text: c.with_headers(If_Match=t),
                      status, code)


def key_spoilers(op: Operation):
    if not op.idempotent:
        return
    for name, key, code in (("missing", (), "missing"), ("empty", ("",), "missing"),
                            ("long", ("k" * 256,), "invalid"), ("space", ("a b",), "invalid"),
                            ("latin", ("\xfc",), "invalid"), ("two", ("a", "b"), "invalid")):
        yield Spoiled(f"key_{name}", lambda c, w, k=key: replace(c, key=k), 400,
                      f"idempotency_key_{code}")


def bad_leaves(schema: dict) -> list:
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if "boolean" in kinds:
        return ["true", 1, 0, {}, []]
    values = [True, {}, []] + ([] if "null" in kinds else [None])
    if "integer" in kinds:
        low, high = schema["minimum"], schema["maximum"]
        return values + ["1", 1.5, low - 1, high + 2, -1, 1e300]
    values += [1]
    if "enum" in schema:
        words = [word for word in schema["enum"] if word]
        return values + ["", "other", "|".join(words * 2), words[0] + " "]
    if "format" in schema:
        return values + {"date": BAD_DATES, "date-time": BAD_TIMES}[schema["format"]]
    return values + ["x" * (schema["minLength"] - 1), "字" * (schema["maxLength"] + 1)]


def is_array(schema: dict) -> bool:
    return schema["type"] == "array" or schema["type"] == ["array", "null"]


def bad_values(schema: dict, value, path: str = ""):
    """(name, whole spoiled value, status, code, field) for a JSON value."""
    kind = schema["type"]
    if kind == "object":
        yield from bad_members(schema, value, path)
    elif is_array(schema):
        value = value or [1]
        empty = [[]] if schema["minItems"] else []
        for bad in ({}, "x", 1, *empty) if "null" in kind else (None, {}, "x", 1, *empty):
            yield f"{path}={bad}", bad, 422, "bad_field", path
        many = value[:1] * (schema["maxItems"] + 1)
        yield f"{path}_too_many", many, 422, "bad_field", path
        for bad in ("x", None, []):
            yield f"{path}[0]={bad}", [bad], 422, "bad_field", f"{path}[0]"
        for name, item, *rest in bad_values(schema["items"], value[0], f"{path}[0]"):
            yield name, [item, *value[1:]], *rest
    else:
        for bad in bad_leaves(schema):
            yield f"{path}={str(bad)[:14]}", bad, 422, "bad_field", path


def bad_members(schema: dict, value: dict, path: str):
    dot = f"{path}." if path else ""
    yield f"{dot}stranger", {**value, "zx_no": 1}, 400, "unknown_field", f"{dot}zx_no"
    for name, member in schema["properties"].items():
        rest = {k: v for k, v in value.items() if k != name}
        if name in schema["required"]:
            yield f"{dot}{name}_missing", rest, 422, "bad_field", f"{dot}{name}"
        for label, bad, *more in bad_values(member, value.get(name), f"{dot}{name}"):
            yield label, {**rest, name: bad}, *more


def json_spoilers(op: Operation):
    for name, value, status, code, field in bad_values(op.body["schema"], body_of(op)):
        yield Spoiled(f"body_{name}", lambda c, w, v=value: c.with_json(v), status, code, field)
    for name, text in NOT_JSON.items():
        yield Spoiled(f"body_{name}", lambda c, w, t=text: replace(c, body=t), 400, "bad_json")


def form_spoilers(op: Operation):
    value = body_of(op)
    refused = (400, "invalid_request")
    for name, schema in op.body["schema"]["properties"].items():
        texts = ["other"] if "enum" in schema else [
            "x" * (schema["minLength"] - 1),
            ("字" if schema["maxLength"] < 800 else "x") * (schema["maxLength"] + 1)]
        for text in filter(None, texts):  # an empty one is as good as none
            body = urlencode({**value, name: text}).encode()
            yield Spoiled(f"form_{name}_{len(text)}", lambda c, w, b=body: replace(c, body=b),
                          *refused, name)
    for name in op.body["schema"]["required"]:
        body = urlencode({k: v for k, v in value.items() if k != name}).encode()
        yield Spoiled(f"form_{name}_missing", lambda c, w, b=body: replace(c, body=b),
                      *refused, name)
    for grant in op.body["examples"]:
        for name in grant["value"]:
            rest = {k: v for k, v in grant["value"].items() if k != name}
            yield Spoiled(f"form_{grant['summary']}_{name}_missing",
                          lambda c, w, b=urlencode(rest).encode(): replace(c, body=b),
                          *refused, name)
    name = next(iter(value))
    yield Spoiled("form_twice", lambda c, w, b=f"&{name}=x".encode(): replace(
        c, body=c.body + b), *refused, name)
    for label, text in NOT_FORM.items():
        yield Spoiled(f"form_{label}", lambda c, w, b=f"{name}={text}".encode(): replace(
            c, body=b), *refused, name)


def carrier_spoilers(op: Operation):
    """Of the body as such: its length, its kind."""
    oauth = is_oauth(op)
    missing = (400, "invalid_request") if oauth else (411, "length_required")
    kind = (400, "invalid_request") if oauth else (415, "media_type")
    yield Spoiled("body_without_length", lambda c, w: replace(c, length=False), *missing)
    if op.path.startswith("/notify/"):
        return
    for text in (None, "text/plain", "application/jsonx", "multipart/form-data; boundary=x"):
        yield Spoiled(f"body_as_{text}", lambda c, w, t=text: c.with_headers(Content_Type=t),
                      *kind)


def gateway_spoilers(op: Operation):
    """What nginx refuses by itself."""
    yield Spoiled("uri_too_long", lambda c, w: c.with_query("x=" + "y" * 9000), 414,
                  "uri_too_long")
    yield Spoiled("body_too_large", lambda c, w: replace(
        c, body=c.body + b" " * (LIMIT + 1 - len(c.body))), 413, gateway_word(op, "too_large"))
    yield Spoiled("headers_too_large", lambda c, w: c.with_headers(X_Pad="y" * 9000), 431,
                  gateway_word(op, "headers_too_large"))


def in_turns(op: Operation, found, of: int) -> list:
    """What one parser finds for all operations need not be tried on each: of the spoilers that
    lead to one answer, each operation gets every `of`-th, and at least one; which, differs."""
    said = defaultdict(list)
    for spoiled in found:
        said[spoiled.status, spoiled.code].append(spoiled)
    turn = zlib.crc32(op.id.encode())
    return [s for same in said.values() for i, s in enumerate(same)
            if (i + turn) % min(of, len(same)) == 0]


def spoilers(op: Operation) -> list:
    found = [*in_turns(op, query_spoilers(op), 2), *in_turns(op, path_spoilers(op), 4),
             *token_spoilers(op), *in_turns(op, key_spoilers(op), 2),
             *in_turns(op, version_spoilers(op), 3), *gateway_spoilers(op)]
    if op.body:
        found += in_turns(op, carrier_spoilers(op), 2)
        if not op.path.startswith("/notify/"):  # those bodies are judged by their signatures
            found += in_turns(op, json_spoilers(op), 3) if op.body["type"] == "application/json" \
                else form_spoilers(op)
    return found


def good_values(schema: dict, value, path: str = ""):
    """Values at the very limits: (name, whole value)."""
    kind = schema["type"]
    if kind == "object":
        for name, member in schema["properties"].items():
            rest = {k: v for k, v in value.items() if k != name}
            if name not in schema["required"]:
                yield f"no_{name}", rest
            for label, good in good_values(member, value.get(name), name):
                yield label, {**rest, name: good}
    elif is_array(schema):
        value = value or [1]
        yield f"{path}_most", value[:1] * schema["maxItems"]
        for label, item in good_values(schema["items"], value[0], path):
            yield label, [item]
    else:
        for good in good_leaves(schema):
            yield f"{path}={str(good)[:14]}", good


def good_leaves(schema: dict) -> list:
    values = [None] if "null" in schema["type"] else []
    if "boolean" in schema["type"]:
        return values + [True, False]
    if "integer" in (schema["type"], *schema["type"]):
        return values + [schema["minimum"], schema["maximum"]]
    if "boolean" in (schema["type"], *schema["type"]):
        return values + [True, False]
    if "enum" in schema:
        return schema["enum"]
    if "format" in schema:
        return {"date": ["1970-01-01", "2199-12-31", "2028-02-29"],
                "date-time": ["2026-11-24T12:00:00Z", "2026-11-24T20:00:00.123456+08:00",
                              "2026-11-24T12:00:00-00:00"]}[schema["format"]]
    return values + ["x" * schema["minLength"], "😀" * schema["maxLength"]]


def edges(op: Operation) -> list:
    """(name, change) of requests whose form is right, just so."""
    found = []
    for p in op.named("query"):
        name = p["name"]
        for good in [p["example"]] if "pattern" in p["schema"] else good_leaves(p["schema"]):
            piece = f"{name}={quote(str(good))}"
            found.append((f"query_{name}={str(good)[:14]}", lambda c, w, n=name, piece=piece:
                          without(c, n).with_query(piece)))
    if op.body and op.body["type"] == "application/json" and not op.path.startswith("/notify/"):
        for name, value in good_values(op.body["schema"], body_of(op)):
            if DESCRIPTION.faults(op.body["schema"], value):
                continue  # members that don't go together
            found.append((f"body_{name}", lambda c, w, v=value: c.with_json(v)))
        found.append(("body_spaced", lambda c, w: replace(
            c, body=json.dumps(json.loads(c.body), indent=4).encode())))
        found.append(("body_charset", lambda c, w: c.with_headers(
            Content_Type="application/json; charset=utf-8")))
    if op.idempotent:
        found.append(("key_most", lambda c, w: replace(c, key=(right(op, w).key[0].ljust(
            255, "~"),))))
    return found
