"""wxcrypto against the published known-answer vectors (tests/vectors/wechat-vectors.json)."""
import base64
import hashlib
import json
from pathlib import Path

import pytest

import wxcrypto
import wxgate

FILE = Path(__file__).parent.parent / "vectors" / "wechat-vectors.json"
DATA = json.loads(FILE.read_text())
KEYS = DATA["keys"]


def vectors(*kinds):
    """The WeChat entries of some kinds; Alipay and client-side data belong to other tests."""
    found = [v for v in DATA["vectors"]
             if v["kind"] in kinds and not v["id"].startswith("alipay")]
    assert found
    return pytest.mark.parametrize("vector", found, ids=lambda v: v["id"])


def public_key(name: str):
    key = KEYS[name]
    if "public_key_pem" in key:
        return wxcrypto.public_key(key["public_key_pem"].encode())
    if "certificate_pem" in key:
        return wxcrypto.certificate(key["certificate_pem"].encode()).public_key()
    return wxcrypto.private_key(key["private_key_pem"].encode()).public_key()


def private_key(name: str):
    return wxcrypto.private_key(KEYS[name]["private_key_pem"].encode())


@vectors("rsa-sha256-pkcs1v15-sign")
def test_signs_as_published_and_verifies_it(vector):
    text, signature = vector["message"].encode(), vector["expected_signature"]
    assert hashlib.sha256(text).hexdigest() == vector["message_sha256"]
    assert wxcrypto.sign(private_key(vector["key"]), text) == signature
    assert wxcrypto.verify(public_key(vector["key"]), text, signature)
    assert not wxcrypto.verify(public_key(vector["key"]), text + b"x", signature)


@pytest.mark.parametrize("vector", [v for v in DATA["vectors"] if "url" in v],
                         ids=lambda v: v["id"])
def test_builds_the_request_text(vector):
    target = vector["url"].removeprefix("https://api.mch.weixin.qq.com")
    text = wxcrypto.request_text(vector["method"], target, vector["timestamp"],
                                 vector["nonce_str"], vector["body"].encode())
    assert text.decode() == vector.get("message", vector.get("expected_message"))


def test_builds_the_paysign_text():
    vector = next(v for v in DATA["vectors"] if v["id"] == "doc-paysign-jsapi")
    text = wxcrypto.paysign_text(vector["appId"], vector["timeStamp"], vector["nonceStr"],
                                 vector["package"])
    assert text.decode() == vector["message"]


@vectors("rsa-sha256-pkcs1v15-verify")
def test_verifies_what_is_valid_only(vector):
    text = vector["message"].encode()
    valid = wxcrypto.verify(public_key(vector["key"]), text, vector["signature"])
    assert valid == vector["expect_valid"]
    if "headers" in vector:
        headers = vector["headers"]
        assert text == wxcrypto.answer_text(headers["Wechatpay-Timestamp"],
                                            headers["Wechatpay-Nonce"], vector["body"].encode())


@vectors("aead-aes-gcm-decrypt")
def test_decrypts_and_encrypts_back(vector):
    key, nonce, aad = vector["key_utf8"].encode(), vector["nonce"], vector["associated_data"]
    plain = wxcrypto.aead_decrypt(key, nonce, aad, vector["ciphertext_b64"])
    assert plain.decode() == vector["expected_plaintext"]
    assert wxcrypto.aead_encrypt(key, nonce, aad, plain) == vector["ciphertext_b64"]
    with pytest.raises(ValueError):
        wxcrypto.aead_decrypt(key, nonce, aad + "x", vector["ciphertext_b64"])


@vectors("rsa-oaep-sha1-mgf1sha1-decrypt")
def test_decrypts_sensitive_fields(vector):
    plain = wxcrypto.oaep_decrypt(private_key(vector["key"]), vector["ciphertext_b64"])
    assert plain.decode() == vector["expected_plaintext"]
    again = wxcrypto.oaep_encrypt(public_key(vector["key"]), plain)
    assert wxcrypto.oaep_decrypt(private_key(vector["key"]), again) == plain


@vectors("x509-serial-hex-upper")
def test_reads_the_serial(vector):
    cert = wxcrypto.certificate(vector["certificate_pem"].encode())
    assert wxcrypto.certificate_serial(cert) == vector["expected_serial"]


@vectors("full-notify-request")
def test_opens_a_whole_notify(vector):
    headers, body = vector["headers"], vector["body"].encode()
    text = wxcrypto.answer_text(headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"],
                                body)
    assert text.decode() == vector["message"]
    assert wxcrypto.verify(public_key(vector["key"]), text, headers["Wechatpay-Signature"])
    resource = json.loads(body)["resource"]
    plain = wxcrypto.aead_decrypt(vector["apiv3_key"].encode(), resource["nonce"],
                                  resource["associated_data"], resource["ciphertext"])
    assert json.loads(plain) == json.loads(vector["expected_plaintext"])


def test_opens_the_published_certificate_download():
    vector = next(v for v in DATA["vectors"] if v["id"] == "java-certificates-download")
    entry = vector["response_json"]["data"][0]
    sealed = entry["encrypt_certificate"]
    pem = wxcrypto.aead_decrypt(vector["key_utf8"].encode(), sealed["nonce"],
                                sealed["associated_data"], sealed["ciphertext"])
    serial = wxcrypto.certificate_serial(wxcrypto.certificate(pem))
    assert serial == vector["certificate_serial"]


@vectors("hmac_sha256(key = the base64 TEXT of session_key, data = POST body) hex lower",
         "same, empty data (GET wxa/checksession)")
def test_session_signature_is_keyed_by_the_text(vector):
    signature = wxcrypto.session_signature(vector["session_key"], vector["data"].encode())
    assert signature == vector["expected_signature"]


def test_gate_reads_the_published_authorization_headers():
    for vector in DATA["vectors"]:
        header = vector.get("authorization_header", vector.get("expected_authorization", ""))
        if header.startswith(wxcrypto.SCHEME):
            fields = wxgate.parse_fields(header.removeprefix(wxcrypto.SCHEME + " "))
            assert fields["timestamp"] == vector["timestamp"]
            assert fields["nonce_str"] == vector["nonce_str"]


def test_a_signature_that_is_not_base64_is_only_wrong():
    key = public_key("doc-wechatpay-pub")
    for odd in ("", "===", "WECHATPAY/SIGNTEST/", "ä", base64.b64encode(b"short").decode()):
        assert not wxcrypto.verify(key, b"text", odd)
