"""Where everything of one stack lies: the run folder, its ports, its users, its options."""
import fcntl
import hashlib
import json
import os
import re
import socket
import stat
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from process import Record

REPO = Path(__file__).resolve().parents[2]
PORTS = {"https": 443, "amqp": 672, "dist": 673, "epmd": 369, "sim": 80}
DEFAULT_BASE = 18000
BASES = range(1024, 64001)
OTHER_BASES = range(20000, 32000, 1000)  # below the ports that clients are given
PATH_MAX = 80  # a unix socket's path must stay under 108 bytes
MARKER = ".zhixing-run"
IS_ROOT = os.geteuid() == 0

started_at = time.monotonic()


class StackError(Exception):
    """A sentence for the person who typed the command."""


def say(text: str):
    print(f"[{time.monotonic() - started_at:5.1f} s] {text}", flush=True)


@dataclass
class Options:
    """What `up` was told; kept in the run folder for `start`."""
    build: str = "build/release"
    fast: bool = False
    demo: bool = True
    workers: int | None = None
    daemons: int = 1
    set: dict = field(default_factory=dict)


def service_user(name: str) -> str | None:
    """The user that a server runs as: its own under root, else whoever calls us."""
    return name if IS_ROOT else None


def busy_port(base: int) -> int | None:
    """The first port of this base that somebody else listens on."""
    for port in (base + offset for offset in PORTS.values()):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return port
    return None


def _suits(folder: Path) -> bool:
    """Short and plain enough for socket paths and configurations; open to service users."""
    if len(str(folder)) > PATH_MAX or not re.fullmatch(r"[\w./+-]+", str(folder), re.ASCII):
        return False
    above = [p for p in folder.parents if p.exists()]
    return not IS_ROOT or all(p.stat().st_mode & stat.S_IXOTH for p in above)


def _stand_in(wanted: Path) -> Path:
    """A folder in /var/tmp that `wanted` becomes a link to."""
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    real = Path(f"/var/tmp/zhixing-{digest}")
    if not wanted.is_symlink():
        if wanted.exists():
            wanted.rmdir()
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.symlink_to(real)
        say(f"{wanted} is a link to {real}: the servers' users can't use the former")
    return real


class Stack:
    """Paths and names of one stack. `wanted` is what the user typed, `run` the real folder."""

    def __init__(self, wanted: Path):
        self.wanted = Path(os.path.abspath(wanted))
        self.run = self.wanted.resolve()
        self.base = self._saved_base() or DEFAULT_BASE
        self.base_note = ""
        self.options = Options()

    def create(self):
        if not self.wanted.is_symlink() and not _suits(self.run):
            self.run = _stand_in(self.wanted)
        self.run.mkdir(mode=0o755, parents=True, exist_ok=True)
        if self.run.is_symlink() or self.run.stat().st_uid != os.geteuid():
            raise StackError(f"{self.run} belongs to another user: "
                             "stop and remove it as that user, or choose another --run")
        if not self.is_ours() and any(self.run.iterdir()):
            raise StackError(f"{self.run} is not empty and not a run folder")
        self.run.chmod(0o755)
        self.path(MARKER).touch()
        for name in ("pid", "log"):
            self.path(name).mkdir(exist_ok=True)

    def is_ours(self) -> bool:
        return self.path(MARKER).exists()

    def lock(self):
        """One command at a time; held until the program ends."""
        self._lock = open(self.path("lock"), "w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another command works on this stack; waiting for it")
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def path(self, *names) -> Path:
        return self.run.joinpath(*names)

    def program(self, name: str) -> Path:
        return self.path("app/libexec/zhixing", name)

    def share(self, name: str) -> Path:
        return self.path("app/share/zhixing", name)

    def record(self, name: str) -> Record:
        return Record(self.path("pid", name))

    def records(self) -> list:
        folder = self.path("pid")
        names = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
        return [self.record(name) for name in names if not name.startswith(".")]

    def port(self, name: str) -> int:
        return self.base + PORTS[name]

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port('https')}"

    @property
    def pools(self) -> list:
        return sorted(p.name.removesuffix(".fcgi") for p in self.program("").glob("*.fcgi"))

    def _saved_base(self) -> int | None:
        try:
            return int(self.path("port-base").read_text())
        except (OSError, ValueError):
            return None

    def is_running(self) -> bool:
        return any(r.members() for r in self.records())

    def must_move(self, asked: int | None) -> bool:
        """Whether it runs on other ports than the asked ones, which it can have."""
        return asked not in (None, self._saved_base()) and self.is_running() and not busy_port(asked)

    def choose_base(self, asked: int | None):
        """The asked ports, else those of last time; others if one of them is taken, with a word
        about it. What still runs keeps its own."""
        saved = self._saved_base()
        wanted = asked or saved or DEFAULT_BASE
        running = saved and self.is_running()
        if saved == wanted and running:
            return
        taken = busy_port(wanted)
        if not running:
            free = (b for b in OTHER_BASES if not busy_port(b))
            self.base = next(free, None) if taken else wanted
        if not self.base:
            raise StackError("no free port base found; name one with --port-base")
        if self.base != wanted:
            self.base_note = (f"port base {self.base} is used, not {wanted}: "
                              f"port {taken} is taken by another program")
            say(self.base_note)
        self.path("port-base").write_text(f"{self.base}\n")

    def save_options(self):
        self.path("options.json").write_text(json.dumps(asdict(self.options), indent=1) + "\n")

    def load_options(self):
        try:
            self.options = Options(**json.loads(self.path("options.json").read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise StackError(f"{self.wanted} was never started: {error}") from None

    def log_tail(self, name: str, lines: int = 15) -> str:
        try:
            text = self.path("log", f"{name}.log").read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def die(text: str):
    print(f"stack: {text}", file=sys.stderr)
    sys.exit(1)
