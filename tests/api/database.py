"""The stack's database, read (and here and there written) behind the programs' backs."""
from pathlib import Path

import psycopg2

# Written behind a request's back, or only to note that it was made.
BACKGROUND = {"message", "message_done", "message_try", "checkin_code", "inbox", "shipping"}
# Of these the daemon settle writes down when it is to look again, and what was told.
SAYS = {
    "payment_attempt": "id, order_id, out_trade_no, amount_fen, transaction_id, paid_at,"
                       " refunded_fen, settled_fen",
    "ban": "id, account_id, since, until, reason, venue_ids, lifted_at, lifted_by, lift_reason",
    "outside_item": "item_id, order_id, choice, reason, chosen_by, listed_at",
}


class Database:
    """Autocommit; connects again after a loss."""

    def __init__(self, run: Path, role: str, name: str = "zx"):
        self.dsn = f"host={run}/pg/sock user={role} dbname={name} connect_timeout=5"
        self._connection = None

    def _connect(self):
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(self.dsn)
            self._connection.autocommit = True
        return self._connection

    def cursor(self):
        return self._connect().cursor()

    def close(self):
        if self._connection:
            self._connection.close()

    def run(self, sql: str, *values):
        """Rows, or None for a statement without any; values stand for %s, those of one dict for
        %(name)s."""
        if values and isinstance(values[0], dict):
            values, = values
        with self.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else None

    def rows(self, sql: str, *values) -> list:
        """A question, which may be asked again when PostgreSQL was restarted meanwhile."""
        try:
            return self.run(sql, *values)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._connection = None
            return self.run(sql, *values)

    def value(self, sql: str, *values):
        return self.rows(sql, *values)[0][0]

    def all_at_once(self, *statements):
        """Several statements in one transaction."""
        self.run("BEGIN")
        try:
            for sql, *values in statements:
                self.run(sql, *values)
        except psycopg2.Error:
            self.run("ROLLBACK")
            raise
        self.run("COMMIT")

    def tables(self) -> list:
        return [name for name, in self.rows(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' ORDER BY 1")]

    def picture(self) -> dict:
        """Of every table the number of rows and a digest of what they say."""
        each = [f"SELECT '{t}', count(*), coalesce(sum(hashtextextended(({SAYS.get(t, 't')})::text, 0)), 0)"
                f" FROM {t} t" for t in self.tables() if t not in BACKGROUND]
        each += [f"SELECT '{t}', count(*), 0 FROM {t}" for t in BACKGROUND]
        return {name: (count, digest)
                for name, count, digest in self.rows(" UNION ALL ".join(each))}
