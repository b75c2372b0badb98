"""Signatures and ciphers of WeChat Pay APIv3, on Debian's python3-cryptography.

Nothing here is shared with the C code under test: an error there must not be cancelled by the
same error here. The known-answer vectors are checked by vectors_test.py.

Pages below are numbers of https://pay.weixin.qq.com/doc/v3/merchant/<number>.
"""
import base64
import binascii
import hashlib
import hmac
import secrets
import string

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"
SIGNTEST = "WECHATPAY/SIGNTEST/"
DIGITS = string.digits
ALPHABET = string.ascii_letters + DIGITS


def random_text(length: int, alphabet: str = ALPHABET) -> str:
    """An unguessable text, by default of letters and digits (page 4012365342: nonces)."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def private_key(pem: bytes):
    return serialization.load_pem_private_key(pem, password=None)


def public_key(pem: bytes):
    return serialization.load_pem_public_key(pem)


def certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def certificate_serial(cert: x509.Certificate) -> str:
    """Upper-case hex without separators, two digits a byte, as openssl prints it."""
    digits = f"{cert.serial_number:X}"
    return digits if len(digits) % 2 == 0 else "0" + digits


def _lines(*parts) -> bytes:
    return b"".join((p if isinstance(p, bytes) else p.encode()) + b"\n" for p in parts)


def request_text(method: str, url: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """Five lines, each ending with LF (pages 4012365342, 4012365334, 4012365336)."""
    return _lines(method, url, timestamp, nonce, body)


def answer_text(timestamp: str, nonce: str, body: bytes) -> bytes:
    """Three lines: answers and notifies (page 4013053249); a 204 has an empty body line."""
    return _lines(timestamp, nonce, body)


def paysign_text(appid: str, timestamp: str, nonce: str, package: str) -> bytes:
    """Four lines for wx.requestPayment (page 4012365339)."""
    return _lines(appid, timestamp, nonce, package)


def sign(key, text: bytes) -> str:
    """RSASSA-PKCS1-v1_5 with SHA-256, base64 without line breaks."""
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(key, text: bytes, signature: str) -> bool:
    """False for every wrong signature, also for one that isn't even base64."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def aead_encrypt(key: bytes, nonce: str, associated_data: str, plaintext: bytes) -> str:
    """AEAD_AES_256_GCM: tag behind the ciphertext, then base64 (page 4012791861)."""
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode() or None)
    return base64.b64encode(sealed).decode()


def aead_decrypt(key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """ValueError when anything doesn't fit: base64, tag, nonce, key."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key).decrypt(nonce.encode(), sealed, associated_data.encode() or None)
    except (binascii.Error, InvalidTag) as wrong:
        raise ValueError("not a ciphertext of this key, nonce and associated data") from wrong


def oaep_decrypt(key, ciphertext: str) -> bytes:
    """Sensitive fields: RSA-OAEP with SHA-1 and MGF1-SHA-1 (page 4013053257)."""
    sha1 = hashes.SHA1()
    scheme = padding.OAEP(mgf=padding.MGF1(sha1), algorithm=sha1, label=None)
    return key.decrypt(base64.b64decode(ciphertext, validate=True), scheme)


def oaep_encrypt(key, plaintext: bytes) -> str:
    """The other direction, for what WeChat encrypts to the merchant's certificate."""
    sha1 = hashes.SHA1()
    scheme = padding.OAEP(mgf=padding.MGF1(sha1), algorithm=sha1, label=None)
    return base64.b64encode(key.encrypt(plaintext, scheme)).decode()


def session_signature(session_key: str, data: bytes) -> str:
    """HMAC-SHA256 keyed by the base64 text of session_key itself (page http-signature)."""
    return hmac.new(session_key.encode(), data, hashlib.sha256).hexdigest()


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
