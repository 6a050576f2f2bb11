"""Bodies: an event in words, made once, when it is first told, so that every try sends the same bytes."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Connection, bindparam, case, update

from shared.answers.jobs import JobAnswer, job_answer
from shared.answers.names import CategoryNames
from shared.jobs import JobRecord
from shared.tables import WebhookEvent
from shared.webhooks.claim import Due
from shared.webhooks.events import EventType


class EventBody(BaseModel):
    """What a receiver gets: what happened, when, and the job as the API shows it, with the prediction of a product."""

    type: EventType
    timestamp: datetime
    data: JobAnswer


def written_body(connection: Connection, names: CategoryNames, due: Due, job: JobRecord) -> str:
    """The body in JSON of a delivery's event, which tells of this job."""
    answer = job_answer(connection, names, job).for_many()
    return EventBody(type=due.event_type, timestamp=due.happened_at, data=answer).model_dump_json()  # type: ignore[arg-type]  # pydantic checks the type


def kept_body(connection: Connection, event_id: str, body: str) -> str | None:
    """Keep a body that was just written, unless somebody else was first: returns the one that holds.

    None when the event is gone.
    """
    return connection.scalar(_KEPT, {"event_": event_id, "body_": body})


_FIRST = case((WebhookEvent.body == "", bindparam("body_")), else_=WebhookEvent.body)
_KEPT = (
    update(WebhookEvent).where(WebhookEvent.id == bindparam("event_")).values(body=_FIRST).returning(WebhookEvent.body)
)
