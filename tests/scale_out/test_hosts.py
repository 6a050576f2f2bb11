"""Several hosts that help each other out: whatever dies or is away, no row is lost, and none is done twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from shared.database import Database
from shared.identifiers import new_id
from shared.lanes import Lane
from shared.releases import publish
from shared.store import ObjectStore
from shared.tables import Batch
from tests.scale_out.conftest import Clients
from tests.shared.catalogues.zips import packed
from tests.support.bundles import fake_bundle
from tests.support.catalogues import photo_of
from tests.support.gate import Gate
from tests.support.sent_catalogues import assert_each_row_once, counts, csv_of, send, wait_until
from tests.support.service import PASSWORD, ended, submit
from tests.support.stack import MODEL_WORKERS, Host, Shared, Stack, running_stack
from tests.support.waiting import wait_for

ROWS, FEWER_ROWS = 20_000, 8_000
LEASE_SECONDS, SWEEP_SECONDS = 5.0, 0.5  # long enough for three workers to be held up one after another
SLACK = 5
FAILURES = 4


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    return Gate(tmp_path_factory.mktemp("gate") / "gate")


@pytest.fixture(scope="module")
def stack(shared: Shared, gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    settings = {
        "predictor": "tests.support.predictors:Gated",
        "gate": gate.path,
        "lease_seconds": LEASE_SECONDS,
        "sweep_seconds": SWEEP_SECONDS,
        "sign_in_failures": FAILURES,
    }
    with running_stack(folder / "hosts", shared, fake_bundle(folder / "bundle"), **settings) as running:
        yield running


@pytest.fixture(autouse=True)
def whole(stack: Stack) -> None:
    """A test begins with as many model workers as ever, whatever the one before has killed."""
    for _ in range(MODEL_WORKERS - len(stack.running("model"))):
        stack.start("model")
    stack.hosts = [host for host in stack.hosts if host.is_running()]
    stack.wait_until_ready()


@pytest.fixture
def database(shared: Shared) -> Iterator[Database]:
    with closing(Database(shared.database_url)) as opened:
        yield opened


def works_at(database: Database, stack: Stack, job_id: str) -> Host | None:
    """The host whose worker has a batch of this job in hand."""
    with database.read() as connection:
        running = select(Batch.worker).where(Batch.job_id == job_id, Batch.state == "running").limit(1)
        worker_id = connection.scalar(running)
    ids = {worker.id: worker.process_id for worker in stack.workers("model")}
    hosts = [host for host in stack.running("model") if host.process.pid == ids.get(worker_id or "")]
    return hosts[0] if hosts else None


def tries_lost(database: Database, job_id: str) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.sum(Batch.failures)).where(Batch.job_id == job_id)) or 0


def test_a_catalogue_survives_the_death_of_a_worker_and_of_redis(
    stack: Stack, clients: Clients, gate: Gate, database: Database
) -> None:
    one, another = clients
    gate.close()
    job_id = send(one, csv_of(ROWS))
    victim = wait_for(partial(works_at, database, stack, job_id), 60, "a worker at the catalogue")
    gate.wait_until_reached(psutil.Process(victim.process.pid))

    victim.kill()
    stack.shared.redis.kill()
    gate.open()
    wait_until(another, job_id, lambda found: found["succeeded"] > 0)
    stack.shared.redis.start()

    (job,) = ended(another, [job_id], 120)
    assert (job["status"], job["counts"]["succeeded"]) == ("succeeded", ROWS)
    for client in clients:
        assert_each_row_once(client, job_id, ROWS)


def test_what_a_dead_worker_had_in_hand_another_takes_within_a_lease_and_a_sweep(
    stack: Stack, clients: Clients, gate: Gate, database: Database
) -> None:
    one, another = clients
    gate.close()
    (job_id,) = submit(one, "title")
    victim = wait_for(partial(works_at, database, stack, job_id), 60, "a worker at the product")
    gate.wait_until_reached(psutil.Process(victim.process.pid))

    victim.kill()
    gate.open()

    (job,) = ended(another, [job_id], SLACK * (LEASE_SECONDS + SWEEP_SECONDS))
    assert job["status"] == "succeeded"
    assert tries_lost(database, job_id) == 1


def test_while_the_store_is_away_rows_are_given_back_at_no_cost_and_then_go_on(
    stack: Stack, clients: Clients, gate: Gate, database: Database
) -> None:
    one, another = clients
    photos = {f"photos/{number}.jpg": photo_of(3_000 + number) for number in range(30)}
    table = "".join(f"{number},title {number},{name}\n" for number, name in enumerate(photos))
    gate.close()
    for number in range(MODEL_WORKERS):  # one at a time: of what is there together one worker takes all
        (product,) = submit(one, f"title {number}")
        wait_for(partial(works_at, database, stack, product), 60, "every worker with a product in hand")
    content = packed({"products.csv": f"productid,designation,image\n{table}".encode(), **photos})
    files = {"file": ("products.zip", content)}
    job_id = one.post("/api/catalogs", files=files).raise_for_status().json()["id"]
    wait_until(another, job_id, lambda found: found["total"] == len(photos))
    before = len(stack.events("batch.given_back"))

    with stack.shared.bucket.line.cut():
        gate.open()
        wait_for(lambda: len(stack.events("batch.given_back")) > before, 90, "rows that are given back")
        refused = one.post("/api/predict", files={"image": photo_of(4)})
        (text,) = submit(another, "a text needs no store")
        assert ended(one, [text])[0]["status"] == "succeeded"

    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
    (job,) = ended(another, [job_id], 90)
    assert (job["status"], job["counts"]["succeeded"]) == ("succeeded", len(photos))
    assert tries_lost(database, job_id) == 0


def test_a_bundle_that_is_activated_on_any_host_is_what_all_workers_answer_with(
    stack: Stack, clients: Clients, database: Database, tmp_path: Path
) -> None:
    one, another = clients
    settings = stack.settings
    publish(database, ObjectStore(settings.store), fake_bundle(tmp_path / "bundle", "fake-2"), activated=False)

    done = stack.run("models", "activate", "fake-2")

    assert done.stdout.endswith(f"{MODEL_WORKERS} of {MODEL_WORKERS} workers answer with it\n"), done.stderr
    (job,) = ended(another, submit(one, "title"))
    assert job["prediction"]["model_version"] == "fake-2"
    cached = [host.data_dir / "cache" / "bundles" / "fake-2" for host in stack.running("model")]
    assert all(folder.is_dir() for folder in cached)


def test_fifty_requests_with_one_key_at_two_apis_are_one_job(clients: Clients) -> None:
    headers, product = {"Idempotency-Key": new_id()}, {"designation": "Lampe de chevet"}

    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda number: clients[number % 2].post("/api/predict", json=product, headers=headers), range(50))
        )

    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


def test_a_token_of_one_api_is_good_at_the_other_until_it_is_ended_there(stack: Stack) -> None:
    form = {"username": "admin", "password": PASSWORD}
    with stack.stranger(0) as one, stack.stranger(1) as another:
        tokens = one.post("/api/auth", data=form).raise_for_status().json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert another.get("/api/users/me", headers=bearer).status_code == 200

        again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        next_token = another.post("/api/auth", data=again).raise_for_status().json()["refresh_token"]
        one.post("/api/auth/revoke", data={"token": next_token}).raise_for_status()

        ended_token = {"grant_type": "refresh_token", "refresh_token": next_token}
        assert another.post("/api/auth", data=ended_token).status_code == 401


def test_an_account_that_is_disabled_at_one_api_is_out_at_the_other(stack: Stack, clients: Clients) -> None:
    one, _ = clients
    account = {"username": "noor", "password": PASSWORD, "role": "user"}
    made = one.post("/api/users", json=account).raise_for_status().json()
    with stack.client(1, "noor") as noor:
        assert noor.get("/api/users/me").status_code == 200
        one.patch(f"/api/users/{made['id']}", json={"disabled": True}).raise_for_status()

        assert noor.get("/api/users/me").status_code == 401


def test_failed_sign_ins_count_whichever_api_they_are_tried_at(stack: Stack) -> None:
    wrong = {"username": "nobody", "password": "wrong"}
    with stack.stranger(0) as one, stack.stranger(1) as another:
        tries = [client.post("/api/auth", data=wrong).status_code for client in (one, another) * (FAILURES // 2)]

        assert tries == [401] * FAILURES
        assert one.post("/api/auth", data=wrong).status_code == 429
        assert another.post("/api/auth", data=wrong).status_code == 429


def test_every_worker_has_rows_to_work_on(stack: Stack, clients: Clients, gate: Gate, database: Database) -> None:
    one, another = clients
    gate.close()
    job_id = send(one, csv_of(FEWER_ROWS, "other"))

    def at_work() -> bool:
        running = select(func.count(func.distinct(Batch.worker))).where(
            Batch.job_id == job_id, Batch.state == "running", Batch.lane == Lane.BULK
        )
        with database.read() as connection:
            return connection.scalar(running) == MODEL_WORKERS

    wait_for(at_work, 60, "every model worker at the catalogue")
    gate.open()
    ended(another, [job_id], 120)
    assert counts(another, job_id)["succeeded"] == FEWER_ROWS
