import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import InstrumentedAttribute

from shared.database import Database
from shared.identifiers import now
from shared.lifecycle import BatchState, DeliveryState, JobStatus, State, is_terminal, move, outcome
from shared.tables import Batch, Job, User, WebhookDelivery, WebhookEndpoint, WebhookEvent

ROOT = Path(__file__).parents[2]

# The drawing in the module's docstring, arrow by arrow: from where each state can be reached.
MOVES: list[tuple[State, set[str]]] = [
    (JobStatus.QUEUED, set()),
    (JobStatus.RUNNING, {"queued"}),
    (JobStatus.SUCCEEDED, {"running"}),
    (JobStatus.PARTIALLY_SUCCEEDED, {"running"}),
    (JobStatus.FAILED, {"queued", "running"}),
    (JobStatus.CANCELED, {"queued", "running"}),
    (JobStatus.EXPIRED, {"queued", "running"}),
    (BatchState.QUEUED, {"running"}),
    (BatchState.RUNNING, {"queued"}),
    (BatchState.DONE, {"running"}),
    (BatchState.FAILED, {"queued", "running"}),
    (DeliveryState.PENDING, {"delivered", "dead"}),
    (DeliveryState.DELIVERED, {"pending"}),
    (DeliveryState.DEAD, {"pending"}),
]
COLUMNS = {JobStatus: Job.status, BatchState: Batch.state, DeliveryState: WebhookDelivery.state}


@pytest.fixture
def one_row_per_state(sqlite_url: str) -> Iterator[Database]:
    """A job, a batch and a delivery in every state that it can have; the ids say which."""
    database = Database(sqlite_url)
    with database.begin() as connection:
        connection.execute(insert(User).values(id="u", username="u", password_hash="!", role="user"))
        jobs = [
            {"id": state, "owner_id": "u", "kind": "product", "status": state, "deadline": now()} for state in JobStatus
        ]
        connection.execute(insert(Job), jobs)
        batches = [
            {
                "job_id": "queued",
                "owner_id": "u",
                "kind": "predict",
                "lane": "bulk",
                "rows": 1,
                "turn": 0,
                "state": state,
            }
            for state in BatchState
        ]
        connection.execute(insert(Batch), batches)
        connection.execute(insert(WebhookEndpoint).values(id="e", owner_id="u", url="", secret=""))
        for state in DeliveryState:
            connection.execute(insert(WebhookEvent).values(id=state, job_id="queued", type=state, body=""))
            connection.execute(insert(WebhookDelivery).values(event_id=state, endpoint_id="e", state=state))
    yield database
    database.close()


def states(database: Database, column: InstrumentedAttribute[StrEnum]) -> dict[str, str]:
    """The state of every row of a table, by its id."""
    with database.read() as connection:
        return {key: state for key, state in connection.execute(select(column.class_.id, column))}


@pytest.mark.parametrize(
    ("to", "sources"),
    MOVES,
    ids=lambda value: f"{type(value).__name__}-{sorted(value) if isinstance(value, set) else value}",
)
def test_a_move_touches_the_rows_from_which_it_is_legal_and_no_other(
    one_row_per_state: Database, to: State, sources: set[str]
) -> None:
    column = COLUMNS[type(to)]
    before = states(one_row_per_state, column)

    with one_row_per_state.begin() as connection:
        connection.execute(move(column, to))

    assert set(before.values()) == set(type(to))
    assert states(one_row_per_state, column) == {
        key: to if state in sources else state for key, state in before.items()
    }


@pytest.mark.parametrize(
    ("kind", "terminal"),
    [
        (JobStatus, {"succeeded", "partially_succeeded", "failed", "canceled", "expired"}),
        (BatchState, {"done", "failed"}),
        (DeliveryState, set()),  # each can be asked for again
    ],
)
def test_the_terminal_states_are_those_that_nothing_follows(kind: type[StrEnum], terminal: set[str]) -> None:
    assert {state for state in kind if is_terminal(state)} == terminal


@pytest.mark.parametrize(
    ("succeeded", "failed", "status"),
    [
        (3, 0, JobStatus.SUCCEEDED),
        (0, 3, JobStatus.FAILED),
        (1, 2, JobStatus.PARTIALLY_SUCCEEDED),
        (0, 0, JobStatus.SUCCEEDED),
    ],
)
def test_how_a_job_ends_follows_from_its_rows(succeeded: int, failed: int, status: JobStatus) -> None:
    assert outcome(succeeded, failed) is status


def test_nothing_but_the_lifecycle_writes_a_state() -> None:
    sources = [path for part in ("api", "cli", "shared", "worker") for path in (ROOT / part).rglob("*.py")]
    writers = {str(path.relative_to(ROOT)) for path in sources if list(state_writes(path.read_text("utf-8")))}

    assert len(sources) > 50
    assert writers <= {"shared/lifecycle.py"}


@pytest.mark.parametrize(
    "code",
    [
        "update(Job).values(status='failed')",
        "insert(Batch).values(rows=1, state=BatchState.DONE)",
        "update(Job).values({Job.status: to})",
        "update(Job).values({'status': to})",
        "update(Job).values(**{'state': to})",
        "statement.on_conflict_do_update(set_={'state': to})",
        "connection.execute(insert(Job), [{'id': 1, 'status': 'failed'}])",
        "text('UPDATE jobs SET version = 1, status = 2')",
    ],
)
def test_the_search_for_writers_of_states_finds_one(code: str) -> None:
    assert list(state_writes(code))


def state_writes(source: str) -> Iterator[int]:
    """The lines of a module on which a state is written by anything but `move`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.lower().split()
            if words[:1] == ["update"] and {"status", "state"} & set(words):
                yield node.lineno
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "values" and any(keyword.arg in ("status", "state") for keyword in node.keywords):
            yield node.lineno
        if node.func.attr in ("values", "execute", "on_conflict_do_update"):
            yield from (
                inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Dict) and _names_a_state(inner)
            )


def _names_a_state(node: ast.Dict) -> bool:
    constants = {key.value for key in node.keys if isinstance(key, ast.Constant)}
    columns = {key.attr for key in node.keys if isinstance(key, ast.Attribute)}
    return bool({"status", "state"} & (constants | columns))
