"""Clients of others log in at our token endpoint and understand its metadata, answers and errors."""
import json
import os
import subprocess
from pathlib import Path

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from house import ok

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def told(house) -> dict:
    codes = [house.sim.login_code(house.customer().user["user"]) for _ in range(2)]
    done = subprocess.run(
        ["node", "--experimental-global-webcrypto", HERE / "clients.js", house.url, *codes],
        text=True, capture_output=True, timeout=60,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(house.ca)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("client", ["oauth4webapi", "openid_client"])
def test_a_client_logs_in_refreshes_and_logs_out(told, client):
    first, second = told[client]["first"], told[client]["second"]
    assert first["scope"] == second["scope"] == "user"
    assert first["access_token"] != second["access_token"]
    assert first["refresh_token"] != second["refresh_token"]


@pytest.mark.parametrize("client, attempt, error, description", [
    ("oauth4webapi", "refused", "invalid_grant", "invalid grant"),
    ("openid_client", "refused", "invalid_grant", "invalid grant"),
    ("openid_client", "broken", "invalid_request", "bad field: code")])
def test_a_client_is_told_why_not(told, client, attempt, error, description):
    said = told[client][attempt]
    assert (said["error"], said["description"], said["status"]) == (error, description, 400)


def test_a_service_verifies_our_tokens_by_the_keys(told, house):
    assert told["jose"]["header"]["alg"] == "ES256"
    assert told["jose"]["payload"]["iss"] == house.url


def test_authlib_takes_the_metadata(house):
    metadata = ok(house.guest.get("/.well-known/oauth-authorization-server"))
    AuthorizationServerMetadata(metadata).validate()


def test_of_what_spring_and_nimbus_want_nothing_lacks(house):
    """com.nimbusds.oauth2.sdk.as.AuthorizationServerMetadata.parse, JwtDecoders."""
    metadata = ok(house.guest.get("/.well-known/oauth-authorization-server"))
    assert metadata["issuer"] == house.url and metadata["jwks_uri"].startswith(house.url)
    assert metadata["response_types_supported"] and "none" in metadata[
        "token_endpoint_auth_methods_supported"]
    keys = ok(house.guest.get("/oauth2/jwks"))["keys"]
    assert {(k["kty"], k["crv"], k["alg"], k["use"]) for k in keys} == {
        ("EC", "P-256", "ES256", "sig")}
