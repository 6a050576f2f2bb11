"""The report of an evaluation: a folder for people and for programs."""

from training.report.report import Report, TrainingCourse, require_report_folder

__all__ = ["Report", "TrainingCourse", "require_report_folder"]
