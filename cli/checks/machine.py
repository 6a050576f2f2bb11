"""The machine: Python, platform, and what models need."""

import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from cli.checks.findings import Finding, Patient, fail, ok, warn
from shared.database import sqlite_module
from shared.hardware import cpu_has_bfloat16

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
PROCESSORS = ("x86_64", "aarch64")
TENSORFLOW_SECONDS = 50
_LOOK_AT_TENSORFLOW = "import tensorflow as tf; print(tf.__version__, len(tf.config.list_physical_devices('GPU')))"


def check_python(_patient: Patient) -> Iterator[Finding]:
    """Python, platform and the SQLite that comes with them."""
    running, name = sys.version_info[:2], f"Python {platform.python_version()}"
    if OLDEST_PYTHON <= running <= NEWEST_PYTHON:
        yield ok("python", f"{name} with Shelfwise {own_version()} in {sys.prefix}.")
    else:
        yield fail("python", f"{name} is not supported: install into a Python from 3.11 to 3.13.")
    system, processor = platform.system(), platform.machine()
    if system != "Linux":
        yield fail("platform", f"The service runs on Linux; this is {system}.")
    elif processor not in PROCESSORS:
        yield warn("platform", f"There is no TensorFlow for {processor}: run the model workers on another machine.")
    else:
        yield ok("platform", f"{system} {platform.release()} on {processor}.")
    yield ok("sqlite", f"SQLite {sqlite_module().sqlite_version}.")  # which raises when it is too old


def check_tensorflow(patient: Patient) -> Iterator[Finding]:
    """Whether models can run here; only a deep look loads TensorFlow, in a process that may die of it."""
    if find_spec("tensorflow") is None:
        yield warn("tensorflow", "TensorFlow is not installed: no model worker can run on this machine.")
        return
    if not patient.deep:
        yield ok("tensorflow", "TensorFlow is installed; --deep loads it.")
        return
    command = [sys.executable, "-c", _LOOK_AT_TENSORFLOW]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TENSORFLOW_SECONDS)
    except subprocess.TimeoutExpired:
        yield fail("tensorflow", f"TensorFlow was not loaded within {TENSORFLOW_SECONDS} s.")
        return
    if done.returncode != 0:
        yield fail("tensorflow", f"TensorFlow cannot be loaded ({_reason(done)}): install the requirements anew.")
        return
    release, gpus = done.stdout.split()
    yield ok("tensorflow", f"TensorFlow {release} on {_device(int(gpus), patient.settings.precision)}.")


def _device(gpus: int, precision: str) -> str:
    """Where models run and how precisely, before the bundle's golden rows have had their say."""
    if precision != "auto":
        chosen = precision
    elif gpus:
        chosen = "float16"
    else:
        chosen = "bfloat16" if cpu_has_bfloat16() else "float32"
    return f"{gpus} GPU{'s' if gpus > 1 else ''}, {chosen}" if gpus else f"the processor, {chosen}"


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"killed by {signal.Signals(-done.returncode).name}"
    lines = done.stderr.strip().splitlines()
    return lines[-1][:200] if lines else f"status {done.returncode}"


def own_version() -> str:
    """The version of Shelfwise that runs."""
    try:
        return version("shelfwise")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "of this folder"
