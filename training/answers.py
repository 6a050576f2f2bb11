"""What the two trained models say of held-out products, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.bundle import FusionSettings
from shared.errors import InvalidInput
from shared.fusion import Scores, calibrated, fused
from shared.taxonomy import Category
from training.evaluation import Labels
from training.products import Product, labels
from training.train_image import TrainedImage
from training.train_text import TrainedText


@dataclass(frozen=True, slots=True)
class Answers:
    """Logits (n, classes) of both models and the class indices (n,), for products that have both inputs."""

    products: list[Product]
    truth: Labels
    text: Scores
    image: Scores

    def scores(self, fusion: FusionSettings) -> tuple[Scores, Scores, Scores]:
        """Calibrated probabilities of the text model, of the image model, and fused."""
        text = calibrated(self.text, fusion.text_temperature)
        image = calibrated(self.image, fusion.image_temperature)
        return text, image, fused(text, image, fusion.text_weight)


def answer(
    products: Sequence[Product], classes: Sequence[Category], text: TrainedText, image: TrainedImage, part: str
) -> Answers:
    """Ask both models about those of `products` that have a text and a readable photo.

    Raises InvalidInput, naming the `part` of the split, when there is no such product.
    """
    text_logits, image_logits = text.logits(products), image.logits(products)
    complete = np.flatnonzero(~np.isnan(text_logits[:, 0]) & ~np.isnan(image_logits[:, 0]))
    if len(complete) == 0:
        raise InvalidInput(f"The {part} split has no product with both a text and a readable photo.", where="products")
    kept = [products[int(row)] for row in complete]
    return Answers(kept, labels(kept, classes), text_logits[complete], image_logits[complete])
