"""`shelfwise labels`: how much there is to train on, and how much of it is new."""

import json
from dataclasses import asdict
from datetime import datetime

from cli.current_database import current_database
from cli.terminal import say
from shared.labelled import LabelChanges, label_changes
from shared.settings import Settings


def count_labels(settings: Settings, since: datetime | None, until: datetime | None, *, as_json: bool) -> None:
    """Print how many products and corrections are new or changed from `since` to before `until`, and how many in all.

    `new` in the JSON is all that came or changed in that time.
    """
    with current_database(settings) as database, database.read() as connection:
        changes = label_changes(connection, since, until)
    if as_json:
        interval = {"since": _written(since), "until": _written(until)}
        say(json.dumps(interval | {"new": _new(changes)} | asdict(changes)))
        return
    say(f"labelled products: {changes.products_new} new, {changes.products_changed} changed")
    say(f"corrected predictions: {changes.corrections}")
    say(f"in all: {changes.products_total} products, {changes.corrections_total} corrected predictions")


def _new(changes: LabelChanges) -> int:
    return changes.products_new + changes.products_changed + changes.corrections


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
