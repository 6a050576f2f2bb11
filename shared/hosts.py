"""Names under which the API is reached: what a Host header may say, and no other.

A page of somebody else's can have its own name lead to this machine (DNS rebinding), and a browser would let it
read what it gets. The name in the Host header gives it away.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

ANY = "*"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

_LABELS = r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?"
_HOST = re.compile(rf"(?P<name>\[[0-9a-f:.]{{2,45}}\]|{_LABELS})\.?(:[0-9]{{0,5}})?")


@dataclass(frozen=True, slots=True)
class TrustedHosts:
    """Names and addresses in the form of `host_of`; `*.example.com` is every name below that one, `*` every name."""

    patterns: frozenset[str]

    def include(self, host: str) -> bool:
        """Whether a host, in the form of `host_of`, is one of these."""
        parents = (host[place:] for place, letter in enumerate(host) if letter == ".")
        return ANY in self.patterns or host in self.patterns or any(f"*{each}" in self.patterns for each in parents)


def host_of(header: str) -> str | None:
    """The host that a Host header (RFC 9110, 7.2) names, without port and final dot, in lower case.

    IPv6 addresses are in brackets and in their shortest form. None for what names no host.
    """
    found = _HOST.fullmatch(header.lower())
    if found is None or ".." in found["name"]:
        return None
    return _shortest(found["name"]) if found["name"].startswith("[") else found["name"]


def hosts_in(text: str) -> frozenset[str]:
    """The patterns of a setting, which has commas between them. Raises ValueError."""
    patterns = (part.strip() for part in text.split(",") if part.strip())
    return frozenset(_pattern(each) for each in patterns)


def trusted(listening_on: str, patterns: Iterable[str]) -> TrustedHosts:
    """These, and what this machine calls itself: a client on it is no stranger's page."""
    own = None if is_every_address(listening_on) else host_of(_bracketed(listening_on))
    return TrustedHosts(frozenset((*LOOPBACK, *(() if own is None else (own,)), *patterns)))


def is_every_address(host: str) -> bool:
    """Whether listening on `host` means all addresses of the machine: `0.0.0.0`, `::`, and other ways to say so."""
    try:
        return host == "" or ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        pass
    try:
        return socket.inet_aton(host) == bytes(4)  # "0" and "0x0" are addresses to the system
    except OSError:
        return False


def _pattern(text: str) -> str:
    if text == ANY:
        return ANY
    wildcard = text.startswith("*.")
    name = text[2:] if wildcard else text
    host = host_of(_bracketed(name))
    if host is None or _has_port(name) or (wildcard and host.startswith("[")):
        raise ValueError("it must be host names with commas between, like api.example.com or *.example.com")
    return f"*.{host}" if wildcard else host


def _bracketed(name: str) -> str:
    return f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name


def _has_port(name: str) -> bool:
    return name.count(":") == 1 or "]:" in name


def _shortest(literal: str) -> str | None:
    try:
        return f"[{IPv6Address(literal[1:-1])}]"
    except ValueError:
        return None
