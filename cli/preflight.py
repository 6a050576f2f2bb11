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
LAST_PORT = 65_535
FLOWER_HOST = "127.0.0.1"
OTHER_FLOWER = "; SHELFWISE_FLOWER_PORT names another port, 0 leaves Flower out"


def check_before_starting(settings: Settings) -> None:
    """Raise ConfigurationError for what would otherwise end a part again and again."""
    _ = settings.trusted_hosts
    _require_one_port_each(settings)
    refuse_used_port(settings.host, settings.port)
    if settings.flower_port:
        refuse_used_port(FLOWER_HOST, settings.flower_port, OTHER_FLOWER)
    _require_module(settings.predictor.partition(":")[0])
    if settings.store_url:
        ObjectStore(settings.store_url)
    if settings.broker_url:
        _require_broker(settings.broker_url)


def metrics_ports(settings: Settings) -> list[int]:
    """The ports on which workers serve their metrics: the io worker's, then those of the model workers; 0 is none."""
    first = settings.metrics_port
    return [first and first + number for number in range(settings.model_workers + 1)]


def _require_one_port_each(settings: Settings) -> None:
    """Raise ConfigurationError when the workers' metrics would want a port of somebody else, or one past the last."""
    ports = metrics_ports(settings)
    if ports[-1] > LAST_PORT or {settings.port, settings.flower_port} & set(ports) - {0}:
        raise ConfigurationError(
            f"SHELFWISE_METRICS_PORT: with {settings.model_workers} model workers it takes {ports[0]} to {ports[-1]}, "
            "which must be ports that there are, without SHELFWISE_PORT and SHELFWISE_FLOWER_PORT; 0 takes none."
        )


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
