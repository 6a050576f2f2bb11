"""Secrets that `up` makes once and keeps in the data folder, readable by their owner only."""

import os
import secrets
from pathlib import Path

from shared.errors import ConfigurationError

SECRET_BYTES = 48


def kept_secret(path: Path) -> str:
    """The secret in this file, made at the first call.

    Raises ConfigurationError when the file is empty, or others could read it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{path} can be read by others: `chmod 600 {path}`, or delete it.") from None
        kept = path.read_text(encoding="ascii").strip()
        if not kept:  # whoever made the file was killed before it wrote
            raise ConfigurationError(f"{path} is empty: delete it.") from None
        return kept
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        file.write(secret)
    return secret
