"""What the parts write on their way to standard error: every line that leaves is JSON, whoever wrote it.

Our own lines are JSON already and pass as they are. What Redis, Flower, the C++ of TensorFlow, or a Python that dies
write past our logging is quoted.
"""

import json
import os
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime

from pydantic_core import from_json

PIECE = 64 * 1024
LONGEST_LINE = 2**20  # bytes; what is longer is cut
QUOTED = "part.wrote"
_OURS = {"event", "level", "process", "timestamp"}
_WRITING = threading.Lock()  # a long line goes into a pipe in pieces


def open_log(part: str) -> tuple[int, threading.Thread]:
    """An open file for what a part writes, and the thread that passes it on until everybody has closed that file."""
    reading, writing = os.pipe()
    thread = threading.Thread(target=_pass_on, args=(part, reading), name=f"log of {part}", daemon=True)
    thread.start()
    return writing, thread


def as_json(part: str, line: bytes) -> bytes:
    """A line of a part as a line of the log; nothing for an empty one."""
    if not line.strip():
        return b""
    if line.startswith(b"{") and _is_ours(line):
        return line + b"\n"
    quoted = {
        "event": QUOTED,
        "line": line.decode(errors="replace").rstrip(),
        "level": "warning",
        "process": part,
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    return json.dumps(quoted).encode() + b"\n"


def _is_ours(line: bytes) -> bool:
    try:
        said = from_json(line)
    except ValueError:  # two have written at once
        return False
    return isinstance(said, dict) and said.keys() >= _OURS


def _pass_on(part: str, reading: int) -> None:
    rest = b""
    try:
        while piece := os.read(reading, PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            _write(b"".join(as_json(part, line) for line in lines))
        _write(as_json(part, rest))
    finally:
        os.close(reading)


def _write(lines: bytes) -> None:
    """Write, if there is room, and somebody who reads; else the lines are lost, and the part goes on."""
    with _WRITING, suppress(OSError, ValueError):  # ValueError: standard error has been closed
        while lines:
            lines = lines[os.write(sys.stderr.fileno(), lines) :]
