"""The promotion gate, with real bundles; the command's side of it is in tests/cli/test_train.py."""

import shutil
from pathlib import Path

import pytest

from shared.bundle import TEXT_MODEL, Bundle
from shared.database import Database
from shared.releases import bundle_key, publish
from shared.store import ObjectStore
from shared.taxonomy import RAKUTEN
from tests.support.tiny import TinyTraining
from training.bundle_answers import BundleAnswers, ask
from training.gate import Verdict, judge, served_macro_f1
from training.progress import Silent


@pytest.fixture(scope="module")
def answers(tiny_training: TinyTraining) -> BundleAnswers:
    return ask(Bundle.open(tiny_training.folder), tiny_training.products[:60], RAKUTEN, tiny_training.cache)


@pytest.mark.parametrize(
    ("verdict", "passes", "said"),
    [
        (Verdict("new", 0.1, None, None), True, "no bundle is active"),
        (Verdict("new", 0.5, "old", 0.5), True, "not below the 0.5000 of the active old"),
        (Verdict("new", 0.4999, "old", 0.5), False, "below the 0.5000 of the active old"),
        (Verdict("new", 0.5, "new", 0.5), True, "is the active bundle already"),
        (Verdict("new", 0.9, "old", None), False, "cannot be asked how good it is"),
    ],
)
def test_only_what_is_known_to_be_no_worse_passes(verdict: Verdict, passes: bool, said: str) -> None:
    assert verdict.passes == passes
    assert said in verdict.reason
    assert verdict.to_dict()["passes"] == passes


def test_the_active_bundle_is_asked_about_the_same_rows(
    tiny_training: TinyTraining, answers: BundleAnswers, database: Database, store: ObjectStore, tmp_path: Path
) -> None:
    publish(database, store, Bundle.open(tiny_training.folder), activated=True)
    shutil.copytree(tiny_training.cache, tmp_path / "features")

    verdict = judge("new", answers, RAKUTEN, database, store, tmp_path, Silent(), "auto")

    assert verdict.active == tiny_training.manifest.version
    assert verdict.active_macro_f1 == verdict.macro_f1 == served_macro_f1(answers)


def test_a_damaged_active_bundle_lets_none_pass(
    tiny_training: TinyTraining, answers: BundleAnswers, database: Database, store: ObjectStore, tmp_path: Path
) -> None:
    publish(database, store, Bundle.open(tiny_training.folder), activated=True)
    store.put(bundle_key(tiny_training.manifest.version, TEXT_MODEL), b"no model")

    verdict = judge("new", answers, RAKUTEN, database, store, tmp_path, Silent(), "auto")

    assert (verdict.active_macro_f1, verdict.passes) == (None, False)
