"""The program that builds the description (nginx/docs/api/builder), shown on a small one of its own:
what follows from a route, and what is refused with the place where it stands."""
import json
import sys
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
import yaml

from description import REPO

sys.path.insert(0, str(REPO / "nginx/docs/api/builder"))

import build as program  # noqa: E402
from build_error import BuildError  # noqa: E402
from document import build  # noqa: E402
from implied import Codes  # noqa: E402
from parts import read_parts  # noqa: E402
from programs import Error, Route, read_routes  # noqa: E402

NAME = {"name": "name", "kind": "string", "optional": False, "min": 1, "max": 40,
        "one_of": None, "text": "line"}
KIND = {**NAME, "name": "kind", "optional": True, "min": 0, "max": 0, "one_of": "indoor|outdoor",
        "text": None}
CURSOR = {**NAME, "name": "cursor", "kind": "integer", "optional": True, "text": None}
READ = Route("GET", "/halls", "user", "read", idempotent=False, if_match=False, form=False,
             raw_body=False, oauth=False, body=None, query=[CURSOR, KIND])
WRITE = replace(READ, method="POST", permission="hall", transaction="write", idempotent=True,
                body=[NAME, KIND], query=None)
STATUSES = {
    400: "bad_request bad_body bad_json unknown_field idempotency_key_missing"
         " idempotency_key_invalid",
    401: "unauthenticated token_invalid token_expired session_ended signed_in_elsewhere",
    403: "forbidden password_change_required", 405: "method_not_allowed", 409: "name_taken",
    411: "length_required", 413: "too_large", 415: "media_type",
    422: "bad_field idempotency_key_reused", 429: "too_many_requests", 500: "internal",
    503: "retry database_down outcome_unknown"}
TABLE = {code: Error(code, status, f"{code}!") for status, codes in STATUSES.items()
         for code in codes.split()}
API = """
openapi: 3.1.0
info: {title: Halls, version: '1'}
servers: []
parts: [halls.yaml]
"""
SHARED = """
securitySchemes: {}
parameters:
  Cursor: {name: cursor, in: query, schema: {type: integer}}
  Key: {name: Idempotency-Key, in: header, schema: {type: string}}
headers:
  X-Request-Id: {schema: {type: string}}
  WWW-Authenticate: {schema: {type: string}}
  Retry-After: {schema: {type: string}}
  Idempotent-Replay: {schema: {type: string}}
schemas:
  Id: {type: integer}
  NextCursor: {type: string or null}
  ErrorCode: {type: string}
  Error: {fields: {error: {fields: {code: ErrorCode}}}}
"""
ERRORS = f"""
advice: {{{', '.join(f'{code}: do' for code in TABLE)}}}
gateway:
  - {{status: 414, code: uri_too_long, message: long, advice: shorten}}
  - {{status: 431, code: headers_too_large, message: large, advice: shorten}}
  - {{status: 504, code: outcome_unknown, advice: repeat}}
oauth: {{}}
responses:
  422:
    BadField: {{codes: [bad_field], field: kind}}
"""
HALLS = """
tag: {name: halls, title: Halls, description: All of them.}
paths:
  GET /halls:
    operationId: listHalls
    summary: List
    query: {kind: {description: Which., example: indoor}}
    response: {page_of: Hall, example: {items: [], next_cursor: null}}
  POST /halls:
    operationId: addHall
    summary: Add
    request:
      schema: HallRequest
      description: A new one.
      fields: {name: Its name., kind: {description: Which., pattern: door$}}
      example: {name: East}
    response: {status: 201, schema: Hall, example: {id: 1, name: East}}
    errors:
      409: {codes: [name_taken], field: name}
schemas:
  Hall: {description: One., fields: {id: Id, name: {type: string}}}
"""
FILES = {"api.yaml": API, "shared.yaml": SHARED, "errors.yaml": ERRORS, "halls.yaml": HALLS,
         "intro.md": "{errors}\n{gateway}\n"}


def built(folder, routes=(READ, WRITE), **changes) -> dict:
    """`changes`: file, without its ending -> (old, new), or a text to append."""
    for name, text in FILES.items():
        change = changes.get(name.partition(".")[0], "")
        text = text.replace(*change) if isinstance(change, tuple) else text + change
        (folder / name).write_text(text)
    return build(read_parts(folder), {(r.method, r.path): r for r in routes}, TABLE)


@pytest.fixture(scope="module")
def halls(tmp_path_factory):
    document = built(tmp_path_factory.mktemp("halls"))
    return SimpleNamespace(document=document, list=document["paths"]["/halls"]["get"],
                           add=document["paths"]["/halls"]["post"],
                           schemas=document["components"]["schemas"])


def test_the_schema_of_a_request_is_the_shape_and_its_words(halls):
    assert halls.schemas["HallRequest"] == {
        "type": "object", "additionalProperties": False, "required": ["name"],
        "description": "A new one.", "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 40, "x-text": "line",
                     "description": "Its name."},
            "kind": {"type": ["string", "null"], "enum": ["indoor", "outdoor", None],
                     "description": "Which.", "pattern": "door$"}}}


def test_parameters_follow_from_the_route(halls):
    assert halls.add["parameters"] == [{"$ref": "#/components/parameters/Key"}]
    assert halls.list["parameters"] == [{"$ref": "#/components/parameters/Cursor"}, {
        "name": "kind", "in": "query", "description": "Which.", "example": "indoor",
        "schema": {"type": "string", "enum": ["indoor", "outdoor"]}}]


def test_security_is_the_permission(halls):
    assert halls.list["security"] == [{"bearer": ["user"]}]
    assert halls.add["security"] == [{"bearer": ["hall"]}]


def test_errors_follow_from_the_route(halls):
    assert list(halls.list["responses"]) == [
        "200", "400", "401", "405", "413", "414", "422", "429", "431", "500", "503", "504"]
    assert list(halls.add["responses"]) == [
        "201", "400", "401", "403", "405", "409", "411", "413", "414", "415", "422", "429", "431",
        "500", "503", "504"]


def test_an_error_has_its_message_its_headers_and_an_example(halls):
    assert halls.add["responses"]["409"]["description"] == "name_taken!"
    example, = halls.add["responses"]["409"]["content"]["application/json"]["examples"].values()
    assert example["value"]["error"]["message"] == "name_taken!"
    assert example["value"]["error"]["field"] == "name"
    assert set(halls.add["responses"]["503"]["headers"]) == {"X-Request-Id", "Retry-After"}
    assert set(halls.add["responses"]["403"]["headers"]) == {"X-Request-Id", "WWW-Authenticate"}


def test_a_shared_response_stands_where_its_codes_fit(halls):
    assert halls.list["responses"]["422"] == {"$ref": "#/components/responses/BadField"}
    assert "$ref" not in halls.add["responses"]["422"]


def test_own_codes_follow_the_implied_or_repeat_one_and_are_all():
    implied = Codes(["bad_field", "idempotency_key_reused"])
    assert (implied + Codes(["hall_full"])).codes == [*implied.codes, "hall_full"]
    assert (implied + Codes(["hall_full", "bad_field"])).codes == ["hall_full", "bad_field"]


def test_the_tables_of_errors_stand_in_the_text(halls):
    text = halls.document["info"]["description"]
    assert "| `name_taken` | 409 | name_taken! | do |" in text
    assert "| `uri_too_long` | 414 | long | shorten |" in text
    assert halls.schemas["ErrorCode"]["enum"] == [*TABLE, "uri_too_long", "headers_too_large"]


def test_yaml_and_json_hold_the_same(halls, tmp_path):
    program.write(halls.document, tmp_path)
    text = (tmp_path / "openapi.yaml").read_text()
    assert yaml.safe_load(text) == json.loads((tmp_path / "openapi.json").read_text())
    assert text.startswith("openapi: 3.1.0\n") and "&id" not in text


FAULTS = {
    "a_key_twice": ({"halls": ("summary: List", "summary: List\n    summary: All")},
                    "halls.yaml: line 7: summary stands twice"),
    "a_route_twice": ({"halls": ("POST /halls", "GET /halls")},
                      "halls.yaml: line 9: GET /halls stands twice"),
    "a_route_in_two_parts": ({"api": ("[halls.yaml]", "[halls.yaml, halls.yaml]")},
                             "halls.yaml: GET /halls stands in halls.yaml, too"),
    "a_schema_in_two_parts": ({"halls": "  Id: {type: string}\n"},
                              "halls.yaml: schemas: Id stands in shared.yaml, too"),
    "a_request_among_the_schemas": ({"halls": "  HallRequest: {type: object}\n"},
                                    "HallRequest is the schema of a request and stands in"
                                    " halls.yaml, too"),
    "an_id_twice": ({"halls": ("addHall", "listHalls")},
                    "halls.yaml: POST /halls: operationId listHalls stands twice"),
    "a_route_of_no_program": ({"halls": ("GET /halls", "GET /rooms")},
                              "halls.yaml: GET /rooms: no program has this route"),
    "no_method": ({"halls": ("GET /halls", "/halls")},
                  "halls.yaml: /halls: has to be a method and a path"),
    "an_unknown_error": ({"halls": ("[name_taken]", "[name_takn]")},
                         "halls.yaml: POST /halls: errors: 409: there is no error name_takn"),
    "an_error_of_another_status": ({"halls": ("[name_taken]", "[too_large]")},
                                   "POST /halls: errors: 409: too_large has another status"),
    "a_status_without_codes": ({"halls": ("codes: [name_taken], ", "")},
                               "POST /halls: errors: 409: lacks codes"),
    "an_unknown_response": ({"halls": ("{codes: [name_taken], field: name}", "NameTaken")},
                            "errors: 409: errors.yaml has no NameTaken under this status"),
    "an_error_without_advice": ({"errors": ("too_large: do, ", "")},
                                "errors.yaml: advice: lacks too_large"),
    "advice_for_no_error": ({"errors": ("advice: {", "advice: {odd: do, ")},
                            "errors.yaml: advice: there is no error odd"),
    "a_key_that_is_none": ({"halls": ("summary: List", "sumary: List")},
                           "halls.yaml: GET /halls: unknown key sumary"),
    "a_key_that_is_missing": ({"halls": ("summary: List", "description: List")},
                              "halls.yaml: GET /halls: lacks summary"),
    "a_field_without_words": ({"halls": ("name: Its name., ", "")},
                              "POST /halls: request: name is not described"),
    "words_for_no_field": ({"halls": ("fields: {name:", "fields: {nam: It., name:")},
                           "request: nam is described, but the route has no such field"),
    "a_parameter_without_words": ({"halls": ("query: {kind:", "query: {kin:")},
                                  "GET /halls: query: kind is not described"),
    "a_body_that_is_not_taken": ({"halls": ("    response: {page_of",
                                            "    request: {schema: Hall}\n    response: {page_of")},
                                 "GET /halls: request: the route takes no body"),
    "an_unknown_schema": ({"halls": ("page_of: Hall", "page_of: Hal")},
                          "halls.yaml: GET /halls: there is no #/components/schemas/Hal"),
    "an_unknown_schema_in_another": ({"halls": ("{id: Id", "{id: ID")},
                                     "halls.yaml: schemas: Hall: there is no"
                                     " #/components/schemas/ID"),
    "an_unknown_parameter": ({"shared": ("name: Idempotency-Key", "name: Key")},
                             "POST /halls: shared.yaml has no parameter Idempotency-Key in header"),
    "broken_yaml": ({"halls": ("tag: {", "tag: ]{")}, "halls.yaml: line 2: "),
    "a_missing_part": ({"api": ("halls.yaml", "rooms.yaml")}, "rooms.yaml: No such file"),
}


@pytest.mark.parametrize("changes, sentence", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path, changes, sentence):
    with pytest.raises(BuildError) as told:
        built(tmp_path, **changes)
    assert sentence in str(told.value)


def test_a_route_that_no_part_describes_is_named(tmp_path):
    with pytest.raises(BuildError, match="no part describes the route DELETE /halls"):
        built(tmp_path, (READ, WRITE, replace(READ, method="DELETE")))


def print_routes(path, **changes):
    """A program that has one route."""
    path.write_text(f"#!/bin/sh\necho '{json.dumps([{**asdict(READ), **changes}])}'\n")
    path.chmod(0o755)
    return str(path)


def test_programs_with_the_same_route_have_to_agree(tmp_path):
    one, other = print_routes(tmp_path / "one"), print_routes(tmp_path / "other")
    assert read_routes([one, other]) == {("GET", "/halls"): READ}
    other = print_routes(tmp_path / "other", permission="guest")
    with pytest.raises(BuildError, match="other: GET /halls differs from that of another program"):
        read_routes([one, other])


def test_a_program_that_fails_is_named():
    with pytest.raises(BuildError, match="/bin/false --routes failed"):
        read_routes(["/bin/false"])
