"""What `up` does with ports that are taken, and with programs that are replaced while they run."""
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import layout
import stack as command
from layout import Stack
from process import Server, end_all, replaced_files, wait_until

SLEEP = Path("/usr/bin/sleep")


@pytest.fixture
def stack(tmp_path):
    """A run folder without servers; what a test starts in it ends with it."""
    made = Stack(tmp_path / "run")
    made.path("pid").mkdir(parents=True)
    made.path("log").mkdir()
    yield made
    end_all(made.records(), print)


@pytest.fixture
def free_base():
    return next(b for b in layout.OTHER_BASES if not layout.busy_port(b))


@pytest.fixture
def busy_base(free_base):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_base + layout.PORTS["sim"]))
        taken.listen()
        yield free_base


def sleeper(stack: Stack, program: Path, **more) -> Server:
    return Server(name="sleeper", argv=[program, 600], cwd=stack.path("log"), user=None,
                  env={"PATH": "/usr/bin:/bin"}, ready=lambda: True, **more)


def run_sleeper(stack: Stack, program: Path, **more) -> int:
    command.ensure(stack, sleeper(stack, program, **more))
    pid = stack.record("sleeper").facts["pid"]
    maps = Path(f"/proc/{pid}/maps")  # complete some time after exe
    assert wait_until(lambda: str(program) in maps.read_text() and "libc" in maps.read_text(), 10)
    return pid


# ---- Ports

def test_the_asked_base_is_used(stack, free_base):
    stack.choose_base(free_base)
    assert (stack.base, stack.base_note) == (free_base, "")
    assert stack.path("port-base").read_text() == f"{free_base}\n"


def test_of_a_base_that_is_taken_the_port_is_named(stack, busy_base):
    stack.choose_base(busy_base)
    assert stack.base != busy_base
    assert f"port {busy_base + 80} is taken" in stack.base_note


def test_what_runs_moves_to_the_asked_base_if_that_is_free(stack, free_base):
    stack.path("port-base").write_text("18000\n")
    run_sleeper(stack, SLEEP)
    assert stack.must_move(free_base)
    assert not stack.must_move(18000) and not stack.must_move(None)


def test_what_runs_stays_where_it_is_and_says_so_if_the_asked_base_is_taken(stack, busy_base):
    stack.base = busy_base + 1
    stack.path("port-base").write_text(f"{stack.base}\n")
    run_sleeper(stack, SLEEP)
    assert not stack.must_move(busy_base)
    stack.choose_base(busy_base)
    assert stack.base == busy_base + 1
    assert f"port {busy_base + 80} is taken" in stack.base_note


@pytest.mark.parametrize("text", ["abc", "0", "80", "64001", "18000x", "-1"])
def test_what_is_no_port_base_is_refused_with_the_reason(text):
    done = subprocess.run([sys.executable, command.__file__, "up"], text=True, capture_output=True,
                          env={**os.environ, "ZX_PORT_BASE": text})
    assert done.returncode == 2
    assert f"{text!r} is no port base: a number from 1024 to 64000" in done.stderr


# ---- Programs

def test_what_runs_as_wanted_is_left_alone(stack):
    assert run_sleeper(stack, SLEEP) == run_sleeper(stack, SLEEP)


@pytest.mark.parametrize("reload", [None, "HUP"])
def test_a_server_whose_program_was_replaced_is_restarted(stack, tmp_path, reload):
    program = tmp_path / "sleep"
    shutil.copy(SLEEP, program)
    before = run_sleeper(stack, program, reload=reload)
    assert replaced_files(before) == []
    shutil.copy(SLEEP, tmp_path / "new")
    (tmp_path / "new").rename(program)
    assert replaced_files(before) == [str(program)]
    after = run_sleeper(stack, program, reload=reload)
    assert after != before and replaced_files(after) == []


def test_a_server_whose_library_was_replaced_is_restarted(stack, tmp_path):
    library = next(Path(line.split()[2]) for line in subprocess.run(
        ["ldd", SLEEP], text=True, capture_output=True).stdout.splitlines() if "libc.so" in line)
    shutil.copy(library, tmp_path / "libc.so.6")
    more = {"env": {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": str(tmp_path)}}
    server = Server(name="sleeper", argv=[SLEEP, 600], cwd=stack.path("log"), user=None,
                    ready=lambda: True, **more)
    command.ensure(stack, server)
    before = stack.record("sleeper").facts["pid"]
    mapped = Path(f"/proc/{before}/maps")
    assert wait_until(lambda: str(tmp_path) in mapped.read_text(), 10)
    shutil.copy(library, tmp_path / "new")
    (tmp_path / "new").rename(tmp_path / "libc.so.6")
    command.ensure(stack, server)
    assert stack.record("sleeper").facts["pid"] != before


def test_what_lies_in_the_run_folder_is_compared_by_its_content_only(stack):
    program = stack.path("sleep")
    shutil.copy(SLEEP, program)
    before = run_sleeper(stack, program)
    shutil.copy(SLEEP, stack.path("new"))
    stack.path("new").rename(program)
    assert run_sleeper(stack, program) == before
