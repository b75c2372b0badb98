"""No permission, flag, limit or field of a route changes unseen: routes.txt is what was agreed."""
import difflib
import os
from pathlib import Path

import routes


def test_the_routes_are_those_written_down():
    programs = sorted((Path(os.environ["ZX_TEST_RUN"]) / "app/libexec/zhixing").glob("*.fcgi"))
    said = routes.lines(programs)
    changes = list(difflib.unified_diff(routes.FILE.read_text().split("\n"), said.split("\n"),
                                        "routes.txt", "the programs", lineterm="", n=1))
    assert len(programs) >= 7
    assert changes == [], "if that is meant: tests/contract/routes.py writes the file\n" + "\n".join(changes)
