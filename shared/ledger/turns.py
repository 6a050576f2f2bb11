"""Turns: the order in which owners' batches are claimed."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, func, null, select

from shared.lanes import Lane
from shared.lifecycle import OPEN_BATCH, in_states
from shared.tables import Batch


def next_turn(connection: Connection, lane: Lane, owner_id: str) -> int:
    """The turn of an owner's next batch on a lane."""
    return next_turns(connection, lane, [owner_id])[owner_id]


def next_turns(connection: Connection, lane: Lane, owners: Iterable[str]) -> Mapping[str, int]:
    """The turns of these owners' next batches on a lane: one after the owner's last, never before the lane's present.

    Claims go by turn, so owners take turns batch by batch, however many batches one of them has queued. Only
    open batches count: who has waited for nothing lately neither pays for yesterday's work nor saved up a lead.
    """
    owners = list(owners)
    last = {owner: turn for owner, turn in connection.execute(_TURNS, {"lane_": lane, "owners_": owners})}
    present = last.pop(None) or 0
    return {owner: max(present, last[owner] + 1) if owner in last else present for owner in owners}


_OPEN_HERE = (Batch.lane == bindparam("lane_")) & in_states(Batch.state, *OPEN_BATCH)
# The lane's lowest turn, under no owner, and each owner's last.
_TURNS = (
    select(null().cast(Batch.owner_id.type), func.min(Batch.turn))
    .where(_OPEN_HERE)
    .union_all(
        select(Batch.owner_id, func.max(Batch.turn))
        .where(_OPEN_HERE, Batch.owner_id.in_(bindparam("owners_", expanding=True)))
        .group_by(Batch.owner_id)
    )
)
