"""The simulator's configuration file: JSON, every key below; an empty text counts as absent.

    listen                127.0.0.1:PORT (0 = any free port); loopback only
    tls_cert, tls_key     PEM files of the HTTPS server
    appid, secret_file    the mini-program
    mchid                 the merchant, with
    merchant_cert_file, merchant_serial   its certificate, to verify requests and paySign
    apiv3_key_file        exactly 32 bytes
    platform_key_file, platform_cert_file, platform_serial   WeChat's platform certificate
    pubkey_id, pubkey_private_file   optional: WeChat Pay public key (PUB_KEY_ID_…)
    notify_ca_file        optional: who signed the merchant's notify endpoint; else system CAs
    state_dir             optional: keep the books (users, orders, refunds) over a restart
    web_appid, web_secret_file       optional: the website app; without it there is no QR login
    sms_secret_file       optional: the bearer secret of the SMS gateway; without it there is none
    alipay_appid, alipay_seller_id, alipay_app_key_file, alipay_key_file   optional: Alipay, with
                          the app's public key and Alipay's private one
"""
import json
from dataclasses import dataclass
from pathlib import Path

import wxcrypto

REQUIRED = ("listen", "tls_cert", "tls_key", "appid", "secret_file", "mchid",
            "merchant_cert_file", "merchant_serial", "apiv3_key_file", "platform_key_file",
            "platform_cert_file", "platform_serial")
OPTIONAL = ("pubkey_id", "pubkey_private_file", "notify_ca_file", "state_dir", "web_appid",
            "web_secret_file", "sms_secret_file", "alipay_appid", "alipay_seller_id",
            "alipay_app_key_file", "alipay_key_file")


class ConfigError(Exception):
    pass


@dataclass
class Config:
    host: str
    port: int
    tls_cert: str
    tls_key: str
    appid: str
    secret: str
    mchid: str
    merchant_serial: str
    merchant_key: object  # public
    apiv3_key: bytes
    platform_serial: str
    platform_key: object  # private
    platform_cert: object
    pubkey_id: str
    pubkey_key: object | None  # private
    notify_ca_file: str
    state_dir: str
    web_appid: str
    web_secret: str
    sms_secret: str
    alipay_appid: str
    alipay_seller_id: str
    alipay_app_key: object | None  # public
    alipay_key: object | None  # private


def _read(values: dict, key: str) -> bytes:
    try:
        return Path(values[key]).read_bytes()
    except OSError as error:
        raise ConfigError(f"{key}: {error}") from error


def _certificate(values: dict, cert_key: str, serial_key: str):
    cert = wxcrypto.certificate(_read(values, cert_key))
    serial = wxcrypto.certificate_serial(cert)
    if serial != values[serial_key]:
        raise ConfigError(f"{serial_key} is {values[serial_key]}, "
                          f"the certificate says {serial}")
    return cert


def _apiv3_key(values: dict) -> bytes:
    key = _read(values, "apiv3_key_file").rstrip(b"\r\n")
    if len(key) != 32:
        raise ConfigError(f"apiv3_key_file holds {len(key)} bytes, must be 32")
    return key


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if host not in ("127.0.0.1", "localhost") or not port.isdigit():
        raise ConfigError(f"listen must be 127.0.0.1:PORT, is {text!r}")
    return host, int(port)


def _checked(values: dict) -> dict:
    for key in values:
        if key not in REQUIRED + OPTIONAL:
            raise ConfigError(f"unknown key {key}")
    for key in REQUIRED:
        if not values.get(key):
            raise ConfigError(f"{key} is missing")
    return {key: values.get(key) or "" for key in REQUIRED + OPTIONAL}


def load(path: str) -> Config:
    """ConfigError with the reason when anything doesn't fit together."""
    try:
        values = _checked(json.loads(Path(path).read_text()))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    host, port = _listen(values["listen"])
    merchant = _certificate(values, "merchant_cert_file", "merchant_serial")
    platform = _certificate(values, "platform_cert_file", "platform_serial")
    has_pubkey, has_web = bool(values["pubkey_id"]), bool(values["web_appid"])
    has_alipay = bool(values["alipay_appid"])
    return Config(
        host=host, port=port,
        tls_cert=values["tls_cert"], tls_key=values["tls_key"],
        appid=values["appid"], secret=_read(values, "secret_file").decode().strip(),
        mchid=values["mchid"], merchant_serial=values["merchant_serial"],
        merchant_key=merchant.public_key(), apiv3_key=_apiv3_key(values),
        platform_serial=values["platform_serial"],
        platform_key=wxcrypto.private_key(_read(values, "platform_key_file")),
        platform_cert=platform, pubkey_id=values["pubkey_id"],
        pubkey_key=wxcrypto.private_key(_read(values, "pubkey_private_file"))
        if has_pubkey else None,
        notify_ca_file=values["notify_ca_file"], state_dir=values["state_dir"],
        web_appid=values["web_appid"],
        web_secret=_read(values, "web_secret_file").decode().strip() if has_web else "",
        sms_secret=_read(values, "sms_secret_file").decode().strip()
        if values["sms_secret_file"] else "",
        alipay_appid=values["alipay_appid"], alipay_seller_id=values["alipay_seller_id"],
        alipay_app_key=wxcrypto.public_key(_read(values, "alipay_app_key_file"))
        if has_alipay else None,
        alipay_key=wxcrypto.private_key(_read(values, "alipay_key_file"))
        if has_alipay else None)
