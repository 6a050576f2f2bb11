"""Passwords: argon2id through pwdlib, and a check that refuses the ones that are guessed first."""

import secrets
import threading

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from shared.errors import InvalidInput

SHORTEST, LONGEST = 8, 128
HASHES_AT_ONCE = 4  # argon2 takes 64 MiB a hash: sign-ins may not take the memory of the service
GENERATED_BYTES = 18
_ESTIMATED_CHARACTERS = 72  # zxcvbn's own limit: its search is quadratic
_WEAK_SCORE = 1
_ARGON2 = "$argon2"


class Passwords:
    """Hashes and verifies, a few at a time."""

    def __init__(self) -> None:
        self._argon2 = PasswordHash((Argon2Hasher(),))
        self._room = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobodys = self._argon2.hash(secrets.token_urlsafe(GENERATED_BYTES))

    def hash(self, password: str) -> str:
        """The argon2id hash to store."""
        with self._room:
            return self._argon2.hash(password)

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether this is the password behind a stored hash.

        An unknown account (None), and one whose stored text is no hash because it has no password, take as
        long to refuse.
        """
        has_password = stored is not None and stored.startswith(_ARGON2)
        with self._room:
            matches = self._argon2.verify(password, stored if stored and has_password else self._nobodys)
        return matches and has_password


def refuse_weak_password(password: str, username: str) -> None:
    """Raise InvalidInput when a new password is too short, too long, or among the first that anybody would try."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(
            f"A password has {SHORTEST} to {LONGEST} characters.", where="body.password", code="WEAK_PASSWORD"
        )
    from zxcvbn import zxcvbn  # its word lists take a second and 30 MiB to load; only new passwords need them

    if zxcvbn(password[:_ESTIMATED_CHARACTERS], user_inputs=[username])["score"] <= _WEAK_SCORE:
        raise InvalidInput(
            "This password is too easy to guess; take a longer or less common one.",
            where="body.password",
            code="WEAK_PASSWORD",
        )


def generated_password() -> str:
    """A random password to show once."""
    return secrets.token_urlsafe(GENERATED_BYTES)
