"""The states of jobs, batches and deliveries, and the only moves between them.

    job:       queued ─▶ running ─▶ succeeded | partially_succeeded | failed
                  └─────────┴─────▶ canceled | expired
    batch:     queued ─▶ running ─▶ done | failed          running ─▶ queued when a lease is lost or given back
    delivery:  pending ─▶ delivered | dead                 back to pending when somebody asks for it again

Nothing else writes a state: rows are born in the first state of their column's default, and every later
change is a statement made by `move`, which touches a row only where the move is legal.
"""

from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Update, bindparam, update
from sqlalchemy.orm import InstrumentedAttribute


class JobStatus(StrEnum):
    """How far one submission is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class BatchState(StrEnum):
    """How far one unit of work is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """How far one event is on its way to one endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


State: TypeAlias = JobStatus | BatchState | DeliveryState

# One table per kind: members of different enums with the same text are equal, and would share a key.
_MOVES: dict[type[StrEnum], dict[State, frozenset[State]]] = {
    JobStatus: {
        JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.EXPIRED}),
        JobStatus.RUNNING: frozenset(
            {
                JobStatus.SUCCEEDED,
                JobStatus.PARTIALLY_SUCCEEDED,
                JobStatus.FAILED,
                JobStatus.CANCELED,
                JobStatus.EXPIRED,
            }
        ),
    },
    BatchState: {
        BatchState.QUEUED: frozenset({BatchState.RUNNING, BatchState.FAILED}),
        BatchState.RUNNING: frozenset({BatchState.DONE, BatchState.FAILED, BatchState.QUEUED}),
    },
    DeliveryState: {
        DeliveryState.PENDING: frozenset({DeliveryState.DELIVERED, DeliveryState.DEAD}),
        DeliveryState.DELIVERED: frozenset({DeliveryState.PENDING}),
        DeliveryState.DEAD: frozenset({DeliveryState.PENDING}),
    },
}

OPEN_BATCH = (BatchState.QUEUED, BatchState.RUNNING)
OPEN_JOB = (JobStatus.QUEUED, JobStatus.RUNNING)


def is_terminal(state: State) -> bool:
    """Whether nothing can follow `state`."""
    return state not in _MOVES[type(state)]


def sources(to: State) -> list[State]:
    """The states from which `to` can be reached, in their order of definition."""
    return [state for state, targets in _MOVES[type(to)].items() if to in targets]


def in_states(column: InstrumentedAttribute[Any], *states: State) -> ColumnElement[bool]:
    """The condition that a row is in one of these states.

    They are written into the statement instead of being bound to it: a partial index (`WHERE state = 'queued'`)
    serves a query only if the planner can read there that it does.
    """
    if len(states) == 1:
        return column == bindparam(None, states[0], literal_execute=True)
    return column.in_(bindparam(None, states, expanding=True, literal_execute=True))


def move(column: InstrumentedAttribute[Any], to: State) -> Update:
    """An UPDATE of `column` to `to`, for rows in a state from which that is legal; the caller adds which rows."""
    return update(column.class_).where(in_states(column, *sources(to))).values({column: to})


def outcome(succeeded: int, failed: int) -> JobStatus:
    """How a job ends whose rows are all finished."""
    if failed == 0:
        return JobStatus.SUCCEEDED
    return JobStatus.FAILED if succeeded == 0 else JobStatus.PARTIALLY_SUCCEEDED
