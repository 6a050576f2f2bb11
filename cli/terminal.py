"""What a command says to its user, on standard output."""

import sys
from collections.abc import Sequence


def say(line: str) -> None:
    """Print a line in one piece: the parts write to the same terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of as many cells each, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
