"""Imports TensorFlow without its remarks on its own doings, which say nothing to somebody who trains a model."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

# Written by TensorFlow 2.21 at every import, whatever TF_CPP_MIN_LOG_LEVEL says.
_GREETING = (b"All log messages before absl::InitializeLog()", b"oneDNN custom operations are on")


def import_tensorflow() -> None:
    """Import it; whoever needs SQLite in the same process must have opened a database before (`sqlite_module`)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with _without_greeting():
        import_module("tensorflow")


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Hold back what is written to standard error, by native code too, and pass on all but the greeting at the end."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as written:
        standard_error = os.dup(2)
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(standard_error, 2)
            os.close(standard_error)
            written.seek(0)
            for line in written:
                if not any(greeting in line for greeting in _GREETING):
                    os.write(2, line)
