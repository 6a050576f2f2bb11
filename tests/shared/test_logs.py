import json
import subprocess
import sys
from typing import Any

import pytest


def standard_error(code: str, level: str = "INFO") -> str:
    """What a process of its own writes that configures logging and then runs `code`."""
    beginning = (
        "import logging\n"
        "from shared.logs import configure_logging, get_logger\n"
        f"configure_logging('api', {level!r})\n"
        "log = get_logger()\n"
    )
    done = subprocess.run([sys.executable, "-c", beginning + code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def logged(code: str, level: str = "INFO") -> list[dict[str, Any]]:
    """The same, line by line; every line must be JSON."""
    return [json.loads(line) for line in standard_error(code, level).splitlines()]


def test_a_line_is_a_json_object_that_says_when_who_and_what() -> None:
    (line,) = logged("log.info('batch.done', rows=64)")

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "batch.done", "level": "info", "process": "api", "rows": 64}


def test_the_standard_librarys_records_look_the_same() -> None:
    (line,) = logged("logging.getLogger('alembic').warning('%s of %s', 1, 'two')")

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "1 of two", "level": "warning", "logger": "alembic", "process": "api"}


def test_values_of_keys_that_sound_secret_are_hidden() -> None:
    (line,) = logged(
        "log.info('sign_in', user='ann', password='p1', Access_Token='p2', client_secret='p3', AUTHORIZATION='p4',"
        " cookie='p5')"
    )

    assert [line[key] for key in ("password", "Access_Token", "client_secret", "AUTHORIZATION", "cookie")] == [
        "[hidden]"
    ] * 5
    assert line["user"] == "ann"


def test_control_characters_cannot_forge_a_line() -> None:
    forged = 'innocent\n{"event": "forged"}\r\x1b[31m\x7f\x00\u2028end'
    (first, second) = logged(f"log.info({forged!r}, value={forged!r})\nlogging.getLogger('x').info({forged!r})")

    assert first["event"] == first["value"] == second["event"] == forged


def test_only_plain_characters_are_written() -> None:
    written = standard_error("log.info('a\\x1b\\x7f\\x85\\u202eé')")

    assert written.count("\n") == 1
    assert all(character == "\n" or " " <= character <= "~" for character in written)


@pytest.mark.parametrize("speaker", ["log", "logging.getLogger('x')"])
def test_an_exception_is_told_with_its_stack_within_the_line(speaker: str) -> None:
    (line,) = logged(f"try: 1 / 0\nexcept ZeroDivisionError: {speaker}.exception('failed')")

    assert (line["event"], line["level"]) == ("failed", "error")
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ZeroDivisionError: division by zero")


def test_lines_below_the_level_are_left_out() -> None:
    code = "log.info('a'); log.warning('b'); logging.getLogger('x').info('c'); logging.getLogger('x').error('d')"

    assert [line["event"] for line in logged(code, "WARNING")] == ["b", "d"]


def test_what_is_being_worked_on_is_on_every_line() -> None:
    lines = logged(
        "import structlog\n"
        "with structlog.contextvars.bound_contextvars(request='r1'):\n"
        "    log.info('ours'); logging.getLogger('x').info('theirs')"
    )

    assert [line["request"] for line in lines] == ["r1", "r1"]


@pytest.mark.parametrize("speaker", ["log", "logging.getLogger('x')"])
def test_whoever_says_something_for_which_there_is_no_room_goes_on(speaker: str) -> None:
    lines = logged(
        "import os\n"
        "before = os.dup(2)\n"
        "os.dup2(os.open('/dev/full', os.O_WRONLY), 2)\n"
        f"{speaker}.info('on a full disk')\n"
        "os.dup2(before, 2)\n"
        "log.info('with room again')"
    )

    assert lines[-1]["event"] == "with room again"
