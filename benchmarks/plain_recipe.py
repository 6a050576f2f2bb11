"""A plain LSTM and a plain VGG16 head, as tutorials have them, to measure what the default models are worth.

Text: letters only, French stop words out, the first 10 words, the 10,000 most frequent of them, an embedding of 128 and
the last state of an LSTM of 128. Photo: VGG16 frozen, its last block flattened, a dense layer of 256. Adam, and early
stopping on validation.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.fusion import Scores

WORDS, VOCABULARY, UNITS, HIDDEN = 10, 10_000, 128, 256
EPOCHS, PATIENCE, BATCH = 40, 5, 32
_LETTERS = re.compile(r"[^a-zA-Z]+")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    a ai au aux avec c ce ces d dans de des du elle en est et eux il ils j je l la le les leur lui m ma mais me mes
    moi mon n ne nos notre nous on ou par pas pour qu que qui s sa se ses son sont sur t ta te tes toi ton tu un une
    vos votre vous y
""",
    )
)  # French


def plain_text_scores(
    train: Sequence[Any], validation: Sequence[Any], test: Sequence[Any], classes: Sequence[Any], seed: int
) -> list[Scores]:
    """Probabilities (n, classes) for the texts of validation and test."""
    import keras
    from keras import layers

    counts = Counter(word for product in train for word in _words(product))
    ids = {word: number for number, (word, _) in enumerate(counts.most_common(VOCABULARY - 2), start=2)}
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((WORDS,), dtype="int32"),
            layers.Embedding(VOCABULARY, 128),
            layers.LSTM(UNITS),
            layers.Dense(len(classes), activation="softmax"),
        ]
    )
    return _fitted(model, [_padded(part, ids) for part in (train, validation, test)], [train, validation], classes)


def plain_photo_scores(
    train: Sequence[Any],
    validation: Sequence[Any],
    test: Sequence[Any],
    classes: Sequence[Any],
    seed: int,
    weights: str | Path | None,
    cache: Path,
) -> list[Scores]:
    """Probabilities (n, classes) for the photos of validation and test; `cache` keeps what VGG16 sees."""
    import keras
    from keras import layers

    train = [product for product in train if product.photo is not None]
    maps = _flat_maps([*train, *validation, *test], weights, cache)
    keras.utils.set_random_seed(seed)
    width = next(iter(maps.values())).shape[0]
    model = keras.Sequential(
        [
            keras.Input((width,)),
            layers.Dense(HIDDEN, activation="relu"),
            layers.Dense(len(classes), activation="softmax"),
        ]
    )
    inputs = [np.stack([maps[product.photo_hash] for product in part]) for part in (train, validation, test)]
    return _fitted(model, inputs, [train, validation], classes)


def _fitted(model: Any, inputs: list[NDArray[Any]], known: list[Sequence[Any]], classes: Sequence[Any]) -> list[Scores]:
    """Fit on the first inputs, stop by the second; the probabilities of the second and the third."""
    import keras

    from training.products import labels

    truth = [labels(part, classes) for part in known]
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(
        inputs[0],
        truth[0],
        validation_data=(inputs[1], truth[1]),
        batch_size=BATCH,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)],
    )
    return [np.asarray(model.predict(part, verbose=0), dtype=np.float32) for part in inputs[1:]]


def _words(product: Any) -> list[str]:
    """The first words of a product's text, letters only: accents and digits are lost, as in the recipe."""
    words = _LETTERS.sub(" ", product.text or "").lower().split()
    return [word for word in words if word not in _STOP_WORDS][:WORDS]


def _padded(products: Sequence[Any], ids: dict[str, int]) -> NDArray[np.int32]:
    """Word numbers (n, WORDS): 0 is padding in front, 1 a word that training does not have."""
    found = np.zeros((len(products), WORDS), dtype=np.int32)
    for row, product in enumerate(products):
        numbers = [ids.get(word, 1) for word in _words(product)]
        if numbers:
            found[row, -len(numbers) :] = numbers
    return found


def _flat_maps(products: Sequence[Any], weights: str | Path | None, cache: Path) -> dict[str, NDArray[np.float16]]:
    """The last block's activations of each photo, flattened, by photo hash."""
    import io

    import keras

    from shared.preparation import photo_pixels
    from training.features import base_identity
    from training.models import ImageHeadConfig, make_image_base

    base = make_image_base(224, weights)
    photos = {product.photo_hash: product.photo for product in products}
    named = hashlib.sha256("\n".join([base_identity(base, ImageHeadConfig(), "float32"), *sorted(photos)]).encode())
    path = cache / f"flat_maps-{named.hexdigest()[:16]}.npz"
    if path.exists():
        with np.load(path) as stored:
            return dict(zip(stored["photos"].tolist(), stored["maps"], strict=True))
    maps = []
    for photo in photos.values():
        pixels = photo_pixels(io.BytesIO(photo.read()), 224)[np.newaxis].astype(np.float32)
        maps.append(np.asarray(base([keras.applications.vgg16.preprocess_input(pixels)])).ravel().astype(np.float16))
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, photos=np.array(list(photos)), maps=np.stack(maps))
    unfinished.replace(path)
    return dict(zip(photos, maps, strict=True))
