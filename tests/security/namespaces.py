"""A server and a client, each in a network of its own, with one cable between them.

Nobody but this process holds the two network namespaces: they go when it ends.
"""
import ctypes
import os
import socket
import subprocess
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)

SERVER = {4: "10.9.0.1", 6: "fd09::1"}
# Two subscribers of IPv4; two addresses of one of IPv6, and another.
CLIENTS = ("10.9.0.2/24", "10.9.0.3/24", "fd09:0:0:1::2/128", "fd09:0:0:1::3/128",
           "fd09:0:0:2::2/128")
# What the ruleset asks of the kernel.
PROBE = """table inet probe {
	set who { type ipv4_addr; size 16; flags dynamic; }
	chain c { type filter hook input priority 0;
		tcp dport 1 ct state new add @who { ip saddr ct count over 1 } reject with tcp reset; }
}
delete table inet probe
"""


def _called(code: int):
    if code:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _here() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def inside(namespace: int):
    """Sockets made within belong to that network and stay there."""
    back = _here()
    try:
        _called(LIBC.setns(namespace, CLONE_NEWNET))
        yield
    finally:
        _called(LIBC.setns(back, CLONE_NEWNET))
        os.close(back)


def _new() -> int:
    back = _here()
    try:
        _called(LIBC.unshare(CLONE_NEWNET))
        made = _here()
        _called(LIBC.setns(back, CLONE_NEWNET))
        return made
    finally:
        os.close(back)


class Network:
    """OSError or CalledProcessError when this machine can't have it."""

    def __init__(self):
        self.server, self.client = _new(), _new()
        there = f"/proc/{os.getpid()}/fd/{self.server}"
        self._ip(self.client, f"link add cable type veth peer name cable netns {there}")
        for side, addresses in ((self.server, (f"{SERVER[4]}/24", f"{SERVER[6]}/128")),
                                (self.client, CLIENTS)):
            for address in addresses:
                self._ip(side, f"address add {address} dev cable",
                         *(["nodad"] if ":" in address else []))
            self._ip(side, "link set lo up")
            self._ip(side, "link set cable up")
            self._ip(side, "route add fd09::/32 dev cable")
        self.nft(PROBE)

    def close(self):
        os.close(self.client)
        os.close(self.server)

    @staticmethod
    def _ip(namespace: int, words: str, *more):
        with inside(namespace):
            subprocess.run(["/usr/sbin/ip", *words.split(), *more], check=True,
                           capture_output=True)

    def nft(self, rules: str):
        with inside(self.server):
            subprocess.run(["/usr/sbin/nft", "-f", "-"], input=rules, text=True, check=True,
                           capture_output=True)

    def listed(self, what: str) -> str:
        with inside(self.server):
            return subprocess.run(["/usr/sbin/nft", "list", *what.split()], check=True,
                                  capture_output=True, text=True).stdout

    def start(self, argv: list) -> subprocess.Popen:
        with inside(self.server):
            return subprocess.Popen(argv)

    def socket(self, source: str) -> socket.socket:
        """A client's, with this address of his."""
        with inside(self.client):
            made = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
        made.bind((source, 0))
        return made
