"""The known model releases, and which one is active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, insert, or_, select, update

from shared.bundle import Manifest
from shared.categories import learn_categories
from shared.errors import NotFound
from shared.identifiers import now
from shared.tables import BundleRow


@dataclass(frozen=True, slots=True)
class Release:
    """A known bundle: when it was published, whether it is the active one, and why workers refused it, if they did."""

    manifest: Manifest
    active: bool
    created_at: datetime
    activated_at: datetime | None
    refused: str | None


def add_bundle(connection: Connection, manifest: Manifest) -> None:
    """Make a published bundle known, and its categories. Known already is as good: a version names its content."""
    known = connection.execute(select(BundleRow.version).where(BundleRow.version == manifest.version)).first()
    if known is None:
        connection.execute(
            insert(BundleRow).values(version=manifest.version, manifest=manifest.model_dump(mode="json"))
        )
        learn_categories(connection, manifest.classes)


def activate(connection: Connection, version: str) -> None:
    """Make this the bundle that workers answer with. Raises NotFound for a version nobody published."""
    connection.execute(update(BundleRow).where(BundleRow.active, BundleRow.version != version).values(active=False))
    changed = connection.execute(
        update(BundleRow).where(BundleRow.version == version).values(active=True, activated_at=now(), refused=None)
    )
    if changed.rowcount != 1:
        raise NotFound(f"There is no bundle {version!r}.")


def refuse(connection: Connection, version: str, reason: str) -> None:
    """Record why a bundle is not served. If it was the active one, the one that was active before it is so again.

    Else a worker that starts now would have nothing to answer with. Where there is none to go back to, it stays active.
    """
    connection.execute(update(BundleRow).where(BundleRow.version == version).values(refused=reason))
    if active_version(connection) != version:
        return
    before = connection.scalar(
        select(BundleRow.version)
        .where(BundleRow.version != version, BundleRow.activated_at.is_not(None), BundleRow.refused.is_(None))
        .order_by(BundleRow.activated_at.desc())
        .limit(1)
    )
    if before is not None:
        connection.execute(update(BundleRow).where(BundleRow.version == version).values(active=False))
        connection.execute(update(BundleRow).where(BundleRow.version == before).values(active=True))


def refusal_of(connection: Connection, version: str) -> str | None:
    """Why a worker does not serve a known bundle, if one would not."""
    return connection.execute(select(BundleRow.refused).where(BundleRow.version == version)).scalar_one_or_none()


def active_version(connection: Connection) -> str | None:
    """The version that workers should answer with, if there is one."""
    found = active_release(connection)
    return found.version if found else None


def active_release(connection: Connection) -> Row[str, datetime | None] | None:
    """The active version and when it was activated: another time is another attempt to serve it."""
    return connection.execute(select(BundleRow.version, BundleRow.activated_at).where(BundleRow.active)).one_or_none()


def known_manifest(connection: Connection, version: str) -> Manifest | None:
    """The manifest of a bundle, if it was published."""
    stored: dict[str, Any] | None = connection.scalars(
        select(BundleRow.manifest).where(BundleRow.version == version)
    ).one_or_none()
    return None if stored is None else Manifest.model_validate(stored)


def manifest_of(connection: Connection, version: str) -> Manifest:
    """A known bundle's manifest. Raises NotFound."""
    manifest = known_manifest(connection, version)
    if manifest is None:
        raise NotFound(f"There is no bundle {version!r}.")
    return manifest


def release_of(connection: Connection, version: str) -> Release:
    """A known bundle. Raises NotFound."""
    found = connection.execute(_RELEASE.where(BundleRow.version == version)).one_or_none()
    if found is None:
        raise NotFound(f"There is no bundle {version!r}.")
    return _release(found)


def releases_before(connection: Connection, version: str | None, limit: int) -> Sequence[Release]:
    """Up to `limit` known bundles, newest first, from those published before this one (None: from the newest)."""
    query = _RELEASE.order_by(BundleRow.created_at.desc(), BundleRow.version.desc()).limit(limit)
    if version is not None:
        published = select(BundleRow.created_at).where(BundleRow.version == version).scalar_subquery()
        same_time = and_(BundleRow.created_at == published, BundleRow.version < version)
        query = query.where(or_(BundleRow.created_at < published, same_time))
    return [_release(row) for row in connection.execute(query)]


def _release(row: Row[dict[str, Any], bool, datetime, datetime | None, str | None]) -> Release:
    manifest, active, created_at, activated_at, refused = row
    return Release(Manifest.model_validate(manifest), active, created_at, activated_at, refused)


_RELEASE: Select[dict[str, Any], bool, datetime, datetime | None, str | None] = select(
    BundleRow.manifest, BundleRow.active, BundleRow.created_at, BundleRow.activated_at, BundleRow.refused
)
