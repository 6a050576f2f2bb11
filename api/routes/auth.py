"""Signing in: `POST /api/auth`."""

from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Form, Response
from pydantic import AfterValidator, BaseModel

from api.problems import problems
from api.services import Services, TheServices
from shared.errors import InvalidInput, Unauthenticated
from shared.users import USERNAME, user_by_name

router = APIRouter(tags=["accounts"])
PASSWORD_GRANT = "password"  # noqa: S105  # the name of a grant type, RFC 6749


class TokenAnswer(BaseModel):
    """An access token (RFC 6749, 5.1); `scope` is the account's role."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # likewise
    expires_in: int
    scope: str


def _whole_characters(text: str) -> str:
    text.encode()  # a form in an odd charset can carry half a surrogate pair; UnicodeError is a ValueError
    return text


@router.post("/api/auth", responses=problems(401, 413, 422), summary="Sign in")
async def sign_in(
    services: TheServices,
    response: Response,
    username: Annotated[str, Form()],
    password: Annotated[str, Form(), AfterValidator(_whole_characters)],
    grant_type: Annotated[str, Form()] = PASSWORD_GRANT,
) -> TokenAnswer:
    """Exchange a name and a password for an access token (OAuth 2 password grant)."""
    if grant_type != PASSWORD_GRANT:
        raise InvalidInput(
            f"The one grant type is {PASSWORD_GRANT}.", where="body.grant_type", code="UNSUPPORTED_GRANT_TYPE"
        )
    # Under a limiter of its own: sign-ins that wait for their turn at argon2 hold no thread that others need.
    answer = await to_thread.run_sync(_token_for, services, username, password, limiter=services.sign_ins)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return answer


def _token_for(services: Services, username: str, password: str) -> TokenAnswer:
    user = None
    if USERNAME.fullmatch(username):
        with services.database.read() as connection:
            user = user_by_name(connection, username)
    verified = services.passwords.verify(password, None if user is None else user.password_hash)
    if user is None or not verified or user.disabled:
        raise Unauthenticated("The name or the password is wrong.", code="INVALID_CREDENTIALS")
    token = services.tokens.issue(user.id, user.token_version)
    return TokenAnswer(access_token=token, expires_in=services.tokens.seconds, scope=user.role)
