"""The fetch loop in this process: a real database, a real store, and real servers on loopback."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Row, delete, insert, select, text, update
from structlog.testing import capture_logs

from shared.broker import make_celery
from shared.database import Database, sqlite_module
from shared.errors import Unavailable
from shared.identifiers import new_id, now
from shared.images import image_key
from shared.lanes import FETCH_CLAIM, WEBHOOKS, Lane
from shared.ledger.fetch import FetchOutcome, Photo
from shared.ledger.finish import RowError
from shared.ledger.submission import ProductInput
from shared.outgoing.client import Outgoing
from shared.ringer import Ringer
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import Batch, Image, Job, Prediction
from shared.usage import Quotas
from shared.workers import Worker
from tests.conftest import RedisServer, add_owner
from tests.support.ledger import LEASE, TITLE, WEEK, accept, job_row, lose, take
from tests.support.photos import jpeg
from tests.support.waiting import wait_for
from tests.support.web import Site, hold, in_turn, reply, site
from tests.support.webhooks import listen
from worker.fetch_loop import FETCHES_AT_ONCE, FETCHES_PER_HOST, MOST_WAITING, Fetch, FetchLoop
from worker.metrics import WorkerMetrics
from worker.photo_fetch import PhotoFetcher
from worker.presence import Presence
from worker.stall import StallGuard

PHOTO = Photo("ab" * 32, 1000)
QUOTAS = Quotas(rows_per_day=1000, stored_bytes=10**9)


class MakeLoop:
    """Makes loops, as a rule with a fetcher whose servers are on loopback."""

    def __init__(self, database: Database, store: ObjectStore, folder: Path) -> None:
        self._database = database
        self._store = store
        self._folder = folder
        self.ringer = Ringer(make_celery("redis+socket:///nowhere/redis.sock"))  # a bell that nobody rings

    @contextmanager
    def __call__(
        self, fetch: Callable[[str], FetchOutcome] | None = None, *sites: Site, **options: float
    ) -> Iterator[FetchLoop]:
        stopping = threading.Event()
        if fetch is not None:
            by_url = _heedless(fetch)
        else:
            settings = load_settings(
                data_dir=self._folder,
                disk_reserve_bytes=0,
                allowed_networks="127.0.0.0/8",
                allow_http=True,
                allowed_ports=",".join(str(where.port) for where in sites),
            )
            by_url = PhotoFetcher(settings, Outgoing(settings.outgoing_rules, 3), self._store, stopping).fetch
        loop = FetchLoop(
            "worker-a",
            self._database,
            self._store,
            by_url,
            self.ringer,
            QUOTAS,
            LEASE,
            StallGuard(60),
            stopping,
            WorkerMetrics(),
            **options,
        )
        try:
            yield loop
        finally:
            loop.stop()
            loop.close()


def _heedless(fetch: Callable[[str], FetchOutcome]) -> Fetch:
    """A fetcher that does not care what is known."""
    return lambda address, _known: fetch(address)


@pytest.fixture
def make_loop(database: Database, store: ObjectStore, tmp_path: Path) -> MakeLoop:
    store.put(image_key(PHOTO.sha256), bytes(PHOTO.size))
    return MakeLoop(database, store, tmp_path / "data")


def url(where: Site, host: str = "127.0.0.1", photo: object = 1) -> str:
    return f"http://{host}:{where.port}/{photo}.jpg"


def urls_of(host: str, number: int) -> list[str]:
    """So many photos of one host."""
    return [f"https://{host}/{photo}.jpg" for photo in range(number)]


def accept_urls(database: Database, owner: str, *urls: str) -> list[str]:
    """Accept a product for each URL as a job of its own."""
    return accept(database, owner, *[ProductInput(designation="Chaise", image_url=each) for each in urls])


def accept_catalogue(database: Database, owner: str, *urls: str) -> str:
    """A job whose rows all wait in one fetch batch."""
    job_id = new_id()
    with database.begin() as connection:
        job = {"kind": "catalogue", "total": len(urls), "intake_done": True, "deadline": now() + WEEK}
        connection.execute(insert(Job).values(id=job_id, owner_id=owner, **job))
        batch = {"job_id": job_id, "owner_id": owner, "kind": "fetch", "lane": Lane.IO, "rows": len(urls), "turn": 0}
        batch_id = connection.scalars(insert(Batch).values(**batch).returning(Batch.id)).one()
        rows = [
            {"job_id": job_id, "owner_id": owner, "batch_id": batch_id, "row": row, "image_url": each}
            for row, each in enumerate(urls)
        ]
        connection.execute(insert(Prediction), rows)
    return job_id


def rows(database: Database) -> list[Row[Any]]:
    with database.read() as connection:
        found = connection.execute(select(Prediction.image, Prediction.error).order_by(Prediction.id))
        return list(found)


def batches(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        found = connection.execute(select(Batch.kind, Batch.state, Batch.failures).order_by(Batch.id))
        return [tuple(batch) for batch in found]


def test_photos_are_fetched_and_their_products_go_on_to_a_model(
    make_loop: MakeLoop, database: Database, owner: str, store: ObjectStore
) -> None:
    with site(reply(jpeg())) as where, make_loop(None, where) as loop:
        accept_urls(database, owner, *[url(where, photo=number) for number in range(12)])
        loop.work()

    assert len(where.requests) == 12
    assert len(take(database, Lane.INTERACTIVE)) == 12
    (sha256,) = {row.image for row in rows(database)}
    assert store.get(f"images/{sha256[:2]}/{sha256}") == jpeg()
    assert loop.leases.held() == []


def test_a_photo_that_cannot_be_had_ends_its_product_and_no_other(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    with site(reply(jpeg())) as where, site(reply(b"", "404 Not Found")) as away, make_loop(None, where) as loop:
        bad = ["http://[::1", "", "http://127.0.0.1:1/", f"http://10.0.0.1:{where.port}/", url(away)]
        jobs = accept_urls(database, owner, url(where), *bad, url(where))
        loop.work()

    assert [job_row(database, job_id).status for job_id in jobs] == ["running", *["failed"] * 5, "running"]
    codes = [row.error["code"] for row in rows(database) if row.error]
    assert codes == ["IMAGE_URL_REFUSED"] * 5


def test_a_catalogue_goes_on_with_the_photos_that_have_arrived(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    with site(reply(jpeg())) as where, make_loop(None, where) as loop:
        accept_catalogue(database, owner, *[url(where)] * 20, "ftp://x/1.jpg", *[url(where)] * 20)
        loop.work()

    (claimed,) = take(database, Lane.BULK)
    assert claimed.rows == 40


def test_a_slow_host_holds_up_nobody_elses_photo(make_loop: MakeLoop, database: Database, owner: str) -> None:
    done = threading.Event()

    def fetch(address: str) -> FetchOutcome:
        if "slow" in address:
            done.wait(30)
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread:
        slow = accept_urls(database, owner, *urls_of("slow.example", FETCHES_AT_ONCE + 1))
        quick = accept_urls(database, owner, *urls_of("quick.example", 20))
        working = thread.submit(loop.work)
        wait_for(lambda: len(arrived(database)) == len(quick), 20, "every quick one")
        assert arrived(database) == set(quick)
        done.set()
        working.result()

    assert arrived(database) == {*slow, *quick}


def test_a_line_of_one_slow_hosts_photos_keeps_nobody_elses_from_being_claimed(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    done = threading.Event()

    def fetch(address: str) -> FetchOutcome:
        if "slow" in address:
            done.wait(30)
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, *urls_of("slow.example", 40))
        working = thread.submit(loop.work)
        wait_for(lambda: len(loop.leases.held()) == 40, 10, "all of them claimed")
        quick = accept_urls(database, owner, *urls_of("quick.example", 5))
        wait_for(lambda: arrived(database) == set(quick), 10, "every quick one")
        done.set()
        working.result()


def test_only_so_many_rows_are_claimed_without_a_place(make_loop: MakeLoop, database: Database, owner: str) -> None:
    done = threading.Event()

    def fetch(_url: str) -> FetchOutcome:
        done.wait(30)
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, *urls_of("slow.example", MOST_WAITING + 2 * FETCH_CLAIM))
        working = thread.submit(loop.work)
        wait_for(lambda: len(loop.leases.held()) >= MOST_WAITING, 20, "as many as may wait")
        turns = loop.guard.advances
        wait_for(lambda: loop.guard.advances > turns + 2, 10, "time to claim more")
        assert len(loop.leases.held()) < MOST_WAITING + FETCH_CLAIM + FETCHES_AT_ONCE
        loop.stop()
        done.set()
        working.result()


def test_an_owner_whose_photos_are_slow_leaves_places_to_others(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    done = threading.Event()

    def fetch(address: str) -> FetchOutcome:
        if "slow" in address:
            done.wait(30)
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, *[f"https://{number}.slow.example/1.jpg" for number in range(20)])
        other = add_owner(database, "other")
        quick = accept_urls(database, other, *[f"https://{number}.quick.example/1.jpg" for number in range(20)])
        working = thread.submit(loop.work)
        wait_for(lambda: arrived(database) == set(quick), 10, "every photo of the other owner")
        done.set()
        working.result()


@pytest.mark.parametrize(
    ("urls", "most"),
    [
        (urls_of("one.example", 20), FETCHES_PER_HOST),
        ([f"https://{number}.example/1.jpg" for number in range(20)], FETCHES_AT_ONCE),
    ],
    ids=["one host", "many hosts"],
)
def test_only_so_many_photos_are_fetched_at_once(
    make_loop: MakeLoop, database: Database, owner: str, urls: list[str], most: int
) -> None:
    started: list[str] = []
    done = threading.Event()

    def fetch(address: str) -> FetchOutcome:
        started.append(address)
        done.wait(30)
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread:
        accept_catalogue(database, owner, *urls)
        working = thread.submit(loop.work)
        wait_for(lambda: len(started) >= most, 10, "the first photos")
        turns = loop.guard.advances
        wait_for(lambda: loop.guard.advances > turns + 2, 10, "time to start more")
        at_once = len(started)
        done.set()
        working.result()

    assert at_once == most
    assert len(started) == len(urls)


def test_what_arrives_while_a_photo_is_fetched_does_not_wait_for_it(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    done = threading.Event()
    with (
        site(reply(jpeg())) as quick,
        site(hold(done, reply(jpeg()))) as slow,
        make_loop(None, slow, quick) as loop,
        ThreadPoolExecutor(1) as thread,
    ):
        accept_urls(database, owner, url(slow))
        working = thread.submit(loop.work)
        wait_for(lambda: slow.requests, 10, "the slow one asked")
        later = accept_urls(database, owner, url(quick))
        wait_for(lambda: arrived(database) == set(later), 10, "the later one")
        done.set()
        working.result()

    assert len(arrived(database)) == 2


def test_a_loop_told_to_stop_gives_back_what_it_is_fetching(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    silent = hold(threading.Event(), reply(jpeg()))
    with site(silent) as where, make_loop(None, where) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, *[url(where)] * 5)
        working = thread.submit(loop.work)
        wait_for(lambda: where.requests, 10, "a request")
        loop.stop()
        working.result()

        assert batches(database) == [("fetch", "queued", 0)] * 5
        assert loop.leases.held() == []


def test_a_fetch_that_failed_because_the_loop_stops_is_not_the_rows_fault(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    with site(reply(b"", "503 Busy")) as where, make_loop(None, where) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, url(where))
        working = thread.submit(loop.work)
        wait_for(lambda: where.requests, 10, "the first try")
        loop.stop()
        working.result()

    assert batches(database) == [("fetch", "queued", 0)]
    assert rows(database)[0].error is None


def test_no_transaction_is_open_while_photos_are_fetched(
    make_loop: MakeLoop, database: Database, owner: str, sqlite_url: str
) -> None:
    def write_at_once(_url: str) -> FetchOutcome:
        other = sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), timeout=10)
        other.execute("BEGIN IMMEDIATE")
        other.close()
        return PHOTO

    with make_loop(write_at_once) as loop:
        accept_urls(database, owner, "https://a.example/")
        loop.work()

    assert len(arrived(database)) == 1


def test_what_became_anothers_is_left_to_the_other(make_loop: MakeLoop, database: Database, owner: str) -> None:
    def lose_the_lease(_url: str) -> FetchOutcome:
        if len(batches(database)) == 1 and batches(database)[0][2] == 0:
            lose(database, loop.leases.held())
            with database.begin() as connection:
                connection.execute(update(Batch).values(lane=Lane.BULK))
        return PHOTO

    with make_loop(lose_the_lease) as loop:
        accept_urls(database, owner, "https://a.example/")
        loop.work()

    assert arrived(database) == set()
    assert batches(database) == [("fetch", "queued", 1)]


def test_a_batch_that_comes_back_to_its_loop_is_fetched_under_the_new_claim(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    first = threading.Event()
    second = threading.Event()

    def fetch(_url: str) -> FetchOutcome:
        if not first.is_set():
            first.set()
            second.wait(30)
        else:
            second.set()
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, "https://a.example/")
        working = thread.submit(loop.work)
        first.wait(30)
        lose(database, loop.leases.held())
        working.result()

    assert batches(database) == [("fetch", "done", 1), ("predict", "queued", 0)]
    assert loop.leases.held() == []


def test_trouble_with_the_store_costs_no_row_anything(make_loop: MakeLoop, database: Database, owner: str) -> None:
    asked: list[str] = []

    def in_trouble(address: str) -> FetchOutcome:
        asked.append(address)
        raise Unavailable("The object store does not answer.")

    with make_loop(in_trouble) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, "https://a.example/")
        working = thread.submit(loop.work)
        wait_for(lambda: len(asked) > 1, 20, "another try")
        loop.stop()
        working.result()

    assert batches(database) == [("fetch", "queued", 0)]


def test_a_photo_that_was_collected_since_it_was_stored_is_fetched_again(
    make_loop: MakeLoop, database: Database, owner: str, store: ObjectStore
) -> None:
    asked: list[str] = []
    other = Photo("cd" * 32, 500)

    def fetch(address: str) -> FetchOutcome:
        if asked:
            store.put(image_key(other.sha256), bytes(other.size))
        asked.append(address)
        return other

    with make_loop(fetch) as loop:
        accept_urls(database, owner, "https://a.example/")
        loop.work()

    assert len(asked) == 2
    assert batches(database) == [("fetch", "done", 0), ("predict", "queued", 0)]


def test_a_row_that_brings_out_a_fault_of_ours_is_cornered(make_loop: MakeLoop, database: Database, owner: str) -> None:
    def faulty(address: str) -> FetchOutcome:
        if "poison" in address:
            raise RuntimeError("this photo cannot be fetched")
        return PHOTO

    with make_loop(faulty) as loop:
        job_id = accept_catalogue(database, owner, *["https://a.example/"] * 5, "https://poison.example/")
        loop.work()

    codes = [row.error["code"] for row in rows(database) if row.error]
    assert codes == ["IMAGE_FETCH_FAILED"]
    assert job_row(database, job_id).failed == 1
    assert sum(claimed.rows for claimed in take(database, Lane.BULK)) == 5


# --- one photo for several rows ------------------------------------------------------------------------------------


def test_rows_that_name_the_same_url_have_it_fetched_once(make_loop: MakeLoop, database: Database, owner: str) -> None:
    with site(reply(jpeg())) as where, make_loop(None, where) as loop:
        job_id = accept_catalogue(database, owner, *[url(where)] * 10, url(where, photo=2), *[url(where)] * 10)
        later = accept_urls(database, owner, url(where))
        loop.work()

    assert sorted(where.paths) == ["/1.jpg", "/2.jpg"]
    assert arrived(database) == {job_id, *later}
    assert len({row.image for row in rows(database)}) == 1


def test_an_error_is_of_all_rows_that_name_the_url(make_loop: MakeLoop, database: Database, owner: str) -> None:
    with site(reply(b"", "404 Not Found")) as where, make_loop(None, where) as loop:
        job_id = accept_catalogue(database, owner, *[url(where)] * 3)
        loop.work()

    assert len(where.requests) == 1
    assert (job_row(database, job_id).status, job_row(database, job_id).failed) == ("failed", 3)


def test_nobody_gets_what_was_fetched_for_another(make_loop: MakeLoop, database: Database, owner: str) -> None:
    other = add_owner(database, "other")
    with site(reply(jpeg(), "200 OK", 'ETag: "v1"')) as where, make_loop(None, where) as loop:
        accept_urls(database, owner, url(where))
        accept_urls(database, other, url(where))
        loop.work()

    assert len(where.requests) == 2
    assert not any("If-None-Match" in request for request in where.requests)


def test_a_photo_that_was_fetched_before_is_not_sent_again(make_loop: MakeLoop, database: Database, owner: str) -> None:
    answers = in_turn(reply(jpeg(), "200 OK", 'ETag: "v1"'), reply(b"", "304 Not Modified"))
    with site(answers) as where, make_loop(None, where) as loop:
        accept_urls(database, owner, url(where))
        loop.work()
        accept_urls(database, owner, url(where))
        loop.work()

    assert ["If-None-Match" in request for request in where.requests] == [False, True]
    first, second = rows(database)
    assert first.image == second.image is not None


def test_a_photo_that_was_fetched_before_and_collected_is_sent_again(
    make_loop: MakeLoop, database: Database, owner: str, store: ObjectStore
) -> None:
    with site(reply(jpeg(), "200 OK", 'ETag: "v1"')) as where, make_loop(None, where) as loop:
        accept_urls(database, owner, url(where))
        loop.work()
        sha256 = rows(database)[0].image
        with database.begin() as connection:
            connection.execute(update(Prediction).values(image=None))
            connection.execute(delete(Image))
        store.delete([image_key(sha256)])
        accept_urls(database, owner, url(where))
        loop.work()

    assert not any("If-None-Match" in request for request in where.requests)
    assert store.get(image_key(sha256)) == jpeg()


def test_a_row_that_brings_out_a_fault_takes_none_with_it_that_names_the_same_url(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    faults = [RuntimeError("once")]

    def faulty(_address: str) -> FetchOutcome:
        if faults:
            raise faults.pop()
        return PHOTO

    with make_loop(faulty) as loop:
        jobs = accept_urls(database, owner, *["https://a.example/"] * 3)
        loop.work()

    assert arrived(database) == set(jobs)
    assert sorted(failures for kind, _, failures in batches(database) if kind == "fetch") == [0, 0, 1]


def test_results_are_written_again_after_the_database_has_failed(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    def rename(table: str, to: str) -> None:
        with database.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))

    def fetch(_url: str) -> FetchOutcome:
        rename("usage", "away")
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread, capture_logs() as logs:
        accept_urls(database, owner, "https://a.example/")
        working = thread.submit(loop.work)
        wait_for(lambda: "fetch.write_failed" in [line["event"] for line in logs], 20, "a write that failed")
        rename("away", "usage")
        working.result()

    assert batches(database) == [("fetch", "done", 0), ("predict", "queued", 0)]


def test_models_are_woken_when_photos_have_arrived(
    make_loop: MakeLoop, database: Database, owner: str, redis_server: RedisServer
) -> None:
    with Ringer(make_celery(redis_server.broker_url)) as make_loop.ringer, make_loop(lambda _: PHOTO) as loop:
        accept_urls(database, owner, "https://a.example/")
        loop.work()

        with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as queues:
            wait_for(lambda: queues.llen(Lane.INTERACTIVE), 10, "a ring")


def test_who_tells_webhooks_is_woken_when_a_job_has_ended_without_a_photo(
    make_loop: MakeLoop, database: Database, owner: str, redis_server: RedisServer
) -> None:
    listen(database, owner)
    missing = RowError("IMAGE_FETCH_FAILED", "The host answered with status 404.")
    with Ringer(make_celery(redis_server.broker_url)) as make_loop.ringer, make_loop(lambda _: missing) as loop:
        accept_urls(database, owner, "https://a.example/")
        loop.work()

        with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as queues:
            wait_for(lambda: queues.llen(WEBHOOKS), 10, "a ring")


def test_leases_are_renewed_while_a_host_keeps_the_loop_waiting(
    make_loop: MakeLoop, database: Database, owner: str
) -> None:
    done = threading.Event()

    def fetch(_url: str) -> FetchOutcome:
        done.wait(30)
        return PHOTO

    with make_loop(fetch) as loop, ThreadPoolExecutor(1) as thread:
        presence = Presence(Worker("worker-a", "io", "host", 1, started_at=now()), database, LEASE, loop)
        accept_urls(database, owner, "https://a.example/")
        working = thread.submit(loop.work)
        wait_for(loop.leases.held, 10, "a claim")
        moment = now()
        with database.begin() as connection:
            connection.execute(update(Batch).values(lease_until=moment))
        before = loop.guard.advances
        wait_for(lambda: loop.guard.advances > before, 10, "the loop to advance")

        presence.beat()

        with database.read() as connection:
            until = connection.scalars(select(Batch.lease_until)).one()
        assert until is not None
        assert until > moment + LEASE / 2
        done.set()
        working.result()


def test_a_fetch_that_never_ends_is_no_progress(make_loop: MakeLoop, database: Database, owner: str) -> None:
    done = threading.Event()
    asked: list[str] = []

    def fetch(address: str) -> FetchOutcome:
        asked.append(address)
        if "hanging" in address:
            done.wait(30)
        return PHOTO

    with make_loop(fetch, overdue_seconds=0) as loop, ThreadPoolExecutor(1) as thread:
        accept_urls(database, owner, "https://hanging.example/")
        working = thread.submit(loop.work)
        wait_for(lambda: asked, 10, "the fetch")
        others = accept_urls(database, owner, *["https://a.example/"] * 3)
        wait_for(lambda: arrived(database) == set(others), 10, "turns of the loop")
        advances = loop.guard.advances
        done.set()
        working.result()

    assert advances == 0


def test_products_without_a_url_are_none_of_its_business(make_loop: MakeLoop, database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    with make_loop(lambda _: PHOTO) as loop:
        loop.work()

    assert batches(database) == [("predict", "queued", 0)]


def arrived(database: Database) -> set[str]:
    """The jobs whose photo is here."""
    with database.read() as connection:
        return set(connection.scalars(select(Prediction.job_id).where(Prediction.image.is_not(None))))
