"""Limits on failed sign-ins: for each account, and for each address that they come from.

Names that nobody has are counted as well, so that the limit does not tell which ones somebody has. What is
stored is hashes of names and addresses, and a number.
"""

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, select

from shared.database import upsert
from shared.errors import TooManyRequests
from shared.settings import Settings
from shared.tables import SignInFailures

FORGOTTEN_AT_ONCE = 500  # rows in one transaction of the sweep
IPV6_SITE = 64  # bits that tell one customer from another; the rest is theirs to choose


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """So many failures, for one account and from one address, until the window that the first one opened ends."""

    per_account: int
    per_address: int
    window: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "SignInLimits":
        """The limits that are set."""
        window = timedelta(seconds=settings.sign_in_window_seconds)
        return cls(settings.sign_in_failures, settings.sign_in_failures_per_address, window)


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody's try to sign in as `username`, from an address."""

    username: str
    address: str

    @property
    def account_key(self) -> str:
        """Under which failures for this name are counted."""
        return _key("account", self.username)

    @property
    def address_key(self) -> str:
        """Under which failures from this address are counted."""
        return _key("address", network_of(self.address))


def refuse_too_many(connection: Connection, attempt: Try, limits: SignInLimits, moment: datetime) -> None:
    """Raise TooManyRequests when the account or the address has failed too often. To be asked before any hashing.

    What is being hashed at this moment has not failed yet, so that as many more may fail as are hashed at once.
    """
    most = {attempt.account_key: limits.per_account, attempt.address_key: limits.per_address}
    counts = connection.execute(
        select(SignInFailures.key, SignInFailures.count, SignInFailures.expires_at).where(
            SignInFailures.key.in_(most), SignInFailures.expires_at > moment
        )
    )
    waits = [expires_at - moment for key, failures, expires_at in counts if failures >= most[key]]
    if waits:
        seconds = math.ceil(max(waits).total_seconds())
        raise TooManyRequests(
            "Too many failed sign-ins; try again later.", retry_after=seconds, code="TOO_MANY_SIGN_INS"
        )


def count_failure(connection: Connection, attempt: Try, limits: SignInLimits, moment: datetime) -> None:
    """Count a failure, for the account and for the address. The first of a window says when it ends."""
    over = SignInFailures.expires_at <= moment
    ends = moment + limits.window
    for key in sorted((attempt.account_key, attempt.address_key)):  # locked in one order
        statement = upsert(connection, SignInFailures).values(key=key, count=1, expires_at=ends)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[SignInFailures.key],
                set_={
                    "count": case((over, 1), else_=SignInFailures.count + 1),
                    "expires_at": case((over, ends), else_=SignInFailures.expires_at),
                },
            )
        )


def clear_failures(connection: Connection, attempt: Try) -> None:
    """Forget the account's failures, now that somebody knew its password. The address's stay: it may try others."""
    connection.execute(delete(SignInFailures).where(SignInFailures.key == attempt.account_key))


def forget_expired_failures(connection: Connection, moment: datetime) -> None:
    """Delete counts whose window has ended, a bounded number at a time."""
    expired = select(SignInFailures.key).where(SignInFailures.expires_at <= moment).limit(FORGOTTEN_AT_ONCE)
    connection.execute(delete(SignInFailures).where(SignInFailures.key.in_(expired)))


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, an IPv6 network of one customer, else the text as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), IPV6_SITE), strict=False))


def _key(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}\0{name}".encode()).hexdigest()
