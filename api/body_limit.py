"""Body limits: bytes are counted as they come, so a body without a length cannot pass its limit either."""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.media import media_type
from api.problems import problem_response
from shared.errors import BodyTooLarge
from shared.settings import Settings

OF_PRODUCTS = ("/api/predict", "/api/data-ingest")  # whose bodies are one product
SMALL_BODY = 64 * 1024  # a form or an object of a few short fields
_PARTS = 64 * 1024  # boundaries and headers of a multipart body
BYTES_PER_CHARACTER = 4  # at most, in UTF-8


def limits_of(settings: Settings) -> Callable[[Scope], int]:
    """How many bytes each request's body may have."""
    texts = BYTES_PER_CHARACTER * (settings.max_designation_characters + settings.max_description_characters)
    multipart = settings.max_image_bytes + texts + _PARTS

    def limit(scope: Scope) -> int:
        if scope["path"] not in OF_PRODUCTS:
            return min(SMALL_BODY, settings.max_json_bytes)
        sent_as = media_type(Headers(scope=scope).get("content-type"))
        return multipart if sent_as == "multipart/form-data" else settings.max_json_bytes

    return limit


class BodyLimit:
    """Cuts a body off at its limit, and answers 413 whatever the route made of that.

    An answer that is given before the body has ended would leave the server reading the rest of it, however
    long: unless its length was announced and allowed, the connection is closed then.
    """

    def __init__(self, app: ASGIApp, limit: Callable[[Scope], int]) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application on a counted body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope)
        length = _announced(scope)
        if length is not None and length > limit:
            await _refusal(limit)(scope, receive, send)
            return
        body = _CountedBody(receive, send, limit, ends=length is not None)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if not body.cut_off:
                raise
        if body.cut_off:
            await _refusal(limit)(scope, receive, send)


def _refusal(limit: int) -> Response:
    refusal = problem_response(BodyTooLarge(f"The body may have at most {limit} bytes."))
    refusal.headers["Connection"] = "close"
    return refusal


class _CountedBody:
    """One request's channels: reading past the limit raises, and nothing is sent after that."""

    def __init__(self, receive: Receive, send: Send, limit: int, *, ends: bool) -> None:
        self._receive = receive
        self._send = send
        self._room = limit
        self._ends = ends
        self._started = False

    @property
    def cut_off(self) -> bool:
        """Whether the body went past its limit before an answer had begun."""
        return self._room < 0 and not self._started

    async def receive(self) -> Message:
        """The next piece of the body. Raises BodyTooLarge once it is past the limit."""
        message = await self._receive()
        self._room -= len(message.get("body", b""))
        if self._room < 0:
            raise BodyTooLarge("The body is past its limit.")
        self._ends = self._ends or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on, unless the answer is to be 413."""
        if self.cut_off:
            return
        if message["type"] == "http.response.start" and not self._ends:
            MutableHeaders(scope=message)["Connection"] = "close"
        self._started = True
        await self._send(message)


def _announced(scope: Scope) -> int | None:
    """The length of the body, as far as the request says it; without one and without chunks there is no body."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return None
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else None
