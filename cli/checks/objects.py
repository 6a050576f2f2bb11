"""The object store: whether it can be written, and whether the active bundle lies in it as its manifest says."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection

from cli.checks.findings import Finding, Patient, fail, ok, warn
from cli.checks.ledger import asked
from shared.bundle import Manifest
from shared.bundles import active_version, manifest_of, refusal_of
from shared.errors import ShelfwiseError
from shared.identifiers import new_id
from shared.releases import bundle_key
from shared.settings import Settings
from shared.store import ObjectStore, local_folder


def check_object_store(patient: Patient) -> Iterator[Finding]:
    """Write, read and delete an object."""
    if store_is_missing(patient.settings):
        yield warn("object store", f"{patient.settings.store} does not exist yet: `shelfwise up` makes it.")
        return
    store, key, content = ObjectStore(patient.settings.store), f"doctor-{new_id()}", b"Can this be read again?"
    try:
        store.put(key, content)
        read = store.get(key)
        store.delete([key])
    except ShelfwiseError as error:
        yield fail("object store", f"{error.message} Nothing could be written to it: look at its rights and its room.")
        return
    if read != content:
        yield fail("object store", "What was written came back differently: use another disk or store.")
    else:
        yield ok("object store", "It can be written and read.")


def check_bundle(patient: Patient) -> Iterator[Finding]:
    """The active bundle, and the hash of each of its files."""
    release = asked(patient.settings, _active)
    if release is None:
        return
    manifest, refusal = release
    if manifest is None:
        yield warn("bundle", "None is active: `shelfwise up` trains the demo bundle.")
    elif refusal:
        yield fail("bundle", f"{refusal} Activate another one.")
    elif store_is_missing(patient.settings):
        yield fail("bundle", f"{manifest.version} is active, and the object store does not exist: bring it back.")
    elif damaged := _damaged(ObjectStore(patient.settings.store), manifest):
        yield fail("bundle", f"{manifest.version}: {', '.join(damaged)} missing or damaged: publish it anew.")
    else:
        yield ok("bundle", f"{manifest.version} is active and complete.")


def _active(connection: Connection) -> tuple[Manifest | None, str | None]:
    """The active bundle's manifest, and why a worker would not serve it."""
    version = active_version(connection)
    return (manifest_of(connection, version), refusal_of(connection, version)) if version else (None, None)


def store_is_missing(settings: Settings) -> bool:
    """Whether the store is a local folder that is not there: opening it would make it."""
    folder = local_folder(settings.store)
    return folder is not None and not folder.is_dir()


def _damaged(store: ObjectStore, manifest: Manifest) -> list[str]:
    """The names of the bundle's files whose content is not what the manifest says."""
    return [name for name, wanted in manifest.files.items() if _hash(store, manifest.version, name) != wanted]


def _hash(store: ObjectStore, version: str, name: str) -> str | None:
    digest = hashlib.sha256()
    try:
        for chunk in store.chunks(bundle_key(version, name)):
            digest.update(chunk)
    except FileNotFoundError:
        return None
    return digest.hexdigest()
