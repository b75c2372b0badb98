"""Builds the API's description: from the parts in the folder above this one, and from what the
programs print of their routes and errors.

    build.py FOLDER PROGRAM...      writes FOLDER/openapi.yaml and FOLDER/openapi.json
"""
import json
import os
import sys
from pathlib import Path

import yaml

from build_error import BuildError
from document import build
from parts import read_parts
from programs import read_errors, read_routes

PARTS = Path(__file__).resolve().parents[1]


class Dumper(yaml.CSafeDumper):
    """Writes each node out where it stands, and a text of several lines as a block."""

    def ignore_aliases(self, data):
        return True


def represent_text(dumper, text: str):
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, represent_text)


def write(document: dict, folder: Path):
    text = yaml.dump(document, None, Dumper, allow_unicode=True, sort_keys=False, width=110)
    replace(folder / "openapi.yaml", text)
    replace(folder / "openapi.json", json.dumps(document, ensure_ascii=False))


def replace(file: Path, text: str):
    """Whole or not at all: somebody may be installing it at this moment."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(text)
    new.rename(file)


def main(folder: str, *programs: str):
    try:
        document = build(read_parts(PARTS), read_routes(programs), read_errors(programs))
    except BuildError as error:
        sys.exit(f"nginx/docs/api: {error}")
    write(document, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
