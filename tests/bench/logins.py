"""Logging in by password, against the same hashes without a house around them; and what it costs
to know who asks."""
import ctypes
import ctypes.util
import json
import re
import ssl
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

from house import House

HASHERS = 2  # workers of the pool password
CLERKS = 8
PASSWORD = "a password for the bench"
PAGES = 4000


def _hash_for(setting: str, seconds: float) -> int:
    """How many hashes one process makes."""
    crypt = ctypes.CDLL(ctypes.util.find_library("crypt")).crypt
    crypt.restype = ctypes.c_char_p
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        crypt(PASSWORD.encode(), setting.encode())
        count += 1
    return count


class Logins:
    def __init__(self, home: House, tools: Path):
        self.home, self.tools = home, tools
        program = home.stack.program("hashpw")
        self.hash = subprocess.run([program], input=PASSWORD, text=True, capture_output=True,
                                   check=True, env=home.environment()).stdout.strip()
        home.psql("zx_owner", f"""
            INSERT INTO account (id, nickname) SELECT 900 + n, '前台' FROM generate_series(1, {CLERKS}) n;
            INSERT INTO staff_login (account_id, username, password_hash)
                SELECT 900 + n, 'bench' || n, '{self.hash}' FROM generate_series(1, {CLERKS}) n;
            INSERT INTO account_role (account_id, role) SELECT 900 + n, 'editor'
                FROM generate_series(1, {CLERKS}) n;""")

    def _clerk(self, number: int, seconds: float) -> int:
        context = ssl.create_default_context(cafile=self.home.stack.path("tls/ca.pem"))
        host = self.home.url.removeprefix("https://")
        form = urlencode({"grant_type": "password", "username": f"bench{number}",
                          "password": PASSWORD})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        count, end = 0, time.monotonic() + seconds
        connection = HTTPSConnection(host, context=context, timeout=30)
        while time.monotonic() < end:
            connection.request("POST", "/oauth2/token", form, kind)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"bench: a login was answered {answer.status} {body!r}")
            count += 1
        return count

    def through_nginx(self, seconds: float) -> float:
        with ThreadPoolExecutor(CLERKS) as pool:
            return sum(pool.map(lambda n: self._clerk(n, seconds), range(1, CLERKS + 1))) / seconds

    def bare_crypt(self, seconds: float) -> float:
        """As many processes as the pool has workers."""
        setting = re.match(r"\$y\$[^$]+\$[^$]+\$", self.hash)[0]
        with ProcessPoolExecutor(HASHERS) as pool:
            counts = pool.map(_hash_for, [setting] * HASHERS, [seconds] * HASHERS)
            return sum(counts) / seconds

    def costs(self) -> dict:
        """Microseconds: tests/bench/tokens.c."""
        day = self.home.today + timedelta(days=1)
        done = subprocess.run([self.tools / "tokens", str(PAGES), str(day)], text=True,
                              env=self.home.environment(), capture_output=True)
        if done.returncode:
            raise SystemExit(f"bench: {done.stderr}")
        return json.loads(done.stdout)
