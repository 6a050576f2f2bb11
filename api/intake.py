"""The way in for products: committed together with all that arrive at the same time, and only then rung for."""

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from sqlalchemy.exc import IntegrityError, OperationalError

from api.acceptance import note_accepted
from api.gathered import Gathered
from api.metrics import ApiMetrics
from shared.database import Database
from shared.errors import Unauthenticated
from shared.ledger.accept import accept_products
from shared.ledger.submission import Accepted, ProductInput, Submission
from shared.logs import current_request
from shared.ringer import Ringer
from shared.settings import Settings
from shared.store import ObjectStore
from shared.usage import Quotas

TOGETHER = 64  # in one transaction: more would keep the first of them waiting


class Intake:
    """Accepts products of all requests in shared transactions."""

    def __init__(
        self, database: Database, store: ObjectStore, ringer: Ringer, settings: Settings, metrics: ApiMetrics
    ) -> None:
        self._database = database
        self._store = store
        self._ringer = ringer
        self._metrics = metrics
        self._quotas = Quotas.of(settings)
        self._deadline = timedelta(seconds=settings.job_deadline_seconds)
        self._together = Gathered("accept", self._accept, TOGETHER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._together.__exit__(kind, error, trace)

    async def accept(
        self,
        owner_id: str,
        product: ProductInput,
        photo_bytes: int | None,
        key: str | None,
        webhook_url: str | None = None,
    ) -> Accepted:
        """The job of a product, durable when this returns.

        Raises Conflict, TooManyRequests, QuotaFull, and InvalidInput for a webhook that the account does not have.
        """
        sent = Submission(
            owner_id, product, self._deadline, key, photo_bytes, webhook_url, request_id=current_request()
        )
        accepted = await self._together.ask(sent)
        note_accepted(self._metrics, accepted, "product")
        return accepted

    def _accept(self, submissions: Sequence[Submission]) -> Sequence[Accepted | Exception]:
        try:
            accepted = self._commit(submissions)
        except OperationalError:  # the database's, and no submission's: alone they would fare no better
            raise
        except Exception:  # one spoils it for all: alone, each gets its own answer
            accepted = [self._alone(each) for each in submissions]
        self._ring(submissions, accepted)
        return accepted

    def _alone(self, submission: Submission) -> Accepted | Exception:
        for _ in range(2):  # another process may have taken its key a moment ago; the second look finds that job
            try:
                (accepted,) = self._commit([submission])
            except IntegrityError:
                continue
            except Exception as error:  # this one's answer: others may be committed already
                return error
            return accepted
        return Unauthenticated("The account is not there any more.")

    def _commit(self, submissions: Sequence[Submission]) -> list[Accepted | Exception]:
        with self._database.begin() as connection:
            return list(accept_products(connection, self._store, submissions, self._quotas))

    def _ring(self, submissions: Sequence[Submission], accepted: Sequence[Accepted | Exception]) -> None:
        rung = {
            each.lane: (each.job_id, sent.request_id)
            for sent, each in zip(submissions, accepted, strict=True)
            if isinstance(each, Accepted) and not each.replayed
        }
        for lane, (job_id, request_id) in rung.items():
            self._ringer.ring(lane, job_id, request_id)
