"""Fixtures of the simulator's own tests: keys, a running simulator, and the merchant's side."""
import json
import threading
import time
from datetime import datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

import merchant_client
import sim
import simclock
import simconf

APIV3_KEY = b"0123456789abcdefghijklmnopqrstuv"


def _pem_key(key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _certificate(key, name: str, issuer=None, issuer_key=None, ca: bool = False):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.utcnow() - timedelta(hours=1)
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(issuer.subject if issuer else subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(start)
               .not_valid_after(start + timedelta(days=2))
               .add_extension(x509.BasicConstraints(ca, None), True))
    if not ca:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"),
                                             x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(names, False)
    return builder.sign(issuer_key or key, hashes.SHA256())


class World:
    """Files and keys of one made-up merchant and its WeChat."""

    def __init__(self, folder):
        self.folder = folder
        self.appid, self.mchid, self.secret = "wx0123456789abcdef", "1900000109", "5ecre7" * 5
        self.web_appid = "wxfedcba9876543210"
        self.alipay_appid, self.alipay_seller_id = "2021001234567890", "2088001234567890"
        (self.merchant_key, self.platform_key, self.pubkey, self.alipay_app_key,
         self.alipay_key) = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(5))
        self.merchant_cert = _certificate(self.merchant_key, "merchant")
        self.platform_cert = _certificate(self.platform_key, "platform")
        self.merchant_serial = self.serial(self.merchant_cert)
        self.platform_serial = self.serial(self.platform_cert)
        self.pubkey_id = "PUB_KEY_ID_0119000001092026010100000001"
        self._write_tls()
        self._write("secret", self.secret.encode())
        self._write("sms-secret", b"only for texts")
        self._write("apiv3", APIV3_KEY)
        self._write("merchant.pem", self.pem(self.merchant_cert))
        self._write("platform.pem", self.pem(self.platform_cert))
        self._write("platform.key", _pem_key(self.platform_key))
        self._write("pub.key", _pem_key(self.pubkey))
        self._write("alipay.key", _pem_key(self.alipay_key))
        self._write("alipay-app.pem", self.alipay_app_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))

    @staticmethod
    def serial(cert) -> str:
        return cert.serial_number.to_bytes(20, "big").lstrip(b"\0").hex().upper()

    @staticmethod
    def pem(cert) -> bytes:
        return cert.public_bytes(serialization.Encoding.PEM)

    def _write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def _write_tls(self) -> None:
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca = _certificate(ca_key, "test CA", ca=True)
        self._write("ca.pem", self.pem(ca))
        self._write("tls.pem", self.pem(_certificate(key, "localhost", ca, ca_key)))
        self._write("tls.key", _pem_key(key))

    def config(self, **changes) -> str:
        file = lambda name: str(self.folder / name)
        values = {"listen": "127.0.0.1:0",
                  "tls_cert": file("tls.pem"), "tls_key": file("tls.key"),
                  "appid": self.appid, "secret_file": file("secret"), "mchid": self.mchid,
                  "merchant_cert_file": file("merchant.pem"),
                  "merchant_serial": self.merchant_serial, "apiv3_key_file": file("apiv3"),
                  "platform_key_file": file("platform.key"),
                  "platform_cert_file": file("platform.pem"),
                  "platform_serial": self.platform_serial, "pubkey_id": self.pubkey_id,
                  "pubkey_private_file": file("pub.key"), "notify_ca_file": file("ca.pem"),
                  "alipay_appid": self.alipay_appid, "alipay_seller_id": self.alipay_seller_id,
                  "alipay_app_key_file": file("alipay-app.pem"),
                  "alipay_key_file": file("alipay.key"),
                  "web_appid": self.web_appid, "web_secret_file": file("secret"),
                  "sms_secret_file": file("sms-secret")}
        values.update(changes)
        return self._write("config.json", json.dumps(values).encode())


@pytest.fixture(autouse=True)
def one_date():
    """It is the same day in China from the beginning of a test to its end."""
    left = simclock.DAY - (time.time() + simclock.BEIJING.utcoffset(None).seconds) % simclock.DAY
    if left < 60:
        time.sleep(left + 1)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("sim"))


@pytest.fixture(scope="session")
def server(world):
    running = sim.Server(simconf.load(world.config()), 0)
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    yield running
    running.shutdown()


@pytest.fixture(scope="session")
def shared_sink(world):
    running = merchant_client.Sink(world)
    yield running
    running.shutdown()


@pytest.fixture
def sink(shared_sink):
    shared_sink.clear()
    return shared_sink


@pytest.fixture
def shop(world, server, sink):
    """The merchant, in front of a simulator without history."""
    client = merchant_client.Merchant(world, server.server_port, sink)
    client.sim("reset", {})
    sink.clear()
    return client
