"""Celery's configuration, the same in the process that rings and in the one that is woken."""

from collections.abc import Mapping

from celery import Celery

from shared.lanes import MODEL_LANES, WEBHOOKS, Lane

# A message says that its queue has work, and no more: the ids of a job and of its request ride along for people who
# watch. Each queue has a name for that of its own, by which they know what is done there.
_TASKS: Mapping[str, str] = {
    Lane.INTERACTIVE: "products.predict",
    Lane.BULK: "catalogues.predict",
    Lane.IO: "jobs.prepare",
    WEBHOOKS: "webhooks.deliver",
}
SOCKET_SECONDS = 5
HEALTH_SECONDS = 5  # after so long, a connection that says nothing is asked whether it still is one
RING_EXPIRES_SECONDS = 600  # a ring this old has long been replaced by the sweep's


def task_of(queue: str) -> str:
    """The task that a message on this queue wakes."""
    return _TASKS[queue]


def make_celery(broker_url: str) -> Celery:
    """A Celery application on this broker. Messages are wake-ups: acknowledged early, and without a result."""
    app = Celery("shelfwise", broker=broker_url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_default_queue=str(MODEL_LANES[0]),
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=True,
        task_send_sent_event=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_timeout": SOCKET_SECONDS,
            "socket_connect_timeout": SOCKET_SECONDS,
            "health_check_interval": HEALTH_SECONDS,
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0,
        },
    )
    return app
