"""The tests' small training run in a process of its own, which can be told where to be killed.

python -m tests.support.tiny_process ROOT [MODEL EPOCH]

Trains into ROOT/bundle with ROOT/cache and ROOT/work. With MODEL and EPOCH the process kills itself in the middle of
the epoch after that one.
"""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from training.demo.catalogue import demo_catalogue
from training.progress import Silent


class Killer(Silent):
    """SIGKILL at the first step after `epoch` epochs of `model`."""

    def __init__(self, model: str, epoch: int) -> None:
        self._model, self._epoch, self._due = model, epoch, False

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        self._due = (model, number) == (self._model, self._epoch)

    def advance(self, steps: int) -> None:
        if self._due:
            os.kill(os.getpid(), signal.SIGKILL)


def main(root: Path, progress: Silent) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from training.config import TrainingConfig
    from training.train import train_bundle

    train_bundle(
        demo_catalogue(1, 6),
        TrainingConfig.tiny(),
        root / "bundle",
        name="demo catalogue",
        demo=True,
        cache=root / "cache",
        work=root / "work",
        progress=progress,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Killer(sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else Silent())
