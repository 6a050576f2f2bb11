"""Quotas: the rows that an account has submitted today, and the bytes of photos and files that it holds.

Everything that changes an account's sums locks its row of `usage` first, so that two requests of one account
neither count the same photo twice nor pass the limit together. Locks go in this order: batches, jobs, usage, images,
and last the row of the account, which every new row that refers to it locks too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import Self

from sqlalchemy import Connection, Row, bindparam, case, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from shared.errors import QuotaFull, TooManyRequests, Unauthenticated
from shared.identifiers import now
from shared.settings import Settings
from shared.tables import Image, Prediction, Usage, User

AT_ONCE = 1_000  # photos in one statement
_GONE = "The account is not there any more."


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much one account may submit in a day (UTC), and hold."""

    rows_per_day: int
    stored_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The quotas that are set."""
        return cls(settings.quota_rows_per_day, settings.quota_stored_bytes)


@dataclass(frozen=True, slots=True)
class Used:
    """What an account has used of its quotas."""

    rows_today: int
    stored_bytes: int


def charge(connection: Connection, owner_id: str, rows: int, stored_bytes: int, quotas: Quotas) -> None:
    """Add to what an account uses.

    Raises TooManyRequests or QuotaFull when that is more than it may, and Unauthenticated when the account has been
    deleted; nothing is added then. What adds nothing passes any limit.
    """
    moment = now()
    sums = _add(connection, owner_id, moment, rows, stored_bytes)
    if sums is None:
        raise Unauthenticated(_GONE)
    over_rows = rows and sums.rows > quotas.rows_per_day
    over_bytes = stored_bytes and sums.stored_bytes > quotas.stored_bytes
    if over_rows or over_bytes:
        _add(connection, owner_id, moment, -rows, -stored_bytes)
    if over_rows:
        raise _no_more_rows(quotas, moment)
    if over_bytes:
        raise _no_more_bytes(quotas)


def require_room(connection: Connection, owner_id: str, quotas: Quotas) -> None:
    """Raise TooManyRequests or QuotaFull when an account has nothing left: before anything is stored for it."""
    used = usage_of(connection, owner_id)
    if used.rows_today >= quotas.rows_per_day:
        raise _no_more_rows(quotas, now())
    if used.stored_bytes >= quotas.stored_bytes:
        raise _no_more_bytes(quotas)


def lock_rows_left(connection: Connection, owner_id: str, quotas: Quotas) -> int:
    """How many products an account may still submit today: so many can be charged in the same transaction.

    Raises Unauthenticated when the account has been deleted.
    """
    sums = _add(connection, owner_id, now(), 0, 0)
    if sums is None:
        raise Unauthenticated(_GONE)
    return max(0, quotas.rows_per_day - int(sums.rows))


def refund_bytes(connection: Connection, owner_id: str, stored_bytes: int) -> None:
    """Take erased photos and files off what an account holds."""
    left = Usage.stored_bytes - stored_bytes
    connection.execute(
        update(Usage).where(Usage.owner_id == owner_id).values(stored_bytes=case((left > 0, left), else_=0))
    )


def new_photo_bytes(connection: Connection, owner_id: str, photos: Mapping[str, int]) -> int:
    """How many bytes of these photos (sizes by SHA-256) the account does not hold yet: each is charged once.

    To be called in the transaction that charges them and inserts the rows that name them.
    """
    _add(connection, owner_id, now(), 0, 0)  # makes the row where there is none, and locks it
    hashes = list(photos)
    held: set[str] = set()
    for first in range(0, len(hashes), AT_ONCE):
        held.update(connection.scalars(_HELD, {"owner_": owner_id, "images_": hashes[first : first + AT_ONCE]}))
    return sum(size for sha256, size in photos.items() if sha256 not in held)


def lock_usage(connection: Connection, owner_id: str) -> None:
    """Let nobody charge this account before the transaction ends."""
    connection.execute(select(Usage.owner_id).where(Usage.owner_id == owner_id).with_for_update())


def usage_of(connection: Connection, owner_id: str) -> Used:
    """What an account has used."""
    found = connection.execute(
        select(Usage.day, Usage.rows, Usage.stored_bytes).where(Usage.owner_id == owner_id)
    ).one_or_none()
    if found is None:
        return Used(0, 0)
    return Used(found.rows if found.day == _day(now()) else 0, found.stored_bytes)


def _add(connection: Connection, owner_id: str, moment: datetime, rows: int, stored_bytes: int) -> Row[int, int] | None:
    """Add to an account's sums and return them; None for an account that is deleted."""
    added = {"owner_": owner_id, "day_": _day(moment), "rows_": rows, "bytes_": stored_bytes}
    return connection.execute(_ADDING[connection.dialect.name], added).one_or_none()


def _adding(statement: sqlite.Insert | postgresql.Insert) -> ReturningInsert[int, int]:
    """The upsert of an account's sums; it does nothing for an account that is deleted.

    Of two machines whose clocks stand on both sides of midnight, the later one's day counts for both.
    """
    new = [bindparam("day_", type_=Usage.day.type), bindparam("rows_", type_=Usage.rows.type)]
    new.append(bindparam("bytes_", type_=Usage.stored_bytes.type))
    account = select(User.id, *new).where(User.id == bindparam("owner_"), User.deleted_at.is_(None))
    statement = statement.from_select(["owner_id", "day", "rows", "stored_bytes"], account)
    added = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[Usage.owner_id],
        set_={
            "rows": added.rows + case((Usage.day >= added.day, Usage.rows), else_=0),
            "day": case((Usage.day > added.day, Usage.day), else_=added.day),
            "stored_bytes": Usage.stored_bytes + added.stored_bytes,
        },
    ).returning(Usage.rows, Usage.stored_bytes)


def _no_more_rows(quotas: Quotas, moment: datetime) -> TooManyRequests:
    return TooManyRequests(
        f"An account may submit {quotas.rows_per_day} products a day; the next day begins at 00:00 UTC.",
        retry_after=_seconds_to_midnight(moment),
        code="QUOTA_ROWS",
    )


def _no_more_bytes(quotas: Quotas) -> QuotaFull:
    return QuotaFull(f"An account may hold {quotas.stored_bytes} bytes of photos and files; deleting jobs makes room.")


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _seconds_to_midnight(moment: datetime) -> int:
    midnight = datetime.combine(moment.date() + timedelta(days=1), time(), UTC)
    return max(1, ceil((midnight - moment).total_seconds()))


_HELD = select(Image.sha256).where(
    Image.sha256.in_(bindparam("images_", expanding=True)),
    exists().where(Prediction.owner_id == bindparam("owner_"), Prediction.image == Image.sha256),
)
# Built once: building them anew costs as much as running them.
_ADDING = {
    "sqlite": _adding(sqlite.insert(Usage)),
    "postgresql": _adding(postgresql.insert(Usage)),
}
