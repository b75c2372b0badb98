"""What goes into a handler and what comes out: requests, answers and the refusals of WeChat's
two worlds (api.weixin.qq.com: HTTP 200 with errcode; api.mch.weixin.qq.com: status and
code)."""
import json
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Callable
from urllib.parse import parse_qsl, urlsplit

JSON = "application/json; charset=utf-8"


def _unique(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


@dataclass
class Request:
    method: str
    target: str  # path and query exactly as on the wire: signatures cover these bytes
    headers: Message
    body: bytes
    client: str

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name: str) -> str:
        return self.headers.get(name) or ""

    def json(self) -> dict:
        """The body as an object; ValueError for bad UTF-8, duplicate members, other kinds."""
        value = json.loads(self.body.decode("utf-8"), object_pairs_hook=_unique,
                           parse_constant=_no_constant)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    signed: bool = False
    headers: dict = field(default_factory=dict)
    after: list[Callable] = field(default_factory=list)  # run before sending, without the lock


class PayError(Exception):
    """A refusal of WeChat Pay (page 4012081709): status, code, message, sometimes a detail."""

    def __init__(self, status: int, code: str, message: str, detail: dict | None = None):
        super().__init__(code)
        self.status, self.code, self.message, self.detail = status, code, message, detail

    def answer(self) -> Answer:
        body = {"code": self.code, "message": self.message}
        if self.detail:
            body["detail"] = self.detail
        return Answer(self.status, to_json(body))


class ControlError(Exception):
    """A wrong call of the control API."""


class WxError(Exception):
    """A refusal of api.weixin.qq.com: errcode and a text with a variable tail."""

    def __init__(self, errcode: int, errmsg: str):
        super().__init__(errmsg)
        self.errcode, self.errmsg = errcode, errmsg


def wx_body(req: Request) -> dict:
    """The JSON object that a call of api.weixin.qq.com carries."""
    if not req.body:
        raise WxError(44002, "empty post data")
    try:
        return req.json()
    except ValueError:
        raise WxError(47001, "data format error") from None


def wx_member(body: dict, name: str, default):
    """A member of the default's kind; the default when it is absent."""
    value = body.get(name, default)
    if not isinstance(value, type(default)):
        raise WxError(47001, f"data format error hint: [{name}]")
    return value


def to_json(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def plain(value: dict, status: int = 200) -> Answer:
    return Answer(status, to_json(value))


def signed(value: dict) -> Answer:
    return Answer(200, to_json(value), signed=True)
