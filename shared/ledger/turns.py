"""Turns: the order in which owners' batches are claimed."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, CompoundSelect, Connection, bindparam, func, null, select

from shared.lanes import MODEL_LANES, Lane
from shared.lifecycle import OPEN_BATCH, in_states
from shared.tables import Batch


def next_turn(connection: Connection, lane: Lane, owner_id: str, kind: str = "predict") -> int:
    """The turn of an owner's next batch of a kind on a lane."""
    return next_turns(connection, lane, [owner_id], kind)[owner_id]


def next_turns(connection: Connection, lane: Lane, owners: Iterable[str], kind: str = "predict") -> Mapping[str, int]:
    """The turns of these owners' next batches on a lane: one after the owner's last, never before the lane's present.

    The lane `io` has two lines, of files and of photos, because each is claimed by itself (`claim`).

    Claims go by turn, so owners take turns batch by batch, however many batches one of them has queued. Only
    open batches count: who has waited for nothing lately neither pays for yesterday's work nor saved up a lead.
    """
    owners = list(owners)
    turns, line = (_TURNS, {}) if lane in MODEL_LANES else (_TURNS_OF_KIND, {"kind_": kind})
    found = connection.execute(turns, {"lane_": lane, "owners_": owners, **line})
    last: dict[str | None, int] = {owner: turn for owner, turn in found}
    present = last.pop(None) or 0
    return {owner: max(present, last[owner] + 1) if owner in last else present for owner in owners}


_OPEN_HERE = (Batch.lane == bindparam("lane_")) & in_states(Batch.state, *OPEN_BATCH)


def _turns(line: ColumnElement[bool]) -> CompoundSelect[str, int]:
    """The lowest turn of a line, under no owner, and each owner's last."""
    return (
        select(null().cast(Batch.owner_id.type), func.min(Batch.turn))
        .where(line)
        .union_all(
            select(Batch.owner_id, func.max(Batch.turn))
            .where(line, Batch.owner_id.in_(bindparam("owners_", expanding=True)))
            .group_by(Batch.owner_id)
        )
    )


# On the models' lanes all batches are of one kind, and an index alone has the answer.
_TURNS = _turns(_OPEN_HERE)
_TURNS_OF_KIND = _turns(_OPEN_HERE & (Batch.kind == bindparam("kind_")))
