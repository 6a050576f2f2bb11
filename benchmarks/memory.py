"""How much memory each part of a service has while something goes on."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

SAMPLE_SECONDS = 0.25
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB that a process has resident: at the start, at most, and by how much its second half exceeds its first."""

    start: float
    most: float
    growth_in_second_half: float

    @property
    def growth(self) -> float:
        """How much more it had at some time than at the start."""
        return self.most - self.start


class MemoryWatch:
    """Looks at processes again and again, in a thread, for as long as the `with` block lasts."""

    def __init__(self, processes: Mapping[str, psutil.Process]) -> None:
        self._processes = processes
        self._samples: dict[str, list[float]] = {name: [] for name in processes}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._look()

    def found(self) -> dict[str, Memory]:
        """What each process had, once the block has ended."""
        return {name: _memory(samples) for name, samples in self._samples.items()}

    def _watch(self) -> None:
        while not self._ending.wait(SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        for name, process in self._processes.items():
            self._samples[name].append(resident(process))


def resident(process: psutil.Process) -> float:
    """MiB that a process has in memory."""
    return float(process.memory_info().rss) / MIB


def _memory(samples: list[float]) -> Memory:
    half = len(samples) // 2
    growth = max(samples[half:]) - max(samples[:half])
    return Memory(round(samples[0], 1), round(max(samples), 1), round(growth, 1))
