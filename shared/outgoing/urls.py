"""A URL from outside, taken apart strictly: what two readers could understand in two ways is refused.

Nothing is looked up here. A host that is an address must be written the one usual way, so that the check of
the address and the connection mean the same one.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit

import idna

from shared.errors import UrlRefused
from shared.outgoing.rules import Address, OutgoingRules

LONGEST_URL = 4096
_DEFAULT_PORTS = {"https": 443, "http": 80}
_NEVER = re.compile(r"[\x00-\x20\x7f\\#]")  # what readers of URLs skip, turn into a slash, or cut at
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(:(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label like this makes the host an address, however written
_LONGEST_NAME = 253
_IN_A_PATH = "/%:@!$&'()*+,;=~"
_IN_A_QUERY = _IN_A_PATH + "?"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `address` is set when the host is an address and no name; `path` holds the query too."""

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def check_url(url: str, rules: OutgoingRules, *, where: str = "body.url", code: str = UrlRefused.code) -> str:
    """The URL in plain ASCII, if a request may be made to it as far as can be told from its text.

    Raises UrlRefused with this `where` and `code`. What its host leads to is checked when it is connected to.
    """
    try:
        target = target_of(url, rules)
    except UrlRefused as refusal:
        raise UrlRefused(refusal.message, where=where, code=code) from None
    return f"{target.scheme}://{target.authority}{target.path}"


def target_of(url: str, rules: OutgoingRules) -> Target:
    """Take a URL apart. Raises UrlRefused."""
    if len(url) > LONGEST_URL:
        raise UrlRefused(f"The URL is longer than {LONGEST_URL} characters.")
    if _NEVER.search(url):
        raise UrlRefused("The URL has a space, a control character, a backslash or a fragment in it.")
    try:
        parts = urlsplit(url)
        path = quote(parts.path or "/", safe=_IN_A_PATH)
        query = quote(parts.query, safe=_IN_A_QUERY)
    except ValueError:  # half a surrogate pair is one, too
        raise UrlRefused("This is not a URL.") from None
    _require_scheme(parts.scheme, rules)
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if authority is None:
        raise UrlRefused("The URL needs a plain host, without a user's name or password.")
    port = int(authority["port"] or _DEFAULT_PORTS[parts.scheme])
    if port not in rules.ports:
        raise UrlRefused("The URL's port is not allowed.")
    host, address = _host(authority["host"])
    if address is not None and not rules.allow(address):
        raise UrlRefused("The URL leads to an address that is not public.")
    return Target(parts.scheme, host, port, f"{path}?{query}" if query else path, address)


def _require_scheme(scheme: str, rules: OutgoingRules) -> None:
    if scheme != "https" and not (scheme == "http" and rules.allow_http):
        raise UrlRefused("The URL must begin with https://" + (" or http://." if rules.allow_http else "."))


def _host(written: str) -> tuple[str, Address | None]:
    """The host in ASCII and lower case, and the address that it is, if it is one."""
    try:
        if written.startswith("["):
            literal = IPv6Address(written[1:-1])
            return str(literal), literal
        name = written.lower() if written.isascii() else idna.encode(written, uts46=True).decode()
        name = name.removesuffix(".")
        labels = name.split(".")
        if _NUMBER.fullmatch(labels[-1]):
            return name, IPv4Address(name)
    except (AddressValueError, UnicodeError):  # idna's errors are UnicodeErrors
        raise UrlRefused("The URL's host is not a name, nor an address in its usual form.") from None
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused("The URL's host is not a name, nor an address in its usual form.")
    return name, None
