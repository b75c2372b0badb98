"""Which migration is in force: the last one that states a thing, read from the files.

    in_force("function", "audit_write")         "0012_audit.sql"
    in_force("policy", "account.in_scope")      "0014_scale.sql"
    in_force("constraint", "occupancy_pkey")    "0003_order.sql"

Kinds: table, column, constraint, index, trigger, policy, function, view, sequence; options, those of a
view that has some. What belongs to a table is `table.name`; the name alone will do if no other table has
one. What was never stated, or was dropped, is Unstated; a statement of a form that is not known here is
a Misread. Nothing is guessed.
"""
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "migrations"

TOKEN = re.compile(r"""(?P<comment>--[^\n]*) | (?P<space>\s+) | (?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<text>'(?:[^']|'')*') | (?P<word>\w+) | (?P<sign>.)""", re.X | re.S)
DEPTH = {"(": 1, "[": 1, ")": -1, "]": -1}

STATED = [(kind, re.compile(pattern)) for kind, pattern in (
    ("table", r"CREATE (?:UNLOGGED )?TABLE (?P<name>\w+)"),
    ("index", r"CREATE (?:UNIQUE )?INDEX (?P<name>\w+) ON (?P<table>\w+)"),
    ("trigger", r"CREATE (?:OR REPLACE |CONSTRAINT )?TRIGGER (?P<name>\w+) .*? ON (?P<table>\w+)"),
    ("policy", r"(?:CREATE|ALTER) POLICY (?P<name>\w+) ON (?P<table>\w+)"),
    ("function", r"CREATE (?:OR REPLACE )?FUNCTION (?P<name>\w+)"),
    ("view", r"CREATE (?:OR REPLACE )?VIEW (?P<name>\w+)"),
    ("options", r"ALTER VIEW (?P<name>\w+) SET \("),
    ("sequence", r"CREATE SEQUENCE (?P<name>\w+)"))]
DROPPED = re.compile(r"DROP (?P<kind>TABLE|INDEX|TRIGGER|POLICY|FUNCTION|VIEW|SEQUENCE) (?:IF EXISTS )?"
                     r"(?P<name>\w+)(?: ON (?P<table>\w+))?(?! ,)")
ALTERED = re.compile(r"ALTER TABLE (?:ONLY )?(?P<table>\w+) ")
STATES_NOTHING = re.compile(r"(INSERT|UPDATE|DELETE|GRANT|REVOKE|SELECT|SET) ")

COLUMN_ADDED = re.compile(r"ADD (?:COLUMN )?(?P<name>\w+) ")
COLUMN_CHANGED = re.compile(r"ALTER (?:COLUMN )?(?P<name>\w+) ")
DROPPED_OF_TABLE = re.compile(r"DROP (?P<what>CONSTRAINT |COLUMN )?(?:IF EXISTS )?(?P<name>\w+)")
NOTHING_OF_TABLE = re.compile(r"(ENABLE|DISABLE) (TRIGGER|ROW LEVEL SECURITY)|VALIDATE CONSTRAINT|SET \(")
CONSTRAINT_FIRST = re.compile(r"(ADD )?(CONSTRAINT|PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY|EXCLUDE)\b")
CONSTRAINT = re.compile(r"\bCONSTRAINT (?P<name>\w+) ")

LOOP = re.compile(r"FOR \w+ IN SELECT \* FROM \( VALUES (?P<rows>.*) \) AS \w+ \( (?P<columns>[\w ,]+) \)"
                  r" LOOP (?P<body>.*) END LOOP")
EXECUTED = re.compile(r"(?:IF \w+ \. (?P<given>\w+) IS NOT NULL THEN )?"
                      r"EXECUTE format \( (?P<text>(?:'(?:[^']|'')*' )+), \w+ \. \w+")
DYNAMIC = re.compile(r"\b(EXECUTE|CREATE|ALTER|DROP)\b")
LITERAL = re.compile(r"'((?:[^']|'')*)'")


class Unstated(LookupError):
    """No migration says so, or several things have that name."""


class Misread(Exception):
    """A statement of a form that this module has to be taught."""


@dataclass(frozen=True)
class Said:
    """A statement, the comment on it, and its file."""
    file: str
    comment: str
    words: str


@dataclass
class Part:
    comment: str = ""
    text: str = ""

    def say(self, comment: str):
        self.comment = f"{self.comment}\n{comment.removeprefix('--').strip()}".strip()

    @property
    def words(self) -> str:
        """Without comments, one space between."""
        return " ".join(token[0] for token in TOKEN.finditer(self.text)
                        if token.lastgroup not in ("comment", "space"))


def parts(text: str, end: str) -> list:
    """`text` cut at each `end` outside of brackets. A comment belongs to the part that ends before it
    on its line; with a line to itself to the one that follows without a blank line."""
    found, depth, ended = [Part()], 0, 0
    for token in TOKEN.finditer(text):
        part, kind = found[-1], token.lastgroup
        depth += DEPTH.get(token[0], 0)
        if token[0] == end and depth == 0:
            found.append(Part())
            ended = token.end()
        elif part.text:
            part.text += token[0]
            if kind == "comment" and depth == 0 and end == ",":
                part.say(token[0])
        elif kind == "comment":
            same_line = len(found) > 1 and "\n" not in text[ended:token.start()]
            (found[-2] if same_line else part).say(token[0])
        elif kind == "space":
            part.comment = "" if token[0].count("\n") > 1 else part.comment
        else:
            part.text = token[0]
    return [part for part in found if part.text]


def bracket(text: str) -> str:
    """What stands in the first pair of brackets."""
    depth, start = 0, None
    for token in TOKEN.finditer(text):
        depth += DEPTH.get(token[0], 0)
        if depth == 1 and start is None:
            start = token.end()
        elif depth == 0 and start is not None:
            return text[start:token.start()]
    raise Misread(f"no brackets: {text[:80]}")


class Migrations:
    """What the files state, in order. `files`: name → text."""

    def __init__(self, files: dict):
        self._said = {}  # (kind, name): all statements, also those of before it was dropped
        self._standing = set()
        for self._file, text in sorted(files.items()):
            for part in parts(text, ";"):
                self._read(part)

    def names(self, kind: str) -> set:
        """All that stand, those of a table as `table.name`."""
        return {name for standing, name in self._standing if standing == kind}

    def history(self, kind: str, name: str) -> list:
        """All statements of a thing that stands, the one in force last."""
        if (kind, name) in self._standing:
            return self._said[kind, name]
        found = self._called(kind, name)
        if len(found) == 1:
            return self._said[kind, found[0]]
        raise Unstated(f"which {kind}: {', '.join(found)}?" if found
                       else f"no migration in force states the {kind} {name}")

    def in_force(self, kind: str, name: str) -> str:
        return self.history(kind, name)[-1].file

    def _called(self, kind: str, name: str) -> list:
        return sorted(known for known in self.names(kind) if known.rpartition(".")[2] == name)

    def _note(self, kind: str, name: str, part: Part):
        said = Said(self._file, part.comment, part.words)
        if (kind, name) in self._standing and re.match(r"CREATE (?!OR REPLACE)", said.words):
            self._misread(f"the {kind} {name} is there already: {said.words}")
        self._said.setdefault((kind, name), []).append(said)
        self._standing.add((kind, name))

    def _misread(self, words: str):
        raise Misread(f"{self._file}: {words[:100]}")

    def _read(self, part: Part):
        words = part.words
        for kind, pattern in STATED:
            if match := pattern.match(words):
                self._note(kind, _full_name(match), part)
                if kind == "table":
                    self._table(match["name"], part)
                elif kind == "view" and words[match.end():].startswith(" WITH ("):
                    self._note("options", match["name"], part)
                return
        if match := ALTERED.match(words):
            for action in parts(re.sub(r"^.*?TABLE\s+(ONLY\s+)?\w+\s", "", part.text, 1, re.S), ","):
                self._alter(match["table"], action)
        elif match := DROPPED.match(words):
            self._drop(match["kind"].lower(), match)
        elif words.startswith("DO "):
            self._loop(words)
        elif not STATES_NOTHING.match(words):
            self._misread(words)

    def _table(self, table: str, part: Part):
        for element in parts(bracket(part.text), ","):
            if CONSTRAINT_FIRST.match(element.words):
                self._constraints(table, element)
            else:
                self._column(table, element.words.split()[0], element)

    def _column(self, table: str, name: str, part: Part):
        self._note("column", f"{table}.{name}", part)
        self._constraints(table, part)

    def _constraints(self, table: str, part: Part):
        named = CONSTRAINT.findall(part.words)
        if " PRIMARY KEY" in part.words and not re.search(r"\bCONSTRAINT \w+ PRIMARY KEY", part.words):
            named.append(f"{table}_pkey")  # PostgreSQL's own name for it
        for name in named:
            self._note("constraint", f"{table}.{name}", part)

    def _alter(self, table: str, action: Part):
        words = action.words
        if words.startswith("ADD ") and CONSTRAINT_FIRST.match(words):
            self._constraints(table, action)
        elif match := COLUMN_ADDED.match(words):
            self._column(table, match["name"], action)
        elif match := COLUMN_CHANGED.match(words):
            self._note("column", f"{table}.{match['name']}", action)
        elif match := DROPPED_OF_TABLE.match(words):
            self._drop_of_table(table, match)
        elif not NOTHING_OF_TABLE.match(words):
            self._misread(f"ALTER TABLE {table} {words}")

    def _drop_of_table(self, table: str, match: re.Match):
        """With a column go the constraints and indexes of its table that speak of it."""
        if match["what"] == "CONSTRAINT ":
            return self._forget("constraint", f"{table}.{match['name']}")
        self._forget("column", f"{table}.{match['name']}")
        gone = re.compile(rf"\b{match['name']}\b")
        for kind in ("constraint", "index"):
            for name in self.names(kind):
                if name.startswith(f"{table}.") and gone.search(self._said[kind, name][-1].words):
                    self._forget(kind, name)

    def _drop(self, kind: str, match: re.Match):
        found = self._called(kind, match["name"]) if kind == "index" else [_full_name(match)]
        for name in found:
            self._forget(kind, name)

    def _forget(self, kind: str, name: str):
        """A table takes along what belongs to it."""
        self._standing.discard((kind, name))
        if kind == "table":
            self._standing = {key for key in self._standing if not key[1].startswith(f"{name}.")}

    def _loop(self, words: str):
        """DO: statements that are executed for each row of a list; %I is its first column."""
        body = " ".join(part.words for part in parts(words.split("$$")[1], ";"))
        loop = LOOP.search(body)
        made = list(EXECUTED.finditer(loop["body"])) if loop else []
        if not made or len(made) != len(DYNAMIC.findall(LITERAL.sub("''", body))):
            self._misread(words)
        columns = loop["columns"].split(" , ")
        for row in parts(loop["rows"], ","):
            values = [value.words for value in parts(bracket(row.text), ",")]
            for execute in made:
                if execute["given"] and values[columns.index(execute["given"])] == "NULL":
                    continue
                text = "".join(LITERAL.findall(execute["text"])).replace("''", "'")
                self._read(Part(text=text.replace("%I", values[0].strip("'"), 1)))


def _full_name(match: re.Match) -> str:
    table = match.groupdict().get("table")
    return f"{table}.{match['name']}" if table else match["name"]


@cache
def migrations() -> Migrations:
    """Those of this repository."""
    return Migrations({path.name: path.read_text() for path in FOLDER.glob("*.sql")})


def in_force(kind: str, name: str) -> str:
    """The name of the migration file in force for a thing."""
    return migrations().in_force(kind, name)
