"""A photo of any accepted kind is answered as its plain RGB, upright, first frame would be, by real models."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from PIL import Image

from shared.bundle import Bundle
from shared.images import keep_image
from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Answer
from shared.store import ObjectStore
from tests.shared.test_preparation_photos import CLOSE, EXACT, STORED, drawing
from tests.support.photos import encoded
from worker.inference import Inference

ALIKE = 0.02  # what a JPEG or WebP may change in a probability
SHAPES = [(1, 1), (1, 50_000), (50_000, 1)]
_ids = count(1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ObjectStore:
    return ObjectStore((tmp_path_factory.mktemp("odd") / "store").as_uri())


@pytest.fixture(scope="module")
def inference(tiny_bundle: Bundle, store: ObjectStore) -> Iterator[Inference]:
    from worker.keras_predictor import KerasPredictor  # TensorFlow takes seconds to load

    predictor = KerasPredictor()
    predictor.load(tiny_bundle, "float32")
    with ThreadPoolExecutor(2) as decoders:
        yield Inference(predictor, tiny_bundle.manifest, store, decoders)


def predicted(inference: Inference, store: ObjectStore, photo: bytes) -> dict[int, float]:
    """The probabilities of the likeliest categories of a product that is nothing but this photo."""
    number = next(_ids)
    sha256, _ = keep_image(store, io.BytesIO(photo))
    row = ClaimedRow(number, number, f"job-{number}", None, None, sha256)
    ((_, outcome),) = inference.answer(inference.prepare([row]))
    assert isinstance(outcome, Answer), outcome
    assert outcome.modality == "image"
    assert outcome.image_scores is not None
    return dict(outcome.image_scores)


def plain(picture: Image.Image) -> bytes:
    return encoded(picture.convert("RGB"), "PNG")


@pytest.mark.parametrize("name", EXACT)
def test_a_photo_kept_without_loss_gets_the_same_prediction(
    inference: Inference, store: ObjectStore, name: str
) -> None:
    photo, shown = EXACT[name]

    assert predicted(inference, store, photo) == predicted(inference, store, plain(shown))


@pytest.mark.parametrize("name", CLOSE)
def test_a_photo_kept_with_loss_gets_nearly_the_same_prediction(
    inference: Inference, store: ObjectStore, name: str
) -> None:
    photo, shown = CLOSE[name]

    assert predicted(inference, store, photo) == pytest.approx(predicted(inference, store, plain(shown)), abs=ALIKE)


@pytest.mark.parametrize("orientation", STORED)
def test_a_photo_in_any_orientation_gets_the_prediction_of_the_upright_one(
    inference: Inference, store: ObjectStore, orientation: int
) -> None:
    method = STORED[orientation]
    stored = drawing() if method is None else drawing().transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation

    turned = predicted(inference, store, encoded(stored, "PNG", exif=exif))

    assert turned == predicted(inference, store, plain(drawing()))


def test_a_photo_that_lies_on_its_side_gets_another_prediction(inference: Inference, store: ObjectStore) -> None:
    """Else the comparisons here would show nothing."""
    lying = drawing().transpose(Image.Transpose.ROTATE_90)

    assert predicted(inference, store, plain(lying)) != predicted(inference, store, plain(drawing()))


@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_a_photo_of_any_shape_gets_the_prediction_of_its_colour(
    inference: Inference, store: ObjectStore, size: tuple[int, int]
) -> None:
    colour = (200, 100, 50)

    thin = predicted(inference, store, plain(Image.new("RGB", size, colour)))

    assert thin == predicted(inference, store, plain(Image.new("RGB", (64, 64), colour)))
