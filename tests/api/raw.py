"""HTTP/1.1 by hand over TLS: what no library would send."""
import json
import socket
import ssl
from dataclasses import dataclass

LIMIT_S = 20


@dataclass
class Raw:
    status: int  # 0: the connection was closed without an answer
    headers: dict
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)

    def error(self) -> dict:
        return self.json()["error"]


def connect(house, tls: bool = True):
    plain = socket.create_connection(("localhost", house.port), timeout=LIMIT_S)
    if not tls:
        return plain
    context = ssl.create_default_context(cafile=house.ca)
    return context.wrap_socket(plain, server_hostname="localhost")


def talk(house, text: bytes, half: bool = False, tls: bool = True) -> Raw:
    """Send these bytes, read one answer. half: hang up in the middle of sending."""
    with connect(house, tls) as link:
        try:
            link.sendall(text)
            if half:
                link.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all of it was sent: the answer tells
        return read(link)


def read(link) -> Raw:
    data = b""
    try:
        while piece := link.recv(65536):
            data += piece
            if complete(data):
                break
    except OSError:
        pass
    return parse(data)


def complete(data: bytes) -> bool:
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        return False
    length = parse(data).headers.get("content-length")
    return length is not None and len(body) >= int(length)


def parse(data: bytes) -> Raw:
    head, _, body = data.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return parse(body)
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split()
    if len(words) < 2 or not words[1].isdecimal():
        return Raw(0, {}, data)
    pairs = (line.partition(":")[::2] for line in lines)
    return Raw(int(words[1]), {name.lower(): value.strip() for name, value in pairs}, body)


def request(method: str, target: str, headers=(), body: bytes = b"", length=True) -> bytes:
    """headers: lines of text; Host comes first, Content-Length last unless told otherwise."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
    if length is True and (body or method not in ("GET", "HEAD")):
        lines.append(f"Content-Length: {len(body)}")
    elif length is not True and length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + body
