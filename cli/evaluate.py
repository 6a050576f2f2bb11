"""`shelfwise evaluate`: what any bundle makes of any labelled products."""

from contextlib import ExitStack, closing
from pathlib import Path

from cli.current_database import current_database
from cli.figures import say_figures, write_summary
from cli.labelled_data import LabelledData, require_training_extra
from cli.terminal import say
from shared.bundle import Bundle
from shared.bundles import manifest_of
from shared.database import Database
from shared.releases import fetch
from shared.settings import Settings
from shared.store import ObjectStore


def evaluate(settings: Settings, bundle: str, data: LabelledData, out: Path | None, summary: Path | None) -> None:
    """Ask a bundle, a folder or a published version, about labelled products; print the figures and write a report.

    Raises NotFound for a version that nobody published, BundleRefused for a damaged bundle, and InvalidInput for data
    that cannot be read, or when something else than a report is at `out`.
    """
    require_training_extra()
    from training.quiet_tensorflow import import_tensorflow

    store = ObjectStore(settings.store)
    folder = Path(bundle)
    with ExitStack() as stack:
        if data.from_service or not folder.is_dir():
            database = stack.enter_context(current_database(settings))
        else:  # a folder and files: no service is needed, but SQLite has to be loaded before TensorFlow brings its own
            database = stack.enter_context(closing(Database(settings.database)))
        opened = Bundle.open(folder) if folder.is_dir() else _published(settings, database, store, bundle)
        import_tensorflow()
        from training.bundle_report import report_on
        from training.export import slug
        from training.report import require_report_folder

        if out is not None:
            require_report_folder(out)
        dataset = data.read(database, store)
    for line in dataset.report.lines():
        say(line)
    report = report_on(opened, dataset, settings.data_dir / "cache" / "features", settings.precision)
    default = settings.data_dir / "evaluations" / f"{opened.manifest.version}-{slug(dataset.name)}"
    target = out if out is not None else default
    report.write(target)
    say_figures(report.to_dict()["figures"])
    say(f"report: {target / 'report.md'}")
    if summary is not None:
        write_summary(summary, {**report.to_dict(), "report": str(target)})


def _published(settings: Settings, database: Database, store: ObjectStore, version: str) -> Bundle:
    with database.read() as connection:
        manifest_of(connection, version)
    return fetch(store, version, settings.data_dir / "cache" / "bundles")
