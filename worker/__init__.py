"""The Celery workers: `model` runs the models, `io` does everything that waits for disks and networks."""
