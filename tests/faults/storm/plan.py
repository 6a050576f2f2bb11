"""The plan: what goes wrong, and when, all of it drawn from one seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.storm.faults import Fault

PAUSES_SECONDS = 1.0, 3.0  # the shortest and the longest


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault at a moment of the storm, with the chance that decides its details."""

    at: float
    fault: Fault
    chance: random.Random


def planned(
    seed: int, seconds: float, faults: Sequence[Fault], pauses: tuple[float, float] = PAUSES_SECONDS
) -> Iterator[Planned]:
    """What goes wrong within so many seconds. Every fault comes once before any comes by its weight."""
    chance = random.Random(f"{seed}: faults")
    first = chance.sample(list(faults), len(faults))
    at = chance.uniform(*pauses)
    while at < seconds:
        fault = first.pop() if first else chance.choices(faults, [each.weight for each in faults])[0]
        yield Planned(at, fault, random.Random(f"{seed}: fault at {at}"))
        at += chance.uniform(*pauses)
