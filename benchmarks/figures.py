"""Figures: what was measured of one kind of request, as a line to read and as JSON."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Figure:
    """What was measured of one kind of request.

    `cpu_cores` says who used how much of the processor meanwhile, in cores: parts of the service, the whole
    `service`, the `load`, and `others` on the machine.
    """

    name: str
    clients: int
    requests: int
    requests_per_second: float
    milliseconds: dict[str, float]
    errors: int
    statuses: dict[int, int]
    cpu_cores: dict[str, float]
    flush_milliseconds: dict[str, float]
    extra: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """The figure for people."""
        times = "  ".join(f"{name} {value:.1f}" for name, value in self.milliseconds.items())
        cores = ", ".join(f"{name} {value:.2f}" for name, value in self.cpu_cores.items())
        more = "".join(f"  {name.replace('_', ' ')} {value}" for name, value in self.extra.items())
        return (
            f"{self.name}, {self.clients} client{'s' if self.clients > 1 else ''}: {times} ms  "
            f"{self.requests_per_second:,.0f} requests/s  {self.errors} errors{more}\n"
            f"    cores: {cores}; a flush takes {self.flush_milliseconds['p50']:.2f} ms, "
            f"p99 {self.flush_milliseconds['p99']:.2f} ms"
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float], *names: str) -> dict[str, float]:
    """Percentiles by name (`p50`, `p99`, `max`), rounded to a thousandth; NaN where nothing was measured."""
    if not values:
        return dict.fromkeys(names, math.nan)
    shares = {name: 1.0 if name == "max" else int(name[1:]) / 100 for name in names}
    return {name: round(percentile(values, share), 3) for name, share in shares.items()}


def say_target(name: str, value: float, target: str, met: bool) -> None:
    """Print a figure beside its target."""
    digits = 1 if abs(value) >= 10 else 2
    print(f"  {'met   ' if met else 'MISSED'} {name}: {value:,.{digits}f} (target {target})", flush=True)
