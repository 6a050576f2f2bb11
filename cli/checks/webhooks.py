"""Webhooks: what does not get through to its receiver, and what waits for a worker."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection

from cli.checks.findings import Finding, Patient, ok, warn
from cli.checks.ledger import WAITED, asked
from shared.identifiers import now
from shared.webhooks.trouble import dead_since, disabled_endpoints, due_since

LATELY = timedelta(days=1)
SHOWN = 10


def check_webhooks(patient: Patient) -> Iterator[Finding]:
    """Endpoints that were disabled and why, deliveries that have died, and those that nobody takes."""
    found = asked(patient.settings, _findings)
    if found == []:
        yield ok("webhooks", f"None is disabled, has died within {_hours(LATELY)} h, or waits for a worker.")
    yield from found or ()


def _findings(connection: Connection) -> list[Finding]:
    found = [
        warn("webhooks", f"{endpoint_id} is disabled ({str(reason).rstrip('.')}): its owner can activate it again.")
        for endpoint_id, reason in disabled_endpoints(connection, SHOWN)
    ]
    died, endpoints = dead_since(connection, now() - LATELY)
    if died:
        found.append(
            warn(
                "webhooks",
                f"{died} deliveries to {endpoints} endpoints have died within {_hours(LATELY)} h: their receivers are "
                "the first place to look at.",
            )
        )
    waiting = due_since(connection, now() - WAITED)
    if waiting:
        found.append(
            warn(
                "webhooks",
                f"{waiting} deliveries are due for more than {WAITED.seconds} s: behind a slow receiver they may, else "
                "look at the io workers.",
            )
        )
    return found


def _hours(time: timedelta) -> int:
    return round(time.total_seconds() / 3600)
