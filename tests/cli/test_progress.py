"""What long commands show while they run."""

import io

import pytest
from rich.console import Console

from cli.progress import Drawn, Lines, counting, follow
from tests.cli.scripted import job


def test_elsewhere_than_on_a_terminal_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(every_seconds=3600) as lines:
        count = counting(lines, "sending", 2_000_000)
        for sent in (500_000, 1_000_000, 2_000_000):
            count(sent)
        follow(lines, [job(), job(succeeded=100), job("partially_succeeded", succeeded=437, failed=12, reused=20)])

    begun, sent_last, first, last = capsys.readouterr().out.splitlines()
    assert begun.startswith("sending: 25%, 500.0 kB of 2.0 MB, ")
    assert sent_last.startswith("sending: 100%, 2.0 MB of 2.0 MB, ")
    assert first == "rows: 25%, running, 0 of 449, 36.5/s, 0:00:12 left"
    assert last == "rows: 100%, partially_succeeded, 449 of 449, 36.5/s, 12 failed, 20 reused"


def test_lines_that_are_due_are_all_said(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(every_seconds=0) as lines:
        follow(lines, [job(), job(succeeded=100), job("succeeded", succeeded=449)])

    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_job_that_waits_says_where() -> None:
    said = io.StringIO()

    with Drawn(Console(file=said, force_terminal=True, width=160)) as bars:
        follow(bars, [job("queued", queue_position=3, eta_seconds=None, rows_per_second=None, total=0)])

    assert "queued, 0 of 0, place 3 in the queue" in said.getvalue()


def test_on_a_terminal_each_stage_has_a_bar() -> None:
    said = io.StringIO()

    with Drawn(Console(file=said, force_terminal=True, width=160)) as bars:
        counting(bars, "sending", 2_000_000)(2_000_000)
        follow(bars, [job("partially_succeeded", succeeded=437, failed=12)])
        counting(bars, "results", None)(1_500_000)

    drawn = said.getvalue()
    assert "2.0 MB of 2.0 MB" in drawn
    assert "449 of 449, 36.5/s, 12 failed" in drawn
    assert "1.5 MB" in drawn
