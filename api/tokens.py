"""Access tokens: python-jose behind the two calls that the service needs, HS256 and nothing else."""

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jose import jwt
from jose.backends import HMACKey

from shared.errors import Unauthenticated
from shared.identifiers import new_id

ALGORITHM = "HS256"
ISSUER = "shelfwise"
AUDIENCE = "shelfwise-api"
LONGEST_TOKEN = 4096
TOKENS_KEPT = 4096

# Base64 decoders pass over characters they do not know, and over the last two bits of a 32-byte signature:
# without this, a token with junk behind it would be as good as the token.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_REQUIRED = {f"require_{claim}": True for claim in ("aud", "iat", "exp", "iss", "sub", "jti")}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says: whose it is, and under which of the account's token versions it was issued."""

    user_id: str
    token_version: int


class Tokens:
    """Issues and reads access tokens under one key."""

    def __init__(self, signing_key: str, seconds: int) -> None:
        # A key object: python-jose would take a string that happens to be JSON for a set of keys.
        self._key = HMACKey(signing_key, ALGORITHM)
        self.seconds = seconds
        self._header = self.issue("", 0).partition(".")[0]
        # A client sends the same token with every request of its quarter of an hour.
        self._claims_of = lru_cache(maxsize=TOKENS_KEPT)(self._checked)

    def issue(self, user_id: str, token_version: int) -> str:
        """A token that stands for this account until `seconds` from now."""
        issued = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "iat": issued,
            "exp": issued + self.seconds,
            "jti": new_id(),
            "ver": token_version,
        }
        return str(jwt.encode(claims, self._key, algorithm=ALGORITHM))

    def read(self, token: str) -> Claims:
        """What a token says. Raises Unauthenticated unless it is one of ours, whole and in time."""
        try:
            claims, expires = self._claims_of(token)
            if expires <= time.time():
                raise ValueError("expired")
            return claims
        except Exception:  # python-jose lets RecursionError, TypeError and OverflowError out
            raise Unauthenticated("The access token is not valid, or not any more; sign in again.") from None

    def _checked(self, token: str) -> tuple[Claims, int]:
        """The claims of a good token, and when it expires. A bad one raises, and is not kept."""
        if len(token) > LONGEST_TOKEN or not _SHAPE.fullmatch(token):
            raise ValueError("not a token of ours")
        if token.partition(".")[0] != self._header:  # every header of ours is the same: none is ever parsed
            raise ValueError("not our header")
        claims: dict[str, Any] = jwt.decode(
            token, self._key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_REQUIRED
        )
        texts = all(type(claims[name]) is str for name in ("iss", "aud", "sub", "jti"))
        numbers = all(type(claims[name]) is int for name in ("iat", "exp", "ver"))  # True is not a number here
        if not (texts and numbers and claims["exp"] > time.time()):
            raise ValueError("a claim is of the wrong type, or the token has expired")
        return Claims(claims["sub"], claims["ver"]), claims["exp"]
