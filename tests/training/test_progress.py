import io

from rich.console import Console

from training.progress import Lines, Terminal


def test_lines_name_each_stage() -> None:
    stream = io.StringIO()
    progress = Lines(stream, every_seconds=0.0)
    progress.stage("photo features", 3)
    progress.advance(2)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("photo features (3)")
    assert lines[1].endswith("photo features: 2 of 3")


def test_the_terminal_shows_stages_and_closes() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    progress = Terminal(console)
    progress.stage("text model", 5)
    progress.epoch("text", 1, {"loss": 1.0})
    progress.stage("bundle")
    progress.close()
    progress.close()
    assert "text model" in console.file.getvalue()
