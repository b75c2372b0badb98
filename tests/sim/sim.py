#!/usr/bin/python3
"""WeChat, simulated: mini-program login, website login and WeChat Pay APIv3 over real HTTPS,
with real signatures. For tests and `make run`; never for a server that others can reach.

    sim.py --config FILE [--port PORT]

simconf.py lists the configuration, control.py the control API under /sim/, faults.py what can
be made to go wrong. Prints one line when it is ready. SIGTERM ends it.
"""
import argparse
import re
import signal
import socket
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import control
import simconf
from answers import Answer, Request
from simulator import Simulator

LARGEST_BODY = 1 << 20
PLAY_ORIGIN = re.compile(r"https://(localhost|127\.0\.0\.1)(:\d+)?")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "nginx", ""
    disable_nagle_algorithm = True  # or each answer waits for a delayed ACK
    wbufsize = 1 << 16  # head and body leave in one write
    timeout = 60

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        req = Request(self.command, self.path, self.headers, body, self.client_address[0])
        if req.path.startswith("/sim/"):
            answer = self._control(req)
        else:
            answer = self.server.simulator.handle(req)
        if answer is None:
            self.close_connection = True
            return
        self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdecimal():
            self.send_error(411)
        elif int(length) > LARGEST_BODY:
            self.send_error(413)
        else:
            return self.rfile.read(int(length))
        self.close_connection = True
        return None

    def _control(self, req: Request) -> Answer:
        """A page from another port of this machine may call; the browser asks with OPTIONS."""
        answer = Answer(204) if req.method == "OPTIONS" else \
            control.handle(self.server.simulator, req)
        origin = req.header("Origin")
        if PLAY_ORIGIN.fullmatch(origin):
            answer.headers.update({"Access-Control-Allow-Origin": origin, "Vary": "Origin",
                                   "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
                                   "Access-Control-Allow-Headers": "Content-Type"})
        return answer

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            if answer.content_type:
                self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args) -> None:
        """One line a request, without the query: secrets and codes travel in it."""
        path = getattr(self, "path", "?").partition("?")[0]
        method, status = getattr(self, "command", "-"), args[1] if len(args) > 1 else "-"
        sys.stdout.write(f"{self.log_date_time_string()} {method} {path} {status}\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, config, port: int):
        super().__init__((config.host, port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(config.tls_cert, config.tls_key)
        # the handshake happens in the handler's thread: a silent client can't stop the others
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
        self.simulator = Simulator(config)

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exc_info()[1], (ssl.SSLError, ConnectionError, socket.timeout)):
            super().handle_error(request, client_address)


def main() -> int:
    parser = argparse.ArgumentParser(description="WeChat, simulated")
    parser.add_argument("--config", required=True)
    parser.add_argument("--port", type=int, help="instead of the configured one")
    args = parser.parse_args()
    try:
        config = simconf.load(args.config)
    except simconf.ConfigError as error:
        print(f"sim: {error}", file=sys.stderr)
        return 78
    server = Server(config, config.port if args.port is None else args.port)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.reconfigure(line_buffering=True)
    server.simulator.resume()
    print(f"simulator ready on https://{config.host}:{server.server_port}")
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
