"""The tables of ASVS and of the API Top 10: whole, and true as far as names can show it."""
import re
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
VERDICTS = {"test", "document", "n/a", "open"}
# OWASP ASVS 5.0.0: requirements of levels 1 and 2 in each chapter.
CHAPTERS = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13,
            14: 9, 15: 13, 16: 16, 17: 7}


def rows(name: str) -> list:
    """id, level or year, what, verdict, evidence, words."""
    lines = (HERE / name).read_text().splitlines()
    return [(line.split("\t") + ["", ""])[:6] for line in lines if line and line[0] != "#"]


ASVS, API = rows("asvs.tsv"), rows("api-top-10.tsv")
ALL = [pytest.param(row, id=row[0]) for row in ASVS + API]


def test_every_requirement_of_both_levels_is_there_once():
    ids = [row[0] for row in ASVS]
    assert len(ids) == len(set(ids))
    found = {n: sum(i.startswith(f"V{n}.") for i in ids) for n in CHAPTERS}
    assert found == CHAPTERS
    levels = [row[1] for row in ASVS]
    assert (levels.count("1"), levels.count("2")) == (70, 183)


def test_every_risk_of_the_api_list_is_there_once():
    ids = [row[0] for row in API]
    assert {i.split(".")[0] for i in ids} == {f"API{n}" for n in range(1, 11)}
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("row", ALL)
def test_a_line_is_complete(row):
    identity, _, what, verdict, evidence, words = row
    assert what and verdict in VERDICTS
    if verdict in ("test", "document"):
        assert evidence, identity
    if verdict in ("n/a", "open"):
        assert len(words) > 5, f"{identity}: why?"
    if verdict == "test":
        assert "::" in evidence, identity


@pytest.mark.parametrize("row", ALL)
def test_what_a_line_names_exists(row):
    """A file, a test in it (file::name), or a heading of a document (file#heading)."""
    for word in row[4].split():
        path, kind, name = re.fullmatch(r"([^:#]+)(::|#|)(.*)", word).groups()
        assert (TOP / path).is_file(), word
        text = (TOP / path).read_text()
        if kind == "::":
            assert re.search(rf"^\s*(def|static void) {re.escape(name)}\(", text, re.M), word
        if kind == "#":
            wanted = name.replace("-", " ").lower()
            assert wanted in [h.lower() for h in re.findall(r"^#+ (.*)$", text, re.M)], word


def test_the_summary_in_the_readme_is_true():
    told = (HERE / "README.md").read_text()
    for verdict in VERDICTS:
        count = sum(row[3] == verdict for row in ASVS)
        assert re.search(rf"\| {verdict} \| {count} \|", told), f"{verdict}: {count}"
