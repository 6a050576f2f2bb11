"""What `up` says to its user, on standard output."""

import sys


def say(line: str) -> None:
    """Print a line in one piece: the parts write to the same terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
