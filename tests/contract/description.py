"""The installed openapi.yaml as data: its operations, references followed, schemas that can
check."""
import copy
import os
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker, RefResolver

REPO = Path(__file__).resolve().parents[2]
FILE = Path(os.environ["ZX_TEST_RUN"]) / "app/share/zhixing/www/openapi.yaml"
METHODS = ("get", "post", "put", "delete")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


class StrictLoader(yaml.SafeLoader):
    """Refuses names that stand twice, which YAML would let the last one win."""

    def construct_mapping(self, node, deep=False):
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"twice: {', '.join(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)


def load(path: Path = FILE) -> dict:
    return yaml.load(path.read_text(), StrictLoader)


formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_date_time(text) -> bool:
    if isinstance(text, str):
        datetime.fromisoformat(text)
    return not isinstance(text, str) or bool(DATE_TIME.fullmatch(text))


@formats.checks("date", raises=ValueError)
def is_date(text) -> bool:
    return not isinstance(text, str) or date.fromisoformat(text).isoformat() == text


@formats.checks("uri")
def is_uri(text) -> bool:
    return not isinstance(text, str) or all(urlsplit(text)[:2])


def walk(node, path=()):
    """Every dict of a tree with the way to it."""
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            yield from walk(value, (*path, name))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, (*path, i))


@dataclass
class Operation:
    id: str
    method: str
    path: str
    raw: dict
    permission: str  # "guest", also if a token is welcome, or the one role of its security
    parameters: list
    body: dict | None  # {"type", "schema", "examples"}
    responses: dict = field(default_factory=dict)  # "200" -> response without references

    def __str__(self):
        return self.id

    def named(self, place: str) -> list:
        return [p for p in self.parameters if p["in"] == place]

    @property
    def knows_who(self) -> bool:
        """A guest may call it; a token, if there is one, has to be good."""
        return {} in self.raw["security"]

    @property
    def idempotent(self) -> bool:
        return any(p["name"] == "Idempotency-Key" for p in self.parameters)

    @property
    def conditional(self) -> bool:
        return any(p["name"] == "If-Match" for p in self.parameters)


class Description:
    def __init__(self, document: dict):
        self.document = document
        self.operations = list(self._operations())
        self._answers = strict(document)

    def resolve(self, node: dict) -> dict:
        """Follows a reference; what stands beside it wins."""
        while "$ref" in node:
            beside = {k: v for k, v in node.items() if k != "$ref"}
            node = {**self.target(node["$ref"]), **beside}
        return node

    def target(self, ref: str):
        assert ref.startswith("#/"), f"{ref} leads out of the file"
        node = self.document
        for name in ref[2:].split("/"):
            node = node[name.replace("~1", "/").replace("~0", "~")]
        return node

    def whole(self, node):
        """The same without any reference in it."""
        if isinstance(node, list):
            return [self.whole(each) for each in node]
        if not isinstance(node, dict):
            return node
        return {name: self.whole(value) for name, value in self.resolve(node).items()}

    def _operations(self):
        for path, item in self.document["paths"].items():
            for method in filter(item.get, METHODS):
                raw = item[method]
                security = raw.get("security") or [{}]
                parameters = [*item.get("parameters", []), *raw.get("parameters", [])]
                yield Operation(
                    id=raw.get("operationId", ""), method=method.upper(), path=path, raw=raw,
                    permission=security[0].get("bearer", ["guest"])[0],
                    parameters=[self.whole(p) for p in parameters],
                    body=self._body(raw.get("requestBody")),
                    responses={s: self.resolve(r) for s, r in raw["responses"].items()})

    def _body(self, body: dict | None) -> dict | None:
        if body is None:
            return None
        (kind, media), = self.resolve(body)["content"].items()
        return {"type": kind, "schema": self.whole(media["schema"]),
                "examples": [self.resolve(e) for e in media.get("examples", {}).values()]}

    def error_codes(self, response: dict) -> set:
        """What a response narrows `code` (or OAuth's `error`) to."""
        media = response.get("content", {}).get("application/json", {})
        return set(_narrowed(media.get("schema", {})))

    def faults(self, schema: dict, value, answer: bool = False) -> list:
        """What is wrong with a value; an answer may hold nothing that isn't described."""
        document = self._answers if answer else self.document
        schema = strict(schema) if answer else schema
        checker = Draft202012Validator(schema, resolver=RefResolver("", document),
                                       format_checker=formats)
        return [f"{'.'.join(map(str, e.absolute_path)) or 'all of it'}: {e.message}"
                for e in checker.iter_errors(value)]


def _narrowed(schema: dict):
    error = schema.get("properties", {}).get("error", {})
    yield from error.get("enum", [])
    yield from error.get("properties", {}).get("code", {}).get("enum", [])
    for part in (*schema.get("allOf", []), *schema.get("anyOf", [])):
        yield from _narrowed(part)


def strict(tree: dict) -> dict:
    """A copy whose objects are closed."""
    tree = copy.deepcopy(tree)
    for _, node in walk(tree):
        if node.get("type") == "object" and isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
    return tree


DESCRIPTION = Description(load())
