"""One operation of the description: from a route, and what its part says of it."""
import re

from build_error import BuildError, check_keys, context
from error_responses import ErrorResponses
from programs import Route
from schemas import check_names, describe, expand, field_schema, reference, shape_schema

# Of a body whose fields hang together. Generators of clients pass it over; of alternatives they
# would make types of their own.
CONDITIONS = ("if", "then", "else")
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


class RequestSchemas:
    """Schemas of request bodies. One route describes the fields; others that take the same
    only name it."""

    def __init__(self):
        self.shapes, self.schemas = {}, {}

    def add(self, route: Route, spec: dict) -> dict:
        """A reference to the schema."""
        name = spec["schema"]
        shape = shape_schema(route.body, nullable=not route.form)
        if self.shapes.setdefault(name, shape) != shape:
            raise BuildError(f"{name}: another route of this schema takes other fields")
        described = {key: spec[key] for key in spec if key in ("description", "fields", *CONDITIONS)}
        if described:
            if name in self.schemas:
                raise BuildError(f"{name} is described by another route, too")
            self.schemas[name] = describe(shape, described)
        return reference(name)

    def components(self) -> dict:
        for name in self.shapes:
            if name not in self.schemas:
                raise BuildError(f"{name}: no route describes its fields")
        return self.schemas


class Operations:
    def __init__(self, routes: dict, errors: ErrorResponses, parameters: dict):
        self.routes, self.errors, self.requests = routes, errors, RequestSchemas()
        # (place, name) -> reference to the shared parameter
        self.parameters = {(each["in"], each["name"]): reference(f"parameters/{name}")
                           for name, each in parameters.items()}

    def build(self, route: Route, tag: str, spec: dict) -> dict:
        check_keys(spec, "description query parameters request errors",
                   "operationId summary response")
        with context("query"):
            query = self._query(route, spec.get("query", {}))
        with context("request"):
            request = self._request(route, spec.get("request"))
        with context("response"):
            response = self._response(route, spec["response"], spec["summary"])
        with context("errors"):
            errors = self.errors.of_route(route, spec.get("errors", {}))
        return without_empty({
            "operationId": spec["operationId"], "tags": [tag], "summary": spec["summary"],
            "description": spec.get("description"),
            "security": security(route),
            "parameters": [*self._headers(route), *query, *spec.get("parameters", [])],
            "requestBody": request, "responses": {**response, **errors}}, keep="security")

    def shared_parameter(self, place: str, name: str) -> dict:
        if (place, name) not in self.parameters:
            raise BuildError(f"shared.yaml has no parameter {name} in {place}")
        return self.parameters[place, name]

    def path_parameters(self, path: str) -> list:
        return [self.shared_parameter("path", name) for name in re.findall(r"{(\w+)}", path)]

    def _headers(self, route: Route) -> list:
        names = ["Idempotency-Key"] * route.idempotent + ["If-Match"] * route.if_match
        names += ["If-None-Match"] * self._is_document(route)
        return [self.shared_parameter("header", name) for name in names]

    def _query(self, route: Route, specs: dict) -> list:
        fields = {each["name"]: each for each in route.query or []}
        check_names([name for name in fields if ("query", name) not in self.parameters], specs)
        return [query_parameter(fields[name], specs[name]) if name in specs
                else self.parameters["query", name] for name in fields]

    def _request(self, route: Route, spec: dict | None) -> dict | None:
        if not (route.body or route.raw_body):
            if spec:
                raise BuildError("the route takes no body")
            return None
        check_keys(spec or {}, f"description fields {' '.join(CONDITIONS)} content_type example examples", "schema")
        schema = self.requests.add(route, spec) if route.body else expand(spec["schema"])
        content_type = spec.get("content_type", FORM_TYPE if route.form else JSON_TYPE)
        return {"required": True,
                "content": {content_type: {"schema": schema, "examples": examples(spec)}}}

    def _response(self, route: Route, spec: dict, summary: str) -> dict:
        check_keys(spec, "status description etag headers content_type schema page_of"
                         " example examples")
        status = spec.get("status", 200)
        response = {"description": spec.get("description", summary),
                    "headers": self._response_headers(route, spec)}
        if status != 204:
            media = {"schema": response_schema(spec), "examples": examples(spec)}
            response["content"] = {spec.get("content_type", JSON_TYPE): without_empty(media)}
        return {str(status): response, **self._unchanged(route)}

    def _unchanged(self, route: Route) -> dict:
        names = ["X-Request-Id", "ETag"]
        return {"304": {"description": "没有变化", "headers": {
            name: reference(f"headers/{name}") for name in names}}} if self._is_document(route) else {}

    def _is_document(self, route: Route) -> bool:
        return route.method == "GET" and self._has_etag(route)

    def _response_headers(self, route: Route, spec: dict) -> dict:
        implied = ["Idempotent-Replay"] * route.idempotent
        names = ["X-Request-Id", *spec.get("headers", implied)]
        headers = {name: reference(f"headers/{name}") for name in names}
        if spec.get("etag") or self._has_etag(route):
            headers["ETag"] = reference("headers/ETag")
        return headers

    def _has_etag(self, route: Route) -> bool:
        """What a change with If-Match answers, and what is read before it."""
        change = self.routes.get(("PUT", route.path))
        return route.method in ("GET", "PUT") and change is not None and change.if_match


def security(route: Route) -> list:
    if route.knows_who:
        return [{}, {"bearer": ["user"]}]
    return [] if route.audience == "guest" else [{"bearer": [route.permission]}]


def query_parameter(field: dict, spec) -> dict:
    """`spec`: a description, or a mapping; a `schema` in it replaces that of the field."""
    spec = {"description": spec} if isinstance(spec, str) else spec
    with context(field["name"]):
        check_keys(spec, "example pattern schema", "description")
        schema = field_schema(field, nullable=False)
        if "pattern" in spec:
            schema["pattern"] = spec["pattern"]
        if "schema" in spec:
            schema = expand(spec["schema"])
    return {"name": field["name"], "in": "query",
            **({} if field["optional"] else {"required": True}),
            "description": spec["description"], "schema": schema,
            **({"example": spec["example"]} if "example" in spec else {})}


def response_schema(spec: dict) -> dict:
    if "page_of" in spec:
        items = {"type": "array", "items": spec["page_of"]}
        return expand({"fields": {"items": items, "next_cursor": "NextCursor"}})
    if "schema" not in spec:
        raise BuildError("lacks schema or page_of")
    return expand(spec["schema"])


def examples(spec: dict) -> dict:
    """`example` is the only one; `examples` are as in OpenAPI."""
    if "example" in spec:
        return {"one": {"value": spec["example"]}}
    return {name: reference(each["$ref"]) if "$ref" in each else each
            for name, each in spec.get("examples", {}).items()}


def without_empty(node: dict, keep: str = "") -> dict:
    return {key: value for key, value in node.items() if value or key == keep}
