"""The description and the programs' route tables (`<pool>.fcgi --routes`) say the same."""
import json
import subprocess
from pathlib import Path

import pytest

from description import DESCRIPTION

SAFE = 2**53 - 1
HANDED_OVER = "POST", "/oauth2/token"  # by the pool login to those that wait
OPEN_TO_ALL = ("guest", "public", "anybody")
TYPES = {"boolean": ("boolean", None), "integer": ("integer", None), "fen": ("integer", None),
         "string": ("string", None), "date": ("string", "date"),
         "date-time": ("string", "date-time"), "array": ("array", None)}
LIMITS = {"integer": ("minimum", "maximum"), "string": ("minLength", "maxLength"),
          "array": ("minItems", "maxItems")}


def read_routes(programs: Path) -> dict:
    """(method, path) -> route, of all pools of the installed programs."""
    routes = {}
    for program in sorted(programs.glob("*.fcgi")):
        done = subprocess.run([program, "--routes"], capture_output=True, text=True, timeout=60,
                              env={"PATH": "/usr/bin:/bin"}, check=True)
        for route in json.loads(done.stdout):
            assert route["pool"] == program.stem
            key = route["method"], route["path"]
            if key == HANDED_OVER and key in routes:
                assert route["body"] == routes[key]["body"]
            else:
                assert key not in routes, "two pools have it"
            routes[key] = route
    return routes


@pytest.fixture(scope="module")
def routes(house) -> dict:
    return read_routes(house.run / "app/libexec/zhixing")


def field_of(route_field: dict, nullable: bool) -> dict:
    """What a schema has to say of a field of the route table."""
    kind, word = TYPES[route_field["kind"]]
    if route_field["min"] or route_field["max"]:
        low, high = LIMITS[kind]
        limits = {low: route_field["min"], high: min(route_field["max"], SAFE)}
    else:
        limits = {}
    may_be_null = nullable and route_field["optional"]
    words = route_field["one_of"] and route_field["one_of"].split("|") + [None] * may_be_null
    types = [kind, "null"] if may_be_null else kind
    if kind == "integer" and (route_field["kind"] == "fen" or limits.get("maximum") == SAFE):
        word = "int64"
    said = {"type": types, "format": word, "enum": words, "x-text": route_field["text"], **limits}
    if "of" in route_field:
        said["items"] = element_of(route_field["of"], nullable)
    return {name: value for name, value in said.items() if value is not None}


def element_of(fields: list, nullable: bool) -> dict:
    """A list's only field without a name is a bare value."""
    if [f["name"] for f in fields] == [None]:
        return field_of(fields[0], nullable)
    return object_of(fields, nullable)


def object_of(fields: list, nullable: bool) -> dict:
    return {"type": "object", "additionalProperties": False,
            "required": sorted(f["name"] for f in fields if not f["optional"]),
            "properties": {f["name"]: field_of(f, nullable) for f in fields}}


def plain(schema: dict) -> dict:
    """A schema without words, without conditions between its members, and without the forms of
    texts that a handler reads by itself."""
    kept = {k: v for k, v in schema.items() if k not in (
        "description", "if", "then", "else", "pattern")}
    if "required" in kept:
        kept["required"] = sorted(kept["required"])
    if "properties" in kept:
        kept["properties"] = {k: plain(v) for k, v in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = plain(kept["items"])
    return kept


def test_each_route_is_described_and_nothing_else_is(routes):
    assert {(op.method, op.path) for op in DESCRIPTION.operations} == set(routes)


@pytest.mark.parametrize("operation", DESCRIPTION.operations, ids=str)
class TestEach:
    def test_permission(self, routes, operation):
        asked = routes[operation.method, operation.path]["permission"]
        assert operation.permission == ("guest" if asked in OPEN_TO_ALL else asked)

    def test_idempotency(self, routes, operation):
        route = routes[operation.method, operation.path]
        assert operation.idempotent == route["idempotent"]
        assert operation.conditional == route["if_match"]
        assert all(p.get("required") != (p["name"] == "If-None-Match")
                   for p in operation.named("header"))

    def test_query(self, routes, operation):
        fields = routes[operation.method, operation.path]["query"] or []
        said = {p["name"]: (plain(p["schema"]), p.get("required", False))
                for p in operation.named("query")}
        assert said == {f["name"]: (field_of(f, nullable=False), not f["optional"])
                        for f in fields}

    def test_body(self, routes, operation):
        route = routes[operation.method, operation.path]
        if route["body"] is None:  # a handler that reads its bytes itself has no table
            assert (operation.body is not None) == operation.path.startswith("/notify/")
            return
        kind = "application/x-www-form-urlencoded" if route["form"] else "application/json"
        assert operation.body["type"] == kind
        assert operation.raw["requestBody"]["required"] is True
        assert plain(operation.body["schema"]) == object_of(route["body"], not route["form"])
