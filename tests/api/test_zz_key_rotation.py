"""The keys that sign tokens are changed by a command, and nobody is signed out by it. Behind all
others by its name: whoever still holds a token of a key that was pruned has to log in again."""
import os
import re
import subprocess
import time

import pytest

import jose
from house import Client, ok, refused, wait_for
from test_sessions import Person

POOLS = [f"pool-{name}" for name in ("api", "login", "identity", "password", "pay", "staff",
                                        "desk")]


@pytest.fixture(scope="module")
def quick(house):
    """Programs that look at the folder each second."""
    with house.configured(*POOLS, ZX_TOKEN_KEYS_LOOK_S="1"):
        yield


def run_tokenkeys(house, *words):
    settings = dict(line.partition("=")[::2]
                    for line in (house.run / "zx.env").read_text().splitlines())
    return subprocess.run([house.run / "app/libexec/zhixing/tokenkeys", *words], text=True,
                          capture_output=True, timeout=60,
                          env={**os.environ, **settings, "ZX_TOKEN_KEYS_LOOK_S": "1"})


def tokenkeys(house, *words) -> str:
    done = run_tokenkeys(house, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kid(grant: dict) -> str:
    return jose.read(grant["access_token"])[0]["kid"]


def published(house) -> set:
    return {k["kid"] for k in ok(house.guest.get("/oauth2/jwks"))["keys"]}


def test_a_change_of_keys_signs_nobody_out(house, quick):
    person, folder = Person(house), house.run / "secrets/token-keys"
    before, old = person.grant, kid(person.grant)
    told = tokenkeys(house, "rotate")
    new = (folder / "current").read_text()
    assert new != old and f"{new} signs now" in told
    for half in (f"{new}.pem", f"{new}.pub.pem"):
        assert oct((folder / half).stat().st_mode)[-3:] == "640"
    assert "PRIVATE" not in (folder / f"{new}.pub.pem").read_text()
    assert {kid(ok(person.refresh())) for _ in range(12)} == {new}  # also who was idle
    assert {old, new} <= published(house)
    after = ok(person.refresh())
    ok(person.me(before)), ok(person.me(after))

    assert "nothing yet" in tokenkeys(house, "prune")
    ok(person.me(before))
    long_ago = time.time() - 100_000
    for name in (f"{old}.pem", "current"):  # as if a day had passed, the old key being older
        os.utime(folder / name, (long_ago, long_ago + (name == "current")))
    os.utime(folder / f"{new}.pem", (long_ago, long_ago))
    strangers = folder / "stranger.pub.pem"  # verified here, signed with elsewhere
    strangers.write_text((folder / f"{new}.pub.pem").read_text())
    os.chmod(strangers, 0o640)
    os.utime(strangers, (long_ago, long_ago))
    assert f"{old} is gone" in tokenkeys(house, "prune")
    assert strangers.exists() and not (folder / f"{old}.pem").exists()
    strangers.unlink()
    assert tokenkeys(house, "list").split()[:2] == ["*", new]
    wait_for(lambda: published(house) == {new})
    wait_for(lambda: all(person.me(before).status_code == 401 for _ in range(12)))  # all workers
    refused(person.me(before), 401, "token_invalid")
    ok(person.me(ok(person.refresh(after["refresh_token"]))))


def test_a_change_names_who_still_signs_by_the_key_before(house, quick):
    house.command("kill", "pool-password", "--signal", "STOP")
    try:
        done = run_tokenkeys(house, "rotate")
    finally:
        house.command("kill", "pool-password", "--signal", "CONT")
    new = (house.run / "secrets/token-keys/current").read_text()
    assert done.returncode == 1 and "signs now" not in done.stdout
    late = re.findall(r"^(\w+): process (\d+) still signs by another key$", done.stdout, re.M)
    assert {pool for pool, _ in late} == {"password"} and len(late) >= 2
    wait_for(lambda: jose.read(house.log_in_staff("desk1").json()["access_token"])[0]["kid"] == new)


def test_a_change_that_was_broken_off_is_finished_by_the_next(house, quick):
    folder = house.run / "secrets/token-keys"
    current = (folder / "current").read_text()
    key = (folder / f"{current}.pem").read_bytes()
    left = folder / "leftover.pem"  # made, but nobody signs with it yet
    left.write_bytes(key)
    os.chmod(left, 0o640)
    os.chown(left, 0, folder.stat().st_gid) if os.geteuid() == 0 else None
    assert "leftover signs now" in tokenkeys(house, "rotate")
    person = Person(house)
    wait_for(lambda: kid(person.log_in()) == "leftover")
    assert Client(house, person.grant["access_token"]).get("/api/v1/me").status_code == 200
