"""The registry of one process, and its text for whoever scrapes it."""

from importlib import metadata

from prometheus_client import CollectorRegistry, Gauge, PlatformCollector, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

NOT_INSTALLED = "unknown"


def new_registry() -> CollectorRegistry:
    """A registry that knows of its process what the system does: memory, processor time, open files, versions."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # else each counter has a line more: since when
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    build = Gauge("shelfwise_build_info", "The version that runs; always 1.", ["version"], registry=registry)
    build.labels(_version()).set(1)
    return registry


def rendered(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """All metrics in the format that an Accept header asks for, and what that format is called."""
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type


def _version() -> str:
    try:
        return metadata.version("shelfwise")
    except metadata.PackageNotFoundError:  # a copy of the code that runs where it lies
        return NOT_INSTALLED
