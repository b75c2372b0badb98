"""The schema as one text for people: the catalog's words, the migrations' comments, and beside each
thing the migration in force. `python3 tests/store/schema.py` writes it into `schema.sql`.
"""
import re
import unicodedata

from catalog import Catalog
from in_force import Migrations

# Migrations are never edited: where a file that one names has moved since, and where it is now.
MOVED = {"lib/account/mark.h": "lib/account/keyed_hash.h", "lib/account/scan.h": "lib/login/scan.h",
         "lib/account/sms.h": "lib/login/sms.h", "lib/io/rules.h": "lib/db/rules.h",
         "lib/io/db.h": "lib/db/db.h", "lib/account/refresh.h": "lib/login/refresh.h"}

# What belongs together, in the order in which one reads it. A new table, view, sequence or function
# is given its place here.
SUBJECTS = {
    "People": """account wechat_identity account_leave() left_mark person_of() person_accounts() person_held()
        person_hold() person_change() without_payer() payer_has_left()
        forget_payer()""",
    "Logins and sessions": """session end_sessions() session_of_staff() staff_login login_miss login_place login_failures() login_lock()
        login_wait() staff_login_take() login_state
        sms_code""",
    "Staff and their rights": """role permission role_permission role_set() member_within() account_role account_may() rights_need_permission()
        keep_an_admin() member_remove() staff_past staff_name()""",
    "What a request of staff may see": """staff_enter() staff_refuse() staff_everywhere() staff_venues()
        staff_actor() staff_permission()""",
    "Audit log": """audit_log audit_in_scope audit_write() audit_hide() audit_words() audit_stays()
        phone_search_take() name_pairs() customers_named()""",
    "Venues": """name_fold() name_folds() sport venue is_time_zone() refund_tiers_ok() refund_tiers_fall()
        refund_tiers_check() venue_sport court unit court_unit opening
        opening_exception opening_exception_hours calendar_day court_block price_rule clock_text()
        venue_frame frame_change() frame_hold() frame_counts() frame_begin()""",
    "Orders": """orders order_item occupancy frame_check() floor_check() court_unit_check() floor_to_block()
        outside_item outside_item_rights() outside_item_stays() outside_item_work() outside_item_over() outside_item_again()
        booking_day state_move state_move_check() court_lasts() court_lasts_again() courts_hold()
        bookings_hold() orders_queue() holds_until() holds_check() order_replaced()
        order_alone_again() venue_customer customer_note() violation ban person_check() bans_review()""",
    "Check-in": "checkin_code checkin checkin_undone checkin_try checkin_of_refunded() order_venue()",
    "Money": """payment_attempt refund desk_refund desk_refund_take() refund_by_hand_check() notify_log ledger_day reconcile_run
        reconcile_line reconcile_diff shipping work_item""",
    "Messages": "message message_done message_try message_dead inbox",
    "Ids and repeated requests": "id_block idempotency answers_sweep()",
}
WIDTH = 110

TIDIER = [(re.compile(pattern), instead) for pattern, instead in (
    (r"('(?:[^']|'')*')::(?:text|jsonb)\b(?!\[)", r"\1"),
    (r"\b(\d+)::(?:bigint|numeric)\b", r"\1"),
    (r"= ANY \(ARRAY\[((?:'(?:[^']|'')*'(?:, )?)+)\]\)", r"IN (\1)"),
    (r"<> ALL \(ARRAY\[((?:'(?:[^']|'')*'(?:, )?)+)\]\)", r"NOT IN (\1)"),
    (r"\b(\w+|\w+\(\w+\)) >= (\d+) AND \1 <= (\w+)\b(?!\()", r"\1 BETWEEN \2 AND \3"),
    (r"\b(\w+) >= (\d+) AND \1 <= (CASE\b.*?\bEND)\b", r"\1 BETWEEN \2 AND \3"),
    (r"\((\( SELECT (\w+)\(\)) AS \2\)\)", r"\1)"),
    (r"(\( SELECT (\w+)\(\)) AS \2\)", r"\1)"),
    (r"\( SELECT ", "(SELECT "),
    (r" ~~ ", " LIKE "),
    (r"timestamp with time zone", "timestamptz"),
    (r" USING btree ", " "))]
SPACE = re.compile(r"'(?:[^']|'')*'|(?P<space> )")
KEYWORD = re.compile(r" (AND|AS|OR|CHECK|REFERENCES|ON|WHERE|WHEN|EXECUTE|FOR|USING|WITH|TO|SET)\b")

HEAD = """\
-- The schema in force: the database as it is after all migrations. To be read, not to be edited: a new
-- migration changes it, then `make schema` writes this anew; tests/store/test_schema.py compares the two.
--
-- `-- 0014_scale.sql (0008_account.sql)`: 0014 states it last and is in force, what 0008 says of it counts
-- no more. Columns without a remark are of the table's own migration. Comments are the migrations', headed
-- by the number where several have one. Expressions are as PostgreSQL gives them back. Everything belongs
-- to zx_owner. Left out: schema_migration, the journal of jobs/migrate.c.
"""


class Unplaced(Exception):
    """SUBJECTS names other things than there are."""


def in_line(sql: str) -> str:
    """One line of it; literals stay as they are."""
    pieces = re.split(r"('(?:[^']|'')*')", sql)
    return tidy("".join(piece if i % 2 else re.sub(r"\s+", " ", piece)
                        for i, piece in enumerate(pieces)))


def tidy(sql: str) -> str:
    """As people write it; PostgreSQL reads it as the same."""
    for pattern, instead in TIDIER:
        sql = pattern.sub(instead, sql)
    return sql


def wrap(text: str, indent: str = "", more: str = "\t") -> str:
    """At spaces outside of literals, rather before a keyword; what follows goes one further in."""
    lines, before = [], indent
    while len(before.expandtabs(4)) + len(text) > WIDTH:
        room = WIDTH - len(before.expandtabs(4))
        spaces = [match.start() for match in SPACE.finditer(text) if match["space"]]
        fit = [at for at in spaces if at <= room] or spaces[:1] or [len(text)]
        at = max([at for at in fit if at > room // 3 and KEYWORD.match(text, at)] or fit)
        lines.append(f"{before}{text[:at]}")
        text, before = text[at + 1:], indent + more
    return "\n".join([*lines, f"{before}{text}"]).rstrip()


def comment(text: str) -> str:
    for was, is_now in MOVED.items():
        text = text.replace(was, is_now)
    return "".join(f"-- {line}".rstrip() + "\n" for line in text.splitlines())


def width_of(text: str) -> int:
    """Chinese letters are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def grid(rows: list) -> str:
    """A table within comments."""
    rows = [["" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
             for value in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*rows)]
    return comment("\n".join("  " + "  ".join(
        text + " " * (width - width_of(text)) for text, width in zip(row, widths)) for row in rows))


class Snapshot:
    def __init__(self, connection, migrations: Migrations):
        self.catalog, self.migrations = Catalog(connection), migrations
        placed = " ".join(SUBJECTS.values()).split()
        if wrong := self.catalog.names.symmetric_difference(placed):
            raise Unplaced(f"SUBJECTS in {__file__} and the database differ in {sorted(wrong)}")

    def text(self) -> str:
        pieces = [HEAD, self._rights()]
        for title, names in SUBJECTS.items():
            pieces.append(section(title))
            pieces += [f"\n{self._thing(name)}" for name in names.split()]
        return "".join(pieces)

    def _thing(self, name: str) -> str:
        if name.endswith("()"):
            function, = self.catalog.function[name]  # one of a name: in_force() knows no others
            return self._function(function)
        relation, = self.catalog.relation[name]
        make = {"r": self._table, "v": self._view, "S": self._sequence}[relation.kind]
        return make(relation) + self._grants(name, relation.kind)

    # What the migrations say

    def _remark(self, kind: str, name: str) -> str:
        last, *before = dict.fromkeys(said.file for said in reversed(self.migrations.history(kind, name)))
        return f"{last} ({', '.join(reversed(before))})" if before else last

    def _comment(self, kind: str, name: str) -> str:
        said = [said for said in self.migrations.history(kind, name) if said.comment]
        if len(said) < 2:
            return "".join(comment(one.comment) for one in said)
        return "".join(comment(f"{one.file[:4]}: {one.comment}") for one in said)

    def _head(self, kind: str, name: str) -> str:
        return comment(self._remark(kind, name)) + self._comment(kind, name)

    def _line(self, kind: str, table: str, name: str, sql: str) -> str:
        """A statement on something of a table's."""
        key = f"{table}.{name}"
        return f"{self._comment(kind, key)}{wrap(in_line(sql))}; -- {self._remark(kind, key)}\n"

    # Tables

    def _table(self, relation) -> str:
        name, catalog = relation.relname, self.catalog
        elements = [*map(self._column, catalog.column[name]),
                    *[self._constraint(said) for said in catalog.constraint[name] if said.valid]]
        lines = [f"{sql},{remark}" for sql, remark in elements[:-1]] + ["".join(elements[-1])]
        made = "CREATE UNLOGGED TABLE" if relation.unlogged else "CREATE TABLE"
        options = f" WITH ({relation.options})" if relation.options else ""
        return "".join([self._head("table", name), f"{made} {name} (\n", "\n".join(lines), f"\n){options};\n",
                        *self._beside(relation), self._rows(name)])

    def _beside(self, relation) -> list:
        """What belongs to a table and stands outside of its brackets."""
        name, catalog = relation.relname, self.catalog
        alter = f"ALTER TABLE {name}"
        return [
            *[self._line("constraint", name, said.name, f"{alter} ADD CONSTRAINT {said.name} {said.says}")
              for said in catalog.constraint[name] if not said.valid],
            *[self._line("index", name, said.name, said.says) for said in catalog.index[name]],
            *[self._line("trigger", name, said.name, said.says) for said in catalog.trigger[name]],
            *[f"{alter} DISABLE TRIGGER {said.name};\n" for said in catalog.trigger[name] if said.enabled == "D"],
            f"{alter} ENABLE ROW LEVEL SECURITY;\n" * relation.guarded,
            f"{alter} FORCE ROW LEVEL SECURITY;\n" * relation.forced,
            *[self._line("policy", name, said.name, policy_sql(said)) for said in catalog.policy[name]]]

    def _column(self, column) -> tuple:
        table, key = column.relname, f"{column.relname}.{column.name}"
        width = max(len(other.name) for other in self.catalog.column[table])
        remark = self._remark("column", key)
        said = " ".join(said.comment for said in self.migrations.history("column", key) if said.comment)
        if remark != self.migrations.history("table", table)[0].file:
            said = f"{remark}: {said}" if said else remark
        return (wrap(f"{column.name:{width}} {in_line(column_type(column))}", "\t"),
                f" -- {said}" if said else "")

    def _constraint(self, constraint) -> tuple:
        sql = in_line(f"CONSTRAINT {constraint.name} {constraint.says}")
        return wrap(sql, "\t"), f" -- {self._remark('constraint', f'{constraint.relname}.{constraint.name}')}"

    def _rows(self, table: str) -> str:
        if table == "role_permission":
            return "-- Its rows stand under `Who may what`.\n"
        if rows := self.catalog.filled.get(table):
            return "-- Rows from the migrations:\n" + grid(rows)
        return ""

    # The rest

    def _view(self, relation) -> str:
        name = relation.relname
        view, = self.catalog.view[name]
        lines = [wrap(line.strip(), " " * (len(line) - len(line.lstrip())), "    ")
                 for line in tidy(view.says).splitlines()]
        made = "\n".join([f"{self._head('view', name)}CREATE VIEW {name} AS", *lines, ""])
        if not relation.options:
            return made
        return f"{made}ALTER VIEW {name} SET ({relation.options}); -- {self._remark('options', name)}\n"

    def _sequence(self, relation) -> str:
        name = relation.relname
        sequence, = self.catalog.sequence[name]
        return f"{self._head('sequence', name)}CREATE SEQUENCE {name} START {sequence.start};\n"

    def _function(self, function) -> str:
        head, quoted, body = function.says.partition("\nAS $function$")
        if quoted:
            body, quote = body.rstrip().removesuffix("$function$"), "$$" if "$$" not in body else "$function$"
            head, body = f"{head} AS {quote}", body + quote
        else:
            head, word, body = function.says.partition("\nRETURN ")
            body = f"\n\t{in_line(word.strip() + f' {body.rstrip()}')}"
        head = in_line(head.replace("CREATE OR REPLACE FUNCTION public.", "CREATE FUNCTION ", 1))
        rights = "" if function.open else f"REVOKE EXECUTE ON FUNCTION {function.name} FROM PUBLIC;\n"
        if function.roles:
            rights += f"GRANT EXECUTE ON FUNCTION {function.name} TO {function.roles};\n"
        return f"{self._head('function', function.name)}{wrap(head)}{body};\n{rights}"

    # Rights

    def _grants(self, name: str, kind: str) -> str:
        what = f"SEQUENCE {name}" if kind == "S" else name
        return "".join(f"{wrap(f'GRANT {privileges(held)} ON {what} TO {role}')};\n"
                       for role, held in self._held(name).items())

    def _held(self, name: str) -> dict:
        """role: privilege: columns, or none for all of them."""
        held = {}
        for grant in self.catalog.grant[name]:
            columns = held.setdefault(grant.role, {}).setdefault(grant.privilege, [])
            columns += [grant.column] if grant.column else []
        return held

    def _rights(self) -> str:
        _, *granted = self.catalog.filled["role_permission"]
        roles, permissions = (sorted({row[i] for row in granted}) for i in (0, 1))
        may = [[permission, *["x" if (role, permission) in granted else "" for role in roles]]
               for permission in permissions]
        users = sorted({grant.role for grants in self.catalog.grant.values() for grant in grants})
        names = [name for name in " ".join(SUBJECTS.values()).split() if not name.endswith("()")]
        return "".join([
            section("Who may what"),
            "\n-- What roles of staff may do: the rows of role_permission.\n", grid([["", *roles], *may]),
            "\n-- What the program's roles may do; * some columns only, named at the table.\n",
            grid([["", *users], *[[name, *[self._brief(name, user) for user in users]] for name in names]])])

    def _brief(self, name: str, user: str) -> str:
        held = self._held(name).get(user, {})
        return " ".join(f"{privilege.lower()}{'*' * bool(columns)}" for privilege, columns in held.items())


def section(title: str) -> str:
    return f"\n\n-- {title} {'-' * (WIDTH - 4 - len(title))}\n"


def column_type(column) -> str:
    required = " NOT NULL" * column.required
    if column.identity:
        return f"{column.type}{required} GENERATED {'ALWAYS' if column.identity == 'a' else 'BY DEFAULT'} AS IDENTITY"
    if column.generated:
        return f"{column.type}{required} GENERATED ALWAYS AS ({column.value}) STORED"
    return f"{column.type}{required}{f' DEFAULT {column.value}' if column.value else ''}"


def policy_sql(policy) -> str:
    command = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}.get(policy.command)
    return "".join([
        f"CREATE POLICY {policy.name} ON {policy.relname}", "" if policy.permissive else " AS RESTRICTIVE",
        f" FOR {command}" if command else "", f" TO {policy.roles}",
        f" USING ({in_line(policy.visible)})" if policy.visible else "",
        f" WITH CHECK ({in_line(policy.writable)})" if policy.writable else ""])


def privileges(held: dict) -> str:
    return ", ".join(f"{privilege} ({', '.join(columns)})" if columns else privilege
                     for privilege, columns in held.items())
