"""The whole description, put together and checked."""
import json

from build_error import BuildError, context
from error_responses import ErrorResponses
from operations import Operations
from parts import Parts
from schemas import OR_NULL, expand, inline_nullable


def build(parts: Parts, routes: dict, table: dict) -> dict:
    """`routes` and `table`: what the programs print, see programs.py."""
    with context("errors.yaml"):
        errors = ErrorResponses(table, parts.errors)
        responses = errors.components()
    operations = Operations(routes, errors, parts.components["parameters"])
    paths = build_paths(parts, routes, operations)
    document = {
        "openapi": parts.head["openapi"], "info": build_info(parts.head["info"], errors),
        "servers": parts.head["servers"], "tags": parts.tags, "paths": paths,
        "components": build_components(parts, operations, responses)}
    document["components"]["schemas"]["ErrorCode"]["enum"] = errors.codes()
    document = inline_nullable(document, document["components"]["schemas"])
    drop_inlined(document, parts)
    check_references(document, parts)
    return document


def build_info(info: dict, errors: ErrorResponses) -> dict:
    text = info["description"].replace("{errors}\n", errors.table_rows())
    return {**info, "description": text.replace("{gateway}\n", errors.gateway_rows())}


def build_paths(parts: Parts, routes: dict, operations: Operations) -> dict:
    paths, ids = {}, set()
    for (method, path), written in parts.operations.items():
        with context(f"{written.file}: {method} {path}"):
            if (method, path) not in routes:
                raise BuildError("no program has this route")
            operation = operations.build(routes[method, path], written.tag, written.spec)
            if operation["operationId"] in ids:
                raise BuildError(f"operationId {operation['operationId']} stands twice")
            ids.add(operation["operationId"])
            if path not in paths:
                parameters = operations.path_parameters(path)
                paths[path] = {"parameters": parameters} if parameters else {}
            paths[path][method.lower()] = operation
    for method, path in routes:
        if (method, path) not in parts.operations:
            raise BuildError(f"no part describes the route {method} {path}")
    return paths


def build_components(parts: Parts, operations: Operations, responses: dict) -> dict:
    written = parts.components
    return {"securitySchemes": written["securitySchemes"],
            "parameters": expand_schemas(written["parameters"]),
            "headers": expand_schemas(written["headers"]), "responses": responses,
            "schemas": build_schemas(parts, operations), "examples": written["examples"]}


def build_schemas(parts: Parts, operations: Operations) -> dict:
    schemas = {name: expand(each) for name, each in parts.components["schemas"].items()}
    for name, schema in operations.requests.components().items():
        if name in schemas:
            raise BuildError(f"{name} is the schema of a request and stands in"
                             f" {parts.files['schemas', name]}, too")
        schemas[name] = schema
    return schemas


def expand_schemas(components: dict) -> dict:
    return {name: {**each, "schema": expand(each["schema"])}
            for name, each in components.items()}


def drop_inlined(document: dict, parts: Parts):
    """Schemas that are written out wherever they may be null, and stand nowhere else."""
    text, schemas = json.dumps(document), document["components"]["schemas"]
    for kind, name in list(parts.files):
        if kind == "schemas" and f'"#/components/schemas/{name}"' not in text and is_nullable(
                parts, name):
            del schemas[name], parts.files[kind, name]


def is_nullable(parts: Parts, name: str) -> bool:
    return f'"{name}{OR_NULL}"' in json.dumps(
        [parts.components, [each.spec for each in parts.operations.values()]], default=str)


def check_references(document: dict, parts: Parts):
    known = {f"#/components/{kind}/{name}"
             for kind, components in document["components"].items() for name in components}
    for (method, path), written in parts.operations.items():
        with context(f"{written.file}: {method} {path}"):
            check_known(document["paths"][path][method.lower()], known)
    for (kind, name), file in parts.files.items():
        with context(f"{file}: {kind}: {name}"):
            check_known(document["components"][kind][name], known)


def check_known(node, known: set):
    """Every reference in it leads to a component."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "$ref" and child not in known:
            raise BuildError(f"there is no {child}")
        if isinstance(child, (dict, list)):
            check_known(child, known)
