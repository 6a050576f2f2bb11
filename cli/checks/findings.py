"""A finding: one thing that was looked at, what is to be said of it, and whether somebody must act."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cli.first_start import WORKSHOP
from shared.errors import ShelfwiseError
from shared.settings import Settings

LONGEST_SECONDS = 60.0
LONGEST_DEEP_SECONDS = 3_600.0  # of a look that reads everything


class Verdict(StrEnum):
    """`WARN` is worth a look, `FAIL` keeps the service from doing its work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; unless it is ok, the sentence says what to do."""

    subject: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: a service's settings, whether `shelfwise up` runs in its data folder, and how thoroughly."""

    settings: Settings
    running: bool
    deep: bool

    @property
    def training(self) -> bool:
        """Whether that `up` still trains its first bundle: it starts the API and the workers after that."""
        return self.running and (self.settings.data_dir / WORKSHOP).is_dir()


Check = Callable[[Patient], Iterator[Finding]]


def ok(subject: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(subject, Verdict.OK, sentence)


def warn(subject: str, sentence: str) -> Finding:
    """Worth a look."""
    return Finding(subject, Verdict.WARN, sentence)


def fail(subject: str, sentence: str) -> Finding:
    """Wrong."""
    return Finding(subject, Verdict.FAIL, sentence)


def findings_of(check: Check, patient: Patient, seconds: float = LONGEST_SECONDS) -> list[Finding]:
    """What a check finds. One that raises, or takes longer than `seconds`, ends with a failure that says so.

    It runs in a thread that is left behind when it hangs: not every client of a remote service has a time-out.
    """
    subject = check.__name__.removeprefix("check_").replace("_", " ")
    found: list[Finding] = []

    def look() -> None:
        try:
            found.extend(check(patient))
        except ShelfwiseError as error:
            found.append(fail(subject, error.message))
        except Exception as error:  # what a broken part makes a client raise is not known beforehand
            found.append(fail(subject, f"It could not be looked at ({type(error).__name__}: {_first_line(error)})."))

    thread = threading.Thread(target=look, name=f"check {subject}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        return [*found, fail(subject, f"Nothing answered within {seconds:.0f} s.")]
    return found


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
