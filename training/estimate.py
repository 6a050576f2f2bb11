"""What a training run will cost, from a measurement of its first steps on the very data it is to run on.

What is measured is dropped again, except for photo features, which the run would compute first anyway. Every fit sets
its own random state, so nothing here changes what a run comes to.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from math import ceil, log2, pow, sqrt
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from shared.taxonomy import RAKUTEN, Category
from training.batches import InMemory, LabelledRows, MappedRows
from training.config import TrainingConfig
from training.features import BATCH, distinct_views, fill_store, open_feature_store
from training.fine_tuning import unfreeze
from training.fitting import Fit, FitConfig
from training.models import make_image_base, make_image_head, make_image_model, make_text_model, words_part
from training.products import Product, labels
from training.split import Split
from training.tokens import encode_texts, train_tokenizer
from training.train import Baseline, divided
from training.train_image import mirrored_products, photo_pixels_of

SAMPLE_TEXTS = 4_000
SAMPLE_BASELINE = 8_000  # rows
SAMPLE_PHOTOS = 32  # decoded for the steps of fine-tuning
SAMPLE_CALLS = 8  # answering calls' worth of rows
LONGEST_SECONDS = 5.0  # for one measurement, once it has five steps
MOST_STEPS = 60
WRITING_SECONDS = 8.0  # saving both models, reading them back and answering the golden rows, on two cores


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a run: how long it takes if every planned epoch is needed, and what that was reckoned from.

    `least` is how long it takes if the fit ends as early as it can, None for a stage that has no choice.
    """

    title: str
    seconds: float
    reckoning: str
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run costs, stage by stage, in seconds."""

    stages: tuple[Stage, ...]

    @property
    def most(self) -> float:
        """If every fit needs all its planned epochs."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def least(self) -> float:
        """If every fit is best at its first epoch, and so ends as early as its patience allows."""
        return sum(stage.seconds if stage.least is None else stage.least for stage in self.stages)

    @property
    def seconds(self) -> float:
        """The expectation: the geometric mean of both, which is off by the same factor whichever comes true."""
        return sqrt(self.least * self.most)

    def lines(self) -> list[str]:
        """For people: a line per stage, and the sum."""
        listed = [f"{stage.title:<18} {_in_words(stage.seconds):>17}  {stage.reckoning}" for stage in self.stages]
        between = f"{_in_words(self.least)} to {_in_words(self.most)}, by when the fits improve no more"
        return [*listed, f"{'together':<18} {'about ' + _in_words(self.seconds):>17}  {between}"]


def estimate_run(
    products: Sequence[Product], config: TrainingConfig, cache: Path, baseline: Baseline | None = None
) -> Estimate:
    """Measure the first steps of a run on `products` that keeps its photo features in `cache`.

    `baseline` is what the run is going to compare itself with, if anything. Takes half a minute to a minute on two
    cores. Raises InvalidInput like the run itself when there is too little data.
    """
    began = time.monotonic()
    classes, split = divided(products, config, RAKUTEN)  # whose names nobody reads here
    seconds = time.monotonic() - began
    return Estimate(
        (
            Stage("split", seconds, f"{len(products):,} rows"),
            *_text_stages(split, classes, config),
            *_photo_stages(split, classes, config, cache),
            *_baseline_stage(split, classes, baseline),
            Stage("bundle", WRITING_SECONDS, "writing, reading back, golden rows"),
        )
    )


def _text_stages(split: Split, classes: Sequence[Category], config: TrainingConfig) -> Iterator[Stage]:
    """Tokeniser with all encoding, then the two fits of the text model."""
    train, validation, test = ([p for p in part if p.text] for part in (split.train, split.validation, split.test))
    sample = train[:: ceil(len(train) / SAMPLE_TEXTS)]
    texts = [product.text or "" for product in sample]
    began = time.monotonic()
    tokenizer = train_tokenizer(texts, config.vocabulary(len(train)))
    learnt = time.monotonic()
    tokens = encode_texts(tokenizer, texts, config.text.max_tokens)
    encoded = time.monotonic()
    # The run encodes training rows twice (to fit, and for the profile), validation rows twice and test rows once.
    times = 2 * len(train) + 2 * len(validation) + len(test)
    seconds = (learnt - began) * len(train) / len(sample) + (encoded - learnt) * times / len(sample)
    yield Stage("tokeniser", seconds, f"{len(train):,} texts, from {len(sample):,} of them")
    rows = LabelledRows(InMemory(tokens), labels(sample, classes))
    model = make_text_model(config.text, _vocabulary(tokenizer, texts, len(train), config), len(classes))
    part = words_part(model)
    fit = Fit(part, rows, _some(rows), config.words_fit, config.seed)
    yield _fit_stage("words of the text", fit, config.words_fit, len(train), len(validation), 0)
    part.trainable = False
    fit = Fit(model, rows, _some(rows), config.text_fit, config.seed)
    yield _fit_stage("text model", fit, config.text_fit, len(train), len(validation), len(test), first=0)


def _vocabulary(tokenizer: Tokenizer, texts: Sequence[str], rows: int, config: TrainingConfig) -> int:
    """How many subwords the tokeniser of so many rows is going to have, from that of a sample and of half of it.

    They grow like a power of the rows (Heaps, 1978) until there are as many as are wanted.
    """
    most = config.vocabulary(rows)
    known, half = tokenizer.get_vocab_size(), train_tokenizer(texts[::2], most).get_vocab_size()
    return min(most, round(known * pow(rows / len(texts), log2(known / half))))


def _photo_stages(split: Split, classes: Sequence[Category], config: TrainingConfig, cache: Path) -> Iterator[Stage]:
    """Features of the photos that the cache does not have, the head, and fine-tuning if that is asked for."""
    train, validation, test = ([p for p in part if p.photo] for part in (split.train, split.validation, split.test))
    products = [*train, *validation, *test]
    base = make_image_base(config.image_size, config.weights, config.seed)
    store = open_feature_store(base, config.head, cache)
    mirrored = mirrored_products(split, config.head)
    views = distinct_views(products, mirrored)
    missing = {key: view for key, view in views.items() if key not in store.row_of}
    if missing:
        pace = _pace(fill_store(store, missing, base, config.head, set()))
        left = sum(key not in store.row_of for key in missing)
        seconds = pace.start + pace.step * ceil(left / BATCH) if left else 0.0
        yield Stage("photo features", seconds, f"{left:,} photos, {BATCH / pace.step:.1f} a second")
    readable = {key: store.row_of[key] for key in views if key in store.row_of and key not in store.broken}
    if not readable:
        return  # the run itself is going to say that there is no photo to train on
    known = store.rows()
    learnt = [*train, *mirrored]
    drawn = np.random.default_rng(config.seed).choice(list(readable.values()), len(learnt))
    rows = LabelledRows(MappedRows(known, drawn, "", ()), labels(learnt, classes))
    head = make_image_head(known.shape[1], config.head, len(classes))
    fit = Fit(head, rows, _some(rows), config.head_fit, config.seed)
    yield _fit_stage("photo head", fit, config.head_fit, len(learnt), len(validation), len(test))
    if config.fine_tune_blocks:
        unfreeze(base, config.fine_tune_blocks)
        photos = [product for product in train if product.photo_hash in readable][:SAMPLE_PHOTOS]
        rows = LabelledRows(photo_pixels_of(photos, config.image_size), labels(photos, classes))
        fit = Fit(make_image_model(base, config.head, head), rows, _some(rows), config.fine_tune_fit, config.seed)
        yield _fit_stage("fine-tuning", fit, config.fine_tune_fit, len(train), len(validation), len(test))


def _baseline_stage(split: Split, classes: Sequence[Category], baseline: Baseline | None) -> Iterator[Stage]:
    """In proportion to its rows; where more rows bring few new words it takes less."""
    if baseline is None:
        return
    sample = split.train[:: ceil(len(split.train) / SAMPLE_BASELINE)]
    began = time.monotonic()
    baseline(sample, split.test[:1], classes)
    seconds = (time.monotonic() - began) * len(split.train) / len(sample)
    yield Stage("baseline", seconds, f"{len(split.train):,} rows, from {len(sample):,} of them")


def _fit_stage(
    title: str, fit: Fit, config: FitConfig, train: int, validation: int, test: int, first: int = 1
) -> Stage:
    """A fit on so many rows, its epochs each with its validation, and the answers on validation and test.

    Its best epoch is the `first` at the earliest: 0 if the weights that it starts with count.
    """
    learning = _pace(done.numpy() for done in chain.from_iterable(fit.train_steps(epoch) for epoch in count()))
    answering = _pace(iter(fit.validation_figures, None))
    epochs, steps = config.planned_epochs(train), ceil(train / config.batch)

    def seconds(epochs: int) -> float:
        answered = (epochs + 1) * validation + test
        taken = learning.start + answering.start + epochs * steps * learning.step
        return taken + answered * answering.step / fit.validation_rows

    reckoning = f"{epochs} epochs of {steps:,} steps, {1_000 * learning.step:.1f} ms each"
    return Stage(title, seconds(epochs), reckoning, seconds(min(epochs, first + config.patience)))


def _some(rows: LabelledRows) -> LabelledRows:
    """Enough rows to see how quickly they are answered."""
    chosen = np.arange(min(SAMPLE_CALLS * rows.inputs.answered_at_once, len(rows.inputs)))
    return LabelledRows(InMemory(rows.inputs.read(chosen)), rows.truth[chosen])


@dataclass(frozen=True, slots=True)
class _Pace:
    """Seconds until the first step of a kind can be taken (compiling), and seconds a step."""

    start: float
    step: float


def _pace(steps: Iterator[object]) -> _Pace:
    """Take steps until that says enough. The first two are not typical: one compiles, one fills caches."""
    times: list[float] = []
    began = moment = time.monotonic()
    for _ in islice(steps, MOST_STEPS):
        times.append(time.monotonic() - moment)
        moment = time.monotonic()
        if len(times) > 4 and moment - began - times[0] > LONGEST_SECONDS:
            break
    typical = times[2:] or times[-1:]
    step = sum(typical) / len(typical)
    return _Pace(max(0.0, times[0] - step), step)


def _in_words(seconds: float) -> str:
    """The two largest units: 40 s, 12 min 5 s, 3 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
