"""The file by itself: whole, valid, its examples true to its own schemas."""
import json
import re

import pytest
from jsonschema import Draft202012Validator

from description import DESCRIPTION, FILE, METHODS, REPO, load, walk

DOCUMENT = DESCRIPTION.document
OPERATIONS = DESCRIPTION.operations
COMMON = {"405", "413", "414", "429", "431", "500", "503", "504"}  # any route may give these
PARTS = ("schemas", "parameters", "headers", "responses", "examples")
KEYWORDS = {"$ref", "description", "type", "format", "pattern", "enum", "const", "required",
            "properties", "additionalProperties", "items", "minItems", "maxItems", "minLength",
            "maxLength", "minimum", "maximum", "multipleOf", "anyOf", "allOf", "if",
            "then", "else", "dependentRequired",
            "contentMediaType", "x-text"}

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def schemas():
    """(way to it, schema) of every schema of the file."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        yield f"schemas/{name}", schema
    for path, node in walk({k: DOCUMENT[k] for k in ("paths", "components")}):
        if isinstance(node.get("schema"), dict) and "schemas" not in path:
            yield "/".join(map(str, path)), node["schema"]


def media():
    """(way to it, media type object) of every body."""
    for path, node in walk(DOCUMENT):
        if path and path[-1] == "content":
            yield from (("/".join(map(str, path)), each) for each in node.values())


def test_it_says_what_it_is():
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert set(DOCUMENT) == {"openapi", "info", "servers", "tags", "paths", "components"}
    assert DOCUMENT["info"]["title"] and DOCUMENT["info"]["version"]
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]


def test_it_is_the_same_as_json():
    """YAML knows dates, JSON doesn't: each has to be quoted."""
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_every_reference_leads_somewhere_and_every_part_is_used():
    used = {node["$ref"] for _, node in walk(DOCUMENT) if "$ref" in node}
    for ref in used:
        DESCRIPTION.target(ref)
    there = {f"#/components/{part}/{name}" for part in PARTS
             for name in DOCUMENT["components"].get(part, {})}
    assert there - used == set()


def test_names_are_given_once():
    ids = [op.id for op in OPERATIONS]
    assert all(re.fullmatch("[a-z][A-Za-z]+", name) for name in ids)
    assert len(ids) == len(set(ids))
    tags = [tag["name"] for tag in DOCUMENT["tags"]]
    assert len(tags) == len(set(tags))
    assert {tag for op in OPERATIONS for tag in op.raw["tags"]} == set(tags)


def test_paths_hold_nothing_else():
    for path, item in DOCUMENT["paths"].items():
        assert path.startswith("/") and set(item) <= {*METHODS, "parameters"}, path


@each_operation
def test_an_operation_is_complete(operation):
    raw = operation.raw
    assert raw["summary"] and raw["tags"] and len(raw["tags"]) == 1
    assert raw["security"] in ([], [{}, {"bearer": ["user"]}]) or [
        list(each) for each in raw["security"]] == [["bearer"]]
    assert COMMON <= set(operation.responses)
    assert any(status < "300" for status in operation.responses)
    assert ("401" in operation.responses) == (
        operation.permission != "guest" or operation.knows_who or operation.path.startswith("/notify/"))


@each_operation
def test_path_parameters_are_those_in_the_braces(operation):
    named = [p["name"] for p in operation.named("path")]
    assert named == re.findall(r"\{(\w+)\}", operation.path)
    assert all(p["required"] is True for p in operation.named("path"))
    assert all(p["description"] and p["schema"] for p in operation.parameters)


# Other 403s say nothing of the token.
OF_THE_TOKEN = {"forbidden", "password_change_required", "login_again"}


@each_operation
def test_answers_say_what_they_carry(operation):
    for status, response in operation.responses.items():
        assert re.fullmatch("[2-5][0-9]{2}", status) and response["description"]
        headers = {name for name, h in response["headers"].items()
                   if DESCRIPTION.resolve(h).get("required")}
        wanted = {"X-Request-Id"} | {
            "405": {"Allow"}, "429": {"Retry-After"}, "503": {"Retry-After"}}.get(
            status, set())
        if status == "401" or (status == "403" and not operation.path.startswith("/oauth2/")
                               and DESCRIPTION.error_codes(response) <= OF_THE_TOKEN):
            wanted.add("WWW-Authenticate")
        assert headers - {"ETag"} == wanted, (operation.id, status)
        assert ("content" in response) == (status not in ("204", "304"))
        assert bool(DESCRIPTION.error_codes(response)) == (status >= "400")


@each_operation
def test_inputs_are_closed(operation):
    if operation.body and not operation.path.startswith("/notify/"):  # those are WeChat's
        for path, node in walk(operation.body["schema"]):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False, path


def test_schemas_are_schemas():
    for path, schema in schemas():
        Draft202012Validator.check_schema(schema)
        strangers = {k for _, node in walk(schema) for k in node
                     if k not in KEYWORDS and not is_name(schema, k)}
        assert strangers == set(), path


def is_name(schema: dict, word: str) -> bool:
    """A member's name, not a keyword."""
    return any(word in node.get("properties", {}) for _, node in walk(schema))


def test_required_members_exist():
    for path, schema in schemas():
        for _, node in walk(schema):
            if node.get("type") == "object":
                assert set(node.get("required", [])) <= set(node["properties"]), path


def test_answers_promise_every_member():
    """Nothing that may be absent: what has no value is null. Errors are the one exception."""
    inputs = {"TokenRequest", "RevokeRequest", "OrderRequest", "PaymentRequest",
              "CheckinRequest",
              "CancellationRequest", "RefundRequest", "WechatNotice", "MemberRequest",
              "PersonRequest", "RolesRequest", "VenueEdit", "ExceptionRequest",
              "ExceptionEdit", "CourtRequest", "CourtEdit", "PricesRequest", "CalendarRequest",
              "CalendarEdit", "VenueRequest", "HoursEdit", "BlockRequest", "BlockEdit",
              "OutsideRequest"}
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for _, node in walk(schema if name not in inputs else {}):
            if node.get("type") == "object":
                assert set(node["properties"]) - set(node["required"]) <= {
                    "field", "until", "detail", "code"}, name


def test_every_body_has_an_example():
    without = [path for path, each in media()
               if not each.get("examples") and "contentMediaType" not in each["schema"]]
    assert without == []


def test_examples_are_true():
    count = 0
    for path, each in media():
        for name, example in each.get("examples", {}).items():
            value = DESCRIPTION.resolve(example)["value"]
            is_input = "requestBody" in path
            assert DESCRIPTION.faults(each["schema"], value, not is_input) == [], (path, name)
            count += 1
    for path, node in walk(DOCUMENT):
        if "in" in node and "example" in node:
            assert DESCRIPTION.faults(node["schema"], node["example"]) == [], path
            count += 1
    assert count > 60


def test_examples_of_errors_use_the_sentences_of_the_table():
    texts = dict(re.findall(r"X\([A-Z_]+, \d+, \"(\w+)\", *\"([^\"]*)\"\)",
                            (REPO / "lib/base/err.h").read_text()))
    for _, node in walk(DOCUMENT):
        error = node.get("error")
        if isinstance(error, dict) and "message" in error and "code" in error \
                and error["code"] in texts:
            assert error["message"] == texts[error["code"]]


def test_a_broken_file_is_noticed(tmp_path):
    """Of the loader itself: a name that stands twice."""
    text = FILE.read_text() + "info: {}\n"
    (tmp_path / "twice.yaml").write_text(text)
    with pytest.raises(Exception, match="twice: info"):
        load(tmp_path / "twice.yaml")
