"""`shelfwise demo`: the main job from beginning to end, as a client would do it, in a folder of its own."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from cli import demo_report
from cli.client import Client
from cli.first_start import ADMIN
from cli.secret_files import kept_secret
from shared.bundle import Manifest
from shared.bundles import active_version, manifest_of
from shared.database import Database
from shared.errors import Unavailable
from shared.settings import load_settings
from training.demo.catalogue import sample_catalogue
from training.products import Product

WIDTH = 144  # characters; what a table row needs
CLIENTS = 8  # products under way at once
START_SECONDS = 600
STOP_SECONDS = 30


def run_demo(folder: Path) -> None:
    """Start the service, classify the sample catalogue over HTTP, show and keep the answers, stop the service."""
    console = Console(width=WIDTH, soft_wrap=True)
    folder.mkdir(parents=True, exist_ok=True)
    products = sample_catalogue()
    with _service(folder, console) as (url, password), Client(url, ADMIN, password) as client:
        console.print(f"\nclassifying {len(products)} products that the bundle has never seen, {CLIENTS} at a time")
        started = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as senders:
            answers = list(senders.map(lambda product: _classify(client, product), products))
        seconds = time.monotonic() - started
        manifest = _active_manifest(folder)
    demo_report.show_answers(console, products, answers)
    demo_report.show_totals(console, products, answers, seconds)
    demo_report.show_bundle(console, manifest)
    results = folder / "results.csv"
    demo_report.write_results(results, products, answers)
    console.print(f"\nevery answer: {results}")
    if not all(job["status"] == "succeeded" for job in answers):
        raise Unavailable("Not every product was answered.")


def _classify(client: Client, product: Product) -> dict[str, Any]:
    """Submit one product as a client knows it, without its category, and wait for its job."""
    fields = {"product_id": product.product_id}
    if product.designation:
        fields["designation"] = product.designation
    if product.description:
        fields["description"] = product.description
    return client.wait(client.submit(fields, product.photo.read() if product.photo else None)["id"])


@contextmanager
def _service(folder: Path, console: Console) -> Iterator[tuple[str, str]]:
    """`shelfwise up` in this folder: yields its address and the administrator's password, and stops it."""
    password, port = kept_secret(folder / "admin_password"), _free_port()
    command = [sys.executable, "-m", "cli", "up", "--data-dir", str(folder / "data"), "--port", str(port)]
    environment = os.environ | {"SHELFWISE_ADMIN_PASSWORD": password, "SHELFWISE_FLOWER_PORT": str(_free_port())}
    log_path = folder / "service.log"
    console.print(f"starting the service (its log: {log_path})")
    with log_path.open("wb") as log:
        service = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            yield _wait_until_ready(service, console, log_path), password
        finally:
            _end(service)


def _end(service: subprocess.Popen[str]) -> None:
    """Stop the service in order, or kill it, which takes its parts along."""
    service.terminate()
    try:
        service.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def _wait_until_ready(service: subprocess.Popen[str], console: Console, log_path: Path) -> str:
    """Pass on what the service says until it says that it is ready; returns its address."""
    overdue = threading.Timer(START_SECONDS, service.terminate)
    overdue.start()
    try:
        for line in service.stdout or ():
            console.print(f"  {line.rstrip()}", markup=False, highlight=False)
            if line.startswith("ready: "):
                return line.removeprefix("ready: ").strip()
    finally:
        overdue.cancel()
    raise Unavailable(f"The service ended before it was ready; {log_path} says why.")


def _active_manifest(folder: Path) -> Manifest:
    """The manifest of the bundle that answered, with the figures that its training measured."""
    database = Database(load_settings(data_dir=folder / "data").database)
    try:
        with database.read() as connection:
            version = active_version(connection)
            if version is None:
                raise Unavailable("No bundle is active.")
            return manifest_of(connection, version)
    finally:
        database.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
