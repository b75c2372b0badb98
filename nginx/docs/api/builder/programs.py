"""What the programs print of themselves: their routes, and the errors that clients can get."""
import json
import subprocess
from dataclasses import dataclass

from build_error import BuildError


@dataclass
class Route:
    """A row of a route table; lib/web/web.h explains it, lib/web/describe.c prints it."""
    method: str
    path: str
    permission: str
    transaction: str  # none, read or write
    idempotent: bool
    if_match: bool
    form: bool
    raw_body: bool
    oauth: bool
    body: list | None  # the fields of its shape
    query: list | None

    @property
    def knows_who(self) -> bool:
        """A guest's route that takes a token, and then has to like it."""
        return self.permission == "anybody"

    @property
    def audience(self) -> str:
        """guest, user (anybody who is logged in) or staff."""
        if self.permission in ("guest", "public", "anybody"):
            return "guest"
        return "user" if self.permission == "user" else "staff"


@dataclass
class Error:
    """A row of lib/base/err.h."""
    code: str
    status: int
    message: str


def run(program: str, option: str) -> list:
    done = subprocess.run([program, option], capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{program} {option} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def read_routes(programs: list) -> dict:
    """(method, path) -> Route. Programs that have the same route have to agree on it."""
    routes = {}
    for program in programs:
        for row in run(program, "--routes"):
            route = Route(**{name: row[name] for name in Route.__dataclass_fields__})
            if routes.setdefault((route.method, route.path), route) != route:
                raise BuildError(f"{program}: {route.method} {route.path} differs from that of"
                                 " another program")
    return routes


def read_errors(programs: list) -> dict:
    """code -> Error. All programs have the same table."""
    return {row["code"]: Error(**row) for row in run(programs[0], "--errors")}
