"""The receivers of webhooks in examples/, as somebody would run them: processes on ports of their own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.service import ROOT
from tests.support.waiting import wait_for

PYTHON = (sys.executable, str(ROOT / "examples" / "webhook_receiver.py"))
NODE = ("node", "receiver.mjs")
START_SECONDS, STOP_SECONDS = 30, 20


@dataclass(frozen=True)
class Receiver:
    """A receiver that runs in a folder, in which it keeps what came."""

    url: str
    output: Path

    def handled(self) -> list[str]:
        """What it has done, a line for each event."""
        lines = self.output.read_text().splitlines()
        return [line for line in lines if line.startswith(("job.", "webhook."))]

    def wait_for_handled(self, count: int) -> list[str]:
        """What it has done, once that is so many events."""
        wait_for(lambda: len(self.handled()) >= count, 30, f"{count} events handled")
        return self.handled()


@contextmanager
def running_receiver(
    command: tuple[str, ...], folder: Path, inbox: Path, port: int, secrets: str
) -> Iterator[Receiver]:
    """Run a receiver in a folder, with these secrets and this inbox, and stop it in the end."""
    environment = os.environ | {"WEBHOOK_SECRET": secrets, "WEBHOOK_INBOX": str(inbox), "PORT": str(port)}
    output = inbox.with_suffix(".out")
    with output.open("ab") as out:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: _listens(port) or process.poll() is not None, START_SECONDS, "the receiver")
        assert process.poll() is None, output.read_text()
        yield Receiver(f"http://127.0.0.1:{port}/shelfwise", output)
        process.terminate()  # which lets it end what it is handling
        process.wait(STOP_SECONDS)
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
