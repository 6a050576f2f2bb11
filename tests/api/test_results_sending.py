"""Files are sent at the pace of who reads them: a few at a time, and what is half made is cleared away."""

import io
import math
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest
from pyarrow.parquet import ParquetFile
from sqlalchemy import update
from starlette.requests import ClientDisconnect
from starlette.types import Message

from api.metrics import ApiMetrics
from api.results.answers import PAGE, result_answers
from api.results.csv_file import csv_pieces
from api.results.ndjson_file import ndjson_pieces
from api.results.parquet_file import CELLS, parquet_pieces
from api.results.sending import FILES, FILES_OF_ONE, PIECE, MadeFile, Sending
from api.results.tables import BEAT, Table, errors_table
from api.results.xlsx_file import xlsx_pieces
from api.services import open_services
from shared.answers.names import CategoryNames
from shared.disk import DiskGuard
from shared.errors import NotFound, StorageFull, TooManyRequests, Unavailable
from shared.identifiers import now
from shared.jobs import job_by_id
from shared.tables import Job
from shared.users import Account
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.ledger import ANSWER
from tests.support.results import add_job, answered, failed, stored_source
from tests.support.waiting import wait_for

SECONDS = 20
MORE_THAN_A_CONNECTION_HOLDS = [answered(ANSWER, description="x" * 100_000)] * 150


class Pieces:
    """A generator of pieces that knows whether it was closed; the error is raised at the end."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        self._pieces = pieces
        self._error = error
        self.closed = False

    def __call__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


class Reader:
    """Who asked for a file: keeps what is sent, takes as many messages as it is told, and leaves if it is told so."""

    def __init__(self, takes: float = math.inf, *, leaves: bool = False) -> None:
        self.messages = list[Message]()
        self._takes = takes
        self._leaves = leaves

    async def receive(self) -> Message:
        if not self._leaves:
            await anyio.sleep_forever()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if len(self.messages) >= self._takes:
            await anyio.sleep_forever()
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def complete(self) -> bool:
        """Whether the end was sent."""
        return bool(self.messages) and self.messages[-1].get("more_body") is False


def send_to(reader: Reader, make: Callable[[], Iterator[bytes]], sending: Sending | None = None) -> None:
    async def run() -> None:
        file = MadeFile(sending or Sending(), "somebody", make, "text/csv", {})
        await file({"type": "http", "method": "GET", "headers": []}, reader.receive, reader.send)

    anyio.run(run)


def test_a_file_is_sent_in_small_pieces() -> None:
    pieces, reader = Pieces(b"", b"one ", b"", b"x" * (2 * PIECE + 1)), Reader()

    send_to(reader, pieces)

    assert reader.body == b"one " + b"x" * (2 * PIECE + 1)
    assert max(len(message.get("body", b"")) for message in reader.messages) == PIECE
    assert reader.complete
    assert pieces.closed


def test_an_empty_file_is_one_too() -> None:
    reader = Reader()

    send_to(reader, Pieces())

    assert (reader.body, reader.complete) == (b"", True)


def test_what_goes_wrong_before_the_first_piece_is_an_answer() -> None:
    pieces, reader = Pieces(b"", error=StorageFull("full")), Reader()

    with pytest.raises(StorageFull):
        send_to(reader, pieces)

    assert reader.messages == []
    assert pieces.closed


def test_what_goes_wrong_later_breaks_the_file_off() -> None:
    reader = Reader()

    with pytest.raises(Unavailable):
        send_to(reader, Pieces(b"one", error=Unavailable("The store does not answer.")))

    assert reader.body == b"one"
    assert not reader.complete


def test_a_file_that_nobody_waits_for_is_not_made_any_further() -> None:
    pieces, reader = Pieces(*[b""] * 10, b"at last"), Reader(leaves=True)

    with pytest.raises(ClientDisconnect):
        send_to(reader, pieces)

    assert reader.messages == []
    assert pieces.closed


def test_a_reader_who_leaves_closes_the_file() -> None:
    pieces, reader = Pieces(b"one", b"two"), Reader(takes=2, leaves=True)

    send_to(reader, pieces)

    assert pieces.closed
    assert not reader.complete


def test_a_reader_who_takes_nothing_loses_its_place() -> None:
    pieces, reader, sending = Pieces(b"one", b"two"), Reader(takes=2), Sending(piece_seconds=0.05)

    send_to(reader, pieces, sending)

    assert reader.body == b"one"
    assert not reader.complete
    assert pieces.closed
    with sending.places.taken("somebody") as placed:
        assert placed


@pytest.mark.parametrize(("account_ids", "files"), [(["somebody"], FILES_OF_ONE), ([f"n{n}" for n in range(9)], FILES)])
def test_only_a_few_files_are_sent_at_once(account_ids: list[str], files: int) -> None:
    sending, reader = Sending(), Reader()
    with ExitStack() as stack:
        for number in range(files):
            assert stack.enter_context(sending.places.taken(account_ids[number % len(account_ids)]))

        with pytest.raises(TooManyRequests):
            send_to(reader, Pieces(b"one"), sending)

    send_to(reader, Pieces(b"one"), sending)
    assert reader.complete


def test_whoever_has_too_many_unread_files_gets_no_other(api: RunningApi) -> None:
    account = api.add_account()
    job_id = add_job(api.database, account.id, None, MORE_THAN_A_CONNECTION_HOLDS)
    path = f"/api/jobs/{job_id}/results?format=csv"
    client, streams = api.client(account), []
    for _ in range(FILES_OF_ONE):
        streams.append(client.send(client.build_request("GET", path), stream=True))
        assert streams[-1].status_code == 200

    answer = client.get(path)
    assert_problem(answer, 429, "TOO_MANY_STREAMS")
    assert int(answer.headers["retry-after"]) > 0
    assert answers_others(api)
    for stream in streams:
        stream.close()

    again: httpx.Response = wait_for(lambda: given(client.get(path)), SECONDS, "a free place")
    assert len(again.content) > 15_000_000


def given(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.status_code == 200 else None


def answers_others(api: RunningApi) -> bool:
    """Whether files that nobody reads hold up nobody else."""
    account: Account = api.add_account()
    job_id = add_job(api.database, account.id, None, [answered(ANSWER)])
    return api.client(account).get(f"/api/jobs/{job_id}/results?format=csv").status_code == 200


def rows_of(number: int, cell: str) -> Table:
    return Table(["a", "b"], ["string", "string"], ([cell, f"{n}"] for n in range(number)))


@pytest.mark.parametrize("write", [csv_pieces, ndjson_pieces, parquet_pieces])
def test_a_large_file_is_made_in_little_memory(write: Callable[[Table], Iterator[bytes]]) -> None:
    list(write(rows_of(1, "x")))  # which imports what it needs
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in write(rows_of(300, os.urandom(200_000).hex())))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size > 100_000
    assert most < 32 * 2**20 < 300 * 400_000


def test_rows_that_are_left_out_by_the_thousand_come_with_beats(api: RunningApi) -> None:
    """A file of errors passes over millions of good rows: whoever asked for it may have left meanwhile."""
    source = stored_source(api.settings, b"title\n" + b"Lampe\n" * (2 * BEAT + 2))
    rows = [failed("TOO_LONG", "Too long.", "title", row=number) for number in (0, 2 * BEAT + 1)]
    job_id = add_job(api.database, api.add_account().id, source, rows)
    with api.database.read() as connection:
        job = job_by_id(connection, job_id)

    with open_services(api.settings, ApiMetrics()) as services, errors_table(services, job) as table:
        assert [row is None for row in table.rows] == [False, True, True, False]


@pytest.mark.parametrize("write", [csv_pieces, ndjson_pieces, parquet_pieces, xlsx_pieces])
def test_a_beat_is_an_empty_piece_and_no_row(write: Callable[..., Iterator[bytes]], tmp_path: Path) -> None:
    given = (tmp_path, DiskGuard(tmp_path, 0)) if write is xlsx_pieces else ()

    def pieces(*rows: list[str] | None) -> list[bytes]:
        return list(write(Table(["a"], ["string"], iter(rows)), *given))

    with_beats, without = pieces(["x"], None, None, ["y"]), pieces(["x"], ["y"])

    assert with_beats.count(b"") == without.count(b"") + 2
    assert len(b"".join(with_beats)) == len(b"".join(without))


def test_many_columns_cost_no_more_memory_than_a_few() -> None:
    names = [f"column {number}" for number in range(1_000)]
    rows = ([f"{row * column}" for column in range(1_000)] for row in range(1_000))
    table = Table(names, ["string"] * 1_000, rows)
    list(parquet_pieces(rows_of(1, "x")))  # which imports what it needs
    tracemalloc.start()
    try:
        content = b"".join(parquet_pieces(table))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    file = ParquetFile(io.BytesIO(content))
    assert (file.metadata.num_rows, file.metadata.num_columns) == (1_000, 1_000)
    assert file.read_row_group(0).column(999)[500].as_py() == "499500"
    assert most - 2 * len(content) < 100 * CELLS < 60 * 1_000_000


def test_a_workbook_that_is_given_up_leaves_nothing_behind(tmp_path: Path) -> None:
    pieces = xlsx_pieces(rows_of(3_000, "x"), tmp_path, DiskGuard(tmp_path, 0))

    assert next(pieces) == b""
    assert [*tmp_path.rglob("*")] != [tmp_path / "tmp"]
    pieces.close()  # type: ignore[attr-defined]  # a generator

    assert [*tmp_path.rglob("*")] == [tmp_path / "tmp"]


def test_a_workbook_leaves_nothing_behind(tmp_path: Path) -> None:
    assert b"".join(xlsx_pieces(rows_of(3_000, "x"), tmp_path, DiskGuard(tmp_path, 0))).startswith(b"PK")

    assert [*tmp_path.rglob("*")] == [tmp_path / "tmp"]


def test_what_killed_processes_left_is_removed_in_time(tmp_path: Path) -> None:
    left, others = tmp_path / "tmp" / "results-left", tmp_path / "tmp" / "other"
    for folder in (left, others):
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))

    list(xlsx_pieces(rows_of(1, "x"), tmp_path, DiskGuard(tmp_path, 0)))

    assert [*tmp_path.rglob("*")] == [tmp_path / "tmp", others]


def test_a_workbook_is_not_made_on_a_full_disk(tmp_path: Path) -> None:
    full = DiskGuard(tmp_path, 2**62)

    with pytest.raises(StorageFull):
        list(xlsx_pieces(rows_of(100_000, "x" * 100), tmp_path, full))

    assert [*tmp_path.rglob("*")] == [tmp_path / "tmp"]


def test_the_file_of_a_job_that_is_deleted_breaks_off(api: RunningApi) -> None:
    job_id = add_job(api.database, api.add_account().id, None, [answered(ANSWER)] * (PAGE + 1))
    answers = result_answers(api.database, CategoryNames(), job_id, "succeeded")
    assert next(answers).row == 0
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(deleted_at=now()))

    with pytest.raises(NotFound):
        list(answers)
