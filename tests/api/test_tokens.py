"""Access tokens: which are believed, and the many that are not."""
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import jose
from house import Client, ok, order_body, refused

NOW = int(time.time())
STRANGER = ec.generate_private_key(ec.SECP256R1())


def sign_by_stranger(text):
    return jose.raw_signature(STRANGER, text)


def unsigned(_text):
    return b""


def der(mint):
    return lambda text: mint.key.sign(text.encode(), jose.ES256)


def by_public_key(mint):
    return lambda text: jose.hs256(mint.public_pem, text)


# What is wrong with a token that is otherwise signed with the house's own key.
FORGED_CLAIMS = [
    ("other_issuer", {"iss": "https://localhost:1"}),
    ("issuer_with_slash", lambda m: {"iss": m.house.url + "/"}),
    ("no_issuer", {"iss": None}),
    ("other_audience", {"aud": "somebody"}),
    ("audience_in_a_list", {"aud": ["zhixing"]}),
    ("no_audience", {"aud": None}),
    ("no_subject", {"sub": None}),
    ("subject_a_number", {"sub": 1}),
    ("subject_zero", {"sub": "0"}),
    ("subject_negative", {"sub": "-1"}),
    ("subject_with_leading_zero", {"sub": "01"}),
    ("subject_over_2_to_53", {"sub": "9007199254740993"}),
    ("subject_no_number", {"sub": "1 OR 1=1"}),
    ("no_session", {"sid": None}),
    ("no_expiry", {"exp": None}),
    ("expiry_a_text", {"exp": str(NOW + 3600)}),
    ("expiry_with_fraction", {"exp": NOW + 3600.5}),
    ("expiry_after_2200", {"exp": 10 ** 11}),
    ("expires_before_it_was_issued", {"iat": NOW - 10, "exp": NOW - 20}),
    ("issued_in_an_hour", {"iat": NOW + 3600, "exp": NOW + 7200}),
    ("not_before_an_hour", {"nbf": NOW + 3600}),
    ("no_issue_time", {"iat": None}),
]
FORGED_HEADERS = [
    ("alg_none", {"alg": "none"}),
    ("alg_None", {"alg": "None"}),
    ("alg_es256_lower_case", {"alg": "es256"}),
    ("alg_ES384", {"alg": "ES384"}),
    ("alg_missing", {"alg": None}),
    ("alg_a_list", {"alg": ["ES256"]}),
    ("typ_other", {"typ": "at+jwt"}),
    ("typ_missing", {"typ": None}),
    ("kid_missing", {"kid": None}),
    ("kid_unknown", {"kid": "0123456789abcdef"}),
    ("kid_a_path", lambda m: {"kid": f"../token-keys/{m.kid}"}),
    ("kid_a_file", lambda m: {"kid": f"{m.kid}.pem"}),
    ("kid_dev_null", {"kid": "../../../../dev/null"}),
    ("kid_the_file_current", {"kid": "current"}),
    ("kid_overlong", {"kid": "k" * 5000}),
    ("brings_its_own_key", {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}),
    ("names_a_key_url", {"jku": "https://localhost:1/jwks"}),
    ("critical_extension", {"crit": ["exp"], "exp": NOW + 10}),
]
FORGED_SIGNATURES = [
    ("none_at_all", lambda m: m.make(m.header(alg="none"), sign=unsigned)),
    ("empty", lambda m: m.make(sign=unsigned)),
    ("by_a_stranger", lambda m: m.make(sign=sign_by_stranger)),
    ("all_zero", lambda m: m.make(sign=lambda _: bytes(64))),
    ("all_ones", lambda m: m.make(sign=lambda _: b"\xff" * 64)),
    ("in_DER", lambda m: m.make(sign=der(m))),
    ("63_bytes", lambda m: m.make(sign=lambda t: m.sign(t)[:63])),
    ("65_bytes", lambda m: m.make(sign=lambda t: m.sign(t) + b"\0")),
    ("one_bit_off", lambda m: m.make(sign=lambda t: flip(m.sign(t)))),
    ("HS256_with_the_public_key", lambda m: m.make(m.header(alg="HS256"), sign=by_public_key(m))),
    ("HMAC_called_ES256", lambda m: m.make(sign=by_public_key(m))),
    ("of_another_token", lambda m: graft(m.make(), m.make(claims=m.claims(2)))),
]
MISSHAPEN = [
    ("nothing_behind_Bearer", lambda t: "."),
    ("one_part", lambda t: t.split(".")[0]),
    ("two_parts", lambda t: t.rpartition(".")[0]),
    ("four_parts", lambda t: t + ".AAAA"),
    ("empty_header", lambda t: "." + t.partition(".")[2]),
    ("empty_payload", lambda t: t.split(".")[0] + ".." + t.split(".")[2]),
    ("cut_in_the_middle", lambda t: t[:len(t) // 2]),
    ("last_letter_missing", lambda t: t[:-1]),
    ("a_letter_more", lambda t: t + "A"),
    ("padded", lambda t: t + "="),
    ("plus_instead_of_minus", lambda t: t.rpartition(".")[0] + "." + "+/" * 43),
    ("space_inside", lambda t: t.replace(".", " .", 1)),
    ("header_no_json", lambda t: jose.b64(b"{") + t[t.index("."):]),
    ("header_twice_alg", lambda t: jose.b64(b'{"alg":"none","alg":"ES256"}') + t[t.index("."):]),
    ("7_KB", lambda t: t + "A" * 7000),
    ("control_character", lambda t: t + "\x01"),
]


def flip(signature: bytes) -> bytes:
    return bytes([signature[0] ^ 1]) + signature[1:]


def graft(one: str, other: str) -> str:
    return one.rpartition(".")[0] + "." + other.rpartition(".")[2]


def named(cases):
    return pytest.mark.parametrize("wrong", [c[1] for c in cases], ids=[c[0] for c in cases])


@pytest.fixture(scope="module")
def mint(house):
    return jose.Mint(house)


@pytest.fixture(scope="module")
def living(house):
    """A customer whose session is good, so that only the token can be at fault."""
    return house.customer()


@pytest.fixture(scope="module")
def ids(living):
    _, claims = jose.read(living.token)
    return int(claims["sub"]), int(claims["sid"])


@pytest.fixture(scope="module")
def try_token(house, slots):
    """Order with this token: 401 token_invalid, and nothing is stored."""
    body = order_body(slots.one())

    def attempt(token: str, code: str = "token_invalid"):
        before = house.picture()
        answer = Client(house, token).post("/api/v1/orders", body)
        refused(answer, 401, code)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="zhixing", error="invalid_token"'
        assert house.picture() == before
    return attempt


def test_the_mint_of_these_tests_makes_good_tokens(house, mint, ids):
    """Else the refusals below would prove nothing."""
    assert ok(Client(house, mint.make(claims=mint.claims(*ids))).get("/api/v1/me"))
    assert ok(Client(house, mint.make(claims=mint.claims(*ids, scope=None))).get("/api/v1/me"))


@named(FORGED_CLAIMS)
def test_a_token_that_says_something_wrong_is_refused(mint, ids, try_token, wrong):
    changes = wrong(mint) if callable(wrong) else wrong
    try_token(mint.make(claims=mint.claims(*ids, **changes)))


@named(FORGED_HEADERS)
def test_a_token_with_another_header_is_refused(mint, ids, try_token, wrong):
    changes = wrong(mint) if callable(wrong) else wrong
    try_token(mint.make(mint.header(**changes), mint.claims(*ids)))


@named(FORGED_SIGNATURES)
def test_a_token_with_another_signature_is_refused(try_token, mint, wrong):
    try_token(wrong(mint))


@named(MISSHAPEN)
def test_what_is_no_token_is_refused(try_token, mint, ids, wrong):
    try_token(wrong(mint.make(claims=mint.claims(*ids))))


def test_an_expired_token_is_told_apart(try_token, mint, ids):
    claims = mint.claims(*ids, iat=NOW - 7300, exp=NOW - 1)
    try_token(mint.make(claims=claims), "token_expired")


def test_a_token_for_a_session_that_never_was_is_refused(try_token, mint, ids):
    try_token(mint.make(claims=mint.claims(ids[0], 999)), "session_ended")


def test_a_token_for_somebody_elses_session_is_refused(try_token, mint, ids):
    try_token(mint.make(claims=mint.claims(1, ids[1])), "session_ended")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "Token x", "bearer", "x"])
def test_without_a_bearer_token_there_is_no_entry(house, header):
    headers = {"Authorization": header} if header is not None else {}
    answer = house.guest.call("GET", "/api/v1/me", headers=headers)
    refused(answer, 401, "unauthenticated")


def test_the_scheme_may_be_written_in_any_case(house, living):
    for scheme in ("bearer", "BEARER", "Bearer  "):
        headers = {"Authorization": f"{scheme} {living.token}"}
        assert ok(house.guest.call("GET", "/api/v1/me", headers=headers))


def test_the_published_keys_verify_our_tokens_and_no_others(house, living, mint):
    keys = {k["kid"]: k for k in ok(house.guest.get("/oauth2/jwks"))["keys"]}
    header, claims = jose.read(living.token)
    jwk = keys[header["kid"]]
    assert {k: jwk[k] for k in ("kty", "crv", "use", "alg")} == {
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256"}
    assert "d" not in jwk
    public = jose.key_of_jwk(jwk)
    assert jose.verifies(public, living.token)
    assert not jose.verifies(public, mint.make(sign=sign_by_stranger))
    assert claims["iss"] == house.url and claims["aud"] == "zhixing"
    assert claims["exp"] - claims["iat"] == int(house.setting("ZX_TOKEN_TTL_S"))


def test_a_session_that_was_ended_is_over_at_once(house):
    customer = house.customer()
    account = customer.account_id
    house.db.run("UPDATE session SET ended_at = now(), ended_why = 'test' WHERE account_id = %s",
                 account)
    refused(customer.get("/api/v1/me"), 401, "session_ended")
    customer.log_in()
    assert customer.account_id == account


def test_a_session_that_has_run_out_is_over(house):
    customer = house.customer()
    house.db.run("UPDATE session SET created_at = now() - interval '2 h',"
                 " expires_at = now() - interval '1 s' WHERE account_id = %s", customer.account_id)
    refused(customer.get("/api/v1/me"), 401, "session_ended")


def test_a_disabled_account_is_out_at_once_and_stores_nothing(house, slots):
    customer = house.customer()
    account, slot = customer.account_id, slots.one()
    house.db.run("UPDATE account SET disabled_at = now() WHERE id = %s", account)
    before = house.picture()
    refused(customer.get("/api/v1/me"), 401, "session_ended")
    refused(customer.try_order(slot), 401, "session_ended")
    assert house.picture() == before
