"""What every measurement of catalogues has: the service, a client, how large all is, and what was found so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import IntEnum
from time import perf_counter
from typing import Any

from benchmarks.catalogue_client import CatalogueClient
from benchmarks.catalogue_files import photo_catalogue, text_catalogue
from benchmarks.disk import flush_milliseconds
from benchmarks.figures import spread
from benchmarks.load import LoadProcess
from benchmarks.machine import busy_seconds
from benchmarks.memory import MemoryWatch
from benchmarks.service import Service
from shared.bundle import Bundle

MIB = 2**20


class First(IntEnum):
    """The number of the first product of each catalogue: far enough apart that none is in two of them."""

    WARM_UP = 0
    SMALL = 10_000
    BESIDE_SINGLE_PRODUCTS = 100_000
    PHOTOS = 500_000
    LARGE = 1_000_000
    TEXTS = 2_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. `bare_rows` and `bare_photos` are for each size of batch."""

    rows: int = 100_000
    photos: int = 2_000
    bare_rows: int = 60_000
    bare_photos: int = 192
    per_row: int = 3_000
    alone_seconds: float = 15  # of single products with no catalogue beside them
    beside_seconds: float = 45
    crowd_rows: int = 200_000  # of the account that came first
    few_rows: int = 100  # of the one that came second
    upload_mib: int = 1_024

    @classmethod
    def tiny(cls) -> "Sizes":
        """To see whether everything runs."""
        return cls(3_000, 60, 4_000, 16, 60, 1, 2, 20_000, 20, 8)


class CatalogueBench:
    """A service under measurement, and the figures so far."""

    def __init__(self, service: Service, client: CatalogueClient, load: LoadProcess, bundle: Bundle, sizes: Sizes):
        self.service = service
        self.client = client
        self.load = load
        self.bundle = bundle
        self.sizes = sizes
        self.figures: dict[str, Any] = {}
        self.failed_requests = 0

    def warm_up(self) -> None:
        """Have every part do once what will be measured, for what is done first takes longer."""
        self.client.run(text_catalogue(min(5_000, self.sizes.rows), First.WARM_UP))
        self.client.run(photo_catalogue(min(48, self.sizes.photos), First.WARM_UP))

    @contextmanager
    def observed(self, found: dict[str, Any]) -> Iterator[None]:
        """Note what the service used while the block ran: processor, in cores, and memory; and how long a flush takes.

        `others` is what anybody else on this machine used, the client included.
        """
        found["flush_milliseconds"] = spread(flush_milliseconds(self.service.data_dir), "p50", "p99")
        with MemoryWatch(self.service.all_parts()) as memory:
            started, busy, own = perf_counter(), busy_seconds(), self.service.cpu_seconds()
            yield
            used = {part: after - own[part] for part, after in self.service.cpu_seconds().items()}
            used["others"] = max(0.0, busy_seconds() - busy - used["service"])
            seconds = perf_counter() - started
        found["processor_seconds"] = {part: round(value, 3) for part, value in used.items()}
        found["cores"] = {part: round(value / seconds, 3) for part, value in used.items()}
        found["memory_mib"] = {part: asdict(memory) for part, memory in memory.found().items()}
        cores = ", ".join(f"{part} {value:.2f}" for part, value in found["cores"].items())
        resident = ", ".join(
            f"{part} {figure['start']:.0f} to {figure['most']:.0f}" for part, figure in found["memory_mib"].items()
        )
        flush = found["flush_milliseconds"]
        print(f"    cores: {cores}; a flush takes {flush['p50']:.2f} ms, p99 {flush['p99']:.2f} ms")
        print(f"    MiB: {resident}", flush=True)
