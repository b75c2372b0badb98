"""The SQL behind a request as a script for pgbench: the statements' texts come from the library,
their order and batches from *.batches, and the bench checks these against a worker."""
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Free periods of two hours: 40 venues × 16 courts × 390 days × 6 starts. A walk through them by
# a stride without a common factor meets each once, in no order that the database could like.
SLOTS = 640 * 390 * 6
STRIDE = 611953
ORDERS_PER_BLOCK = 85  # a worker fetches 256 ids at once and an order takes three

AVAILABILITY_SETTINGS = """\\set n :n + 1
\\set venue 101 + (:n * :clients + :client_id) % 40
\\set day 1
"""
ORDER_SETTINGS = f"""\\set i :base + :n * :clients + :client_id
\\set n :n + 1
\\set s (:i * {STRIDE}) % {SLOTS}
\\set court 301 + :s / 6 % 640
\\set venue 101 + :s / 6 % 640 / 16
\\set day 10 + :s / 6 / 640
\\set start :midnight + :day * 86400 + (6 + :s % 6 * 2) * 3600
\\set account 201 + :i % 200
\\set id 1125899906842624 + 4 * :i
\\set item :id + 1
\\set message :id + 2
\\set no 300000000000000000 + :id
\\set block :n % {ORDERS_PER_BLOCK}
"""
NOTIFY_SETTINGS = """\\set i :base + :n * :clients + :client_id
\\set n :n + 1
\\set id 3000000000000000 + :i
\\set no 200000000000000000 + :id
\\set message :id
\\set block :n % 256
"""
SETTINGS = {"order": ORDER_SETTINGS, "availability": AVAILABILITY_SETTINGS,
            "notify": NOTIFY_SETTINGS}


def array(kind: str, *elements: str) -> str:
    """Wrapped, so that the planner can't count the elements: in a worker's parameter it can't."""
    listed = ", ".join(f"{e}::{kind}" for e in elements)
    return f"array_cat(ARRAY[{listed}], '{{}}')"


def moments(*seconds: int) -> str:
    return array("timestamptz", *[f"to_timestamp(:start + {s})" for s in seconds])


# What a script's word is in pgbench's SQL.
EXPRESSIONS = {
    "session": ":account", "account": ":account", "key": ":i", "digest": ":digest",
    "status": "201", "answer": ":answer", "venue": ":venue", "sport": "'badminton'",
    "zero": "0", "runs_on": array("bigint", "0"), "date": "(date ':today' + :day::int)", "holds": "1000000",
    "frame": "(SELECT number FROM venue_frame WHERE venue_id = :venue)", "one": "1", "quota": "1000000", "order": ":id",
    "no": ":no", "amount": "16000", "none": "NULL",
    "tiers": """'[{"fee_fen": 0, "hours": 24, "percent": 100}]'""", "now": "to_timestamp(:now)",
    "expires": "to_timestamp(:now + 600)", "message": ":message", "kind": "'order.created'",
    "body": ":body", "channel": "'wechat'", "number": ":no", "attempt": ":id", "paid": "'paid'",
    "event": "'TRANSACTION.SUCCESS'", "plaintext": ":plaintext", "order_paid": "'order.paid'",
    "payer": "'o0123456789012345678901234567'", "items": array("bigint", ":item"), "courts": array("bigint", ":court"),
    "starts": moments(0), "ends": moments(7200), "prices": array("bigint", "16000"),
    "step_courts": array("bigint", *[":court"] * 4),
    "step_times": moments(0, 1800, 3600, 5400), "step_items": array("bigint", *[":item"] * 4),
}


def read(name: str) -> list:
    """[[(statement, [parameter, …]), …], …]: batches of statements."""
    batches = [[]]
    for line in (HERE / f"{name}.batches").read_text().splitlines():
        words = line.partition("#")[0].split()
        if words == ["-"]:
            batches.append([])
        elif words:
            batches[-1].append((words[0].removeprefix("!"), words[1:]))
    return batches


def names(name: str) -> list:
    return [statement for batch in read(name) for statement, _ in batch]


def texts_of(tools: Path, statements: list) -> dict:
    out = subprocess.run([tools / "sqltext", *statements], text=True, check=True,
                         stdout=subprocess.PIPE).stdout
    return dict(line.split("\t") for line in out.splitlines())


def fill(text: str, words: list, today: str) -> str:
    """$1 … replaced by the expressions of its words; on one line, as pgbench wants it."""
    sql = re.sub(r"\$(\d+)", lambda m: EXPRESSIONS[words[int(m[1]) - 1]], text)
    return sql.replace(":today", today) + ";"


def pgbench_script(tools: Path, name: str, today: str) -> str:
    texts = texts_of(tools, ["id_block", *names(name)])
    lines = []
    for number, batch in enumerate(read(name)):
        if number == 1:  # between the first two batches, once in a while
            lines += ["\\if :block = 0", texts["id_block"] + ";", "\\endif"]
        lines += ["\\startpipeline", *[fill(texts[s], words, today) for s, words in batch],
                  "\\endpipeline"]
    return SETTINGS[name] + "\n".join(lines) + "\n"
