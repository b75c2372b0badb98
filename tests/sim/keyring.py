"""WeChat Pay's own keys: the platform certificate(s), the WeChat Pay public key, and which of
them signs what (pages 4012154180, 4012551764)."""
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

import simclock
import wxcrypto
from answers import PayError

NO_CERTIFICATE = "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。"


@dataclass(frozen=True)
class Key:
    serial: str
    private: object
    certificate: object | None = None


class Keyring:
    """Certificates are published before they sign and listed for a while after: rotation is
    publish, switch, retire. A rotated certificate doesn't survive a restart."""

    def __init__(self, config, faults):
        self._config, self._faults = config, faults
        self._pubkey = Key(config.pubkey_id, config.pubkey_key) if config.pubkey_key else None
        self._mixed = 0
        self._by_certificate = False  # what the merchant last asked for
        self.reset()

    def reset(self) -> None:
        config = self._config
        self._signing = Key(config.platform_serial, config.platform_key, config.platform_cert)
        self._listed = [self._signing]

    def _mode(self) -> str:
        mode = self._faults["key_mode"]
        if self._pubkey is None:
            return "cert"
        return "both" if mode == "auto" else mode

    def for_answer(self, asked: str) -> Key:
        """The key that a request's Wechatpay-Serial asks for, as far as the mode has it."""
        mode = self._mode()
        self._by_certificate = self._pubkey is None or asked != self._pubkey.serial
        if mode == "pubkey" or (mode == "both" and asked == self._pubkey.serial):
            return self._pubkey
        return self._signing

    def for_notify(self) -> Key:
        """In `mixed`, as in the days of a switch, both kinds in turn; in `auto` as the merchant
        has it: who asks without the public key's name has certificates only."""
        wanted = self._faults["notify_key"]
        if wanted == "auto" and self._faults["key_mode"] == "auto" and self._by_certificate:
            wanted = "cert"
        if self._mode() == "cert" or wanted == "cert":
            return self._signing
        if wanted == "mixed":
            self._mixed += 1
            return self._signing if self._mixed % 2 else self._pubkey
        return self._pubkey

    def for_decryption(self, serial: str) -> Key:
        """The key a merchant encrypted sensitive fields to (page 4013053257)."""
        for key in self._listed + ([self._pubkey] if self._pubkey else []):
            if serial == key.serial:
                return key
        raise PayError(400, "PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误")

    def certificates(self) -> list[dict]:
        """The data of GET /v3/certificates (page 4012551764)."""
        if self._mode() == "pubkey":
            raise PayError(404, "RESOURCE_NOT_EXISTS", NO_CERTIFICATE)
        return [self._encrypted(key) for key in self._listed]

    def _encrypted(self, key: Key) -> dict:
        nonce = wxcrypto.random_text(12)
        pem = key.certificate.public_bytes(serialization.Encoding.PEM)
        sealed = wxcrypto.aead_encrypt(self._config.apiv3_key, nonce, "certificate", pem)
        return {"serial_no": key.serial,
                "effective_time": _stamp(key.certificate.not_valid_before),
                "expire_time": _stamp(key.certificate.not_valid_after),
                "encrypt_certificate": {"algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
                                        "associated_data": "certificate",
                                        "ciphertext": sealed}}

    def rotate(self, step: str) -> list[str]:
        """publish: a new certificate is listed; switch: it signs; retire: the old one goes."""
        if step == "publish":
            self._listed.append(_new_platform_key())
        elif step == "switch":
            self._signing = self._listed[-1]
        elif step == "retire":
            self._listed = [self._signing]
        return [key.serial for key in self._listed]


def _stamp(naive_utc: datetime) -> str:
    return simclock.rfc3339(naive_utc.replace(tzinfo=timezone.utc).timestamp())


def _new_platform_key() -> Key:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign"),
                      x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tenpay.com (simulated)")])
    start = datetime.now(timezone.utc).replace(tzinfo=None)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(private.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(start - timedelta(minutes=1))
            .not_valid_after(start + timedelta(days=5 * 365))
            .sign(private, hashes.SHA256()))
    return Key(wxcrypto.certificate_serial(cert), private, cert)
