"""`python -m tests.faults.storm --seconds 60 --seed 7 --database postgresql`: one storm, and its summary."""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.faults.storm.reckoning import reckon
from tests.faults.storm.summary import summary
from tests.faults.storm.weather import storm


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the service is ended, too
    for name in [name for name in os.environ if name.startswith("SHELFWISE_")]:
        del os.environ[name]  # settings of this machine
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    print(f"a storm of {arguments.seconds:g} s with seed {arguments.seed} in {folder}", flush=True)
    with storm(arguments.seconds, arguments.seed, arguments.database, folder) as over:
        found = reckon(over)
    print(summary(over, found))
    if found.faults:
        print(f"the log is {folder / 'data.log'}")
    else:
        shutil.rmtree(folder)
    return 1 if found.faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long everything goes wrong")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="the same plan again")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
