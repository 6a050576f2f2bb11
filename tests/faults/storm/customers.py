"""Customers: they send goods at their own pace, ask again where no answer came, and remember what was answered."""

import base64
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.storm.goods import Goods
from tests.faults.storm.photos import photo

PATIENCE_SECONDS = 10.0  # of one who waits for an answer
AGAIN_SECONDS = 0.5  # between two tries of the same request, once the storm is over
LATEST = 20  # submissions that may still be canceled
REFUSALS = (429, 503, 507)  # which are no answer for good
NO_ANSWER = "no answer"


@dataclass(slots=True)
class Sent:
    """Goods on their way, and what was answered: `jobs` holds the id of each accepted answer.

    `cancel` is what is known of an attempt to cancel the job: asked for, or confirmed.
    """

    goods: Goods
    owner: str
    posts: int = 0
    jobs: set[str] = field(default_factory=set)
    cancel: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is to be posted again: nobody has said what has become of it, and a key makes that safe."""
        return not self.jobs and (not self.posts or self.goods.key is not None)


class Customer:
    """One who sends goods, in a thread of its own, until told that it is over; then it finishes what it began."""

    def __init__(
        self,
        owner: str,
        client: httpx.Client,
        goods: Iterator[Goods],
        listeners: Sequence[str],
        chance: random.Random,
        pause: float,
    ) -> None:
        self.sent: list[Sent] = []
        self.answers: Counter[str] = Counter()  # to every request: its status, or that there was none
        self.strange: list[str] = []  # answers that nothing explains
        self._owner = owner
        self._client = client
        self._goods = goods
        self._listeners = listeners
        self._chance = chance
        self._pause = pause
        self._unsettled: deque[Sent] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def accepted(self) -> list[Sent]:
        """What was accepted, as far as this customer has seen."""
        return [each for each in self.sent if each.jobs]

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Send nothing new from now on."""
        self._over.set()

    def has_finished(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._over.wait(self._pause * self._chance.uniform(0.2, 1.8)):
            if self._unsettled and self._chance.random() < 0.5:
                self._post(self._unsettled.popleft())
            elif self._chance.random() < 0.03:
                self._cancel()
            else:
                self._send(next(self._goods))
        while self._unsettled:
            self._post(self._unsettled.popleft())
            time.sleep(AGAIN_SECONDS)

    def _send(self, goods: Goods) -> None:
        sent = Sent(goods, self._owner)
        self.sent.append(sent)
        self._post(sent)
        if sent.jobs and goods.key is not None and self._chance.random() < 0.05:
            self._post(sent)  # as if the answer had not arrived

    def _post(self, sent: Sent) -> None:
        sent.posts += 1
        answer = self._request(sent.goods)
        if answer is not None and answer.is_success:
            sent.jobs.add(answer.json()["id"])
        elif sent.is_open:
            self._unsettled.append(sent)

    def _request(self, goods: Goods) -> httpx.Response | None:
        headers = {"Idempotency-Key": goods.key} if goods.key else {}
        told = {} if goods.listener is None else {"webhook_url": self._listener(goods.listener)}
        if goods.is_catalogue:
            params = {"name": goods.name, **told}
            headers["Content-Type"] = "text/csv"
            return self._ask("/api/catalogs", params=params, headers=headers, content=goods.csv())
        return self._ask("/api/predict", headers=headers, json=_product(goods) | told)

    def _listener(self, number: int) -> str:
        return self._listeners[number % len(self._listeners)]

    def _cancel(self) -> None:
        """Cancel something lately sent, a catalogue if there is one."""
        accepted = [each for each in self.sent[-LATEST:] if each.jobs]
        if not accepted:
            return
        sent = next((each for each in accepted if each.goods.is_catalogue), self._chance.choice(accepted))
        sent.cancel = sent.cancel or "asked for"
        answer = self._ask(f"/api/jobs/{next(iter(sent.jobs))}/cancel", expected=(200, 409))
        if answer is not None and answer.is_success:
            sent.cancel = "confirmed"

    def _ask(self, path: str, expected: tuple[int, ...] = (200, 202), **request: Any) -> httpx.Response | None:
        """Post, and count what came; None where no answer arrived."""
        try:
            answer = self._client.post(path, timeout=PATIENCE_SECONDS, **request)
        except httpx.TransportError:
            self.answers[NO_ANSWER] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        if answer.status_code not in (*expected, *REFUSALS):
            self.strange.append(f"POST {path} was answered {answer.status_code}: {answer.text[:300]}")
        return answer


def _product(goods: Goods) -> dict[str, str]:
    """The body of a request with one product."""
    (row,) = goods.rows
    found = {"product_id": row.product_id, "designation": row.text, "image_url": row.url}
    if row.photo is not None and row.url is None:
        found["image"] = base64.b64encode(photo(row.photo)).decode()
    return {name: value for name, value in found.items() if value is not None}
