"""How the API is started: `python -m api`."""

import argparse
import signal
import socket
import sys
import tempfile

import uvicorn
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from api.app import create_app
from api.http_protocol import BoundedHttp
from api.server import Server
from shared.database import Database
from shared.errors import ConfigurationError
from shared.logs import configure_logging
from shared.processes import keep_what_is_loaded, share_evenly
from shared.settings import Settings, load_settings
from shared.store import ObjectStore

GRACE_SECONDS = 10  # how long requests may go on after SIGTERM
# How long a connection may be idle. A request that is sent while it is being closed fails, so the client should be the
# one to close: httpx does after 5 s, nginx and load balancers after 60. (Closed here after 5 s, as uvicorn has it, one
# in 80 requests of an httpx client failed that asked every 5 s.)
KEEP_ALIVE_SECONDS = 65


def main() -> None:
    """Serve until SIGTERM or Ctrl-C, and exit 0 once everything is closed; on SIGUSR1, once everybody has left.

    Exits 1 with one sentence when a setting is missing or unsafe.
    """
    arguments = _arguments()
    try:
        settings = load_settings()
        app = _create(settings)
    except ConfigurationError as error:
        sys.exit(error.message)
    share_evenly()
    keep_what_is_loaded()
    config = server_config(app, settings.host, settings.port, settings.trusted_proxies)
    server = Server(config, arguments.ready_fd)
    for number in HANDLED_SIGNALS:  # uvicorn raises the signal again at its end, for whoever handled it before
        signal.signal(number, server.handle_exit)
    signal.signal(signal.SIGUSR1, server.retire)
    server.run([socket.socket(fileno=fd) for fd in arguments.fd] or None)
    if not server.started:  # the reason is in the log
        sys.exit(1)


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
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the API, as SHELFWISE_* settings say.")
    parser.add_argument("--fd", type=int, action="append", default=[], help="serve on this socket, not HOST and PORT")
    parser.add_argument("--ready-fd", type=int, help="write `ready` into this pipe when connections are taken")
    return parser.parse_args()


def _create(settings: Settings) -> FastAPI:
    configure_logging("api", settings.log_level)
    app = create_app(settings)
    Database(settings.database).close()  # a wrong URL is said now, in one sentence
    ObjectStore(settings.store)
    # Uploads wait on the disk whose reserve is watched, and not in a /tmp that may be memory. The files have no names.
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(settings.data_dir.resolve())
    return app
