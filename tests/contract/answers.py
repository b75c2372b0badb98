"""Whether an answer is one that the description lists for its operation."""
import json
import re
from dataclasses import dataclass

from description import DESCRIPTION, Operation

SEEN = set()  # (operation, status, error code or None) of every answer that was checked
BEGINNINGS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/svg+xml": b"<svg ",
              "text/plain": b"# HELP zhixing_"}


@dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes

    @classmethod
    def of(cls, response) -> "Answer":
        """From what the library requests gives."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        return cls(response.status_code, headers, response.content)

    @property
    def code(self) -> str | None:
        """The error's stable code, in our form or in OAuth's."""
        if self.status < 400:
            return None
        error = json.loads(self.body)["error"]
        return error if isinstance(error, str) else error["code"]

    @property
    def field(self) -> str | None:
        error = json.loads(self.body)
        if isinstance(error["error"], str):
            return error.get("field")
        return error["error"].get("field")


def operation_of(method: str, path: str) -> Operation | None:
    """The operation behind a request; path parameters stand for anything but a slash."""
    for op in DESCRIPTION.operations:
        if op.method == method and re.fullmatch(pattern_of(op.path), path):
            return op
    return None


def pattern_of(path: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))


def header_value(schema: dict, text: str):
    return int(text) if schema.get("type") == "integer" and text.isdecimal() else text


def check_headers(response: dict, answer: Answer):
    for name, header in response["headers"].items():
        header = DESCRIPTION.whole(header)
        text = answer.headers.get(name.lower())
        assert text is not None or not header.get("required"), f"{name} is missing"
        if text is not None:
            value = header_value(header["schema"], text)
            assert DESCRIPTION.faults(header["schema"], value) == [], name


def check_body(response: dict, answer: Answer):
    if "content" not in response:
        assert answer.body == b"" and "content-type" not in answer.headers
        return
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in response["content"], f"{kind} is not listed"
    if "content-encoding" not in answer.headers:
        assert int(answer.headers["content-length"]) == len(answer.body)
    if kind != "application/json":
        assert answer.body.startswith(BEGINNINGS[kind])
        return
    value = json.loads(answer.body)
    faults = DESCRIPTION.faults(response["content"][kind]["schema"], value, answer=True)
    assert faults == [], f"{faults}: {answer.body.decode()}"


def check_request_id(answer: Answer):
    body = json.loads(answer.body)
    given = body["error"] if isinstance(body["error"], dict) else body
    assert given["request_id"] == answer.headers["x-request-id"]


def check(operation: Operation, answer: Answer) -> Answer:
    response = operation.responses.get(str(answer.status))
    assert response, f"{operation} does not list {answer.status}: {answer.body[:300]!r}"
    check_headers(response, answer)
    check_body(response, answer)
    if answer.status >= 400:
        check_request_id(answer)
    SEEN.add((operation.id, answer.status, answer.code))
    return answer


def watch(client_class):
    """From now on every answer that such a client gets is checked."""
    call = client_class.call

    def checked(self, method, path, **more):
        response = call(self, method, path, **more)
        operation = operation_of(method, path.partition("?")[0])
        if operation:
            check(operation, Answer.of(response))
        return response
    client_class.call = checked
