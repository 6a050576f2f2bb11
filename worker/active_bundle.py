"""The bundle that this worker answers with: the active one, fetched and loaded beside the loop that answers.

Loading takes seconds. It is done by whoever calls `refresh` (worker/process.py has a thread for it), while the loop
goes on with the bundle before; a claim that begins after that takes the new one.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Row

from shared.bundle import MANIFEST, Manifest
from shared.bundles import active_release, manifest_of, refuse
from shared.database import Database
from shared.errors import BundleRefused, ConfigurationError
from shared.logs import get_logger
from shared.releases import fetch
from shared.settings import Settings
from shared.store import ObjectStore
from shared.workers import ALIVE_LEASES, serving
from worker.call_sizes import CallSizes, SizesFile, measured_sizes
from worker.inference import Inference
from worker.predictor import Predictor, make_predictor

LOOK_SECONDS = 1.0
RETRY_SECONDS = 30.0
DECODERS = 2


class ActiveBundle:
    """Keeps one `Inference` in step with the row of `bundles` that is active."""

    def __init__(self, settings: Settings, database: Database, store: ObjectStore) -> None:
        self.inference: Inference | None = None
        self.device = "none"
        self._settings = settings
        self._database = database
        self._store = store
        self._decoders = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
        self._retry_at = float("-inf")
        self._refused: Row[str, datetime | None] | None = None

    @property
    def version(self) -> str | None:
        """The version that answers come from now; None before the first bundle."""
        return self.inference.version if self.inference else None

    def refresh(self) -> Inference | None:
        """Load the active bundle if it is another one than before; returns what there is to answer with.

        A bundle that is refused leaves the one before in place, and its reason on its row; it is tried again
        when it is activated again. One that could not be loaded for other reasons, or that others answer with, is
        tried again in a while. One thread calls this.
        """
        if time.monotonic() < self._retry_at:
            return self.inference
        with self._database.read() as connection:
            release = active_release(connection)
        if release is not None and release.version != self.version and release != self._refused:
            try:
                self._load(release.version)
            except BundleRefused as refusal:
                self._refuse(release, refusal.message)
            except ConfigurationError:
                self._retry_at = time.monotonic() + RETRY_SECONDS
                raise
            except Exception:  # a store that is away, a full disk: no reason to stop answering with the one before
                get_logger().exception("bundle.not_loaded", bundle=release.version, serving=self.version)
                self._retry_at = time.monotonic() + RETRY_SECONDS
        return self.inference

    def _refuse(self, release: Row[str, datetime | None], reason: str) -> None:
        """Refuse a bundle for everybody, unless others answer with it: then what is wrong is wrong here only."""
        lately = timedelta(seconds=ALIVE_LEASES * self._settings.lease_seconds)
        with self._database.begin() as connection:
            others = serving(connection, release.version, lately)
            if not others:
                refuse(connection, release.version, reason)
        if others:
            self._retry_at = time.monotonic() + RETRY_SECONDS
        else:
            self._refused = release
        event = "bundle.not_loaded" if others else "bundle.refused"
        get_logger().error(event, bundle=release.version, reason=reason, serving=self.version, others=others)

    def _load(self, version: str) -> None:
        started = time.monotonic()
        bundle = fetch(self._store, version, self._cache)
        with self._database.read() as connection:
            if bundle.manifest != manifest_of(connection, version):
                raise BundleRefused(f"{version}: {MANIFEST} is not the one that was published.")
        predictor = make_predictor(self._settings.predictor)
        predictor.load(bundle, self._settings.precision)
        self.device = predictor.device
        sizes = self._sizes(predictor, bundle.manifest)
        self.inference = Inference(predictor, bundle.manifest, self._store, self._decoders, sizes)
        seconds = round(time.monotonic() - started, 2)
        get_logger().info(
            "bundle.loaded",
            bundle=version,
            device=self.device,
            texts_at_once=sizes.texts,
            photos_at_once=sizes.photos,
            seconds=seconds,
        )

    def _sizes(self, predictor: Predictor, manifest: Manifest) -> CallSizes:
        """How much one call of this predictor should take on this device."""
        if not predictor.is_to_be_measured:
            return CallSizes()
        file = SizesFile(self._settings.data_dir / "cache")
        sizes = file.read(predictor.device, manifest.version)
        if sizes is None:
            sizes = measured_sizes(predictor.predict, manifest)
            file.write(predictor.device, manifest.version, sizes)
        return sizes

    @property
    def _cache(self) -> Path:
        return self._settings.data_dir / "cache" / "bundles"
