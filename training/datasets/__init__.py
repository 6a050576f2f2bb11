"""Readers of labelled data: Rakuten's layout, one CSV, and what the service itself holds."""

from training.datasets.dataset import Dataset
from training.datasets.files import open_dataset
from training.datasets.report import DataReport, Finding
from training.datasets.service import from_service

__all__ = ["DataReport", "Dataset", "Finding", "from_service", "open_dataset"]
