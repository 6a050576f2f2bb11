"""Stands where `ActiveBundle` stands, with an inference that a test has made."""

from dataclasses import dataclass

from worker.inference import Inference


@dataclass
class Served:
    """Always the same inference, or none."""

    inference: Inference | None
    device: str = "fake"

    @property
    def version(self) -> str | None:
        return self.inference.version if self.inference else None
