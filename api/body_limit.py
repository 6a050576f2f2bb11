"""Body limits: bytes are counted as they come, so a body without a length cannot pass its limit either."""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.json_body import JSON
from api.media import MULTIPART, media_type
from api.problems import problem_response
from shared.errors import BodyTooLarge
from shared.settings import Settings

OF_PRODUCTS = ("/api/predict", "/api/data-ingest")  # whose bodies are one product
OF_CATALOGUES = ("/api/catalogs", "/api/data-ingest")  # whose bodies are a file
SMALL_BODY = 64 * 1024  # a form or an object of a few short fields
_PARTS = 64 * 1024  # boundaries and headers of a multipart body
BYTES_PER_CHARACTER = 4  # at most, in UTF-8


def limits_of(settings: Settings) -> Callable[[Scope], int]:
    """How many bytes each request's body may have."""
    product, file = product_form_limit(settings), settings.max_catalogue_bytes

    def limit(scope: Scope) -> int:
        path, sent_as = scope["path"], media_type(Headers(scope=scope).get("content-type"))
        if path in OF_PRODUCTS and sent_as == JSON:
            return settings.max_json_bytes
        as_form = sent_as == MULTIPART
        if path in OF_CATALOGUES:  # a form of one product has a limit of its own, once it is known to be one
            return max(file + _PARTS, product) if as_form else file
        if path in OF_PRODUCTS:
            return product if as_form else settings.max_json_bytes
        return min(SMALL_BODY, settings.max_json_bytes)

    return limit


def product_form_limit(settings: Settings) -> int:
    """How many bytes the form of one product may have, with its photo."""
    texts = BYTES_PER_CHARACTER * (settings.max_designation_characters + settings.max_description_characters)
    return settings.max_image_bytes + texts + _PARTS


def too_large(limit: int) -> BodyTooLarge:
    """What is said of a body that has more than this many bytes."""
    return BodyTooLarge(f"The body may have at most {limit} bytes.")


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
    refusal = problem_response(too_large(limit))
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
