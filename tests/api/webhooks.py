"""A service that may tell a receiver on this machine, and webhooks as tests register them there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from migrations.upgrade import upgrade
from tests.api.conftest import RunningApi, serve, settings_for
from tests.support.receiver import Receiver


@contextmanager
def serve_beside(receiver: Receiver, folder: Path, broker_url: str, **changed: Any) -> Iterator[RunningApi]:
    """Serve the application for the time of the block; this receiver is the only place that it may call."""
    allowed = {"allow_http": True, "allowed_networks": "127.0.0.0/8", "allowed_ports": str(receiver.port)}
    settings = settings_for(folder, broker_url, **{**allowed, **changed})
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


def register(client: httpx.Client, url: str, **filters: list[str]) -> dict[str, Any]:
    """Register a webhook, and return the answer, with its secret."""
    answer = client.post("/api/webhooks", json={"url": url, **filters})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
