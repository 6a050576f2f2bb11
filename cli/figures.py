"""The figures of an evaluation, for people on the terminal and for programs in a file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from cli.terminal import say_table

_HEADERS = ("answers of", "rows", "accuracy", "macro-F1", "weighted F1", "calibration error")


def say_figures(figures: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table with a row per model."""
    say_table([_HEADERS, *((name, *_cells(found)) for name, found in figures.items())])


def write_summary(path: Path, summary: Mapping[str, object]) -> None:
    """Write JSON as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _cells(found: Mapping[str, float]) -> Iterator[str]:
    for name, value in found.items():
        yield f"{value:,}" if name == "rows" else f"{value:.4f}"
