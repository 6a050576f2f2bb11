"""How many rows a call takes is measured by calls, which these predictors make last as long as a test wants."""

import json
import time
from pathlib import Path

import pytest

from shared.bundle import Manifest
from tests.support.bundles import fake_bundle
from worker.call_sizes import CallSizes, SizesFile, measured_sizes
from worker.predictor import PreparedRows


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return fake_bundle(tmp_path / "bundle").manifest


class Costs:
    """A call that costs so many seconds, and so many a photo on top; texts beside photos are free."""

    def __init__(self, call: float, photo: float = 0.0) -> None:
        self.sizes: list[int] = []
        self._call, self._photo = call, photo

    def __call__(self, rows: PreparedRows) -> None:
        photos = sum(photo is not None for photo in rows.photos)
        self.sizes.append(len(rows.texts))
        time.sleep(self._call + photos * self._photo)


def test_a_device_whose_calls_cost_the_same_whatever_is_in_them_gets_the_largest(manifest: Manifest) -> None:
    assert measured_sizes(Costs(0.005), manifest) == CallSizes(texts=2048, photos=64)


def test_a_call_does_not_grow_past_what_a_single_product_may_wait_for(manifest: Manifest) -> None:
    costs = Costs(call=0.001, photo=0.05)

    sizes = measured_sizes(costs, manifest)

    assert sizes.photos == 16
    assert 64 not in costs.sizes  # not even once


def test_what_this_host_has_measured_is_known_at_the_next_start(tmp_path: Path) -> None:
    SizesFile(tmp_path / "cache").write("cpu", "v1", CallSizes(256, 8))

    assert SizesFile(tmp_path / "cache").read("cpu", "v1") == CallSizes(256, 8)


@pytest.mark.parametrize(("device", "version"), [("gpu", "v1"), ("cpu", "v2")])
def test_another_device_or_bundle_is_measured_anew(tmp_path: Path, device: str, version: str) -> None:
    SizesFile(tmp_path).write("cpu", "v1", CallSizes(256, 8))

    assert SizesFile(tmp_path).read(device, version) is None


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"a": 1})])
def test_a_file_that_makes_no_sense_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "call_sizes.json").write_text(content)

    assert SizesFile(tmp_path).read("cpu", "v1") is None
