"""The predictor that serves: text LSTM and image VGG16 on TensorFlow, fused. The only file that runs Keras."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from shared import bundle as files
from shared.bundle import Bundle, GoldenRows
from shared.errors import BundleRefused, ConfigurationError
from shared.fusion import calibrated, fused
from shared.hardware import cpu_has_bfloat16
from shared.logs import get_logger
from shared.tokenizer import TextEncoder
from worker.padding import PHOTO_SIZES, TEXT_SIZES, call_padded
from worker.predictor import PreparedRows, ScoredRows

# Each runs several times faster in reduced precision and passes its numbers on unchanged otherwise; the
# head, where small differences decide, stays in float32.
_REDUCED_LAYERS = (keras.layers.Conv2D, keras.layers.MaxPooling2D)


class KerasPredictor:
    """Answers with a bundle's Keras models, each behind one `tf.function`."""

    is_to_be_measured = True

    def __init__(self) -> None:
        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
        self._has_gpu = bool(gpus)
        self.device = "not loaded"

    def load(self, bundle: Bundle, precision: str) -> None:
        """Load both models and answer the golden rows; in `auto`, fall back to float32 when those differ."""
        candidates = self._candidates(precision)
        for candidate in candidates:
            self._load(bundle, candidate)
            difference = self._golden_difference(bundle)
            if difference <= bundle.manifest.golden_tolerance:
                self.device = f"{'gpu' if self._has_gpu else 'cpu'} {candidate}"
                return
            get_logger().warning(
                "bundle.differs", bundle=bundle.manifest.version, precision=candidate, difference=difference
            )
        raise BundleRefused(
            f"{bundle.manifest.version}: golden rows differ by {difference:.4f}, "
            f"more than {bundle.manifest.golden_tolerance}."
        )

    def encode(self, rows: PreparedRows) -> PreparedRows:
        """Tokenise the texts, which takes nearly as long as the model does."""
        texts = [text for text in rows.texts if text is not None]
        return replace(rows, token_ids=self._encoder.encode(texts)) if texts else rows

    def predict(self, rows: PreparedRows) -> ScoredRows:
        """Answer n rows with as few model calls as the padded sizes allow."""
        fusion, ids = self._fusion, rows.token_ids
        text = self._scores(
            rows.texts,
            lambda texts: self._text_logits(self._encoder.encode(texts) if ids is None else ids),
            fusion.text_temperature,
        )
        image = self._scores(rows.photos, self._photo_logits, fusion.image_temperature)
        return ScoredRows(text, image, fused(text, image, fusion.text_weight))

    def _scores(
        self, inputs: Sequence[Any], logits: Callable[[list[Any]], Any], temperature: float
    ) -> NDArray[np.float32]:
        """Probabilities (inputs, classes) of the inputs that are there, NaN where they are not."""
        scores = np.full((len(inputs), self._classes), np.nan, np.float32)
        present = [index for index, value in enumerate(inputs) if value is not None]
        if present:
            scores[present] = calibrated(logits([inputs[index] for index in present]), temperature)
        return scores

    def _text_logits(self, token_ids: NDArray[np.int32]) -> NDArray[np.float32]:
        return call_padded(self._text_call, token_ids, TEXT_SIZES)

    def _photo_logits(self, photos: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return call_padded(self._photo_call, np.stack(photos), PHOTO_SIZES)

    def _load(self, bundle: Bundle, precision: str) -> None:
        manifest = bundle.manifest
        self._fusion, self._classes = manifest.fusion, len(manifest.classes)
        with bundle.reading(files.TOKENIZER) as path:
            self._encoder = TextEncoder.load(path, manifest.text.max_tokens)
        with bundle.reading(files.TEXT_MODEL) as path:
            self._text_call = _compiled(_model(path), (manifest.text.max_tokens,), tf.int32)
        with bundle.reading(files.IMAGE_MODEL) as path:
            image_model = _model(path)
        if precision != "float32":
            _reduce_precision(image_model, precision)
        self._photo_call = _compiled(image_model, (manifest.image.size, manifest.image.size, 3), tf.uint8)

    def _golden_difference(self, bundle: Bundle) -> float:
        """The largest absolute difference of any probability from what training got for the golden rows."""
        with bundle.reading(files.GOLDEN) as path:
            golden = GoldenRows.load(path)
        scores = self.predict(PreparedRows([str(text) for text in golden.texts], list(golden.pixels)))
        return bundle.difference(golden, scores.text, scores.image, scores.fused)

    def _candidates(self, precision: str) -> tuple[str, ...]:
        if precision != "auto":
            if precision == "float16" and not self._has_gpu:
                raise ConfigurationError("SHELFWISE_PRECISION=float16 needs a GPU; take auto, bfloat16 or float32.")
            return (precision,)
        if self._has_gpu:
            return ("float16", "float32")
        return ("bfloat16", "float32") if cpu_has_bfloat16() else ("float32",)


def _model(path: Path) -> keras.Model:
    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _reduce_precision(model: keras.Model, precision: str) -> None:
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, _REDUCED_LAYERS):
            layer.dtype_policy = f"mixed_{precision}"


def _compiled(model: keras.Model, row_shape: tuple[int, ...], dtype: tf.DType) -> Callable[[NDArray[Any]], Any]:
    """One graph for every number of rows."""
    signature = [tf.TensorSpec((None, *row_shape), dtype)]
    call = tf.function(lambda rows: model(rows, training=False), input_signature=signature)
    return lambda rows: call(tf.constant(rows)).numpy()
