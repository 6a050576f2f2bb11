"""JSON lines on standard error, one format in every process, with the ids of what is being worked on."""

import io
import logging
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

# A line or two for every wake-up or request, which the service's own events say better.
_CHATTY = ("alembic.runtime.plugins", "celery.worker.strategy", "celery.app.trace", "uvicorn.access", "httpx")
_SECRET_WORDS = ("password", "token", "secret", "authorization", "cookie")


def configure_logging(process: str, level: str = "INFO") -> None:
    """Send structlog's and the standard library's records to standard error as JSON lines.

    `process` names the part that speaks (`api`, `worker-model`, …). Values of keys that sound secret are
    replaced; JSON itself escapes control characters.
    """
    shared_steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
        structlog.processors.format_exc_info,
    ]
    last_steps: list[structlog.typing.Processor] = [_named(process), structlog.processors.JSONRenderer()]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared_steps],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last_steps],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)  # Python's own go to standard error as they are
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # Our own lines are written without a detour through the standard library's records, which costs as much again.
    structlog.configure(
        processors=[*shared_steps, *last_steps],
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _StandardError())),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )


class _StandardError(io.TextIOBase):
    """Takes lines. One that finds no room is lost, and the work that it tells of goes on, as with `logging`."""

    def __init__(self) -> None:
        self._stream = sys.stderr

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def get_logger() -> Any:
    """A structured logger: `get_logger().info("batch.done", rows=64)`."""
    return structlog.get_logger()


def current_request() -> str | None:
    """The id of the request that is being answered, if this is within one."""
    request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return request_id


def _named(process: str) -> structlog.typing.Processor:
    def add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return add_process


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "[hidden]"
    return event
