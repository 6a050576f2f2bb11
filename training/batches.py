"""Rows to fit on, wherever they lie: in memory, in a mapped file, or as photos that must be decoded first.

Batches are read by row numbers while the model works on those before them, so that no copy of all rows ever exists.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.evaluation import Labels
from training.feature_store import Features
from training.features import DECODING_THREADS, decoded
from training.photos import Photo

RowNumbers = NDArray[np.int64]
Batch: TypeAlias = tuple[NDArray[Any], Labels, NDArray[np.float32]]

BATCHES_AHEAD = 4
READING_THREADS = 2


class Inputs(Protocol):
    """The inputs of n rows of a model, which are read when they are needed."""

    answered_at_once: int  # how many rows a model that only answers takes in one call

    def __len__(self) -> int:
        """How many rows there are."""

    def read(self, rows: RowNumbers) -> NDArray[Any]:
        """The inputs of these rows (0 to n-1), stacked: (len(rows), ...)."""

    def identity(self) -> bytes:
        """What distinguishes these inputs from any others."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Inputs (n, ...) in an array."""

    values: NDArray[Any]
    answered_at_once = 256

    def __len__(self) -> int:
        return len(self.values)

    def read(self, rows: RowNumbers) -> NDArray[Any]:
        """The inputs of these rows."""
        return np.asarray(self.values[rows])

    def identity(self) -> bytes:
        """Shape, type and content."""
        return repr((self.values.shape, self.values.dtype.str)).encode() + self.values.tobytes()


@dataclass(frozen=True, slots=True)
class MappedRows:
    """Rows of a mapped file, picked by `positions` (n,).

    `source` says what the rows are (of which base), and `names` of each which one it is (of which photo).
    """

    mapped: Features
    positions: RowNumbers
    source: str
    names: Sequence[str]
    answered_at_once = 256

    def __len__(self) -> int:
        return len(self.positions)

    def read(self, rows: RowNumbers) -> NDArray[Any]:
        """The inputs of these rows."""
        return np.asarray(self.mapped[self.positions[rows]])

    def identity(self) -> bytes:
        """Source and names: to read all rows only to tell them apart would take as long as an epoch."""
        return "\n".join([self.source, *self.names]).encode()


class PhotoPixels:
    """Photos, decoded by threads when they are read: uint8 (n, size, size, 3). All must be readable."""

    answered_at_once = 16  # at 224x224 VGG16's largest activation takes 13 MB a photo

    def __init__(self, photos: Sequence[Photo], size: int) -> None:
        self._photos = photos
        self._size = size
        self._threads = ThreadPoolExecutor(DECODING_THREADS)

    def __len__(self) -> int:
        return len(self._photos)

    def read(self, rows: RowNumbers) -> NDArray[Any]:
        """The pixels of these photos. Raises OSError or ValueError when one can't be read any more."""
        return np.stack(list(self._threads.map(self._pixels, rows.tolist())))

    def identity(self) -> bytes:
        """The hashes of the photos, and the size."""
        return "\n".join([str(self._size), *(photo.sha256 for photo in self._photos)]).encode()

    def _pixels(self, row: int) -> NDArray[np.uint8]:
        pixels = decoded(self._photos[row], self._size)
        if pixels is None:
            raise ValueError(f"The photo {self._photos[row].sha256} could be decoded before and can't be any more.")
        return pixels


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Model inputs and the class indices (n,) int32 that belong to them."""

    inputs: Inputs
    truth: Labels


class Batches:
    """Batches of one fixed size, in an order that is set for each pass; the last one is filled up.

    A batch is inputs (batch, ...), truth (batch,) int32, and weights (batch,) float32, which are 0 where a row is only
    there to fill up. One size means that the model's step is compiled once.

    Read ahead by plain threads: a `tf.data` pipeline that calls Python waits forever at the interpreter's exit
    when a pass was left half way, as it is when a photo cannot be read.
    """

    def __init__(self, rows: LabelledRows, weights: NDArray[np.float32], batch: int) -> None:
        self._rows, self._weights, self._batch = rows, weights, batch
        self.steps = -(-len(rows.inputs) // batch)
        sample = rows.inputs.read(np.arange(1))
        self.spec = tf.TensorSpec((batch, *sample.shape[1:]), sample.dtype)

    def in_order(self, order: RowNumbers) -> Iterator[Batch]:
        """One pass over the rows in this order. Raises what reading the inputs raises."""
        ahead: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(READING_THREADS) as threads:
            try:
                for step in range(self.steps):
                    ahead.append(threads.submit(self._read, order[step * self._batch : (step + 1) * self._batch]))
                    if len(ahead) > BATCHES_AHEAD:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for unread in ahead:
                    unread.cancel()

    def _read(self, chosen: RowNumbers) -> Batch:
        filled = np.resize(chosen, self._batch)
        weights = self._weights[filled]
        weights[len(chosen) :] = 0.0
        return self._rows.inputs.read(filled), self._rows.truth[filled], weights
