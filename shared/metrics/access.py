"""Who may read metrics: whoever is on this machine, and whoever has the token.

A reverse proxy on this machine comes from a loopback address, too, whoever its client is. So a request that says that
it was passed on is a stranger's, and so is one for another name than this machine's own.
"""

import hmac
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from pydantic import SecretStr

from shared.hosts import LOOPBACK, host_of

PASSED_ON = ("forwarded", "via", "x-forwarded", "x-real-ip")  # what such headers begin with
REFUSAL = "Metrics are for this machine itself, and for who sends SHELFWISE_METRICS_TOKEN as a bearer token."


def may_read(token: SecretStr | None, peer: str | None, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a request from this address with these headers (names in lower case) may read the metrics."""
    sent = list(headers)
    return _is_local(peer, sent) or _has(token, [value for name, value in sent if name == "authorization"])


def _is_local(peer: str | None, headers: Iterable[tuple[str, str]]) -> bool:
    hosts = [value for name, value in headers if name == "host"]
    passed_on = any(name.startswith(PASSED_ON) for name, _ in headers)
    return _is_loopback(peer) and not passed_on and len(hosts) == 1 and host_of(hosts[0]) in LOOPBACK


def _is_loopback(peer: str | None) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:  # a socket in the file system, of which nobody knows who is behind it
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _has(token: SecretStr | None, credentials: list[str]) -> bool:
    if token is None or len(credentials) != 1:
        return False
    scheme, _, given = credentials[0].partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode(errors="replace"), token.get_secret_value().encode()
    )
