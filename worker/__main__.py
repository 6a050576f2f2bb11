"""`python -m worker io` or `python -m worker model`."""

import sys

from shared.errors import ShelfwiseError
from worker.process import run_io, run_model

KINDS = {"io": run_io, "model": run_model}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: python -m worker {'|'.join(KINDS)}")
    try:
        KINDS[sys.argv[1]]()
    except ShelfwiseError as error:
        sys.exit(error.message)
