"""What every route works with: opened once per process, closed when it ends."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypeVar, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request
from sqlalchemy import Connection

from api.backlog_metrics import BacklogMetrics
from api.gathered import Gathered
from api.intake import Intake
from api.job_watch import JobWatch
from api.large_bodies import LargeBodies
from api.metrics import ApiMetrics
from api.receivers import NAMES, Receivers
from api.remembered import Remembered
from api.request_quota import RequestQuota
from api.results.sending import Sending
from api.tokens import Tokens
from api.waiting import Places
from shared.answers.names import CategoryNames
from shared.broker import make_celery
from shared.database import Database
from shared.disk import DiskGuard
from shared.jobs import JobRecord, jobs_by_ids
from shared.monitor.history import MOST_HOURS, History, look_back, seconds_per_point
from shared.monitor.look import Monitor, look
from shared.outgoing.client import Outgoing
from shared.passwords import HASHES_AT_ONCE, Passwords
from shared.preparation import return_photo_memory
from shared.ringer import Ringer
from shared.settings import Settings
from shared.statistics.records import MINUTE
from shared.store import ObjectStore
from shared.users import Account, accounts_by_ids

PHOTOS_AT_ONCE = 2  # a photo of 50 megapixels takes some 200 MiB while it is decoded
READ_TOGETHER = 64
MONITOR_SECONDS = 1.0
SCRAPES_AT_ONCE = 2
LOOKS_AT_ONCE = 4  # at the monitor: one looks, and the others wait for what it sees
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that routes use. The limiters keep waiting requests off the threads that all routes share."""

    settings: Settings
    metrics: ApiMetrics
    database: Database
    store: ObjectStore
    disk: DiskGuard
    ringer: Ringer
    passwords: Passwords
    tokens: Tokens
    names: CategoryNames
    photo_checks: CapacityLimiter
    sign_ins: CapacityLimiter
    scrapes: CapacityLimiter
    looks: CapacityLimiter
    large_bodies: LargeBodies
    requests: RequestQuota
    places: Places
    sending: Sending
    receivers: Receivers
    watch: JobWatch
    intake: Intake
    accounts: Gathered[str, Account | None]
    jobs: Gathered[str, JobRecord | None]
    monitor: Remembered[Monitor]
    histories: Mapping[int, Remembered[History]]


@contextmanager
def open_services(settings: Settings, metrics: ApiMetrics) -> Iterator[Services]:
    """Open database, object store and doorbell for the time of the block."""
    return_photo_memory()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(settings.database)))
        celery = stack.enter_context(closing(make_celery(settings.broker)))
        ringer = stack.enter_context(Ringer(celery, metrics.ring_failed))
        store = ObjectStore(settings.store)
        disk = DiskGuard(settings.data_dir, settings.disk_reserve_bytes)
        rules = settings.outgoing_rules
        metrics.registry.register(BacklogMetrics(settings, database))
        yield Services(
            settings=settings,
            metrics=metrics,
            database=database,
            store=store,
            disk=disk,
            ringer=ringer,
            passwords=Passwords(),
            tokens=Tokens(settings.signing_key, settings.access_token_seconds),
            names=CategoryNames(),
            photo_checks=CapacityLimiter(PHOTOS_AT_ONCE),
            sign_ins=CapacityLimiter(HASHES_AT_ONCE),
            scrapes=CapacityLimiter(SCRAPES_AT_ONCE),
            looks=CapacityLimiter(LOOKS_AT_ONCE),
            large_bodies=LargeBodies(disk),
            requests=RequestQuota(settings.quota_requests_per_minute),
            places=Places(),
            sending=Sending(),
            receivers=Receivers(Outgoing(rules, settings.webhook_timeout_seconds, names=NAMES), rules),
            watch=stack.enter_context(JobWatch(database)),
            intake=stack.enter_context(Intake(database, store, ringer, settings, metrics)),
            accounts=stack.enter_context(_read_together("accounts", database, accounts_by_ids)),
            jobs=stack.enter_context(_read_together("jobs", database, jobs_by_ids)),
            monitor=Remembered(MONITOR_SECONDS, lambda: look(database, settings)),
            histories={hours: _remembered_history(database, hours) for hours in range(1, MOST_HOURS + 1)},
        )


def _remembered_history(database: Database, hours: int) -> Remembered[History]:
    """The last hours, read the more seldom the more of them there are: a second for each minute of a point's width.

    So whoever watches a day costs about as much as one who watches an hour.
    """
    return Remembered(MONITOR_SECONDS * seconds_per_point(hours) / MINUTE, partial(look_back, database, hours))


def _read_together(
    name: str, database: Database, by_ids: Callable[[Connection, Iterable[str]], Mapping[str, Record]]
) -> Gathered[str, Record | None]:
    """Records of one kind by their ids; None for those that are not there."""

    def load(ids: Sequence[str]) -> list[Record | None]:
        with database.read() as connection:
            found = by_ids(connection, set(ids))
        return [found.get(each) for each in ids]

    return Gathered(name, load, READ_TOGETHER, here=database.is_sqlite)


async def services_of(request: Request) -> Services:
    """The services of the application that got this request. Not `def`: FastAPI would send it to a thread."""
    return cast(Services, request.app.state.services)


TheServices = Annotated[Services, Depends(services_of)]
