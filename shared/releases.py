"""Bundles on their way: from the folder where training made one into the object store, and from there to a worker."""

import hashlib
import math
import shutil
import time
import uuid
from datetime import timedelta
from pathlib import Path

from shared.bundle import CONTENT, MANIFEST, Bundle, Manifest
from shared.bundles import activate, add_bundle, known_manifest, manifest_of, refuse
from shared.database import Database
from shared.errors import BundleRefused
from shared.store import ObjectStore

CACHED = 4  # bundles on a host: the one that answers, and those that one may soon go back to
ABANDONED = timedelta(days=1)  # a download that is older was killed


def bundle_key(version: str, name: str) -> str:
    """Where a file of a bundle lies in the object store."""
    return f"bundles/{version}/{name}"


def publish(database: Database, store: ObjectStore, bundle: Bundle, *, activated: bool) -> None:
    """Put a checked bundle into the store, make it known, and activate it if asked.

    The manifest goes last and the row after it, so that a bundle which is known is complete. One that is known already
    keeps its manifest: a version names all that serving goes by, and the same bundle made again differs in its time.
    """
    version = bundle.manifest.version
    with database.read() as connection:
        known = known_manifest(connection, version)
    for name in CONTENT:
        store.put(bundle_key(version, name), bundle.folder / name)
    manifest = bundle.folder / MANIFEST if known is None else known.model_dump_json().encode()
    store.put(bundle_key(version, MANIFEST), manifest)
    store.sync(bundle_key(version, name) for name in (*CONTENT, MANIFEST))
    with database.begin() as connection:
        add_bundle(connection, bundle.manifest)
        if activated:
            activate(connection, version)


def activate_release(database: Database, store: ObjectStore, version: str) -> None:
    """Look at a published bundle's files once more, and make it the one that workers answer with.

    Raises NotFound for a version that nobody published, and BundleRefused, with the reason on its row and the active
    bundle left as it is, when the store does not have what was published. Workers look again, and at more.
    """
    with database.read() as connection:
        manifest = manifest_of(connection, version)
    try:
        require_intact(store, manifest)
    except BundleRefused as refusal:
        with database.begin() as connection:
            refuse(connection, version, refusal.message)
        raise
    with database.begin() as connection:
        activate(connection, version)


def require_intact(store: ObjectStore, manifest: Manifest) -> None:
    """Raise BundleRefused unless the store holds this manifest and every file as the manifest has it."""
    version = manifest.version
    try:
        stored = Manifest.model_validate_json(store.get(bundle_key(version, MANIFEST)))
        if stored != manifest:
            raise BundleRefused(f"{version}: {MANIFEST} in the store is not the one that was published.")
        for name in CONTENT:
            digest = hashlib.sha256()
            for chunk in store.chunks(bundle_key(version, name)):
                digest.update(chunk)
            if digest.hexdigest() != manifest.files.get(name):
                raise BundleRefused(f"{version}: {name} differs from the hash in the manifest.")
    except FileNotFoundError:
        raise BundleRefused(f"{version}: a file is missing in the store.") from None
    except ValueError:
        raise BundleRefused(f"{version}: {MANIFEST} is not readable.") from None


def fetch(store: ObjectStore, version: str, cache: Path) -> Bundle:
    """Bring a published bundle into a local folder below `cache` and check it.

    What is there already is taken if its hashes are right. Of the others, those that were brought or taken last stay.
    Raises BundleRefused when the stored one is damaged.
    """
    bundle = _cached(cache / version) or _brought(store, version, cache)
    bundle.folder.touch()
    _make_room(cache)
    return bundle


def _cached(folder: Path) -> Bundle | None:
    """The bundle in this folder, which goes if it is damaged."""
    if not folder.is_dir():
        return None
    try:
        return Bundle.open(folder)
    except BundleRefused:
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _brought(store: ObjectStore, version: str, cache: Path) -> Bundle:
    folder = cache / version
    arriving = cache / f".{version}-{uuid.uuid4().hex}"
    arriving.mkdir(parents=True)
    try:
        for name in (*CONTENT, MANIFEST):
            _download(store, bundle_key(version, name), arriving / name)
        bundle = Bundle.open(arriving)
        if bundle.manifest.version != version:
            raise BundleRefused(f"{version}: the manifest in the store is that of {bundle.manifest.version}.")
        try:
            arriving.rename(folder)
        except OSError:
            return Bundle.open(folder)  # another process was quicker
        return Bundle(folder, bundle.manifest)
    except FileNotFoundError as error:
        raise BundleRefused(f"{version}: a file is missing in the store.") from error
    finally:
        shutil.rmtree(arriving, ignore_errors=True)


def _make_room(cache: Path) -> None:
    """Remove all but the bundles that were used last, and what killed downloads have left.

    Several processes of a host may do so at once: what one of them is about to load was used last.
    """
    oldest = time.time() - ABANDONED.total_seconds()
    by_use = sorted(((_used_at(path), path) for path in cache.iterdir()), reverse=True)
    bundles = [path for _, path in by_use if not path.name.startswith(".")]
    abandoned = [path for used_at, path in by_use if path.name.startswith(".") and used_at < oldest]
    for path in (*bundles[CACHED:], *abandoned):
        shutil.rmtree(path, ignore_errors=True)


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process has just brought it to its place, or removed it
        return math.inf


def _download(store: ObjectStore, key: str, target: Path) -> None:
    with target.open("wb") as file:
        for chunk in store.chunks(key):
            file.write(chunk)
