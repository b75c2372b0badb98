"""What the programs say of their routes, a line each: the contract as it stands, written down.

    python3 tests/contract/routes.py build/san/bin >tests/contract/routes.txt

The description is built from the same words, so a permission, a limit or a flag that changes by mistake
would change both. Here it shows, in a file that people review.
"""
import json
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("routes.txt")
FLAGS = ("idempotent", "if_match", "form", "raw_body", "oauth")


def field(f: dict) -> str:
    limits = f"{f['min']}..{f['max']}" if f["min"] or f["max"] else ""
    words = [f["kind"], limits, f["one_of"] or "", f["text"] or "", "optional" if f["optional"] else ""]
    inner = f"[{shape(f['of'])}]" if f.get("of") else ""
    return f"{f['name'] or '-'}:{' '.join(word for word in words if word)}{inner}"


def shape(fields: list | None) -> str:
    return ", ".join(field(f) for f in fields or [])


def line(route: dict) -> str:
    flags = " ".join(flag for flag in FLAGS if route[flag])
    return "\n".join([f"{route['method']} {route['path']}",
                      f"    {route['pool']} {route['permission']} {route['transaction']} {flags}".rstrip(),
                      *(f"    {part}: {shape(route[part])}" for part in ("query", "body") if route[part])])


def lines(programs: list[Path]) -> str:
    routes = [route for program in programs for route in json.loads(
        subprocess.run([program, "--routes"], check=True, text=True, capture_output=True).stdout)]
    return "\n".join(sorted(line(route) for route in routes)) + "\n"


if __name__ == "__main__":
    sys.stdout.write(lines(sorted(Path(sys.argv[1]).glob("*.fcgi"))))
