"""The application: its parts in order. Nothing is opened before it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.body_limit import BodyLimit, limits_of
from api.last_resort import LastResort
from api.metrics import ApiMetrics
from api.openapi.document import DocumentedApi
from api.problems import add_problem_handlers
from api.request_log import RequestLog
from api.routes import (
    auth,
    catalogs,
    corrections,
    data_ingest,
    document,
    health,
    images,
    job_actions,
    jobs,
    metrics,
    models,
    monitor,
    page,
    predict,
    predictions,
    products,
    results,
    session,
    taxonomy,
    usage,
    users,
    webhook_deliveries,
    webhooks,
)
from api.security_headers import SecurityHeaders
from api.services import open_services
from api.trusted_hosts import TrustedHost
from shared.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The API under these settings. Raises ConfigurationError when one that it cannot do without is not set."""
    _ = settings.signing_key, settings.broker  # said now, in one sentence, and not at the first request
    hosts = settings.trusted_hosts
    counted = ApiMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with open_services(settings, counted) as services:
            app.state.services = services
            yield

    app = DocumentedApi(settings, lifespan=lifespan)
    # Routes are tried in this order, so what is asked most comes first.
    for routes in (
        predict,
        catalogs,
        jobs,
        job_actions,
        results,
        predictions,
        corrections,
        images,
        auth,
        session,
        users,
        usage,
        taxonomy,
        data_ingest,
        products,
        models,
        monitor,
        webhooks,
        webhook_deliveries,
        health,
        metrics,
        document,
        page,
    ):
        app.include_router(routes.router)
    app.mount(page.FILES_PATH, page.page_files())
    add_problem_handlers(app)
    # What is added last is the first to see a request.
    app.add_middleware(TrustedHost, hosts=hosts)
    app.add_middleware(BodyLimit, limit=limits_of(settings))
    app.add_middleware(LastResort)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog, metrics=counted)
    return app
