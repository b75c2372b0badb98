"""Schemas: short forms expanded, and those that follow from a route's shape.

Short forms, wherever OpenAPI has a schema:
    Time                            {$ref: '#/components/schemas/Time'}
    Time or null                    what Time is, or null, written out: not every generator of
                                    clients takes a union with null
    {$ref: Time or null, ...}       the same, with a description beside it
    {type: string or null, ...}     {type: [string, 'null'], ...}
    {fields: {...}}                 an object; all are required unless `required` names some
    {enum: {up: 可用, down: 停用}}  the words, and a description that explains each
Whole numbers up to 2^53 are format int64.
"""
from build_error import BuildError, check_keys, context

OR_NULL = " or null"
NULLABLE = "x-or-null"  # until inline_nullable()
SAFE = 2**53 - 1  # ID_MAX in lib/base/shape.h
KINDS = {"boolean": {"type": "boolean"}, "integer": {"type": "integer"},
         "fen": {"type": "integer", "format": "int64"}, "string": {"type": "string"},
         "date": {"type": "string", "format": "date"},
         "date-time": {"type": "string", "format": "date-time"}, "array": {"type": "array"}}
LIMITS = {"integer": ("minimum", "maximum"), "string": ("minLength", "maxLength"),
          "array": ("minItems", "maxItems")}


def reference(name: str) -> dict:
    """"Time", "Time or null", or another kind of component: "examples/PendingOrder"."""
    if name.endswith(OR_NULL):
        return {NULLABLE: name.removesuffix(OR_NULL)}
    return {"$ref": f"#/components/{name if '/' in name else f'schemas/{name}'}"}


def expand(schema) -> dict:
    """A schema of a part without its short forms."""
    if isinstance(schema, str):
        return reference(schema)
    full = {}
    for key, value in schema.items():
        full.update(expand_keyword(key, value))
    if "required" in schema:
        full["required"] = schema["required"]
    if "fields" in schema and "type" in schema:
        full["type"] = expand_keyword("type", schema["type"])["type"]
    return sized(full)


def sized(schema: dict) -> dict:
    """Numbers that don't fit 32 bits say so."""
    is_long = "integer" in (schema.get("type"), *(schema.get("type") or ()))
    if is_long and schema.get("maximum") == SAFE:
        return {**schema, "format": "int64"}
    return schema


def inline_nullable(node, schemas: dict):
    """With what X is in place of «X or null»."""
    if isinstance(node, list):
        return [inline_nullable(each, schemas) for each in node]
    if not isinstance(node, dict):
        return node
    node = {key: inline_nullable(each, schemas) for key, each in node.items()}
    if NULLABLE not in node:
        return node
    name = node.pop(NULLABLE)
    known = schemas.get(name, {})
    if not isinstance(known.get("type"), str):
        raise BuildError(f"{name} or null: there is no such schema of one type")
    return {**known, **node, "type": [known["type"], "null"]}


def expand_keyword(key: str, value) -> dict:
    if key == "$ref":
        return reference(value)
    if key == "fields":
        return {"type": "object", "required": list(value),
                "properties": {name: expand(each) for name, each in value.items()}}
    if key == "enum" and isinstance(value, dict):
        words = [f"`{word}` {meaning}" for word, meaning in value.items()]
        return {"enum": list(value), "description": "；".join(words) + "。"}
    if key == "type" and str(value).endswith(OR_NULL):
        return {"type": [value.removesuffix(OR_NULL), "null"]}
    if key == "items":
        return {"items": expand(value)}
    if key == "properties":
        return {"properties": {name: expand(each) for name, each in value.items()}}
    if key in ("oneOf", "anyOf", "allOf"):
        return {key: [expand(each) for each in value]}
    return {key: value}


def shape_schema(fields: list, nullable: bool) -> dict:
    """The object that a shape reads. Optional members of JSON may also be null; a form has no
    null."""
    return {"type": "object", "additionalProperties": False,
            "required": [each["name"] for each in fields if not each["optional"]],
            "properties": {each["name"]: field_schema(each, nullable) for each in fields}}


def field_schema(field: dict, nullable: bool) -> dict:
    if field["kind"] not in KINDS:
        raise BuildError(f"{field['name']}: no schema is known of a field of kind {field['kind']}")
    schema = dict(KINDS[field["kind"]])
    kind = schema["type"]
    null = nullable and field["optional"]
    if null:
        schema["type"] = [kind, "null"]
    if field["one_of"]:
        schema["enum"] = field["one_of"].split("|") + [None] * null
    if field["min"] or field["max"]:
        schema.update(zip(LIMITS[kind], (field["min"], min(field["max"], SAFE))))
    if field["text"]:
        schema["x-text"] = field["text"]
    if "of" in field:
        schema["items"] = element_schema(field["of"], nullable)
    return sized(schema)


def element_schema(fields: list, nullable: bool) -> dict:
    """Of a list: objects, or bare values such as [12, 13], whose only field has no name."""
    if [each["name"] for each in fields] == [None]:
        return field_schema(fields[0], nullable)
    return shape_schema(fields, nullable)


def check_names(needed, described):
    for name in needed:
        if name not in described:
            raise BuildError(f"{name} is not described")
    for name in described:
        if name not in needed:
            raise BuildError(f"{name} is described, but the route has no such field")


def describe(schema: dict, spec) -> dict:
    """A shape's schema with what a part adds to it: a description, or a mapping with that of
    its fields or items, and with what no shape can say."""
    spec = {"description": spec} if isinstance(spec, str) else spec
    check_keys(spec, "description fields items pattern if then else")
    full = {**schema, **{key: spec[key] for key in spec if key not in ("fields", "items")}}
    if "properties" in schema:
        fields = spec.get("fields", {})
        check_names(schema["properties"], fields)
        full["properties"] = {name: describe_field(name, each, fields[name])
                              for name, each in schema["properties"].items()}
    if "items" in schema:
        full["items"] = describe(schema["items"], spec.get("items", {}))
    return full


def describe_field(name: str, schema: dict, spec) -> dict:
    with context(name):
        return describe(schema, spec)
