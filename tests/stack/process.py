"""Processes that the stack starts: remembered on disk, recognised again, ended.

A process is only ever signalled if it is provably ours: its number *and* its start time are in
our record, or it belongs to a session that a recorded process opened and works inside the run
folder (workers that outlive their supervisor), or it is a named helper
working in the recorded folder (PostgreSQL's open sessions of their own).
"""
import grp
import hashlib
import json
import os
import pwd
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, NamedTuple

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """One process to run.

    check    a command that must agree before a start
    prepare  called when nothing is left of the last run
    files    what it reads at its start: when one changes, it is restarted
    reload   the signal that makes it read them again without a restart
    main     the process to signal, when a wrapper stands before it
    kin      name of helpers that open sessions of their own
    stage    lower ones are stopped before higher ones
    patience seconds from the stop signal to KILL
    fresh    was started by this command
    """
    name: str
    argv: list
    cwd: Path
    user: str | None
    ready: Callable[[], bool]
    check: list = field(default_factory=list)
    prepare: Callable[[], None] = lambda: None
    env: dict = field(default_factory=dict)
    files: list = field(default_factory=list)
    stop: str = "TERM"
    reload: str | None = None
    main: str | None = None
    kin: str | None = None
    stage: int = 0
    umask: int = 0o022
    patience: float = 20
    fresh: bool = False

    def recipe(self) -> str:
        """Changes when the server would be started differently."""
        text = json.dumps([[str(a) for a in self.argv], self.env, self.user])
        digest = hashlib.sha256(text.encode())
        for path in self.files:
            digest.update(Path(path).read_bytes())
        return digest.hexdigest()[:16]


class Stat(NamedTuple):
    name: str
    state: str
    parent: int
    session: int
    start: int


def stat_of(pid: int) -> Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    words = rest.split()
    return Stat(name, words[0], int(words[1]), int(words[3]), int(words[19]))


def all_pids() -> list:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def link_of(pid: int, name: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/{name}").removesuffix(" (deleted)")
    except OSError:
        return ""


def cmdline_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def replaced_files(pid: int) -> list:
    """Programs and libraries that a process still runs although another file has their name by
    now, as after an upgrade. What never was a file has no name on the disk: memory, JIT code."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines()
    except OSError:
        return []
    mapped = (line.split(maxsplit=5) for line in lines)
    names = {m[5].removesuffix(" (deleted)") for m in mapped
             if len(m) == 6 and "x" in m[1] and m[5].endswith(" (deleted)")}
    return sorted(n for n in names if n.startswith("/")
                  and not n.startswith(("/memfd:", "/dev/", "/SYSV")))


def age_s(pid: int) -> float:
    stat = stat_of(pid)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - stat.start / TICKS_PER_S if stat else 0.0


class Record:
    """What is remembered of a started server in <run>/pid/<name>."""

    def __init__(self, path: Path):
        self.path, self.name = path, path.name
        try:
            self.facts = json.loads(path.read_text())
        except (OSError, ValueError):
            self.facts = {}

    def write(self, server: Server, pid: int):
        self.facts = {"pid": pid, "start": stat_of(pid).start, "recipe": server.recipe(),
                      "cwd": str(server.cwd), "stop": server.stop, "main": server.main,
                      "kin": server.kin, "stage": server.stage, "patience": server.patience}
        part = self.path.with_name(f".{self.name}")
        part.write_text(json.dumps(self.facts))
        part.rename(self.path)

    def leader_lives(self) -> bool:
        stat = stat_of(self.facts.get("pid", 0))
        return bool(stat) and stat.start == self.facts["start"] and stat.state != "Z"

    def _owns(self, pid: int, stat: Stat, run: str) -> bool:
        if pid == self.facts["pid"]:
            return stat.start == self.facts["start"]
        cwd = link_of(pid, "cwd")
        if stat.session == self.facts["pid"]:
            return stat.start >= self.facts["start"] and cwd.startswith(run + "/")
        return stat.name == self.facts["kin"] and cwd == self.facts["cwd"]

    def members(self) -> list:
        """Living processes of this server, the leader first."""
        if not self.facts:
            return []
        run = str(self.path.parent.parent)
        stats = ((pid, stat_of(pid)) for pid in all_pids())
        found = [p for p, s in stats if s and s.state != "Z" and self._owns(p, s, run)]
        return sorted(found, key=lambda p: (p != self.facts["pid"], p))

    def replaced(self) -> str | None:
        """A file that this server runs and that was replaced under it; not those of the run
        folder, which the recipe compares by their content."""
        run = f"{self.path.parent.parent}/"
        files = (f for pid in self.members() for f in replaced_files(pid))
        return next((f for f in files if not f.startswith(run)), None)

    def main_pid(self) -> int | None:
        """The process that graceful signals go to."""
        members = self.members()
        named = [p for p in members if (s := stat_of(p)) and s.name == self.facts["main"]]
        return (named or members or [None])[0]

    def forget(self):
        self.path.unlink(missing_ok=True)
        self.facts = {}


def send(pids: list, name: str):
    for pid in pids:
        try:
            os.kill(pid, signal.Signals[f"SIG{name}"])
        except ProcessLookupError:
            pass


def wait_until(what: Callable[[], bool], limit_s: float) -> bool:
    end, pause_s = time.monotonic() + limit_s, 0.01
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.3, 0.2)
    return True


def end_all(records: list, say: Callable[[str], None]):
    """Ask each to stop, wait, then kill what remains of them."""
    for record in records:
        if pid := record.main_pid():
            send([pid], record.facts["stop"])
            send([p for p in record.members() if (s := stat_of(p)) and s.state == "T"], "CONT")
    limit = max((r.facts.get("patience", 0) for r in records), default=0)
    wait_until(lambda: not any(r.members() for r in records), limit)
    for record in records:
        if left := record.members():
            say(f"{record.name} did not stop in {limit} s: killing {left}")
            send(left, "KILL")
    wait_until(lambda: not any(r.members() for r in records), 10)
    for record in records:
        record.forget()


children = []  # Popen objects of this run of the program, so that dead ones are reaped


def launch(server: Server, record: Record, log: Path):
    """Start a server in a session of its own, after killing what a crash left of the last."""
    send(record.members(), "KILL")
    wait_until(lambda: not record.members(), 10)
    server.prepare()
    identity = {}
    if server.user:
        user = pwd.getpwnam(server.user)
        identity = {"user": user.pw_uid, "group": user.pw_gid,
                    "extra_groups": os.getgrouplist(server.user, user.pw_gid)}
    with open(log, "ab") as out:
        child = subprocess.Popen([str(a) for a in server.argv], cwd=server.cwd, stdout=out,
                                 stderr=out, stdin=subprocess.DEVNULL, env=server.env,
                                 start_new_session=True, umask=server.umask, **identity)
    children.append(child)
    server.fresh = True
    record.write(server, child.pid)


def own(path: Path, mode: int, user: str | None = None, group: str | None = None) -> Path:
    """Set mode and, where the service users are used, owner."""
    if user or group:
        os.chown(path, pwd.getpwnam(user).pw_uid if user else -1,
                 grp.getgrnam(group).gr_gid if group else -1)
    path.chmod(mode)
    return path
