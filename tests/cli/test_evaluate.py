"""`shelfwise evaluate`: any bundle on any labelled products."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.evaluate import evaluate
from cli.labelled_data import LabelledData
from shared.bundle import TEXT_MODEL, Bundle
from shared.database import Database
from shared.errors import BundleRefused, InvalidInput, NotFound
from shared.releases import bundle_key, publish
from shared.settings import Settings, load_settings
from shared.store import ObjectStore
from tests.cli.command import shelfwise
from tests.support.catalogues import write_csv
from training.demo.catalogue import demo_catalogue

HEADER = ("productid", "designation", "description", "image", "prdtypecode")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five products of each category with their photos, in a CSV; one of them without a photo."""
    folder = tmp_path_factory.mktemp("catalogue")
    rows = []
    for number, product in enumerate(demo_catalogue(11, 5)):
        if product.photo is not None and number:
            (folder / f"{number}.jpg").write_bytes(product.photo.read())
        rows.append((number, product.designation, product.description or "", f"{number}.jpg", product.code))
    write_csv(folder / "products.csv", HEADER, rows)
    return folder


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data")


def test_a_folder_is_asked_about_a_csv_and_the_figures_are_printed_and_written(
    tiny_bundle: Bundle, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = load_settings(data_dir=tmp_path / "no service")
    summary = tmp_path / "figures.json"

    evaluate(nowhere, str(tiny_bundle.folder), LabelledData(path=data), None, summary)

    found = json.loads(summary.read_text())
    report = Path(found["report"])
    assert report.parent == nowhere.data_dir / "evaluations"
    assert report.name.startswith(f"{tiny_bundle.manifest.version}-catalogue")
    assert json.loads((report / "metrics.json").read_text())["figures"] == found["figures"]
    assert {name: figures["rows"] for name, figures in found["figures"].items()} == {
        "text": 135,
        "image": 134,
        "fused": 134,
        "served": 135,
        "baseline": 135,
    }
    assert "5 folds of this data" in (report / "report.md").read_text()
    said = capsys.readouterr().out
    assert "135 rows read" in said
    assert f"{found['figures']['served']['macro_f1']:.4f}" in said
    assert f"report: {report / 'report.md'}" in said


def test_a_published_version_says_the_same_as_its_folder(
    tiny_bundle: Bundle, data: Path, settings: Settings, database: Database, tmp_path: Path
) -> None:
    publish(database, ObjectStore(settings.store), tiny_bundle, activated=False)
    labelled = LabelledData(path=data)

    evaluate(settings, tiny_bundle.manifest.version, labelled, tmp_path / "published", None)
    evaluate(settings, str(tiny_bundle.folder), labelled, tmp_path / "folder", None)

    published, folder = ((tmp_path / name / "predictions.csv").read_text() for name in ("published", "folder"))
    assert published == folder


def test_a_version_that_was_damaged_in_the_store_is_refused(
    tiny_bundle: Bundle, data: Path, settings: Settings, database: Database
) -> None:
    store = ObjectStore(settings.store)
    publish(database, store, tiny_bundle, activated=False)
    version = tiny_bundle.manifest.version
    damaged = bytearray((tiny_bundle.folder / TEXT_MODEL).read_bytes())
    damaged[1000] ^= 1
    store.put(bundle_key(version, TEXT_MODEL), bytes(damaged))

    with pytest.raises(BundleRefused, match="differs from the hash"):
        evaluate(settings, version, LabelledData(path=data), None, None)


def test_an_unknown_version_is_said(data: Path, settings: Settings) -> None:
    with pytest.raises(NotFound, match="There is no bundle 'nothing-1'"):
        evaluate(settings, "nothing-1", LabelledData(path=data), None, None)


def test_a_folder_with_other_things_is_refused_before_anything_is_asked(
    tiny_bundle: Bundle, data: Path, settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "documents"
    shutil.copytree(data, out)
    with pytest.raises(InvalidInput, match="is no report that could be replaced"):
        evaluate(settings, str(tiny_bundle.folder), LabelledData(path=data), out, None)
    assert len(list(out.iterdir())) == 135


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "Missing option '--bundle'"),
        (["--bundle", "v1"], 1, "Name the data by either --data or --from-service."),
        (["--bundle", "v1", "--from-service", "--images", "."], 1, "--images and --taxonomy belong to --data."),
        (["--bundle", "v1", "--data", "nowhere"], 1, "No current database in"),
    ],
)
def test_the_command_says_what_it_lacks(arguments: list[str], status: int, said: str, tmp_path: Path) -> None:
    done = shelfwise("evaluate", *arguments, "--data-dir", tmp_path)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
