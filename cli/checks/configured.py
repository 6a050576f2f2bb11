"""What is configured: every setting with where it comes from, secrets masked."""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from cli.checks.findings import Finding, Patient, ok, warn
from shared.settings import Settings

PREFIX = "SHELFWISE_"
# Read by commands, not by the service.
OF_COMMANDS = ("URL", "USER", "PASSWORD", "NEW_PASSWORD")
_CREDENTIALS = re.compile(r"(://[^:@/]*:).*@")  # to the last @: a password may hold one
_MASKED = "***"


@dataclass(frozen=True, slots=True)
class Configured:
    """A setting's variable, its value for people, and whether an option, the environment or the default decided it."""

    name: str
    value: str
    source: str


def configured(settings: Settings, options: Collection[str]) -> list[Configured]:
    """Every setting; `options` names the fields that were given on the command line."""
    return [
        Configured(f"{PREFIX}{field.upper()}", _shown(getattr(settings, field)), _source(field, options))
        for field in type(settings).model_fields
    ]


def check_settings(patient: Patient) -> Iterator[Finding]:
    """Variables that look like settings and are none; what is wrong by itself was refused when they were read."""
    _ = patient.settings.trusted_hosts  # which raises when it cannot be made out
    known = {*(field.upper() for field in Settings.model_fields), *OF_COMMANDS}
    strays = [name for name in sorted(os.environ) if name.upper().startswith(PREFIX) and not _is_known(name, known)]
    for name in strays:
        yield warn("settings", f"{name} is no setting and changes nothing: docs/04-settings.md has their names.")
    if not strays:
        yield ok("settings", "All are valid.")


def _is_known(name: str, known: Collection[str]) -> bool:
    return name.upper().removeprefix(PREFIX) in known


def _source(field: str, options: Collection[str]) -> str:
    if field in options:
        return "option"
    given = any(name.upper() == f"{PREFIX}{field.upper()}" and value for name, value in os.environ.items())
    return "environment" if given else "default"


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return _MASKED
    if value is None:
        return ""
    without_credentials = _CREDENTIALS.sub(rf"\1{_MASKED}@", str(value))
    address, query, _ = without_credentials.partition("?")
    return f"{address}?{_MASKED}" if query and "://" in address else without_credentials
