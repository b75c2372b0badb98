"""The stack under the bench: brought up with bench data, looked at, taken down."""
import base64
import json
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "stack"))
import deploy  # noqa: E402
import servers  # noqa: E402
from layout import REPO, Stack  # noqa: E402, F401
from process import link_of  # noqa: E402

STACK = [sys.executable, HERE.parent / "stack/stack.py"]
CHINA = timezone(timedelta(hours=8))
ACCOUNTS = range(201, 401)  # with a session of the same number: data.sql
STOP_LIMIT_S = 20
CHOICES = ("rate_api=9999999", "rate_login=9999999", "connections=9999", "bench=on",
           "ZX_QUOTA_PER_DAY=1000000", "ZX_HOLDS_AT_ONCE=1000000",
           "ZX_HOLDS_ENDED_PER_DAY=1000000", "ZX_LOGIN_PER_MINUTE=1000000",
           "ZX_READS_PER_MINUTE=1000000", "ZX_WRITES_PER_MINUTE=1000000")


def command(*args):
    done = subprocess.run([str(a) for a in args], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(map(str, args))}\n{done.stdout}")


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class House:
    def __init__(self, run: Path, build: str, port_base: int):
        self.run, self.build, self.port_base = run, build, port_base
        self.today = datetime.now(CHINA).date()

    def up(self):
        """Durable, the release build; without the daemons, which would work on both sides'
        messages at times of their own."""
        sets = [word for choice in CHOICES for word in ("--set", choice)]
        command(*STACK, "up", "--run", self.run, "--build", self.build, "--durable",
                "--port-base", self.port_base, *sets)
        self.stack = Stack(self.run)
        self.stack.load_options()
        for daemon in servers.daemons(self.stack):
            self.kill(daemon)
        self.psql("zx_owner", f"\\set today '{self.today}'\n{(HERE / 'data.sql').read_text()}")
        self.tokens = self.stack.path("bench-tokens")
        self.tokens.write_text("".join(f"{self.token(n)}\n" for n in ACCOUNTS))

    def down(self):
        command(*STACK, "reset", "--run", self.run)

    def kill(self, name: str, signal: str = "TERM"):
        command(*STACK, "kill", name, "--signal", signal, "--run", self.run)

    def start(self, name: str):
        command(*STACK, "start", name, "--run", self.run)

    def stop(self, name: str):
        """End a daemon or a pool and wait for that."""
        self.kill(name)
        deadline = time.monotonic() + STOP_LIMIT_S
        while self.stack.record(name).members():
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: {name} does not end")
            time.sleep(0.05)

    def environment(self) -> dict:
        """Of programs of ours that the bench runs itself."""
        return deploy.environment(self.stack)

    def psql(self, user: str, script: str) -> str:
        return deploy.psql(self.stack, user, script)

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def sock(self) -> Path:
        return self.stack.path("pg/sock")

    def token(self, account: int) -> str:
        """An access token as /oauth2/token makes them (lib/login/token.c)."""
        keys = self.stack.path("secrets/token-keys")
        kid = (keys / "current").read_text().strip()
        key = serialization.load_pem_private_key((keys / f"{kid}.pem").read_bytes(), None)
        now = int(time.time())
        parts = ({"alg": "ES256", "typ": "JWT", "kid": kid},
                 {"iss": self.url, "aud": "zhixing", "sub": str(account), "sid": str(account),
                  "iat": now, "exp": now + 7200, "scope": "user"})
        text = ".".join(base64url(json.dumps(p).encode()) for p in parts)
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def workers(self, pool: str) -> list:
        """Numbers of a pool's living workers."""
        members = self.stack.record(f"pool-{pool}").members()
        return [p for p in members if link_of(p, "exe").endswith(f"/{pool}.fcgi")]

    def checkpoint(self):
        """Before each writing measurement, so that all pay for the same full pages."""
        self.psql("postgres", "CHECKPOINT")

    def cut_connections(self):
        """The workers make new ones when they need them."""
        self.psql("postgres", """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'zx'""")

    def log_statements(self, on: bool):
        self.psql("postgres", f"""ALTER ROLE zx {"SET log_min_duration_statement = 0" if on else
                                                "RESET log_min_duration_statement"}""")
        self.cut_connections()

    def executed(self, act) -> list:
        """Names of the statements that the workers run while `act` does something."""
        log = self.stack.path("log/postgres.log")
        self.log_statements(True)
        before = log.stat().st_size
        act()
        self.log_statements(False)
        text = log.read_bytes()[before:].decode()
        return re.findall(r"execute (\w+): ", text)

    def deadlocks(self) -> int:
        text = self.stack.path("log/postgres.log").read_text(errors="replace")
        counted = self.psql(
            "postgres", "SELECT deadlocks FROM pg_stat_database WHERE datname = 'zx'")
        return max(int(counted), text.count("deadlock detected"))

    def statuses(self, path: str = "") -> Counter:
        """HTTP statuses of all that nginx has answered, or only of what asked for a path."""
        time.sleep(1.2)  # its log is written within a second
        found, wanted = Counter(), f'"path":"{path}"'.encode() if path else b""
        with open(self.stack.path("log/access.log"), "rb") as log:
            for line in log:
                if wanted in line:
                    found[int(re.search(rb'"status":(\d+)', line)[1])] += 1
        return found
