import io

from rich.console import Console

from training.progress import Lines, Several, Terminal


def test_lines_name_each_stage_with_its_pace() -> None:
    stream = io.StringIO()
    progress = Lines(stream, every_seconds=0.0)
    progress.stage("photo features", 3)
    progress.advance(2)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("photo features (3)")
    assert "photo features: 2 of 3, " in lines[1]
    assert lines[1].endswith("/s, 0 s left")


def test_lines_say_the_last_epochs_figures() -> None:
    stream = io.StringIO()
    progress = Lines(stream, every_seconds=0.0)
    progress.stage("text model", 4)
    progress.epoch("text", 1, {"loss": 1.25, "val_loss": 2.0, "val_accuracy": 0.5})
    progress.advance(2)
    progress.stage("head model", 4)
    progress.advance(2)
    lines = stream.getvalue().splitlines()
    assert lines[1].endswith("epoch 1: loss 1.250, val_loss 2.000, val_accuracy 0.500")
    assert "epoch" not in lines[3]


def test_the_terminal_shows_stages_figures_and_closes() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=160)
    progress = Terminal(console)
    progress.stage("text model", 5)
    progress.advance(2)
    progress.epoch("text", 1, {"loss": 1.0, "val_accuracy": 0.25})
    progress.stage("bundle")
    progress.close()
    progress.close()
    shown = console.file.getvalue()
    assert "text model" in shown
    assert "val_accuracy 0.250" in shown


def test_several_listeners_hear_the_same() -> None:
    streams = [io.StringIO(), io.StringIO()]
    progress = Several(*(Lines(stream, every_seconds=0.0) for stream in streams))
    progress.stage("photo features", 3)
    progress.advance(1)
    progress.epoch("head", 1, {"loss": 1.0})
    progress.close()
    for stream in streams:
        assert [line.split("] ")[1].split(",")[0] for line in stream.getvalue().splitlines()] == [
            "photo features (3)",
            "photo features: 1 of 3",
        ]
