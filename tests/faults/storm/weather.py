"""The weather: a service is started, customers send, everything goes wrong for a while, and then comes the calm."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import ColumnElement, func, select

from migrations.upgrade import upgrade
from shared.database import Database
from shared.lifecycle import OPEN_JOB, DeliveryState, in_states
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import Job, WebhookDelivery
from tests.conftest import fresh_postgres
from tests.faults.storm.customers import Customer
from tests.faults.storm.faults import possible
from tests.faults.storm.goods import goods
from tests.faults.storm.plan import PAUSES_SECONDS, Planned, planned
from tests.faults.storm.receivers import Receiver, Site, open_site
from tests.faults.storm.scene import Scene, pass_time
from tests.support.bundles import fake_bundle
from tests.support.service import PASSWORD, Service, activate_at_once, running_service
from tests.support.small_disk import MIB, CannotMount, SmallDisk, mounted_disk
from tests.support.waiting import wait_for

LEASE_SECONDS, SWEEP_SECONDS, STALL_SECONDS = 1.5, 0.5, 15
WEBHOOK_SECONDS = 2
WEBHOOK_DELAYS = ",".join(["0", "0.5", *["1"] * 48])
CALM_SECONDS = 180.0  # in which everything must have ended by itself
DISK_BYTES, DISK_BYTES_A_SECOND = 128 * MIB, MIB
RESERVE_BYTES = MIB
OWNERS = ("north", "south")
CUSTOMERS_OF_ONE = 3
PAUSE_SECONDS = 0.2  # between two requests of a customer
MODEL_WORKERS = 2
WHOLE = {"api": 1, "worker-io": 1, "worker-model": MODEL_WORKERS, "redis": 1}


@dataclass(slots=True)
class Storm:
    """A storm that is over: what was sent and answered, who was told what, and what had gone wrong.

    `calm_after` says of what there was to wait for how many seconds it took, and `is_calm` whether that was all.
    """

    seed: int
    seconds: float
    database: str
    folder: Path
    database_url: str
    disk_bytes: int | None
    customers: Sequence[Customer]
    receivers: Sequence[Receiver]
    struck: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    calm_after: dict[str, float] = field(default_factory=dict)
    is_calm: bool = False
    ended_by: int | None = None  # the keeper's exit status, which should not be there

    @property
    def store(self) -> ObjectStore:
        return ObjectStore(load_settings(data_dir=self.folder / "data").store)


@contextmanager
def storm(
    seconds: float, seed: int, database: str, folder: Path, pauses: tuple[float, float] = PAUSES_SECONDS, jobs: int = 0
) -> Iterator[Storm]:
    """Have a storm; in the block it is over, every process is gone, and what they left can be looked at.

    It lasts until so many jobs have been accepted, too, if need be.
    """
    with ExitStack() as stack:
        data_dir = folder / "data"
        disk = _disk(stack, data_dir, int(DISK_BYTES + seconds * DISK_BYTES_A_SECOND))
        given = stack.enter_context(fresh_postgres()) if database == "postgresql" else ""
        settings = load_settings(data_dir=data_dir, database_url=given)
        upgrade(settings.database)
        activate_at_once(settings, fake_bundle(folder / "bundle"))
        receivers = _receivers(seed)
        with (
            open_site(receivers) as site,
            _service(data_dir, given, site) as service,
            _customers(service, site, seed) as customers,
        ):
            disk_bytes = None if disk is None else disk.free_bytes
            over = Storm(seed, seconds, database, folder, settings.database, disk_bytes, customers, receivers)
            plan = list(planned(seed, seconds, possible(database, disk=disk is not None), pauses))
            _blow(over, _scene(service, disk), plan, jobs)
            _calm_down(over, service)
            over.ended_by = service.process.poll()
        yield over


def _disk(stack: ExitStack, path: Path, size: int) -> SmallDisk | None:
    """A small disk at `path`, or a folder where none can be mounted."""
    try:
        return stack.enter_context(mounted_disk(path, size))
    except CannotMount:
        return None


def _receivers(seed: int) -> list[Receiver]:
    """Of each owner one in good order that hears everything, one that fails, a slow one, and one for failures only."""
    found = []
    for owner in OWNERS:
        chance = random.Random(f"{seed}: receivers of {owner}")
        found += [
            Receiver(owner, f"{owner}-good"),
            Receiver(owner, f"{owner}-failing", fails=True, chance=chance),
            Receiver(owner, f"{owner}-slow", job_kinds=("catalogue",), is_slow=True),
            Receiver(owner, f"{owner}-worried", events=("job.failed", "job.partially_succeeded")),
        ]
    return found


@contextmanager
def _service(data_dir: Path, database_url: str, site: Site) -> Iterator[Service]:
    started = running_service(
        data_dir,
        database_url=database_url,
        predictor="tests.faults.storm.predictor:ReadsAndTakesItsTime",
        model_workers=MODEL_WORKERS,
        lease_seconds=LEASE_SECONDS,
        sweep_seconds=SWEEP_SECONDS,
        stall_seconds=STALL_SECONDS,
        access_token_seconds=86_400,
        disk_reserve_bytes=RESERVE_BYTES,
        allowed_networks="127.0.0.0/8",
        allow_http=True,
        allowed_ports=site.port,
        webhook_delays=WEBHOOK_DELAYS,
        webhook_timeout_seconds=WEBHOOK_SECONDS,
    )
    with started as service:
        service.wait_until_ready(120)
        yield service


@contextmanager
def _customers(service: Service, site: Site, seed: int) -> Iterator[list[Customer]]:
    """Accounts with their webhooks, and customers of each."""
    found: list[Customer] = []
    with service.client() as admin:
        for owner in OWNERS:
            admin.post("/api/users", json={"username": owner, "password": PASSWORD, "role": "user"}).raise_for_status()
    with ExitStack() as stack:
        for owner in OWNERS:
            found += _customers_of(owner, stack.enter_context(service.client(owner)), site, seed)
        yield found


def _customers_of(owner: str, client: httpx.Client, site: Site, seed: int) -> Iterator[Customer]:
    """Register an account's webhooks, and have customers of it."""
    urls = [_registered(client, site, each) for each in site.receivers.values() if each.owner == owner]
    for number in range(CUSTOMERS_OF_ONE):
        chance = random.Random(f"{seed}: customer {number} of {owner}")
        stock = goods(random.Random(chance.random()), f"{owner}-{number}", site.url)
        yield Customer(owner, client, stock, urls, chance, PAUSE_SECONDS)


def _registered(client: httpx.Client, site: Site, receiver: Receiver) -> str:
    """The URL of a receiver that the service knows from now on; the receiver knows its secret."""
    url = site.url + receiver.path
    wanted = {"url": url, "events": list(receiver.events), "job_kinds": list(receiver.job_kinds)}
    receiver.secret = client.post("/api/webhooks", json=wanted).raise_for_status().json()["secret"]
    return url


def _scene(service: Service, disk: SmallDisk | None) -> Scene:
    url = service.part("api").environ()["SHELFWISE_BROKER_URL"]
    return Scene(service, disk, url.removeprefix("redis+socket://"), LEASE_SECONDS)


def _blow(over: Storm, scene: Scene, plan: Sequence[Planned], jobs: int) -> None:
    """Customers send for the time of the storm, while one fault after another strikes, some of them at once."""
    for customer in over.customers:
        customer.start()
    began = time.monotonic()
    with ThreadPoolExecutor(len(plan) + 1) as pool:
        struck: list[tuple[Planned, Future[bool]]] = []
        for each in plan:
            pass_time(max(0.0, began + each.at - time.monotonic()))
            struck.append((each, pool.submit(each.fault.strike, scene, each.chance)))
        pass_time(max(0.0, began + over.seconds - time.monotonic()))
        wait_for(lambda: sum(len(each.accepted) for each in over.customers) >= jobs, CALM_SECONDS, f"{jobs} jobs")
    for each, strike in struck:
        (over.struck if strike.result() else over.missed)[each.fault.name] += 1


def _calm_down(over: Storm, service: Service) -> None:
    """Wait until everything has ended that was begun, with nobody doing anything but asking again."""
    began = time.monotonic()
    for customer in over.customers:
        customer.finish()
    with closing(Database(over.database_url)) as database:
        waits: dict[str, Callable[[], bool]] = {
            "answers": lambda: all(customer.has_finished() for customer in over.customers),
            "jobs": lambda: _none(database, in_states(Job.status, *OPEN_JOB)),
            "deliveries": lambda: _none(database, in_states(WebhookDelivery.state, DeliveryState.PENDING)),
            "processes": lambda: {name: len(service.parts(name)) for name in WHOLE} == WHOLE,
        }
        while not over.is_calm and time.monotonic() < began + CALM_SECONDS:
            for name, is_over in waits.items():
                if not is_over():
                    over.calm_after.pop(name, None)
                else:
                    over.calm_after.setdefault(name, time.monotonic() - began)
            over.is_calm = over.calm_after.keys() == waits.keys()
            pass_time(0.2)


def _none(database: Database, condition: ColumnElement[bool]) -> bool:
    with database.read() as connection:
        return not connection.scalar(select(func.count()).where(condition))
