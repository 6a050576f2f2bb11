"""Lanes, the Celery queues of the same names, and how much of a lane one claim takes."""

from enum import StrEnum


class Lane(StrEnum):
    """Where a batch waits. `INTERACTIVE` goes before `BULK`; `IO` never touches a model."""

    INTERACTIVE = "interactive"
    BULK = "bulk"
    IO = "io"


MODEL_LANES = (Lane.INTERACTIVE, Lane.BULK)
WEBHOOKS = "webhooks"  # a queue without a lane: what waits there are deliveries, and no batches
IO_QUEUES = (str(Lane.IO), WEBHOOKS)

# Costs are counted in texts. A photo takes a model far longer than this many texts; it counts as 64, so that
# one measure bounds a model call both in time (16 photos) and in memory (1,024 texts).
PHOTO_COST = 64
MODEL_CALL = 16 * PHOTO_COST
FETCH_CLAIM = 32  # rows without photos yet
# How much one claim takes. On the bulk lane that is also what one batch may hold of photos; a worker claims there what
# its own device is quick with.
CAPACITY = {Lane.INTERACTIVE: MODEL_CALL, Lane.BULK: 4 * MODEL_CALL, Lane.IO: FETCH_CLAIM}


def cost(rows: int, photos: int) -> int:
    """What `rows` products, of which `photos` have a photo, take of a model call's capacity."""
    return rows + (PHOTO_COST - 1) * photos
