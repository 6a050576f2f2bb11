"""All that a training run can be told."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from training.fitting import FitConfig
from training.models import ImageHeadConfig, TextModelConfig


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """One training run: how to split, what to build, how long to fit; `seed` decides all that is random.

    `weights` starts VGG16: "imagenet", a file of weights without top, or None for a seeded random start.
    """

    seed: int = 7
    validation_share: float = 0.1
    test_share: float = 0.1
    vocabulary: int = 16_000
    text: TextModelConfig = field(default_factory=TextModelConfig)
    text_fit: FitConfig = field(default_factory=FitConfig)
    image_size: int = 224
    weights: str | Path | None = "imagenet"
    head: ImageHeadConfig = field(default_factory=ImageHeadConfig)
    head_fit: FitConfig = field(default_factory=lambda: FitConfig(learning_rate=1e-3, epochs=60, weight_decay=1e-2))

    @classmethod
    def tiny(cls) -> Self:
        """For tests: a real VGG16 on photos of 32x32 and a small LSTM; seconds in all, and answers worth little."""
        return replace(
            cls(),
            weights=None,
            image_size=32,
            validation_share=1 / 6,
            test_share=1 / 6,
            vocabulary=800,
            text=TextModelConfig(max_tokens=16, embedding=32, units=16, dropout=0.2),
            text_fit=FitConfig(learning_rate=1e-2, epochs=6, patience=6),
            head_fit=FitConfig(learning_rate=3e-3, epochs=10, patience=10, weight_decay=1e-2),
        )
