"""The known model releases, and which one is active."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from shared.bundle import Manifest
from shared.errors import NotFound
from shared.identifiers import now
from shared.tables import BundleRow


def add_bundle(connection: Connection, manifest: Manifest) -> None:
    """Make a published bundle known. Known already is as good: a version names its content."""
    known = connection.execute(select(BundleRow.version).where(BundleRow.version == manifest.version)).first()
    if known is None:
        connection.execute(
            insert(BundleRow).values(version=manifest.version, manifest=manifest.model_dump(mode="json"))
        )


def activate(connection: Connection, version: str) -> None:
    """Make this the bundle that workers answer with. Raises NotFound for a version nobody published."""
    connection.execute(update(BundleRow).where(BundleRow.active, BundleRow.version != version).values(active=False))
    changed = connection.execute(
        update(BundleRow).where(BundleRow.version == version).values(active=True, activated_at=now(), refused=None)
    )
    if changed.rowcount != 1:
        raise NotFound(f"There is no bundle {version!r}.")


def refuse(connection: Connection, version: str, reason: str) -> None:
    """Record why a worker does not serve a bundle."""
    connection.execute(update(BundleRow).where(BundleRow.version == version).values(refused=reason))


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


def manifest_of(connection: Connection, version: str) -> Manifest:
    """A known bundle's manifest. Raises NotFound."""
    stored: dict[str, Any] | None = connection.scalars(
        select(BundleRow.manifest).where(BundleRow.version == version)
    ).one_or_none()
    if stored is None:
        raise NotFound(f"There is no bundle {version!r}.")
    return Manifest.model_validate(stored)
