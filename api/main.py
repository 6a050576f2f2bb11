"""Two ways to start the API: `python -m api`, and `uvicorn --factory api.main:create`."""

import sys

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from shared.errors import ConfigurationError
from shared.logs import configure_logging
from shared.settings import Settings, load_settings

GRACE_SECONDS = 10  # how long requests may go on after SIGTERM


def create() -> FastAPI:
    """The application, with its settings from the environment."""
    return _create(load_settings())


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; exit 1 with one sentence when a setting is missing or unsafe."""
    try:
        settings = load_settings()
        app = _create(settings)
    except ConfigurationError as error:
        sys.exit(error.message)
    server = uvicorn.Server(server_config(app, settings.host, settings.port))
    server.run()
    if not server.started:  # the reason is in the log
        sys.exit(1)


def server_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """How the application is served: HTTP/1.1 only, with the application's own log and no word about the server."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # the application writes its own, with the request's id
        server_header=False,
        proxy_headers=False,  # nobody's word is taken for where a request comes from
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _create(settings: Settings) -> FastAPI:
    configure_logging("api", settings.log_level)
    return create_app(settings)
