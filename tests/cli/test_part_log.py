"""Every line of every part leaves as JSON, and nothing that a part writes can stop it."""

import json
import os
import subprocess
import sys

import pytest

from cli.part_log import LONGEST_LINE, as_json

OURS = b'{"event": "batch.done", "level": "info", "process": "worker-model", "timestamp": "2026-11-20T09:30:00Z"}'


def test_our_own_lines_pass_as_they_are() -> None:
    assert as_json("worker-model-1", OURS) == OURS + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        b"2345:M 20 Nov 2026 09:30:00.000 # Failed listening",
        b"{'event': 'no JSON'}",
        b'{"event": "cut',
        b'{"event": "somebody else\'s", "level": "info"}',
        b"[1, 2]",
        b"caf\xe9 \x00\x1b[31m",
    ],
)
def test_what_somebody_else_wrote_is_quoted(line: bytes) -> None:
    (quoted, end) = as_json("redis", line).split(b"\n")

    said = json.loads(quoted)
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "event": "part.wrote",
        "line": line.decode(errors="replace"),
        "level": "warning",
        "process": "redis",
    }
    assert end == b""


@pytest.mark.parametrize("line", [b"", b"  ", b"\r"])
def test_an_empty_line_is_none(line: bytes) -> None:
    assert as_json("redis", line) == b""


KEEPER = """
import sys
from cli.supervisor import Part, Supervisor
from shared.logs import configure_logging

configure_logging("up")
supervisor = Supervisor(stop_seconds=5)
part = Part("part", [sys.executable, "-c", sys.argv[1]], {}, backoff=60)
supervisor.keep(part)
part.process.wait()
supervisor.stop()
"""


def logged(script: str) -> list[dict[str, str]]:
    """The log of a keeper with one part that runs a script; each line must be JSON."""
    done = subprocess.run([sys.executable, "-c", KEEPER, script], capture_output=True, timeout=60, check=True)
    assert done.stdout == b""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_both_outputs_of_a_part_are_its_log() -> None:
    lines = logged("import os; os.write(1, b'to the one\\n'); os.write(2, b'to the other\\nand no end')")

    assert [(line["process"], line["line"]) for line in lines] == [
        ("part", "to the one"),
        ("part", "to the other"),
        ("part", "and no end"),
    ]


def test_the_stack_of_a_part_that_dies_is_there_line_by_line() -> None:
    lines = [line["line"] for line in logged("1 / 0")]

    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_a_line_without_end_is_cut_and_the_part_goes_on() -> None:
    lines = logged(f"import os, sys; sys.stderr.write('x' * {3 * LONGEST_LINE}); sys.stderr.write('\\nthe next\\n')")

    assert lines[-1]["line"] == "the next"
    assert all(len(line["line"]) <= LONGEST_LINE + 2**17 for line in lines)


@pytest.mark.parametrize("where", ["/dev/full", "closed"])
def test_a_part_goes_on_when_its_lines_find_no_room(where: str, tmp_path: object) -> None:
    script = f"import sys; sys.stderr.write('words\\n' * 100_000); open({f'{tmp_path}/done'!r}, 'w').write('yes')"
    reading, writing = (None, os.open(where, os.O_WRONLY)) if where == "/dev/full" else os.pipe()
    if reading is not None:
        os.close(reading)
    try:
        subprocess.run([sys.executable, "-c", KEEPER, script], stderr=writing, timeout=60)
    finally:
        os.close(writing)

    with open(f"{tmp_path}/done") as done:
        assert done.read() == "yes"
