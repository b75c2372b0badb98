"""The history: what everybody asked for and was told, one JSON line each time.

    invoke   a request leaves
    ok       it was granted
    fail     it was refused for good: it must have left nothing
    info     nobody knows (a broken connection, a 5xx): asked again later with the same key
    wrong    an answer that no history can explain

Times are of the monotonic clock (`at`) and of the wall (`wall`), which PostgreSQL shares."""
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import requests

DEFINITE = {"channel_refused"}  # a 5xx that is an answer all the same


def kind_of(status: int, code: str) -> str:
    if status in (200, 201):
        return "ok"
    return "fail" if 400 <= status < 500 and status != 429 or code in DEFINITE else "info"


class Diary:
    def __init__(self, path: Path):
        self.file, self.lock = open(path, "a"), threading.Lock()

    def write(self, kind: str, **facts):
        line = {"kind": kind, "at": time.monotonic(), "wall": time.time(), **facts}
        with self.lock:
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()


@dataclass
class Told:
    kind: str
    status: int = 0
    code: str = ""
    text: str = ""
    at: float = 0
    wall: float = 0
    began: float = float("inf")  # when it was asked

    @property
    def body(self) -> dict | None:
        return json.loads(self.text) if self.kind == "ok" else None


@dataclass
class Wish:
    """A request that changes something, under one key, and all that was answered to it."""
    op: str
    token: str
    path: str
    body: dict
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    answers: list = field(default_factory=list)

    @property
    def granted(self) -> Told | None:
        return next((t for t in self.answers if t.kind == "ok"), None)

    @property
    def last(self) -> Told | None:
        return self.answers[-1] if self.answers else None

    @property
    def known(self) -> bool:
        """How it ended. A refusal says so if nothing else was under way when it was asked for: of
        two that are asked at once, one may be refused and the other do it."""
        if not self.last or self.last.kind == "info":
            return False
        return bool(self.granted) or all(t.at < self.last.began for t in self.answers
                                         if t.kind == "info")


def ask(diary: Diary, client, wish: Wish) -> Told:
    """Once, with a line before and a line behind it."""
    client.token, began = wish.token, time.monotonic()
    diary.write("invoke", op=wish.op, key=wish.key, token=wish.token, path=wish.path,
                body=wish.body)
    try:
        answer = client.post(wish.path, wish.body, wish.key)
        text, status = answer.text, answer.status_code
        code = answer.json().get("error", {}).get("code", "") if status >= 400 else ""
    except (requests.RequestException, ValueError) as broken:
        text, status, code = "", 0, type(broken).__name__
    told = Told(kind_of(status, code), status, code, text, time.monotonic(), time.time(), began)
    diary.write(told.kind, op=wish.op, key=wish.key, status=status, code=code, text=text,
                began=began)
    return told


def read(folder: Path) -> tuple[dict, list]:
    """key -> Wish with its answers in their order, and the lines that are wrong."""
    lines = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.open()]
    wishes, wrong = {}, []
    for line in sorted(lines, key=lambda each: each["at"]):
        if line["kind"] == "wrong":
            wrong.append(line)
        elif line["kind"] == "invoke":
            wishes.setdefault(line["key"], Wish(line["op"], line["token"], line["path"],
                                                line["body"], line["key"]))
        else:
            wishes[line["key"]].answers.append(Told(
                line["kind"], line["status"], line["code"], line["text"], line["at"],
                line["wall"], line["began"]))
    return wishes, wrong
