"""The loop of an io worker that tells webhooks: claim, send, book, until nothing is due.

One thread keeps the books. Each try is made in a thread of its own, with no transaction open, so that a receiver
that hangs takes one of PLACES, and nothing else. At most half of them go to endpoints that failed last time. What
could not be booked until its lease has run out is sent again: receivers know an event by its id.
"""

import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from sqlalchemy.exc import SQLAlchemyError

from shared.identifiers import now
from shared.logs import get_logger
from shared.outgoing.client import Outgoing
from shared.webhooks.claim import Due
from shared.webhooks.outcomes import Came
from shared.webhooks.sending import send
from worker.delivery_book import DeliveryBook, Tried
from worker.stall import StallGuard

PLACES = 64
PLACES_FOR_FAILING = PLACES // 2
LOOK_SECONDS = 0.5  # between two looks for what is due, while something is on its way and nobody rings
GATHER_SECONDS = 0.004  # for what ends together: a flush for four in place of one for each
TROUBLE_SECONDS = 1.0  # the pause after a database that failed
STOP_SECONDS = 5.0  # what a worker that stops gives those on their way
OURS = "The delivery failed through a fault of the service that sends it."


class DeliveryLoop:
    """Tells endpoints what is due to them, many at once, and a few of one.

    The guard watches over what has no deadline of its own: with a try that outlives its lease the loop no longer
    advances, and then the process ends.
    """

    def __init__(
        self, book: DeliveryBook, outgoing: Outgoing, guard: StallGuard, stop_seconds: float = STOP_SECONDS
    ) -> None:
        self.guard = guard
        self._book = book
        self._outgoing = outgoing
        self._stopping = threading.Event()
        self._stop_seconds = stop_seconds
        self._on_their_way: dict[Due, float] = {}  # until when the lease of each holds
        self._tried: list[Tried] = []
        self._results: SimpleQueue[Tried | None] = SimpleQueue()
        self._look_at = 0.0
        self._log = get_logger()

    def work(self) -> None:
        """Work until nothing is due and nothing on its way, or the process is asked to stop."""
        self._look_at = 0.0
        self._results = SimpleQueue()  # what is in the old one is for nobody any more
        with self.guard:
            try:
                while not self._stopping.is_set() and self._has_work():
                    self._collect()
                    self._write()
                    self._advance()
            finally:
                self._wind_up()

    def look(self) -> None:
        """Have a loop that works look at once for what is due."""
        self._look_at = 0.0
        self._results.put(None)

    def stop(self) -> None:
        """Ask the loop to claim nothing more, to give back what takes long, and to return from `work`."""
        self._stopping.set()
        self._results.put(None)

    def _has_work(self) -> bool:
        """Send more where there is room for it; False when nothing is on its way after that."""
        places = PLACES - len(self._on_their_way)
        if places > 0 and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_SECONDS  # first: a ring that comes meanwhile counts
            until = time.monotonic() + self._book.lease.total_seconds()
            failing = sum(due.is_failing for due in self._on_their_way)
            try:
                taken = self._book.take(places, max(0, PLACES_FOR_FAILING - failing))
            except SQLAlchemyError:
                self._log.warning("webhook.not_claimed", exc_info=True)
                self._stopping.wait(TROUBLE_SECONDS)
                taken = []
            self._on_their_way |= dict.fromkeys(taken, until)  # all, before a thread that cannot be had
            for due in taken:
                threading.Thread(target=self._try, args=(due,), name="delivery", daemon=True).start()
        return bool(self._on_their_way)

    def _try(self, due: Due) -> None:
        """Send one delivery, whatever comes of it."""
        started_at = now()
        try:
            came = self._sent(due) if due.body else Came(started_at, 0.0, error=OURS)
        except Exception:
            self._log.exception("webhook.not_sent", delivery=due.delivery_id, endpoint=due.endpoint_id)
            came = Came(started_at, (now() - started_at).total_seconds(), error=OURS)
        self._results.put(Tried(due, came))

    def _sent(self, due: Due) -> Came:
        return send(self._outgoing, due.url, due.event_id, due.body, due.keys)

    def _collect(self) -> None:
        """Wait for a try to end, and a moment for those that end with it, which cost less if booked together."""
        results: list[Tried | None] = []
        with suppress(Empty):
            results.append(self._results.get(timeout=LOOK_SECONDS))
            end = time.monotonic() + GATHER_SECONDS
            while len(results) < len(self._on_their_way):
                results.append(self._results.get(timeout=max(0.0, end - time.monotonic())))
        self._tried += [each for each in results if each is not None and each.due in self._on_their_way]

    def _write(self) -> None:
        """Book the tries that have ended. What the database does not take is booked later, while its lease holds."""
        if not self._tried:
            return
        left = self._book.write(self._tried)
        if left:
            self._stopping.wait(TROUBLE_SECONDS)
        moment = time.monotonic()
        kept = [each for each in left if moment < self._on_their_way[each.due]]
        for due in {each.due for each in self._tried} - {each.due for each in kept}:
            del self._on_their_way[due]
            self._look_at = 0.0  # its endpoint may have more
        self._tried = kept

    def _advance(self) -> None:
        moment = time.monotonic()
        if all(moment < until for until in self._on_their_way.values()):
            self.guard.advance()

    def _wind_up(self) -> None:
        """Wait a moment for what is on its way, and give the rest back. Where even that fails, its leases run out."""
        end = time.monotonic() + self._stop_seconds
        while self._on_their_way and time.monotonic() < end:
            self._collect()
            self._write()
        left = list(self._on_their_way)
        self._on_their_way.clear()
        self._tried.clear()
        if left:
            self._log.info("webhook.given_back", deliveries=len(left))
            try:
                self._book.give_back(left)
            except SQLAlchemyError:
                self._log.warning("webhook.not_let_go", deliveries=len(left), exc_info=True)
