"""Faults: what goes wrong, each for a while, and at its end nothing of it is left."""

import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import psutil
import redis

from tests.faults.storm.scene import Missed, Scene, pass_time

Harm: TypeAlias = Callable[[Scene, random.Random], None]
SHORT_TURN_SECONDS = 0.05


def kill(part: str) -> Harm:
    """End a process as the kernel would, without a word."""

    def harm(scene: Scene, chance: random.Random) -> None:
        scene.one_of(part, chance).send_signal(signal.SIGKILL)

    return harm


def terminate(part: str) -> Harm:
    """Tell a process to stop."""

    def harm(scene: Scene, chance: random.Random) -> None:
        scene.one_of(part, chance).send_signal(signal.SIGTERM)

    return harm


def hold_still(part: str) -> Harm:
    """Stop a process for longer than a lease, and let it go on as if nothing were."""

    def harm(scene: Scene, chance: random.Random) -> None:
        process = scene.one_of(part, chance)
        scene.service.hold_still(process)
        try:
            pass_time(scene.lease_seconds * chance.uniform(1.2, 2.5))
        finally:
            process.resume()

    return harm


def stop_redis(scene: Scene, _chance: random.Random) -> None:
    with scene.redis() as client:
        client.shutdown(nosave=True)


def empty_redis(scene: Scene, _chance: random.Random) -> None:
    with scene.redis() as client:
        client.flushall()


def pause_redis(scene: Scene, chance: random.Random) -> None:
    with scene.redis() as client:
        client.client_pause(chance.randint(1_000, 5_000), all=chance.random() < 0.5)


def hang_redis(scene: Scene, chance: random.Random) -> None:
    process = scene.one_of("redis", chance)
    process.suspend()
    try:
        pass_time(chance.uniform(1, 7))
    finally:
        process.resume()


def slow_redis(scene: Scene, chance: random.Random) -> None:
    process = scene.one_of("redis", chance)
    try:
        for _ in range(chance.randint(20, 80)):
            process.suspend()
            pass_time(SHORT_TURN_SECONDS)
            process.resume()
            pass_time(SHORT_TURN_SECONDS / 10)
    finally:
        process.resume()


def fill_disk(scene: Scene, chance: random.Random) -> None:
    if scene.disk is None:
        raise Missed("the disk is not ours to fill")
    try:
        scene.disk.fill(leave=chance.choice((0, 0, 100_000)))
        pass_time(chance.uniform(0.5, 4))
    finally:
        scene.disk.free()


def cut_off_database(scene: Scene, _chance: random.Random) -> None:
    with scene.postgresql() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def renew(scene: Scene, _chance: random.Random) -> None:
    """Have every process of ours replaced by another, as for a new version."""
    scene.service.process.send_signal(signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that may go wrong, and how often it does beside the others."""

    name: str
    weight: float
    harm: Harm

    def strike(self, scene: Scene, chance: random.Random) -> bool:
        """Have it go wrong, and wait until it is over; False where there was nothing to do harm to."""
        try:
            self.harm(scene, chance)
        except (Missed, psutil.Error, redis.RedisError, AssertionError):  # the last: it could not be held still
            return False
        return True


ANYWHERE = (
    Fault("API killed", 2, kill("api")),
    Fault("io worker killed", 2, kill("worker-io")),
    Fault("model worker killed", 3, kill("worker-model")),
    Fault("Redis killed", 1, kill("redis")),
    Fault("API held still", 1, hold_still("api")),
    Fault("io worker held still", 2, hold_still("worker-io")),
    Fault("model worker held still", 2, hold_still("worker-model")),
    Fault("io worker told to stop", 1, terminate("worker-io")),
    Fault("model worker told to stop", 1, terminate("worker-model")),
    Fault("Redis shut down", 1, stop_redis),
    Fault("Redis emptied", 1, empty_redis),
    Fault("Redis paused", 1, pause_redis),
    Fault("Redis held still", 1, hang_redis),
    Fault("Redis slowed", 1, slow_redis),
    Fault("disk filled", 3, fill_disk),
    Fault("all renewed", 1, renew),
)
ON_POSTGRESQL = (Fault("database connections cut", 3, cut_off_database),)


def possible(database: str, *, disk: bool) -> list[Fault]:
    """The faults that there can be."""
    found = [*ANYWHERE, *(ON_POSTGRESQL if database == "postgresql" else ())]
    return [fault for fault in found if disk or fault.harm is not fill_disk]
