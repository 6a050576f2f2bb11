"""What the default models reach on real listings, on one division of new products; docs/09 has five, and two kinds."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.answers import answer
from training.config import TrainingConfig
from training.datasets import open_dataset
from training.evaluation import macro_f1
from training.fusion import fit_fusion
from training.progress import Silent
from training.train import divided
from training.train_image import train_image
from training.train_text import train_text

SHARED = Path(__file__).parents[3] / "shared"
DATA = SHARED / "data" / "luma"
WEIGHTS = SHARED / "weights" / "vgg16_imagenet_notop.weights.h5"


@pytest.mark.skipif(
    not (DATA.is_dir() and WEIGHTS.is_file()), reason="real listings and VGG16's weights are not beside the project"
)
def test_the_default_models_are_as_good_as_they_were_chosen_for(tmp_path: Path) -> None:
    config = replace(TrainingConfig(), seed=0, weights=WEIGHTS, validation_share=0.2, test_share=0.2)
    data = open_dataset(DATA)
    classes, split = divided(data.products, config, data.taxonomy)
    text = train_text(split, classes, config, Silent())
    image = train_image(split, classes, config, tmp_path, Silent())
    validation, test = (
        answer(part, classes, text, image, name)
        for part, name in ((split.validation, "validation"), (split.test, "test"))
    )

    scores = test.scores(fit_fusion(validation.truth, validation.text, validation.image))

    reached = [macro_f1(test.truth, each.argmax(axis=1), len(classes)) for each in scores]
    for name, found, floor in zip(("text", "photo", "fused"), reached, (0.70, 0.74, 0.85), strict=True):
        assert found >= floor, f"{name}: {found:.3f}"
