"""Connections that ask nothing: one address can't take them all.

The shipped ruleset stands before an nginx with the shipped configuration, in a network of their
own. Only counts are looked at: nginx's time-outs are an hour here, so the ruleset alone holds.
Needs root, namespaces and nft; without them these tests are skipped and say so.
"""
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(TOP / "tests/stack"), str(Path(__file__).parent)]
import keys  # noqa: E402
from layout import Stack  # noqa: E402
from namespaces import SERVER, Network  # noqa: E402
from process import wait_until  # noqa: E402
from servers import nginx_text, nginx_values, worker_connections  # noqa: E402

RULES = (TOP / "nginx/nftables.conf").read_text()
OPEN, MANY = 60, 250  # what an address may have; nginx's one worker has room for fewer than MANY
ROOM = 200
EVER = 10 ** 6
TRUSTING = ssl._create_unverified_context()


def rules(at_once: int = OPEN, rate: str = f"{EVER}/second", burst: int = EVER) -> str:
    """The shipped ones with other numbers."""
    text, counts = re.subn(r"ct count over \d+", f"ct count over {at_once}", RULES)
    text, rates = re.subn(r"limit rate over \d+/second burst \d+ packets",
                          f"limit rate over {rate} burst {burst} packets", text)
    assert (counts, rates) == (2, 2)
    return text


@pytest.fixture(scope="module")
def network():
    try:
        made = Network()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespace with nftables here: {error}")
    yield made
    made.close()


def configuration(home: Path) -> str:
    stack = Stack(home)
    for name in ("nginx", "log", "tls"):
        stack.path(name).mkdir(parents=True)
    key = stack.path("tls/server-key.pem")
    keys.private_key(key, *keys.EC)
    text = nginx_text(nginx_values(stack) | {
        "USER": "user root;", "CERTIFICATE": keys.self_signed(key, "localhost"), "WORKERS": 1, "WORKER_CONNECTIONS": ROOM,
        "WORKER_FILES": 2 * ROOM, "LISTEN": "[::]:443 ipv6only=off",
        "BENCH": "return 200 '{}';"})
    return re.sub(r"(client_header_timeout|keepalive_timeout) \d+s;", r"\1 1h;", text)


@pytest.fixture
def site(network, tmp_path):
    """nginx behind no rules yet."""
    config = tmp_path / "nginx.conf"
    config.write_text(configuration(tmp_path / "run"))
    server = network.start(["/usr/sbin/nginx", "-p", tmp_path, "-e", "stderr", "-c", config,
                            "-g", "daemon off;"])
    site = Site(network)
    assert wait_until(lambda: site.serves("10.9.0.3"), 20)
    yield site
    site.leave()
    server.terminate()
    server.wait()
    network.nft("flush ruleset")


class Site:
    def __init__(self, network):
        self.network = network
        self.held = []

    def connect(self, source: str):
        peer = self.network.socket(source)
        self.held.append(peer)
        peer.settimeout(20)
        peer.connect((SERVER[6 if ":" in source else 4], 443))
        return peer

    def serves(self, source: str) -> bool:
        try:
            with self.connect(source) as peer, TRUSTING.wrap_socket(peer) as safe:
                safe.sendall(b"GET /bench/return HTTP/1.0\r\n\r\n")
                return safe.recv(99).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False

    def open(self, source: str) -> bool:
        """A connection with one byte, the first of a handshake; whether it was let in."""
        try:
            self.connect(source).sendall(b"\x16")
            return True
        except ConnectionRefusedError:
            return False

    def begin(self, source: str) -> bool:
        """A handshake that nginx has answered and that stays half done."""
        answer, hello = ssl.MemoryBIO(), ssl.MemoryBIO()
        with pytest.raises(ssl.SSLWantReadError):
            TRUSTING.wrap_bio(answer, hello).do_handshake()
        peer = self.connect(source)
        try:
            peer.sendall(hello.read())
            return bool(peer.recv(1))
        except OSError:
            return False

    def leave(self):
        for peer in self.held:
            peer.close()
        self.held.clear()


@pytest.mark.parametrize("greedy, other", [
    (["10.9.0.2"], "10.9.0.3"),
    (["fd09:0:0:1::2", "fd09:0:0:1::3"], "fd09:0:0:2::2"),
    (["fd09:0:0:1::2", "fd09:0:0:1::3"], "10.9.0.3"),
])
def test_others_are_served_while_one_address_opens_all_it_can(site, greedy, other):
    site.network.nft(rules())
    for n in range(MANY):
        assert site.open(greedy[n % len(greedy)]) is (n < OPEN), n
        if n % 10 == 0:
            assert site.serves(other), n
    assert not site.serves(greedy[0])
    site.leave()
    assert wait_until(lambda: site.serves(greedy[0]), 20)


def test_without_the_rules_one_address_takes_everything(site):
    """So what the test above sees is the rules' doing."""
    assert not all(site.begin("10.9.0.2") for _ in range(MANY))
    assert not site.serves("10.9.0.3")


def test_new_connections_of_an_address_have_a_rate(site):
    site.network.nft(rules(at_once=MANY, rate="1/hour", burst=20))
    peers = [site.network.socket("10.9.0.2") for _ in range(30)]
    for peer in peers:
        peer.setblocking(False)
        peer.connect_ex((SERVER[4], 443))
    site.held += peers

    def refused() -> int:
        found = re.search(r"@new_4 .* counter packets (\d+) ",
                          site.network.listed("chain inet zhixing opening"))
        return int(found[1])
    assert wait_until(lambda: refused() >= 10, 20)
    assert wait_until(lambda: sum(map(is_connected, peers)) == 20, 20)
    assert site.serves("10.9.0.3")
    assert sum(map(is_connected, peers)) == 20


def is_connected(peer) -> bool:
    try:
        return bool(peer.getpeername())
    except OSError:
        return False


def test_the_rules_as_shipped_load_twice_and_leave_those_of_others(network):
    network.nft("table inet filter { chain input { tcp dport 22 accept; }; }")
    before = network.listed("table inet filter")
    network.nft(RULES)
    once = network.listed("table inet zhixing")
    network.nft(RULES)
    assert network.listed("table inet zhixing") == once
    assert network.listed("table inet filter") == before
    network.nft("flush ruleset")


def test_the_shipped_numbers_fit_each_other():
    at_once, = set(re.findall(r"ct count over (\d+)", RULES))
    plenty = worker_connections(workers=4, files=1 << 20, memory=16 << 30)
    assert plenty == 16384 and int(at_once) <= plenty // 8


@pytest.mark.parametrize("files, memory, connections", [
    (20000, 16 << 30, 10000), (-1, 16 << 30, 16384), (1 << 20, 1 << 30, 2048)])
def test_connections_are_sized_from_the_machine(files, memory, connections):
    assert worker_connections(2, files, memory) == connections


def test_a_handshake_and_headers_have_five_seconds():
    config = (TOP / "nginx/nginx.conf.in").read_text()
    assert re.findall(r"client_header_timeout (\w+);", config) == ["5s"]
