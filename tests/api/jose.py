"""JSON web tokens written by hand, so that they can be wrong in any way (RFC 7515, 7518)."""
import base64
import hashlib
import hmac
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (decode_dss_signature,
                                                             encode_dss_signature)

ES256 = ec.ECDSA(hashes.SHA256())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(value) -> str:
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def read(token: str) -> tuple[dict, dict]:
    header, payload, _ = token.split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload))


def raw_signature(key, text: str) -> bytes:
    r, s = decode_dss_signature(key.sign(text.encode(), ES256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def hs256(secret: bytes, text: str) -> bytes:
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()


def token(header, payload, sign) -> str:
    """sign: the signed text -> the signature's bytes."""
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{b64(sign(text))}"


def key_of_jwk(jwk: dict):
    x, y = (int.from_bytes(unb64(jwk[c]), "big") for c in "xy")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def verifies(public, token: str) -> bool:
    text, _, signature = token.rpartition(".")
    raw = unb64(signature)
    r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
    try:
        public.verify(encode_dss_signature(r, s), text.encode(), ES256)
    except InvalidSignature:
        return False
    return True


class Mint:
    """The stack's own signing key in the wrong hands."""

    def __init__(self, house):
        self.house = house
        self.kid = house.secret("token-keys", "current").decode().strip()
        self.key = serialization.load_pem_private_key(
            house.secret("token-keys", f"{self.kid}.pem"), None)
        self.public_pem = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def header(self, **changes) -> dict:
        return changed({"alg": "ES256", "typ": "JWT", "kid": self.kid}, changes)

    def claims(self, account_id: int = 1, session_id: int = 1, **changes) -> dict:
        now = int(time.time())
        return changed({"iss": self.house.url, "aud": "zhixing", "sub": str(account_id),
                        "sid": str(session_id), "scope": "user", "iat": now - 60,
                        "exp": now + 3600}, changes)

    def sign(self, text: str) -> bytes:
        return raw_signature(self.key, text)

    def make(self, header=None, claims=None, sign=None) -> str:
        return token(header or self.header(), claims or self.claims(), sign or self.sign)


def changed(members: dict, changes: dict) -> dict:
    """None takes a member away."""
    return {k: v for k, v in {**members, **changes}.items() if v is not None}
