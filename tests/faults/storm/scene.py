"""The scene: the running service, as who does harm to it needs it."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.service import Service
from tests.support.small_disk import SmallDisk

REDIS_SECONDS = 2.0  # that somebody waits who does harm to Redis


@dataclass(frozen=True, slots=True)
class Scene:
    """The service with its disk (None: one that cannot be filled) and its Redis."""

    service: Service
    disk: SmallDisk | None
    redis_socket: str
    lease_seconds: float

    def one_of(self, part: str, chance: random.Random) -> psutil.Process:
        """A process of a part. Raises Missed where none runs just now."""
        found = self.service.parts(part)
        if not found:
            raise Missed(f"no {part} ran")
        return chance.choice(found)

    @contextmanager
    def redis(self) -> Iterator["redis.Redis"]:
        once = Retry(NoBackoff(), retries=0)
        with redis.Redis(unix_socket_path=self.redis_socket, socket_timeout=REDIS_SECONDS, retry=once) as client:
            yield client

    @contextmanager
    def postgresql(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.service.database_url, autocommit=True) as connection:
            yield connection


class Missed(Exception):
    """There was nothing to do harm to."""


def pass_time(seconds: float) -> None:
    threading.Event().wait(seconds)
