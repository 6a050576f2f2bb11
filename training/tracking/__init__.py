"""Tracking: every training run is a run of an MLflow experiment, in the data folder or on a server.

`tracked_run` opens one; store.py knows where runs are kept, run.py what is written of one, outbox.py what happens to
that while the store is out of reach.
"""

from training.tracking.run import TrackedRun, tracked_run

__all__ = ["TrackedRun", "tracked_run"]
