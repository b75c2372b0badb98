"""The table «Where each rule lives» in the README: what it names is there, and of SQL in force."""
import re
from pathlib import Path

import pytest

from in_force import in_force

REPO = Path(__file__).resolve().parents[2]
HEAD = "| rule · 规则 | number | decided in | wall in SQL |"
KINDS = "table|column|constraint|index|trigger|policy|function|view"


def rows() -> list[list[str]]:
    """The table's rows, four cells each."""
    lines = (REPO / "README.md").read_text().split("\n")
    at = lines.index(HEAD)
    below = [line for line in lines[at + 2:]]
    end = next(i for i, line in enumerate(below) if not line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in below[:end]]


ROWS = rows()
each_row = pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])


def settings() -> set[str]:
    names = re.findall(r"\bX\((\w+), ", (REPO / "lib/base/settings.h").read_text())
    return {"ZX_" + name.upper() for name in names}


def library() -> str:
    return "\n".join(path.read_text() for path in REPO.glob("lib/*/*.[ch]"))


def is_defined(file: str, name: str) -> bool:
    """A function whose body stands in that file, or a table of macros."""
    text = (REPO / file).read_text()
    return re.search(rf"^#define {name}\b", text, re.M) is not None or re.search(
        rf"^[a-z][^;{{}}=]*\b{name}\([^;{{}}]*\)\n{{", text, re.M) is not None


def walls(cell: str) -> list[tuple[str, str, str]]:
    """(kind, name, number of the migration) of «constraint `occupancy_pkey` 0003»."""
    return re.findall(rf"({KINDS}) `([\w.]+)` (\d{{4}})", cell)


@each_row
def test_a_row_is_whole(row):
    rule, number, decided, wall = row
    assert re.search(r"[\u4e00-\u9fff]", rule) and re.search(r"[a-z]{3}", rule)
    assert number and decided and wall
    assert "`" in decided or walls(wall), "it names nothing that decides"


@each_row
def test_its_numbers_are_settings_or_constants(row):
    known, text = settings(), library()
    for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row[1]):
        if name.startswith("ZX_"):
            assert name in known, name
        else:
            assert re.search(rf"\b{name} = |#define {name}\b", text), name


@each_row
def test_its_functions_are_where_it_says(row):
    file = None
    for name in re.findall(r"`([^`]+)`", row[2]):
        if "/" in name:
            file = name
            assert (REPO / file).is_file(), file
        else:
            assert file and is_defined(file, name), f"{name} is not defined in {file}"
    assert file or row[2] == "–"


@each_row
def test_its_walls_are_in_force(row):
    assert len(walls(row[3])) == row[3].count("`") // 2, "each wall: kind, `name`, number"
    for kind, name, number in walls(row[3]):
        assert in_force(kind, name).startswith(number), f"{kind} {name}: {in_force(kind, name)}"


def test_every_rule_that_callers_are_told_of_is_in_the_table():
    """lib/db/rules.h gives broken rules of the schema an error; whoever gets one finds it here."""
    told = re.findall(r"^\tX\((\w+), E_", (REPO / "lib/db/rules.h").read_text(), re.M)
    there = " ".join(row[3] + row[2] for row in ROWS)
    raised = {name for name in told if f"`{name}`" not in there}
    assert len(told) > 20
    assert raised - RAISED_BY_FUNCTIONS == set()


# No constraint, but a name that a function raises; the row names the function.
RAISED_BY_FUNCTIONS = {"session_ended", "session_replaced", "password_change", "forbidden",
                       "last_admin", "one_search", "search_slow", "desk_refund_of_order", "role_fixed",
                       "orders_banned", "orders_phone"}


def test_the_schema_in_force_names_files_that_are_there():
    text = (REPO / "tests/store/schema.sql").read_text()
    named = set(re.findall(r"\b(?:lib|jobs)/[\w/]+\.[ch]\b", text))
    assert named and [file for file in named if not (REPO / file).is_file()] == []


def test_the_table_is_short_enough_to_be_read():
    assert 35 <= len(ROWS) <= 75
