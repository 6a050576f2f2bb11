"""What a command says to its user, on standard output."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import typer

from shared.errors import ShelfwiseError

INTERRUPTED = 130


def say(line: str) -> None:
    """Print a line in one piece: the parts write to the same terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def mention(line: str) -> None:
    """`say` of a keeper that must go on: a line that finds no room, or nobody who reads it, is lost."""
    with suppress(OSError):
        say(line)


def say_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of as many cells each, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print what there is to know of something, a line each."""
    for name, value in facts:
        say(f"{name + ':':<13}{value}")


def sentence_of(error: ShelfwiseError | OSError) -> str:
    """What an error says to people."""
    if isinstance(error, ShelfwiseError):
        return error.message
    return f"{error.strerror or type(error).__name__}: {error.filename or 'the network'}"


@contextmanager
def told_when_interrupted(sentence: str = "") -> Iterator[None]:
    """Have Ctrl-C end the command with a sentence, and with the status that shells know it by."""
    try:
        yield
    except KeyboardInterrupt:
        if sentence:
            say(sentence)
        raise typer.Exit(INTERRUPTED) from None
