"""Secrets of one stack, made once and kept: certificates, keys, passwords.

    tls/       development CA, certificate of nginx (its key is root's or the caller's alone)
    secrets/   what the programs read: group www-data may read, nobody else
    sim/       the simulated WeChat's own half; the simulator's user alone may read it
"""
import functools
import os
import secrets
import shutil
import string
import subprocess
from pathlib import Path

from layout import IS_ROOT, Stack, StackError, service_user
from process import own

APPID = "wx5a48585f64656d6f"
WEB_APPID = "wx5a48585f77656261"
MCHID = "1900006891"
PUBKEY_ID = "PUB_KEY_ID_0119000068912026112200000000000001"
ALIPAY_APPID = "2021009876543210"
ALIPAY_SELLER_ID = "2088123456789012"
LETTERS = string.ascii_lowercase + string.digits
EASY = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing to confuse when typed from paper
RENEW_BEFORE_S = 7 * 86400
ALT_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"


def random_text(letters: str, count: int) -> bytes:
    return "".join(secrets.choice(letters) for _ in range(count)).encode()


def openssl(*args, cwd: Path) -> str:
    """Run openssl; files that it makes are private."""
    done = subprocess.run(["openssl", *args], cwd=cwd, capture_output=True, text=True, umask=0o077)
    if done.returncode:
        raise StackError(f"openssl {args[0]}: {done.stderr.strip()}")
    return done.stdout


def write_private(path: Path, content: bytes):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def once(path: Path, make):
    """Let `make` create `path` whole or not at all: it is given a name to write to."""
    if path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    make(part)
    part.rename(path)


def random_file(path: Path, content):
    once(path, lambda part: write_private(part, content()))


def private_key(path: Path, *kind):
    once(path, lambda part: openssl("genpkey", *kind, "-out", part.name, cwd=path.parent))


EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


def self_signed(key: Path, name: str):
    """A certificate beside `key`, with a serial of 20 bytes like WeChat's."""
    serial = "0x5" + secrets.token_hex(20)[1:]
    cert = key.with_name(key.name.replace("-key", "-cert"))
    once(cert, lambda part: openssl(
        "req", "-x509", "-new", "-key", key.name, "-days", "1825", "-subj", f"/CN={name}",
        "-set_serial", serial, "-out", part.name, cwd=key.parent))
    return cert


@functools.lru_cache
def serial_of(cert: Path) -> str:
    text = openssl("x509", "-in", cert.name, "-noout", "-serial", cwd=cert.parent)
    return text.strip().partition("=")[2]


def _needs_renewal(cert: Path) -> bool:
    return not cert.exists() or subprocess.run(
        ["openssl", "x509", "-in", cert, "-noout", "-checkend", str(RENEW_BEFORE_S)],
        capture_output=True).returncode != 0


def certificate_authority(tls: Path):
    private_key(tls / "ca-key.pem", *EC)
    once(tls / "ca.pem", lambda part: openssl(
        "req", "-x509", "-new", "-key", "ca-key.pem", "-days", "3650",
        "-subj", "/CN=Zhixing development CA", "-out", part.name, cwd=tls))
    own(tls / "ca.pem", 0o644)


def server_certificate(tls: Path, name: str):
    """<name>.pem and <name>-key.pem for localhost, signed by our CA."""
    cert = tls / f"{name}.pem"
    private_key(tls / f"{name}-key.pem", *EC)
    if not _needs_renewal(cert):
        return
    openssl("req", "-new", "-key", f"{name}-key.pem", "-subj", "/CN=localhost",
            "-addext", ALT_NAMES, "-out", f"{name}.csr", cwd=tls)
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-days", "398", "-copy_extensions", "copy",
            "-out", cert.name, cwd=tls)
    own(cert, 0o644)


def token_key(folder: Path):
    """The key that signs access tokens, under a kid that is a digest of itself."""
    if (folder / "current").exists():
        return
    private_key(folder / "new", *EC)
    kid = openssl("dgst", "-sha256", "-r", "new", cwd=folder)[:16]
    (folder / "new").rename(folder / f"{kid}.pem")
    random_file(folder / "current", kid.encode)


def program_secrets(folder: Path):
    folder.mkdir(mode=0o700, exist_ok=True)
    tokens = folder / "token-keys"
    tokens.mkdir(mode=0o700, exist_ok=True)
    token_key(tokens)
    random_file(folder / "refresh-key", lambda: secrets.token_hex(32).encode())
    random_file(folder / "hash-key", lambda: secrets.token_hex(32).encode())
    random_file(folder / "code-key", lambda: secrets.token_hex(32).encode())
    random_file(folder / "mq-password", lambda: random_text(LETTERS, 32))
    random_file(folder / "wx-secret", lambda: secrets.token_hex(16).encode())
    random_file(folder / "wx-web-secret", lambda: secrets.token_hex(16).encode())
    random_file(folder / "sms-secret", lambda: random_text(LETTERS, 32))
    random_file(folder / "wxpay-apiv3-key", lambda: random_text(LETTERS, 32))


def merchant(folder: Path):
    private_key(folder / "wxpay-key.pem", *RSA)
    self_signed(folder / "wxpay-key.pem", "Zhixing demo merchant")
    private_key(folder / "alipay-key.pem", *RSA)


def public_half(private: Path, public: Path):
    once(public, lambda part: openssl(
        "pkey", "-in", private.name, "-pubout", "-out", str(part), cwd=private.parent))


def simulator_secrets(stack: Stack):
    """WeChat's and Alipay's private keys, and copies of what both sides know."""
    folder, ours = stack.path("sim"), stack.path("secrets")
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "state").mkdir(exist_ok=True)
    private_key(folder / "platform-key.pem", *RSA)
    self_signed(folder / "platform-key.pem", "Simulated WeChat Pay platform")
    private_key(folder / "pubkey-private.pem", *RSA)
    public_half(folder / "pubkey-private.pem", ours / "wxpay-pubkey.pem")
    private_key(folder / "alipay-private.pem", *RSA)
    public_half(folder / "alipay-private.pem", ours / "alipay-public-key.pem")
    public_half(ours / "alipay-key.pem", folder / "alipay-app-public.pem")
    for name in ("wx-secret", "wx-web-secret", "sms-secret", "wxpay-apiv3-key",
                 "wxpay-cert.pem"):
        shutil.copy(ours / name, folder / name)
    for name in ("server.pem", "server-key.pem"):
        shutil.copy(stack.path("tls", f"sim-{name}"), folder / name)


def hand_over(stack: Stack):
    """Give each folder to those who read it."""
    group = "www-data" if IS_ROOT else None
    for path in stack.path("secrets").rglob("*"):
        if path.is_file():
            own(path, 0o640 if IS_ROOT else 0o600, group=group)
    for path in (stack.path("secrets"), stack.path("secrets/token-keys")):
        own(path, 0o750 if IS_ROOT else 0o700, group=group)
    simulator = service_user("nobody")
    for path in (stack.path("sim"), *stack.path("sim").rglob("*")):
        own(path, 0o700 if path.is_dir() else 0o600, simulator)


def make_early(stack: Stack):
    """What the slowest server needs: takes milliseconds."""
    program_secrets(stack.path("secrets"))


def make_rest(stack: Stack):
    tls = stack.path("tls")
    tls.mkdir(mode=0o755, exist_ok=True)
    certificate_authority(tls)
    server_certificate(tls, "server")
    server_certificate(tls, "sim-server")
    merchant(stack.path("secrets"))
    simulator_secrets(stack)
    hand_over(stack)
    random_file(stack.path("demo-password"), lambda: random_text(EASY, 12))
