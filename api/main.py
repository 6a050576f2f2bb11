"""How the API is started: `python -m api`."""

import signal
import sys
import tempfile
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from api.app import create_app
from api.http_protocol import BoundedHttp
from shared.database import Database
from shared.errors import ConfigurationError
from shared.logs import configure_logging
from shared.processes import keep_what_is_loaded, share_evenly
from shared.settings import Settings, load_settings
from shared.store import ObjectStore

GRACE_SECONDS = 10  # how long requests may go on after SIGTERM


def main() -> None:
    """Serve until SIGTERM or Ctrl-C, and exit 0 once everything is closed.

    Exits 1 with one sentence when a setting is missing or unsafe.
    """
    try:
        settings = load_settings()
        app = _create(settings)
    except ConfigurationError as error:
        sys.exit(error.message)
    share_evenly()
    keep_what_is_loaded()
    server = Server(server_config(app, settings.host, settings.port, settings.trusted_proxies))
    for number in HANDLED_SIGNALS:  # uvicorn raises the signal again at its end, for whoever handled it before
        signal.signal(number, server.handle_exit)
    server.run()
    if not server.started:  # the reason is in the log
        sys.exit(1)


class Server(uvicorn.Server):
    """uvicorn's server, which lets those go who wait for a job when it is told to stop: they would hold it up."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, on a signal."""
        services = getattr(cast(FastAPI, self.config.app).state, "services", None)
        if services is not None:
            services.watch.stop()
        super().handle_exit(sig, frame)


def server_config(app: FastAPI, host: str, port: int, trusted_proxies: str = "") -> uvicorn.Config:
    """How the application is served: HTTP/1.1 within bounds, its own log, not a word about the server."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedHttp,
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # the application writes its own, with the request's id
        server_header=False,
        proxy_headers=bool(trusted_proxies),  # nobody else's word is taken for where a request comes from
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _create(settings: Settings) -> FastAPI:
    configure_logging("api", settings.log_level)
    app = create_app(settings)
    Database(settings.database).close()  # a wrong URL is said now, in one sentence
    ObjectStore(settings.store)
    # Uploads wait on the disk whose reserve is watched, and not in a /tmp that may be memory. The files have no names.
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(settings.data_dir.resolve())
    return app
