"""The named queries of invariants.sql, and the comparison with WeChat's books."""
import re
from pathlib import Path

QUERY = re.compile(r"^-- (drained: )?([a-z_]+)(?::[^\n]*)?\n((?!--).*?;)$", re.M | re.S)


def read(path: Path) -> tuple[dict, set]:
    """name -> query, and the names of those that hold when nothing is under way."""
    found = QUERY.findall(path.read_text())
    return {name: sql for _, name, sql in found}, {name for late, name, _ in found if late}


NAMED, LATER = read(Path(__file__).parent / "invariants.sql")


def broken(db, drained: bool = True) -> dict:
    """name -> rows, of those that don't hold."""
    found = {name: db.rows(sql) for name, sql in NAMED.items() if drained or name not in LATER}
    return {name: rows[:5] for name, rows in found.items() if rows}


def drain(house, limit_s: float = 90):
    """Until everything has been published and acted on."""
    from house import wait_for
    wait_for(lambda: not house.db.value("SELECT count(*) FROM message"
                                        " WHERE published_at IS NULL"), limit_s)
    house.settle(limit_s)


def books_differ(house, order_ids: list) -> dict:
    """out_trade_no -> (ours, WeChat's) of these orders, where the two don't agree."""
    rows = house.db.rows("SELECT out_trade_no, amount_fen, transaction_id FROM payment_attempt"
                         " WHERE order_id = ANY(%s)", order_ids)
    ours = {number: (amount, transaction) for number, amount, transaction in rows}
    theirs = {o["out_trade_no"]: (o["amount"]["total"], o.get("transaction_id"))
              for o in house.sim.items("orders") if o["out_trade_no"] in ours}
    return {number: (ours[number], theirs.get(number)) for number in ours
            if number in theirs and ours[number] != theirs[number]
            or number not in theirs and ours[number][1]}
