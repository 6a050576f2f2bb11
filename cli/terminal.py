"""What a command says to its user, on standard output."""

import logging
import os
import sys
from collections.abc import Sequence


def quiet_tensorflow() -> None:
    """Keep TensorFlow's remarks on its own doings off the terminal; call it before TensorFlow is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def say(line: str) -> None:
    """Print a line in one piece: the parts write to the same terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of as many cells each, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
