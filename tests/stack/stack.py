#!/usr/bin/python3
"""Start and stop everything privately, under one folder: PostgreSQL, Redis, RabbitMQ, nginx, the
simulated WeChat, worker pools and daemons. Uses no system service and nothing outside the folder.

    stack.py up [--run DIR] [--build DIR] [--port-base N] [--workers N] [--daemons N]
                [--no-demo] [--fast | --durable] [--set NAME=VALUE ...]
    stack.py down | status | reset   [--run DIR]
    stack.py kill NAME [--signal KILL] | start NAME   [--run DIR]

`up` brings the run folder to the given state: what runs already as wanted is left alone, what has
changed (program, settings, configuration) is restarted gracefully; after a crash it cleans up.
`down` stops it and keeps the data, `reset` deletes the folder. `kill` and `start` are for tests
that break one server: postgres, redis, rabbitmq, epmd, sim, nginx, relay, settle,
sweep, consume-<consumer>, pool-<name>.
KILL, STOP and CONT go to all processes of a server, other signals to its main process.

--port-base N   ports N+443 (https), N+672 (AMQP), N+80 (simulator), N+369 and N+673 (Erlang);
                default $ZX_PORT_BASE, else the folder's last, else 18000; what runs on another
                base moves; if one of them is taken, another base is used and the end says why
--workers N     of each pool; --daemons N: of the relay, each consumer, settle, sweep (1)
--fast          no fsync: for tests that don't pull the plug
--set           ZX_<SETTING>=…, or of nginx: rate_api, rate_login (requests per second and client
                address), connections (per client address), guest_cache=on|off, cors="ORIGIN …"
                (pages of other hosts), bench=on|off (/bench/return answers from nginx alone)

In the folder: zx.env (settings), log/, demo-password, tls/ca.pem (trust it to reach the URL),
pg/sock and redis/redis.sock. Under root the servers run as postgres, redis, rabbitmq, www-data
and nobody. If they can't reach the folder, it becomes a link into /var/tmp.

Modules: layout (paths, ports), keys (secrets), deploy (install, settings, database), servers (how
each process is run), process (records, signals).
"""
import argparse
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import deploy
import keys
import servers
from layout import BASES, MARKER, REPO, Options, Stack, StackError, die, say
from process import cmdline_of, end_all, launch, send, wait_until

READY_LIMIT_S = 180
RELOAD_LIMIT_S = 15
NOT_RUNNING = 3
FILES = 8192


def check(server):
    """Let a configuration error be told at once instead of showing as a crash loop."""
    if server.check:
        done = subprocess.run([str(a) for a in server.check], env=server.env, text=True,
                              capture_output=True)
        if done.returncode:
            raise StackError(f"{server.name}: {(done.stderr or done.stdout).strip()}")


def reload(stack: Stack, server, record):
    """Wait until the old workers take no new connections."""
    master, *old = record.members()
    send([master], server.reload)
    record.write(server, master)

    def serves(pid: int) -> bool:
        title = cmdline_of(pid)
        return title.startswith("nginx: worker process") and "shutting down" not in title

    if not wait_until(lambda: not any(serves(pid) for pid in old), RELOAD_LIMIT_S):
        raise StackError(f"nginx kept its old configuration; see {stack.path('log')}")
    say("nginx reloaded")


def ensure(stack: Stack, server):
    """Start a server, or restart it if it was started differently or what it runs was replaced."""
    record = stack.record(server.name)
    if record.leader_lives():
        gone = record.replaced()
        if record.facts["recipe"] == server.recipe() and not gone:
            return
        check(server)
        if server.reload and not gone:
            reload(stack, server, record)
            return
        say(f"{server.name} {f'runs a {gone} that was replaced' if gone else 'has changed'}: "
            "restarting it")
        end_all([record], say)
    else:
        check(server)
    launch(server, record, stack.path("log", f"{server.name}.log"))


def wait_ready(stack: Stack, *waited):
    for server in waited:
        record = stack.record(server.name)
        ok = wait_until(lambda: server.ready() or not record.leader_lives(), READY_LIMIT_S)
        if not ok or not record.leader_lives():
            raise StackError(f"{server.name} did not become ready; the end of its log:\n"
                             f"{stack.log_tail(server.name)}")
        if server.fresh:
            say(f"{server.name} ready")


def run_server(stack: Stack, name: str):
    server = servers.by_name(stack, name)
    ensure(stack, server)
    return server


def program_names(stack: Stack) -> list:
    return [*servers.daemons(stack), *(f"pool-{name}" for name in stack.pools)]


def all_names(stack: Stack) -> list:
    return ["epmd", "rabbitmq", "postgres", "redis", "sim", *program_names(stack), "nginx"]


def start_stores(stack: Stack):
    """RabbitMQ takes longest, so all the rest is prepared while it starts."""
    keys.make_early(stack)
    wait_ready(stack, run_server(stack, "epmd"))
    rabbitmq = run_server(stack, "rabbitmq")
    keys.make_rest(stack)
    deploy.install(stack)
    deploy.write_settings(stack)
    wait_ready(stack, *[run_server(stack, name) for name in ("postgres", "redis", "sim")])
    deploy.create_database(stack)
    deploy.migrate(stack)
    if stack.options.demo:
        deploy.load_demo(stack)
    wait_ready(stack, rabbitmq)


def start_programs(stack: Stack):
    end_all([r for r in stack.records() if r.name not in all_names(stack)], say)
    names = [*program_names(stack), "nginx"]
    wait_ready(stack, *[run_server(stack, name) for name in names])
    url, ca = f"{stack.url}/readyz", stack.path("tls/ca.pem")
    if not wait_until(lambda: servers.https_status(url, ca) == 200, READY_LIMIT_S):
        raise StackError(f"{url} answers {servers.https_status(url, ca)}; see {stack.path('log')}")


def summary(stack: Stack):
    if stack.base_note:
        say(stack.base_note)
    print(f"\n  {stack.url}/play/    play a customer (simulated WeChat) and the front desk\n"
          f"  {stack.url}/docs/    the API")
    if stack.options.demo:
        print("  staff admin, desk1, desk2   password "
              f"{stack.path('demo-password').read_text()}")
    print(f"  certificate authority {stack.path('tls/ca.pem')}\n"
          f"  settings {stack.path('zx.env')}   logs {stack.path('log')}")


def up(stack: Stack, args):
    stack.create()
    stack.lock()
    remember_for_cleaning(stack)
    stack.options = Options(build=args.build, fast=args.fast, demo=args.demo,
                            workers=args.workers, daemons=args.daemons, set=args.set)
    if stack.must_move(args.port_base):
        say(f"moving from port base {stack.base} to {args.port_base}")
        stop_all(stack)
    stack.choose_base(args.port_base)
    stack.save_options()
    start_stores(stack)
    start_programs(stack)
    say("all is up")
    summary(stack)


def stop_all(stack: Stack):
    records = stack.records()
    for stage in sorted({r.facts.get("stage", 0) for r in records}):
        end_all([r for r in records if r.facts.get("stage", 0) == stage], say)


def remember_for_cleaning(stack: Stack):
    """A caller that must leave nothing running names a file in ZX_RUNS (see .ci/run)."""
    if path := os.environ.get("ZX_RUNS"):
        with open(path, "a") as file:
            file.write(f"{stack.wanted}\n")


def down(stack: Stack, _args=None):
    if not stack.is_ours():
        say(f"nothing was started in {stack.wanted}")
        return
    stack.lock()
    stop_all(stack)
    say("all is stopped")


def reset(stack: Stack, args):
    down(stack, args)
    if stack.is_ours():
        shutil.rmtree(stack.run)
        say(f"deleted {stack.run}")
    if stack.wanted.is_symlink():
        stack.wanted.unlink()


def known(stack: Stack):
    """Refuse a folder that no `up` has made."""
    if not stack.is_ours():
        raise StackError(f"{stack.wanted} has no {MARKER}: nothing was started there")
    stack.load_options()


def status(stack: Stack, _args):
    if not stack.is_ours():
        say(f"nothing was started in {stack.wanted}")
        sys.exit(NOT_RUNNING)
    records = [stack.record(name) for name in all_names(stack)]
    for record in records:
        state = "up" if record.leader_lives() else "down"
        print(f"{record.name:12} {state:5} {' '.join(map(str, record.members()))}")
    print(stack.url)
    if not all(record.leader_lives() for record in records):
        sys.exit(NOT_RUNNING)


def kill(stack: Stack, args):
    known(stack)
    stack.lock()
    record = stack.record(args.name)
    members = record.members()
    if not members:
        raise StackError(f"{args.name} is not running")
    to_all = args.signal in ("KILL", "STOP", "CONT")
    send(members if to_all else [record.main_pid()], args.signal)
    if args.signal == "KILL":
        wait_until(lambda: not record.members(), 10)


def start(stack: Stack, args):
    known(stack)
    stack.lock()
    if args.name == "rabbitmq":  # else the broker starts an epmd of its own
        wait_ready(stack, run_server(stack, "epmd"))
    wait_ready(stack, run_server(stack, args.name))


def setting(text: str) -> tuple:
    name, _, value = text.partition("=")
    if name in servers.NGINX_CHOICES:
        good = re.fullmatch(servers.NGINX_CHOICES[name][1], value)
    else:
        good = re.fullmatch("ZX_[A-Z0-9_]+=.*", text)
    if not good:
        raise argparse.ArgumentTypeError(f"{text!r} is no known NAME=VALUE")
    return name, value


def port_base(text: str) -> int:
    """Also of a default from the environment."""
    if not re.fullmatch("[0-9]{4,5}", text) or int(text) not in BASES:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port base: a number from {BASES[0]} to {BASES[-1]}")
    return int(text)


def signal_name(text: str) -> str:
    name = text.upper().removeprefix("SIG")
    if f"SIG{name}" not in signal.Signals.__members__:
        raise argparse.ArgumentTypeError(f"no signal {text!r}")
    return name


def arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (up, down, status, reset, kill, start):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(command=command)
        sub.add_argument("--run", type=Path, default=REPO / ".run")
        if command in (kill, start):
            sub.add_argument("name")
        if command is kill:
            sub.add_argument("--signal", type=signal_name, default="KILL")
        if command is up:
            sub.add_argument("--build", default="build/release")
            sub.add_argument("--port-base", type=port_base,
                             default=os.environ.get("ZX_PORT_BASE") or None)
            sub.add_argument("--workers", type=int)
            sub.add_argument("--daemons", type=int, default=1)
            sub.add_argument("--no-demo", dest="demo", action="store_false")
            sub.add_argument("--fast", action="store_true")
            sub.add_argument("--durable", dest="fast", action="store_false")
            sub.add_argument("--set", type=setting, action="append", default=[])
    args = parser.parse_args(argv)
    if args.command is up:
        args.set = dict(args.set)
    return args


def raise_file_limit():
    """nginx and PostgreSQL inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def main(argv=None):
    args = arguments(argv)
    os.umask(0o022)
    raise_file_limit()
    try:
        args.command(Stack(args.run), args)
    except StackError as error:
        die(str(error))
    except PermissionError as error:
        die(f"{error}: was this stack started by another user?")


if __name__ == "__main__":
    main()
