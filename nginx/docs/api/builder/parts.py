"""The parts: YAML files, one for each tag, and what the tags share."""
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from build_error import BuildError, check_keys, context

METHODS = ("GET", "POST", "PUT", "DELETE")
COMPONENTS = ("securitySchemes", "parameters", "headers", "schemas", "examples")


class StrictLoader(yaml.CSafeLoader):
    """Refuses a key that stands twice; YAML itself would let the last one win."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                line = node.value[i][0].start_mark.line + 1
                raise BuildError(f"line {line}: {key} stands twice")
        return super().construct_mapping(node, deep)


@dataclass
class Operation:
    file: str
    tag: str
    spec: dict  # as it is written


@dataclass
class Parts:
    head: dict    # api.yaml, with intro.md as the description
    errors: dict  # errors.yaml
    tags: list = field(default_factory=list)
    operations: dict = field(default_factory=dict)  # (method, path) -> Operation
    components: dict = field(default_factory=lambda: {kind: {} for kind in COMPONENTS})
    files: dict = field(default_factory=dict)  # (kind, name) -> file of a component

    def add_components(self, file: str, part: dict):
        for kind in COMPONENTS:
            for name, component in part.get(kind, {}).items():
                if (kind, name) in self.files:
                    raise BuildError(f"{kind}: {name} stands in {self.files[kind, name]}, too")
                self.files[kind, name] = file
                self.components[kind][name] = component

    def add_operation(self, title: str, operation: Operation):
        method, _, path = title.partition(" ")
        if method not in METHODS or not path.startswith("/"):
            raise BuildError(f"{title}: has to be a method and a path: GET /api/v1/me")
        if (method, path) in self.operations:
            raise BuildError(f"{title} stands in {self.operations[method, path].file}, too")
        self.operations[method, path] = operation

    def add_tag(self, file: str, part: dict):
        check_keys(part, "schemas examples", "tag paths")
        tag = part["tag"]
        check_keys(tag, "", "name title description")
        self.tags.append({"name": tag["name"], "x-displayName": tag["title"],
                          "description": f"{tag['title']}：{tag['description']}"})
        for title, spec in part["paths"].items():
            self.add_operation(title, Operation(file, part["tag"]["name"], spec))
        self.add_components(file, part)


def load(path: Path) -> dict:
    try:
        return yaml.load(path.read_text(), StrictLoader)
    except yaml.MarkedYAMLError as error:
        raise BuildError(f"line {error.problem_mark.line + 1}: {error.problem}") from None
    except OSError as error:
        raise BuildError(error.strerror) from None


def read_parts(folder: Path) -> Parts:
    with context("api.yaml"):
        head = load(folder / "api.yaml")
        check_keys(head, "", "openapi info servers parts")
    head["info"]["description"] = (folder / "intro.md").read_text()
    with context("errors.yaml"):
        parts = Parts(head, load(folder / "errors.yaml"))
    with context("shared.yaml"):
        shared = load(folder / "shared.yaml")
        check_keys(shared, "", "securitySchemes parameters headers schemas")
        parts.add_components("shared.yaml", shared)
    for file in head["parts"]:
        with context(file):
            parts.add_tag(file, load(folder / file))
    return parts
