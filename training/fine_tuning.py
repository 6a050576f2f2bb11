"""Fine-tuning: the last blocks of VGG16 and the head learn together, end to end, from decoded pixels.

It takes a GPU to be worth it: on two CPU cores one epoch of 1,000 photos at 224x224 takes minutes.
"""

import keras

from training.batches import LabelledRows
from training.checkpoints import Checkpoint
from training.config import TrainingConfig
from training.fitting import History, fit_classifier
from training.models import BLOCKS
from training.progress import Progress


def fine_tune(
    model: keras.Model,
    base: keras.Model,
    train: LabelledRows,
    validation: LabelledRows,
    config: TrainingConfig,
    progress: Progress,
    checkpoint: Checkpoint | None = None,
) -> History:
    """Fit the last `config.fine_tune_blocks` blocks of `base` and the head of `model`, which shares its layers.

    The weights that it came with are kept if no epoch is better on validation. All of `base` is frozen again
    afterwards. Returns the figures of every epoch.
    """
    unfreeze(base, config.fine_tune_blocks)
    try:
        return fit_classifier(
            model,
            train,
            validation,
            config.fine_tune_fit,
            progress,
            seed=config.seed,
            checkpoint=checkpoint,
            start_counts=True,
        )
    finally:
        base.trainable = False


def unfreeze(base: keras.Model, blocks: int) -> None:
    """Let the last `blocks` (0 to 5) of VGG16's five blocks learn, and no other."""
    learning = tuple(name.removesuffix("_pool") for name in BLOCKS[len(BLOCKS) - blocks :])
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name.startswith(learning)
