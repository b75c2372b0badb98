"""Requests made from the description: right ones, from its examples; spoil.py spoils them."""
import json
import uuid
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import raw
from answers import Answer
from description import Operation
from house import Staff, ok
from slots import day

NO_VENUE = 999_999_999  # so that an order which is right in all else books nothing
NOBODYS = {**dict.fromkeys(("refund", "item", "account", "violation", "ban", "court", "unit",
                            "block", "sport"), NO_VENUE), "day": 999_999}
# What these add is for all to see: they come with a key that was used for something else.
ADD_FOR_ALL, USED_KEY = {"createVenue", "createSport", "createCalendarDay"}, "used-before"


@dataclass(frozen=True)
class Call:
    operation: Operation
    path: str
    query: tuple = ()  # pieces as they go over the wire: "limit=1"
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    length: bool = True
    key: tuple = ()  # Idempotency-Key headers

    def with_headers(self, **changes) -> "Call":
        """Underscores stand for hyphens; None takes a header away."""
        new = {name.replace("_", "-"): value for name, value in changes.items()}
        kept = {**self.headers, **new}
        return replace(self, headers={k: v for k, v in kept.items() if v is not None})

    def with_query(self, *pieces: str) -> "Call":
        return replace(self, query=(*self.query, *pieces))

    def with_json(self, value) -> "Call":
        return replace(self, body=json.dumps(value, ensure_ascii=False).encode())

    def send(self, house) -> Answer:
        target = self.path + ("?" + "&".join(self.query) if self.query else "")
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Idempotency-Key: {key}" for key in self.key]
        length = True if self.length and (self.body or self.operation.body) else None
        text = raw.request(self.operation.method, target, lines, self.body, length)
        answer = raw.talk(house, text)
        return Answer(answer.status, answer.headers, answer.body)


def body_of(operation: Operation):
    """The first example of its body; one that names no venue that exists."""
    value = operation.body["examples"][0]["value"]
    return {**value, "venue_id": NO_VENUE} if "venue_id" in value else value


def encoded(operation: Operation, value: dict) -> bytes:
    if operation.body["type"] == "application/json":
        return json.dumps(value, ensure_ascii=False).encode()
    return urlencode(value).encode()


def clerk(house, role: str = "admin", **login) -> Staff:
    """A member of staff whom nobody else is."""
    name = f"contract-{uuid.uuid4().hex[:12]}"
    account = house.db.value("INSERT INTO account (id, nickname) VALUES"
                             " (nextval('id_block') * 256, '对照') RETURNING id")
    house.db.run("INSERT INTO staff_login (account_id, username, password_hash, must_change)"
                 " SELECT %s, %s, password_hash, %s FROM staff_login WHERE username = 'desk1'",
                 account, name, login.get("must_change", False))
    house.db.run("INSERT INTO account_role VALUES (%s, %s, NULL)", account, role)
    return Staff(house, name)


def staff_tokens(house) -> dict:
    """Permission -> the token of one who has it, as he has all others."""
    held = [p for p, in house.db.rows("SELECT DISTINCT permission FROM role_permission")]
    admin = clerk(house)
    account = ok(admin.get("/api/v1/me"))["id"]
    for key in (USED_KEY, USED_KEY.ljust(255, "~")):
        house.db.run("INSERT INTO idempotency (account_id, key, digest, status, answer)"
                     " VALUES (%s, %s, 'another', 201, '{}')", account, key)
    return dict.fromkeys(held, admin.token)


def right(operation: Operation, world) -> Call:
    """A call with nothing wrong in it."""
    venue = NO_VENUE if operation.path.startswith("/api/v1/staff/") else 1
    path = operation.path.format(**{"venue": venue, "order": world.order_id, **NOBODYS})
    query = tuple(urlencode({p["name"]: day(1) if p["name"] == "date" else p["example"]})
                  for p in operation.named("query") if p.get("required"))
    headers = {p["name"]: p.get("example", "1") for p in operation.named("header")
               if p["name"] != "Idempotency-Key"}
    if operation.permission != "guest":
        headers["Authorization"] = f"Bearer {world.tokens[operation.permission]}"
    body = b""
    if operation.body:
        headers["Content-Type"] = operation.body["type"]
        body = encoded(operation, body_of(operation))
    key = USED_KEY if operation.id in ADD_FOR_ALL else str(uuid.uuid4())
    key = (key,) if operation.idempotent else ()
    return Call(operation, path, query, headers, body, key=key)
