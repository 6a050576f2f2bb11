"""`shelfwise demo`: the main job from beginning to end, as a client would do it, in a folder of its own."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console

from cli import demo_report
from cli.catalogue_file import catalogue_file, format_of
from cli.client import PAGE, Client, job_path
from cli.demo_catalogue import write_catalogue
from cli.first_start import ADMIN
from cli.outcome import fetch_results
from cli.progress import counting, follow, shown_progress
from cli.secret_files import kept_secret
from shared.bundle import Manifest
from shared.bundles import active_version, manifest_of
from shared.database import Database
from shared.errors import Unavailable
from shared.settings import load_settings
from training.demo.catalogue import sample_catalogue

WIDTH = 144  # characters; what a table row needs
START_SECONDS = 600
STOP_SECONDS = 30


def run_demo(folder: Path) -> None:
    """Start the service, classify the sample catalogue over HTTP, show and keep the answers, stop the service."""
    console = Console(width=WIDTH, soft_wrap=True)
    folder.mkdir(parents=True, exist_ok=True)
    products = sample_catalogue()
    catalogue, results = folder / "catalogue.zip", folder / "results.csv"
    write_catalogue(catalogue, products)
    with _service(folder, console) as (url, password), Client(url, ADMIN, password) as client:
        console.print(f"\nclassifying {len(products)} products that the bundle has never seen: {catalogue}")
        started = time.monotonic()
        job = _classify(client, catalogue, results)
        seconds = time.monotonic() - started
        predictions = list(client.items(f"{job_path(job['id'])}/results", limit=str(PAGE)))
        manifest = _active_manifest(folder)
    demo_report.show_answers(console, products, predictions)
    demo_report.show_totals(console, products, predictions, seconds)
    demo_report.show_bundle(console, manifest)
    console.print(f"\nthe catalogue with its predictions: {results}")
    if job["status"] != "succeeded":
        raise Unavailable("Not every product was answered.")


def _classify(client: Client, catalogue: Path, results: Path) -> dict[str, Any]:
    """Send the catalogue, wait for the end of its job, and fetch the results as a file."""
    with catalogue_file(catalogue, format_of(catalogue)) as file, shown_progress() as progress:
        sent = counting(progress, "sending", file.size)
        accepted = client.submit_catalogue(file, {"name": file.name}, uuid4().hex, sent)
        job = follow(progress, client.watch(accepted["id"]))
        if job["counts"]["total"]:
            fetch_results(client, progress, job, results)
    return job


@contextmanager
def _service(folder: Path, console: Console) -> Iterator[tuple[str, str]]:
    """`shelfwise up` in this folder: yields its address and the administrator's password, and stops it."""
    password, port = kept_secret(folder / "admin_password"), _free_port()
    command = [sys.executable, "-m", "cli", "up", "--data-dir", str(folder / "data"), "--port", str(port)]
    environment = os.environ | {
        "SHELFWISE_ADMIN_PASSWORD": password,
        "SHELFWISE_FLOWER_PORT": str(_free_port()),
        "SHELFWISE_METRICS_PORT": "0",
    }
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
