"""The application: its parts in order. Nothing is opened before it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.body_limit import BodyLimit, limits_of
from api.last_resort import LastResort
from api.openapi import DocumentedApi
from api.problems import add_problem_handlers
from api.request_log import RequestLog
from api.routes import auth, health, jobs, predict, taxonomy, users
from api.security_headers import SecurityHeaders
from api.services import open_services
from shared.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The API under these settings. Raises ConfigurationError when the signing key or the broker is not set."""
    _ = settings.signing_key, settings.broker  # said now, in one sentence, and not at the first request

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with open_services(settings) as services:
            app.state.services = services
            yield

    app = DocumentedApi(lifespan=lifespan)
    for routes in (auth, users, predict, jobs, taxonomy, health):
        app.include_router(routes.router)
    add_problem_handlers(app)
    # What is added last is the first to see a request.
    app.add_middleware(BodyLimit, limit=limits_of(settings))
    app.add_middleware(LastResort)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    return app
