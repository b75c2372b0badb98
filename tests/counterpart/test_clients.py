"""Clients of others log in at our token endpoint and understand its metadata, answers and errors."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from house import ok
from slots import day

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


def test_the_page_has_what_an_integrator_needs(told, house):
    """The audience and the algorithm of the text are those of the tokens."""
    text = ok(house.guest.get("/openapi.json"))["info"]["description"]
    token = told["jose"]
    assert f"`aud` 固定是 `{token['payload']['aud']}`" in text
    assert f"jws-algorithms: {token['header']['alg']}" in text
    assert f"audiences: {token['payload']['aud']}" in text
    for words in ('algorithm: "oauth2"', "genericGrantRequest", "CORS_ORIGINS", "jwk-set-uri"):
        assert words in text


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


# ---- A client that is made of the description

@pytest.fixture(scope="module")
def main_job(house, tmp_path_factory) -> Path:
    """main_job.ts, compiled with the types that openapi-typescript makes of the description."""
    folder = tmp_path_factory.mktemp("main-job")
    programs = HERE / "node_modules/.bin"
    for name in ("main_job.ts", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    for command in ([programs / "openapi-typescript",
                     house.run / "app/share/zhixing/www/openapi.yaml", "-o", "api.d.ts"],
                    [programs / "tsc", "-p", "."]):
        done = subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "main_job.js"


def test_a_generated_client_does_the_main_job(house, main_job):
    code = house.sim.login_code(house.customer().user["user"])
    done = subprocess.run(
        ["node", "--experimental-global-webcrypto", main_job, house.url,
         house.setting("ZX_WX_API_BASE"), code, (house.run / "demo-password").read_text(), day(3)],
        text=True, capture_output=True, timeout=60,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(house.ca)})
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == {"paid": "paid", "fen": said["quote"], "quote": said["quote"],
                    "cancelled": "cancelled", "refused": "order_cancelled"}


def test_the_description_is_what_generators_take(house):
    """No union with null, 64 bits where they are needed, and names that make classes."""
    text = (house.run / "app/share/zhixing/www/openapi.json").read_text()
    document = json.loads(text)

    def walk(node):
        if isinstance(node, dict):
            yield node
        for child in node.values() if isinstance(node, dict) else (
                node if isinstance(node, list) else ()):
            yield from walk(child)
    nodes = list(walk({k: v for k, v in document.items() if k != "info"}))
    assert not [n for n in nodes if "oneOf" in n or {"type": "null"} in n.get("anyOf", ())]
    longs = [n for n in nodes if n.get("maximum") == 2 ** 53 - 1]
    assert longs and all(n["format"] == "int64" for n in longs)
    assert all(tag["name"].isascii() and tag["name"].isalpha() and not tag["description"].isascii()
               for tag in document["tags"])
    assert all("Allow" in self_or_shared(document, r)["headers"] for path in
               document["paths"].values() for op in path.values() if isinstance(op, dict)
               for status, r in op["responses"].items() if status == "405")


def self_or_shared(document: dict, node: dict) -> dict:
    return document["components"]["responses"][node["$ref"].rpartition("/")[2]] if (
        "$ref" in node) else node
