"""What every route works with: opened once per process, closed when it ends."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request

from api.names import CategoryNames
from api.tokens import Tokens
from shared.broker import make_celery
from shared.database import Database
from shared.passwords import HASHES_AT_ONCE, Passwords
from shared.preparation import return_photo_memory
from shared.ringer import Ringer
from shared.settings import Settings
from shared.store import ObjectStore

PHOTOS_AT_ONCE = 2  # a photo of 50 megapixels takes some 200 MiB while it is decoded


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that routes use. The limiters keep waiting requests off the threads that all routes share."""

    settings: Settings
    database: Database
    store: ObjectStore
    ringer: Ringer
    passwords: Passwords
    tokens: Tokens
    names: CategoryNames
    photo_checks: CapacityLimiter
    sign_ins: CapacityLimiter


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Open database, object store and doorbell for the time of the block."""
    return_photo_memory()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (
        closing(Database(settings.database)) as database,
        closing(make_celery(settings.broker)) as celery,
        Ringer(celery) as ringer,
    ):
        yield Services(
            settings=settings,
            database=database,
            store=ObjectStore(settings.store),
            ringer=ringer,
            passwords=Passwords(),
            tokens=Tokens(settings.signing_key, settings.access_token_seconds),
            names=CategoryNames(),
            photo_checks=CapacityLimiter(PHOTOS_AT_ONCE),
            sign_ins=CapacityLimiter(HASHES_AT_ONCE),
        )


async def services_of(request: Request) -> Services:
    """The services of the application that got this request. Not `def`: FastAPI would send it to a thread."""
    return cast(Services, request.app.state.services)


TheServices = Annotated[Services, Depends(services_of)]
