"""Every process of a stack: how it is started, when it is ready, how it stops."""
import getpass
import os
import re
import resource
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import deploy
from layout import IS_ROOT, REPO, Stack, StackError, service_user
from process import Server, age_s, all_pids, link_of, own

PGBIN = Path("/usr/lib/postgresql/15/bin")
POOL_SIZE = {"api": 4, "login": 2, "password": 2, "identity": 2, "pay": 3, "notify": 2, "staff": 2, "desk": 2}
DAEMONS = {  # name: program and its word
    "relay": ("relay",), "settle": ("settle",), "consume-fulfil": ("consume", "fulfil"),
    "consume-expire": ("consume", "expire"), "consume-tell": ("consume", "tell"),
    "consume-ship": ("consume", "ship"), "sms": ("sms",), "sweep": ("sweep",),
}
WEB_STAGE, POOL_STAGE, STORE_STAGE, EPMD_STAGE = range(4)
NAMES_REQUEST = b"\x00\x01n"  # epmd: which nodes are there
AMQP_HELLO = b"AMQP\x00\x00\x09\x01"
SETTLED_S = 0.3  # a program that lives this long isn't in a crash loop


def folder(stack: Stack, name: str, mode: int, user: str) -> Path:
    path = stack.path(name)
    path.mkdir(parents=True, exist_ok=True)
    return own(path, mode, service_user(user), "www-data" if IS_ROOT else None)


def https_status(url: str, ca: Path, timeout_s: float = 2) -> int:
    """Status of a GET; 0 when there is no answer."""
    try:
        context = ssl.create_default_context(cafile=ca)
        with urllib.request.urlopen(url, timeout=timeout_s, context=context) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ssl.SSLError):
        return 0


def connects(port: int, hello: bytes = b"") -> bool:
    """Whether somebody listens and, after `hello`, says something."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as peer:
            peer.sendall(hello)
            return not hello or bool(peer.recv(1))
    except OSError:
        return False


def epmd(stack: Stack) -> Server:
    """Erlang's name server, started here so that it ends with the broker and serves only it."""
    port = stack.port("epmd")
    return Server(
        name="epmd", stage=EPMD_STAGE, user=service_user("rabbitmq"),
        cwd=folder(stack, "rmq", 0o750, "rabbitmq"),
        argv=["/usr/bin/epmd", "-port", port, "-address", "127.0.0.1"],
        env={"PATH": "/usr/bin:/bin"}, ready=lambda: connects(port, NAMES_REQUEST))


def _rabbit_environment(stack: Stack, home: Path) -> dict:
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": str(home),
        "RABBITMQ_NODENAME": "zx@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(stack.port("amqp")),
        "RABBITMQ_DIST_PORT": str(stack.port("dist")),
        "RABBITMQ_CTL_DIST_PORT_MIN": str(stack.port("dist") + 7),
        "RABBITMQ_CTL_DIST_PORT_MAX": str(stack.port("dist") + 17),
        "ERL_EPMD_PORT": str(stack.port("epmd")), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"), "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "gen"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(home / "feature_flags"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
            "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none "
            "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def rabbitmq(stack: Stack) -> Server:
    home = folder(stack, "rmq", 0o750, "rabbitmq")
    password = stack.path("secrets/mq-password").read_text()
    config = {
        "rabbitmq.conf": f"""listeners.tcp.1 = 127.0.0.1:{stack.port("amqp")}
default_user = zx
default_pass = {password}
log.console = false
log.file.level = warning
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
""",
        "enabled_plugins": "[].\n",
    }
    for name, text in config.items():
        (home / name).write_text(text)
        own(home / name, 0o600, service_user("rabbitmq"))
    port = stack.port("amqp")
    return Server(
        name="rabbitmq", stage=STORE_STAGE, user=service_user("rabbitmq"), cwd=home,
        argv=["/usr/lib/rabbitmq/bin/rabbitmq-server"], main="beam.smp",
        env=_rabbit_environment(stack, home), files=[home / "rabbitmq.conf"],
        ready=lambda: connects(port, AMQP_HELLO))


def _postgres_access(stack: Stack) -> list:
    """Who may connect: by the socket only, the operating system's users as named roles."""
    me = getpass.getuser()
    roles = {me: ("zx", "zx_staff", "zx_owner", "postgres")}
    if IS_ROOT:
        roles.update({"www-data": ("zx", "zx_staff"), "postgres": ("postgres",)})
    lines = {"pg_hba.conf": ["local all all peer map=zx"],
             "pg_ident.conf": [f"zx {user} {role}" for user, names in roles.items()
                               for role in names]}
    for name, rows in lines.items():
        stack.path("pg", name).write_text("\n".join(rows) + "\n")
        own(stack.path("pg", name), 0o644)
    return [stack.path("pg", name) for name in lines]


def _init_database(stack: Stack):
    """initdb under another name first, so that a half-made folder is never taken for a whole."""
    data, part = stack.path("pg/data"), stack.path("pg/data.part")
    if data.exists():
        return
    shutil.rmtree(part, ignore_errors=True)
    command = [PGBIN / "initdb", "-D", part, "-U", "postgres", "-A", "peer", "-E", "UTF8",
               "--locale=C.UTF-8"] + (["--no-sync"] if stack.options.fast else [])
    done = subprocess.run(command, user=service_user("postgres"), cwd="/", text=True,
                          group=service_user("postgres"), capture_output=True, umask=0o077,
                          extra_groups=[] if IS_ROOT else None)
    if done.returncode:
        raise StackError(f"initdb: {done.stderr.strip()}")
    part.rename(data)


def _drop_stale_locks(data: Path, sock: Path):
    """A crash leaves locks with process numbers that may belong to others by now."""
    if not any(link_of(pid, "cwd") == str(data) for pid in all_pids()):
        (data / "postmaster.pid").unlink(missing_ok=True)
        (sock / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def postgres(stack: Stack) -> Server:
    folder(stack, "pg", 0o750, "postgres")
    sock = folder(stack, "pg/sock", 0o750, "postgres")
    data = stack.path("pg/data")
    access = _postgres_access(stack)
    _init_database(stack)
    values = {"listen_addresses": "", "unix_socket_directories": sock, "port": 5432,
              "hba_file": access[0], "ident_file": access[1], "timezone": "UTC",
              "max_connections": 100, "log_line_prefix": "%m [%p] %u ",
              "shared_buffers": "128MB"}
    if stack.options.fast:
        values |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    argv = [PGBIN / "postgres", "-D", data]
    for key, value in values.items():
        argv += ["-c", f"{key}={value}"]
    return Server(
        name="postgres", stage=STORE_STAGE, user=service_user("postgres"), cwd=data,
        argv=argv, kin="postgres", stop="INT", umask=0o077, files=access,
        prepare=lambda: _drop_stale_locks(data, sock),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        ready=lambda: subprocess.run(
            [PGBIN / "pg_isready", "-q", "-h", sock, "-U", "postgres"]).returncode == 0)


def redis(stack: Stack) -> Server:
    home = folder(stack, "redis", 0o750, "redis")
    sock = home / "redis.sock"

    def answers() -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(1)
                peer.connect(str(sock))
                peer.sendall(b"PING\r\n")
                return peer.recv(5) == b"+PONG"
        except OSError:
            return False

    return Server(
        name="redis", stage=STORE_STAGE, user=service_user("redis"), cwd=home,
        argv=["/usr/bin/redis-server", "--port", 0, "--unixsocket", sock, "--unixsocketperm", 777,
              "--save", "", "--appendonly", "no", "--dir", home, "--daemonize", "no"],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, ready=answers)


def sim(stack: Stack) -> Server:
    home = stack.path("sim")
    deploy.write_simulator_config(stack)
    url = f"https://localhost:{stack.port('sim')}/"
    return Server(
        name="sim", stage=STORE_STAGE, user=service_user("nobody"), cwd=home,
        argv=["/usr/bin/python3", stack.path("app/sim/sim.py"), "--config",
              stack.path("sim.json")],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        files=[stack.path("sim.json"), home / "server.pem",
               *sorted(stack.path("app/sim").rglob("*.py"))],
        ready=lambda: https_status(url, stack.path("tls/ca.pem")) > 0)


def _supervised(stack: Stack, name: str, program: Path, count: int, before: list,
                words: tuple = ()) -> Server:
    """`count` copies of a program under multiwatch, which tells them to finish on TERM."""
    def settled() -> bool:
        copies = [p for p in stack.record(name).members()
                  if Path(link_of(p, "exe")).name == program.name]
        return len(copies) >= count and all(age_s(p) >= SETTLED_S for p in copies)

    folder(stack, "shared", 0o750, "www-data")
    return Server(
        name=name, stage=POOL_STAGE, user=service_user("www-data"),
        cwd=folder(stack, "sock", 0o750, "www-data"),
        argv=[*before, "/usr/bin/multiwatch", "-f", count, "-r", 2000000000, "-t", 10000,
              deploy.run_later(stack), program, *words],
        check=[program, "--settings"], env=deploy.environment(stack), files=[program],
        ready=settled)


def pool(stack: Stack, name: str) -> Server:
    """FastCGI workers that share one listening socket as their standard input."""
    sock = stack.path("sock", f"{name}.sock")
    count = stack.options.workers or POOL_SIZE.get(name, 2)
    return _supervised(stack, f"pool-{name}", stack.program(f"{name}.fcgi"), count,
                       ["/usr/bin/spawn-fcgi", "-n", "-s", sock, "-M", "0660", "-b", 1024, "--"])


def daemon(stack: Stack, name: str) -> Server:
    program, *words = DAEMONS[name]
    return _supervised(stack, name, stack.program(program), stack.options.daemons, [], words)


def daemons(stack: Stack) -> list:
    """Those whose program is there."""
    return [name for name, (program, *_) in DAEMONS.items() if stack.program(program).exists()]


# What --set may choose of nginx: default and pattern.
NGINX_CHOICES = {
    "rate_api": ("100", "[1-9][0-9]{0,6}"), "rate_login": ("10", "[1-9][0-9]{0,6}"),
    "connections": ("200", "[1-9][0-9]{0,4}"),
    "guest_cache": ("on", "on|off"), "bench": ("off", "on|off"),
    "cors": ("", "(https?://[a-z0-9.-]+(:[0-9]+)? ?)*"),
}


def worker_connections(workers: int, files: int, memory: int) -> int:
    """Of one nginx worker, as nginx.conf.in says."""
    if files == resource.RLIM_INFINITY:
        files = 1 << 20
    return min(files // 2, memory // 4 // workers // (64 << 10), 16384)


def nginx_values(stack: Stack) -> dict:
    choice = {k: stack.options.set.get(k, default) for k, (default, _) in NGINX_CHOICES.items()}
    rates = {name: int(choice[f"rate_{name}"]) for name in ("api", "login")}
    workers = min(os.cpu_count(), 4)
    connections = worker_connections(
        workers, resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return {
        "USER": "user www-data;" if IS_ROOT else "",
        "WORKERS": workers,
        "WORKER_CONNECTIONS": connections,
        "WORKER_FILES": 2 * connections,
        "PID_FILE": stack.path("nginx/nginx.pid"),
        "LOGS": stack.path("log"),
        "TEMP": stack.path("nginx"),
        "SOCKETS": stack.path("sock"),
        "WWW": stack.share("www"),
        "LISTEN": f"127.0.0.1:{stack.port('https')}",
        "SERVER_NAME": "localhost 127.0.0.1",
        "CERTIFICATE": stack.path("tls/server.pem"),
        "CERTIFICATE_KEY": stack.path("tls/server-key.pem"),
        "HSTS_S": 60,
        "RATE_API": rates["api"], "BURST_API": 2 * rates["api"],
        "RATE_LOGIN": rates["login"], "BURST_LOGIN": 2 * rates["login"],
        "CONNECTIONS": choice["connections"],
        "GUEST_CACHE": "zx_guests" if choice["guest_cache"] == "on" else "off",
        "CORS_ORIGINS": " ".join(f'"{o}" $http_origin;' for o in choice["cors"].split()),
        "CORS_VARY": "Origin" if choice["cors"] else '""',
        "BENCH": "return 200 '{\"ok\":true}';" if choice["bench"] == "on" else "return 404;",
        "SIMULATOR": f"proxy_pass https://127.0.0.1:{stack.port('sim')}/sim/;",
    }


def nginx_text(values: dict) -> str:
    return re.sub("@([A-Z_]+)@", lambda m: str(values[m[1]]),
                  (REPO / "nginx/nginx.conf.in").read_text())


def nginx(stack: Stack) -> Server:
    home = stack.path("nginx")
    home.mkdir(exist_ok=True)
    config = home / "nginx.conf"
    config.write_text(nginx_text(nginx_values(stack)))
    command = ["/usr/sbin/nginx", "-p", home, "-e", stack.path("log/nginx-error.log"),
               "-c", config]
    port = stack.port("https")
    return Server(
        name="nginx", stage=WEB_STAGE, user=None, cwd=home, stop="QUIT", reload="HUP",
        argv=[*command, "-g", "daemon off;"], check=[*command, "-t", "-q"],
        env={"PATH": "/usr/bin:/bin"}, files=[config, stack.path("tls/server.pem")],
        ready=lambda: connects(port))


def by_name(stack: Stack, name: str) -> Server:
    single = {"epmd": epmd, "rabbitmq": rabbitmq, "postgres": postgres, "redis": redis,
              "sim": sim, "nginx": nginx}
    if name in single:
        return single[name](stack)
    if name in DAEMONS:
        return daemon(stack, name)
    if name.removeprefix("pool-") in stack.pools:
        return pool(stack, name.removeprefix("pool-"))
    raise StackError(f"there is no server {name}")
