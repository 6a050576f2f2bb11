"""All that a training run can be told."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self

from training.fitting import FitConfig
from training.models import BLOCKS, ImageHeadConfig, TextModelConfig

FEWEST_TOKENS, TOKENS_PER_ROW = 500, 4
# For a VGG16 that starts at random: its early blocks tell most, and its maps differ in strength by orders of magnitude.
RANDOM_START_HEAD = ImageHeadConfig(blocks=BLOCKS, scaling="standardised")
RANDOM_START_FIT = FitConfig(learning_rate=1e-3, epochs=60, weight_decay=1e-2)


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """One training run: how to split, what to build, how long to fit; `seed` decides all that is random.

    `weights` starts VGG16: "imagenet", a file of weights without top, or None for a seeded random start.
    The last `fine_tune_blocks` (0 to 5) of its blocks learn too, after the head.
    The tokeniser learns at most `most_tokens` subwords, and fewer from few rows (`vocabulary`).
    `split` keeps look-alikes together ("grouped") or takes every product for itself ("random").
    """

    seed: int = 7
    split: Literal["grouped", "random"] = "grouped"
    validation_share: float = 0.1
    test_share: float = 0.1
    most_tokens: int = 16_000
    text: TextModelConfig = field(default_factory=TextModelConfig)
    words_fit: FitConfig = field(
        default_factory=lambda: FitConfig(
            "sgd", learning_rate=0.02, epochs=40, patience=15, schedule="cosine", class_weights="none"
        )
    )
    text_fit: FitConfig = field(
        default_factory=lambda: FitConfig(epochs=30, patience=5, schedule="cosine", max_steps=20_000)
    )
    image_size: int = 224
    weights: str | Path | None = "imagenet"
    head: ImageHeadConfig = field(default_factory=ImageHeadConfig)
    head_fit: FitConfig = field(
        default_factory=lambda: FitConfig("sgd", learning_rate=3e-3, epochs=60, patience=20, class_weights="none")
    )
    fine_tune_blocks: int = 0
    fine_tune_fit: FitConfig = field(
        default_factory=lambda: FitConfig(learning_rate=1e-5, epochs=10, patience=2, batch=16)
    )

    def vocabulary(self, rows: int) -> int:
        """How many subwords to learn from so many training rows: few rows say nothing about rare ones."""
        return min(self.most_tokens, max(FEWEST_TOKENS, TOKENS_PER_ROW * rows))

    def with_random_start(self) -> Self:
        """The same run with a VGG16 that starts at random, and the head that goes with it."""
        return replace(self, weights=None, head=RANDOM_START_HEAD, head_fit=RANDOM_START_FIT)

    @classmethod
    def tiny(cls) -> Self:
        """For tests: a real VGG16 on photos of 32x32 and a small LSTM; seconds in all, and answers worth little."""
        return replace(
            cls(),
            weights=None,
            image_size=32,
            validation_share=1 / 6,
            test_share=1 / 6,
            most_tokens=800,
            text=TextModelConfig(max_tokens=16, embedding=32, units=16, dropout=0.2),
            head=RANDOM_START_HEAD,
            words_fit=FitConfig("sgd", learning_rate=0.1, epochs=6, patience=6),
            text_fit=FitConfig(learning_rate=1e-2, epochs=6, patience=6),
            head_fit=FitConfig(learning_rate=3e-3, epochs=10, patience=10, weight_decay=1e-2),
            fine_tune_fit=FitConfig(learning_rate=1e-4, epochs=2, patience=2, batch=16),
        )
