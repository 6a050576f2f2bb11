"""What makes a process of many threads answer evenly."""

import gc
import sys

# How long a thread that comes back from the database or from a model waits while another one computes. Python's own
# 5 ms are as long as a whole request, and a transaction comes back ten times while it holds the database.
SWITCH_SECONDS = 0.00005
GARBAGE_ROUND = 10_000  # new objects; Python's own 700 are two requests


def share_evenly() -> None:
    """Have threads take turns quickly. To be called once, by the process itself and not by a library."""
    sys.setswitchinterval(SWITCH_SECONDS)


def keep_what_is_loaded() -> None:
    """Take everything that is there now out of the garbage collector's rounds: it stays, until this is called again.

    A full round over all that TensorFlow or FastAPI brings along stops every thread for a tenth of a second. After
    something large has taken another's place, one such round makes room.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_ROUND)
