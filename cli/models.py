"""`shelfwise models`: the published bundles, and which one answers, straight in the database of this machine."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from cli.current_database import current_database
from cli.terminal import say, say_facts, say_table
from shared.bundle import SplitMetrics
from shared.bundles import Release, release_of, releases_before
from shared.database import Database
from shared.errors import BundleRefused, Unavailable
from shared.releases import activate_release
from shared.settings import Settings
from shared.store import ObjectStore
from shared.workers import ALIVE_LEASES, alive, serving

PAGE = 100
CHANGE_OVER_SECONDS = 60.0
LOOK_SECONDS = 0.2
_HEADERS = ("version", "active", "macro-F1", "data", "published", "refused")


def list_models(settings: Settings) -> None:
    """Print every published bundle, newest first."""
    with current_database(settings) as database, database.read() as connection:
        say_table([_HEADERS, *(_row(release) for release in _releases(connection))])


def show_model(settings: Settings, version: str) -> None:
    """Print what a bundle was made of and how good it is. Raises NotFound."""
    with current_database(settings) as database, database.read() as connection:
        release = release_of(connection, version)
        workers = serving(connection, version, _lately(settings))
    say_facts(_facts(release, workers))


def activate_model(settings: Settings, version: str, seconds: float = CHANGE_OVER_SECONDS) -> None:
    """Activate a bundle, and wait until every worker that runs answers with it.

    Raises NotFound, BundleRefused when this command or a worker finds it damaged, and Unavailable when workers are not
    ready with it in time: they may still be loading it.
    """
    with current_database(settings) as database:
        activate_release(database, ObjectStore(settings.store), version)
        say(f"{version} is active")
        end = time.monotonic() + seconds
        while True:
            with database.read() as connection:
                release = release_of(connection, version)
            if release.refused is not None:
                raise BundleRefused(f"A worker refused it: {release.refused}")
            running, ready = _workers(database, settings, version)
            if ready == running:
                break
            if time.monotonic() > end:
                raise Unavailable(f"{ready} of {running} workers answer with {version} after {seconds:.0f} s.")
            time.sleep(LOOK_SECONDS)
    say(
        f"{running} of {running} workers answer with it" if running else "no worker runs; those that start will load it"
    )


def _workers(database: Database, settings: Settings, version: str) -> tuple[int, int]:
    """How many model workers run, and how many of them answer with this bundle."""
    within = _lately(settings)
    with database.read() as connection:
        return alive(connection, "model", within), serving(connection, version, within)


def _lately(settings: Settings) -> timedelta:
    return timedelta(seconds=ALIVE_LEASES * settings.lease_seconds)


def _releases(connection: Connection) -> Iterator[Release]:
    page: Sequence[Release] = releases_before(connection, None, PAGE)
    while page:
        yield from page
        page = releases_before(connection, page[-1].manifest.version, PAGE)


def _row(release: Release) -> tuple[str, ...]:
    manifest = release.manifest
    return (
        manifest.version,
        "yes" if release.active else "no",
        f"{manifest.metrics.fused.macro_f1:.4f}",
        manifest.data.name,
        f"{release.created_at:%Y-%m-%d %H:%M}",
        release.refused or "",
    )


def _facts(release: Release, workers: int) -> Iterator[tuple[str, object]]:
    manifest = release.manifest
    data, metrics, activated = manifest.data, manifest.metrics, release.activated_at
    yield "version", manifest.version
    yield "active", f"yes, since {activated:%Y-%m-%d %H:%M} UTC" if release.active and activated else "no"
    yield "workers", f"{workers} answer with it"
    if release.refused is not None:
        yield "refused", release.refused
    yield "trained", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"
    yield (
        "data",
        f"{data.name}: {data.train_rows} to train, {data.validation_rows} to validate, {data.test_rows} to test",
    )
    yield "fingerprint", data.fingerprint
    yield "categories", len(manifest.classes)
    yield "test rows", metrics.rows
    yield "text", _figures(metrics.text)
    yield "image", _figures(metrics.image)
    yield "fused", f"{_figures(metrics.fused)}, text weight {manifest.fusion.text_weight:.2f}"
    if metrics.baseline is not None:
        yield "baseline", _figures(metrics.baseline)


def _figures(metrics: SplitMetrics) -> str:
    figures = [f"accuracy {metrics.accuracy:.4f}", f"macro-F1 {metrics.macro_f1:.4f}"]
    if metrics.weighted_f1 is not None:
        figures.append(f"weighted F1 {metrics.weighted_f1:.4f}")
    if metrics.calibration_error is not None:
        figures.append(f"calibration error {metrics.calibration_error:.4f}")
    return ", ".join(figures)
