"""The real command, as a user would type it, without a terminal."""

import os
import subprocess
import sys


def shelfwise(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `shelfwise` with these arguments and settings, and return how it ended and what it said."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *map(str, arguments)],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
