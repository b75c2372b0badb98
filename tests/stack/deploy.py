"""Bring programs, pages, settings, schema and demo data of the repository into a run folder."""
import filecmp
import json
import os
import shutil
import subprocess
from pathlib import Path

import keys
from layout import REPO, Stack, StackError, say
from process import own

PSQL = "/usr/lib/postgresql/15/bin/psql"

# Roles: zx_owner owns the schema and runs migrations; zx is what the programs are, zx_staff what
# they are on behalf of staff.
ROLES = """
SELECT 'CREATE ROLE ' || name || ' LOGIN' FROM unnest('{zx_owner,zx,zx_staff}'::text[]) name
	WHERE name NOT IN (SELECT rolname FROM pg_roles) \\gexec
SELECT 'CREATE DATABASE zx OWNER zx_owner'
	WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'zx') \\gexec
\\connect zx
REVOKE ALL ON DATABASE zx FROM PUBLIC;
GRANT CONNECT ON DATABASE zx TO zx, zx_staff;
"""


def conninfo(stack: Stack, user: str) -> str:
    return f"host={stack.path('pg/sock')} user={user} dbname=zx"


def settings(stack: Stack) -> dict:
    """The ZX_ settings of this stack: those whose default doesn't fit, then --set."""
    def secret(name):
        return str(stack.path("secrets", name))
    return {
        "ZX_DB": conninfo(stack, "zx"),
        "ZX_DB_STAFF": conninfo(stack, "zx_staff"),
        "ZX_REDIS": str(stack.path("redis/redis.sock")),
        "ZX_MQ_HOST": "127.0.0.1",
        "ZX_MQ_PORT": str(stack.port("amqp")),
        "ZX_MQ_USER": "zx",
        "ZX_MQ_PASSWORD_FILE": secret("mq-password"),
        "ZX_MQ_VHOST": "/",
        "ZX_ISSUER": stack.url,
        "ZX_TOKEN_KEYS": secret("token-keys"),
        "ZX_REFRESH_KEY_FILE": secret("refresh-key"),
        "ZX_HASH_KEY_FILE": secret("hash-key"),
        "ZX_CODE_KEY_FILE": secret("code-key"),
        "ZX_WX_API_BASE": f"https://localhost:{stack.port('sim')}",
        "ZX_WX_APPID": keys.APPID,
        "ZX_WX_SECRET_FILE": secret("wx-secret"),
        "ZX_WX_WEB_BASE": f"https://localhost:{stack.port('sim')}",
        "ZX_WX_WEB_APPID": keys.WEB_APPID,
        "ZX_WX_WEB_SECRET_FILE": secret("wx-web-secret"),
        "ZX_SMS_URL": f"https://localhost:{stack.port('sim')}/sms/send",
        "ZX_SMS_SECRET_FILE": secret("sms-secret"),
        "ZX_WXPAY_BASE": f"https://localhost:{stack.port('sim')}",
        "ZX_WXPAY_MCHID": keys.MCHID,
        "ZX_WXPAY_SERIAL": keys.serial_of(stack.path("secrets/wxpay-cert.pem")),
        "ZX_WXPAY_KEY_FILE": secret("wxpay-key.pem"),
        "ZX_WXPAY_APIV3_KEY_FILE": secret("wxpay-apiv3-key"),
        "ZX_WXPAY_PUBKEY_ID": keys.PUBKEY_ID,
        "ZX_WXPAY_PUBKEY_FILE": secret("wxpay-pubkey.pem"),
        "ZX_ALIPAY_GATEWAY": f"https://localhost:{stack.port('sim')}/gateway.do",
        "ZX_ALIPAY_APPID": keys.ALIPAY_APPID,
        "ZX_ALIPAY_SELLER_ID": keys.ALIPAY_SELLER_ID,
        "ZX_ALIPAY_KEY_FILE": secret("alipay-key.pem"),
        "ZX_ALIPAY_PUBLIC_KEY_FILE": secret("alipay-public-key.pem"),
        "ZX_CA_FILE": str(stack.path("tls/ca.pem")),
        "ZX_SHARED": str(stack.path("shared")),
        **{k: v for k, v in stack.options.set.items() if k.startswith("ZX_")},
    }


def environment(stack: Stack, **more) -> dict:
    """Environment of our programs: settings, and what sanitizers are told by the caller."""
    told = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    # Debian's libpq drags in GnuTLS, which nobody here uses: 0.8 MB a worker saved.
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "GNUTLS_NO_IMPLICIT_INIT": "1", **told, **settings(stack), **more}


def write_settings(stack: Stack):
    """In the syntax that systemd's EnvironmentFile and the shell share."""
    quoted = {k: f'"{v}"' if " " in v else v for k, v in settings(stack).items()}
    stack.path("zx.env").write_text("".join(f"{k}={v}\n" for k, v in quoted.items()))


def write_simulator_config(stack: Stack):
    sim = stack.path("sim")
    config = {
        "listen": f"127.0.0.1:{stack.port('sim')}",
        "tls_cert": "server.pem", "tls_key": "server-key.pem",
        "appid": keys.APPID, "secret_file": "wx-secret",
        "web_appid": keys.WEB_APPID, "web_secret_file": "wx-web-secret",
        "sms_secret_file": "sms-secret",
        "mchid": keys.MCHID, "merchant_cert_file": "wxpay-cert.pem",
        "merchant_serial": keys.serial_of(sim / "wxpay-cert.pem"),
        "apiv3_key_file": "wxpay-apiv3-key",
        "platform_key_file": "platform-key.pem", "platform_cert_file": "platform-cert.pem",
        "platform_serial": keys.serial_of(sim / "platform-cert.pem"),
        "pubkey_id": keys.PUBKEY_ID, "pubkey_private_file": "pubkey-private.pem",
        "alipay_appid": keys.ALIPAY_APPID, "alipay_seller_id": keys.ALIPAY_SELLER_ID,
        "alipay_app_key_file": "alipay-app-public.pem", "alipay_key_file": "alipay-private.pem",
        "state_dir": "state",
    }
    for key, value in config.items():
        if key.endswith(("_file", "_cert", "_key", "_dir")):
            config[key] = str(sim / value)
    config["notify_ca_file"] = str(stack.path("tls/ca.pem"))
    stack.path("sim.json").write_text(json.dumps(config, indent=1) + "\n")


def _same_tree(one: Path, other: Path) -> bool:
    names = {p.relative_to(one) for p in one.rglob("*") if p.is_file()}
    if names != {p.relative_to(other) for p in other.rglob("*") if p.is_file()}:
        return False
    return all(filecmp.cmp(one / n, other / n, shallow=False) for n in names)


def install(stack: Stack):
    """`make install` beside what runs, then change places: files never vanish or half change."""
    stage, app = stack.path("stage"), stack.path("app")
    shutil.rmtree(stage, ignore_errors=True)
    build = stack.options.build
    command = ["make", "-s", "--no-print-directory", "-C", REPO, f"-j{os.cpu_count()}", "install",
               f"DESTDIR={stage}", "PREFIX=/app", f"BUILD={build}"]
    if Path(build).name == "san":
        command.append("SAN=1")
    quiet = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL).returncode:
        raise StackError("make install failed")
    fresh = stage / "app"
    shutil.copytree(REPO / "tests/sim", fresh / "sim",
                    ignore=shutil.ignore_patterns("__pycache__", "state"))
    page = fresh / "share/zhixing/www/play/config.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text('{"simulator": "/play"}\n')
    if not app.exists() or not _same_tree(fresh, app):
        if app.exists():
            app.rename(stage / "old")
        fresh.rename(app)
        say("installed programs and pages")
    shutil.rmtree(stage)
    if not stack.pools:
        raise StackError("no worker is built (fcgi/*): make first")


def psql(stack: Stack, user: str, script: str, database: str = "zx") -> str:
    """Run a script; the answer's rows as text, fields separated by |."""
    command = [PSQL, "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", stack.path("pg/sock"), "-U", user,
               "-d", database, "-f", "-"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    done = subprocess.run(command, input=script, text=True, capture_output=True, env=clean)
    if done.returncode:
        raise StackError(f"psql as {user}: {done.stderr.strip()}")
    return done.stdout.strip()


def create_database(stack: Stack):
    psql(stack, "postgres", ROLES, "postgres")


def run_program(stack: Stack, name: str, *args, text: str = "", **more) -> str:
    done = subprocess.run([stack.program(name), *args], input=text, text=True,
                          capture_output=True, env=environment(stack, **more), timeout=120)
    if done.returncode:
        raise StackError(f"{name} ended with {done.returncode}: "
                         f"{(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def migrate(stack: Stack):
    run_program(stack, "migrate", str(stack.share("migrations")),
                ZX_DB=conninfo(stack, "zx_owner"))


def load_demo(stack: Stack):
    """Demo venues and staff, once. The password's hash travels by stdin, not by arguments."""
    if psql(stack, "zx_owner", "SELECT EXISTS (SELECT 1 FROM account)") == "t":
        return
    password = stack.path("demo-password").read_text()
    hashed = run_program(stack, "hashpw", text=password)
    demo = (REPO / "tests/demo/demo.sql").read_text()
    psql(stack, "zx_owner", f"\\set staff_hash '{hashed}'\n{demo}\n")
    say("loaded demo data")


def run_later(stack: Stack) -> Path:
    """multiwatch starts a dead child again at once; this keeps a crash from taking a whole CPU.
    (multiwatch 1.0.0 passes no options to a program, hence a file.)"""
    script = stack.path("run-later")
    if not script.exists():
        script.write_text('#!/bin/sh\nsleep 0.1\nexec "$@"\n')
        own(script, 0o755)
    return script
