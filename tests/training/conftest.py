"""One tiny bundle, trained for real, that all tests of training share."""

import os
from pathlib import Path

import pytest

from tests.training.tiny import TinyBundle

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Keras reads its variables through NumPy with a signature that NumPy 2 has deprecated.
_KERAS_AND_NUMPY = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(_KERAS_AND_NUMPY))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> TinyBundle:
    """All 27 categories, six products of each, VGG16 at 32x32."""
    from training.config import TrainingConfig
    from training.demo import demo_catalogue
    from training.train import train_bundle

    products = demo_catalogue(1, 6)
    root = tmp_path_factory.mktemp("tiny")
    manifest = train_bundle(
        products, TrainingConfig.tiny(), root / "bundle", name="demo catalogue", demo=True, cache=root / "cache"
    )
    return TinyBundle(root / "bundle", manifest, products, root / "cache")
