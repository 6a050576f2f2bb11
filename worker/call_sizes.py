"""How many rows one model call should take on this device: measured once, and kept for the next start.

Larger calls are quicker a row up to some size, and hold up whoever waits behind them. The size is the largest one that
comes within 2 % of the best, of those that take no longer than LONGEST_SECONDS.
"""

import json
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared.bundle import Manifest
from shared.logs import get_logger
from worker.predictor import PreparedRows

NEAR = 1.02
MOST_KEPT = 20  # devices and bundles
LONGEST_SECONDS = 1.1  # the first single product that comes waits for the end of such a call; then calls are shorter
# The quickest of some calls counts: somebody else may use the machine just then.
LEAST_CALLS, MOST_CALLS, MEASURED_SECONDS = 2, 8, 0.2
TEXT_SIZES = (1024, 2048)  # a batch has 1,024: smaller calls would only be more of them
PHOTO_SIZES = (8, 16, 32, 64)
_TEXT = "piscine gonflable ronde bleue 3 m avec pompe et bâche de protection"


@dataclass(frozen=True, slots=True)
class CallSizes:
    """The most rows, and the most photos among them, that one model call takes."""

    texts: int = 1024
    photos: int = 16

    def shortened(self, times: int) -> "CallSizes":
        """Those of calls so many times as short."""
        return CallSizes(max(1, self.texts // times), max(1, self.photos // times))


class SizesFile:
    """The sizes that this host has measured, by device and bundle, in a folder that only caches."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "call_sizes.json"

    def read(self, device: str, version: str) -> CallSizes | None:
        """What was measured before, if it was."""
        try:
            known = self._read()[self._key(device, version)]
            return CallSizes(int(known["texts"]), int(known["photos"]))
        except (ValueError, KeyError, TypeError):
            return None

    def write(self, device: str, version: str, sizes: CallSizes) -> None:
        """Keep what was measured; where that is not possible, the next start measures again."""
        kept = dict(list(self._read().items())[-MOST_KEPT:]) | {self._key(device, version): asdict(sizes)}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(kept), encoding="utf-8")
        except OSError:
            get_logger().warning("sizes.not_kept", exc_info=True)

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _key(self, device: str, version: str) -> str:
        return f"{socket.gethostname()} {device} {version}"


def measured_sizes(predict: Callable[[PreparedRows], object], manifest: Manifest) -> CallSizes:
    """Measure a predictor with made-up rows of texts, and then of photos."""
    side = manifest.image.size
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    texts = _best(TEXT_SIZES, lambda size: predict(PreparedRows([_TEXT] * size, [None] * size)))
    photos = _best(PHOTO_SIZES, lambda size: predict(PreparedRows([None] * size, [noise] * size)))
    return CallSizes(texts, photos)


def _best(sizes: Sequence[int], call: Callable[[int], object]) -> int:
    """The largest of the ascending sizes that comes near the best, of those that do not take too long."""
    rates: dict[int, float] = {}
    seconds = 0.0
    for size in sizes:
        if rates and seconds * size / max(rates) > LONGEST_SECONDS:
            break
        try:
            seconds = _seconds(size, call)
        except Exception:  # more than the device has memory for, however its framework says so
            if not rates:
                raise
            break
        rates[size] = size / seconds
    return max(size for size, rate in rates.items() if NEAR * rate >= max(rates.values()))


def _seconds(size: int, call: Callable[[int], object]) -> float:
    """How long a call takes, after another that the runtime needs to get ready."""
    call(size)
    taken: list[float] = []
    while len(taken) < LEAST_CALLS or (len(taken) < MOST_CALLS and sum(taken) < MEASURED_SECONDS):
        started = time.perf_counter()
        call(size)
        taken.append(time.perf_counter() - started)
    return min(taken)
