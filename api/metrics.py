"""What an API process counts: requests, and the jobs that they make and end."""

from collections.abc import MutableMapping
from typing import Any

from prometheus_client import Counter, Histogram

from shared.metrics.registry import new_registry
from shared.metrics.work import WorkMetrics

SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
NO_ROUTE, OTHER = "none", "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ApiMetrics(WorkMetrics):
    """The metrics of one API process."""

    def __init__(self) -> None:
        self.registry = new_registry()
        super().__init__(self.registry)
        self._requests = Counter(
            "shelfwise_http_requests",
            "Requests answered, by the template of their path; `none` is what no route has seen.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "shelfwise_http_request_duration_seconds",
            "From a request's head to the end of its answer.",
            ["method", "route"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def answered(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count a request with its ASGI scope, once it has been answered."""
        method = scope["method"] if scope["method"] in METHODS else OTHER
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)
