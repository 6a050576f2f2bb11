"""What arrives together is done together: one call for all the requests that wait for the same kind of thing.

A hundred requests that each look up their account, or each commit a job, cost a hundred statements and a hundred
flushes of the disk. Here they cost one of each: whoever comes while a call is under way waits for the next one,
together with all others that do. There is no timer, so a request that comes alone is served at once.
"""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gathered(Generic[Asked, Answer]):
    """Answers single questions by a function that answers many at once, in a thread of its own.

    `answer_all` gets up to `most` questions and returns as many answers in the same order; an answer that is an
    exception is raised for the one who asked. What `answer_all` itself raises is raised for all of them. One that
    waits for nobody may be called `here`, on the event loop: to hand it to a thread and back takes longer.
    """

    def __init__(
        self,
        name: str,
        answer_all: Callable[[Sequence[Asked]], Sequence[Answer | Exception]],
        most: int,
        *,
        here: bool = False,
    ) -> None:
        self._answer_all = answer_all
        self._most = most
        self._here = here
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    async def ask(self, question: Asked) -> Answer:
        """The answer to one question."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._worker is None:
            # In a context of its own: this may go on long after the request that came first.
            self._worker = asyncio.create_task(self._work(), context=contextvars.Context())
        return await future

    async def _work(self) -> None:
        """Answer until nobody waits."""
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                try:
                    answers = await self._answers([asked for asked, _ in group])
                    if len(answers) != len(group):
                        raise ValueError(f"{len(answers)} answers to {len(group)} questions")
                except Exception as error:
                    answers = [error] * len(group)
                for (_, future), answer in zip(group, answers, strict=True):
                    _settle(future, answer)
        finally:
            self._worker = None

    async def _answers(self, questions: Sequence[Asked]) -> Sequence[Answer | Exception]:
        if self._here:
            return self._answer_all(questions)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer_all, questions)


def _settle(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if future.done():  # who asked has gone away
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
