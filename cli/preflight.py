"""What must be so before `shelfwise up` starts anything: each refusal is one sentence that says what to do."""

import importlib.util
from importlib.machinery import PathFinder
from pathlib import Path

from cli.listening import listening
from shared.broker import make_celery
from shared.errors import ConfigurationError
from shared.settings import Settings
from shared.store import ObjectStore

BROKER_SECONDS = 5
FLOWER_HOST = "127.0.0.1"
OTHER_FLOWER = "; SHELFWISE_FLOWER_PORT names another port, 0 leaves Flower out"


def check_before_starting(settings: Settings) -> None:
    """Raise ConfigurationError for what would otherwise end a part again and again."""
    _ = settings.trusted_hosts
    refuse_used_port(settings.host, settings.port)
    if settings.flower_port:
        refuse_used_port(FLOWER_HOST, settings.flower_port, OTHER_FLOWER)
    _require_module(settings.predictor.partition(":")[0])
    if settings.store_url:
        ObjectStore(settings.store_url)
    if settings.broker_url:
        _require_broker(settings.broker_url)


def _require_module(name: str) -> None:
    """Raise ConfigurationError unless the parts will find this module; they look in the current folder, too."""
    package = name.partition(".")[0]
    if not (importlib.util.find_spec(package) or PathFinder.find_spec(package, [str(Path.cwd())])):
        raise ConfigurationError(f"SHELFWISE_PREDICTOR: there is no module {name}.")


def _require_broker(url: str) -> None:
    """Raise ConfigurationError unless the broker that was named answers."""
    try:
        with make_celery(url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
    except Exception as error:  # whatever the transport raises
        raise ConfigurationError(f"SHELFWISE_BROKER_URL: Redis does not answer ({type(error).__name__}).") from None


def refuse_used_port(host: str, port: int, remedy: str = "") -> None:
    """Raise ConfigurationError unless this port can be listened on."""
    with listening(host, port, remedy):
        pass
