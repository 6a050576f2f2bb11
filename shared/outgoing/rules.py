"""Where outgoing requests may go: https on the usual port, to public addresses, unless the settings say more."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# The lists are written out: `ipaddress` calls several of these global, and changes its mind between versions.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and the metadata of cloud machines
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Everything public is in here; loopback, v4-mapped, v4-compatible, NAT64, ULA, link- and site-local, and
# multicast are not. https://www.iana.org/assignments/iana-ipv6-special-registry
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True)
class OutgoingRules:
    """What the settings allow. Addresses in `networks` are allowed although they are not public."""

    networks: tuple[Network, ...] = ()
    allow_http: bool = False
    ports: frozenset[int] = frozenset({443})

    def allow(self, address: Address) -> bool:
        """Whether a connection may go to this address."""
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            return False
        return is_public(address) or any(address in network for network in self.networks)


def is_public(address: Address) -> bool:
    """Whether this is an ordinary address of the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    return address in _UNICAST_V6 and not any(address in network for network in _SPECIAL_V6)


def networks_in(text: str) -> tuple[Network, ...]:
    """The networks in a list with commas. Raises ValueError, which does not show the text."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("it must be networks like 10.1.0.0/16 or fd00:1::/32, with commas between") from None


def ports_in(text: str) -> frozenset[int]:
    """The ports in a list with commas. Raises ValueError, which does not show the text."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and 0 < int(part[:6]) < 65536 for part in parts):
        raise ValueError("it must be ports from 1 to 65535, with commas between")
    return frozenset(map(int, parts))
