"""The web page's session: its refresh token is a cookie that no script can read, sent to this one path only.

Another site can have a browser send the cookie, at most, and SameSite and the check of the origin stand against
that. The access token is in the answer's body, and the page keeps it in memory.
"""

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request, Response
from pydantic import BaseModel, Field

from api.answers.tokens import AccessTokenAnswer
from api.forms import documented_form, read_form, required
from api.openapi.headers import headers
from api.openapi.security import FROM_PAGE
from api.origins import same_origin
from api.problems import problems
from api.services import Services, TheServices
from api.sign_in import SignedIn, refresh_sign_in, sign_in_person, sign_out, try_of
from shared.errors import Unauthenticated
from shared.identifiers import now
from shared.refresh_tokens import Refresh

PATH = "/api/auth/session"
COOKIE = "shelfwise_refresh"
router = APIRouter(prefix=PATH, tags=["accounts"], dependencies=[Depends(same_origin)])
RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, include_in_schema=False)]


class PageSignIn(BaseModel):
    """A name and a password. Without a body, the session that the cookie carries goes on."""

    username: str = Field(min_length=1, json_schema_extra={"example": "ines"})
    password: str = Field(min_length=1, json_schema_extra={"format": "password"})


@router.post(
    "",
    operation_id="open_session",
    responses={
        200: headers(sometimes=("Set-Cookie",)),
        **problems(
            "401 INVALID_CREDENTIALS",
            "401 INVALID_GRANT",
            "403 CROSS_ORIGIN",
            "422 INVALID_REQUEST",
            "429 TOO_MANY_SIGN_INS",
        ),
    },
    openapi_extra={**documented_form([PageSignIn], body_required=False), **FROM_PAGE},
    summary="Sign in to the page",
)
async def open_session(
    request: Request, services: TheServices, response: Response, cookie: RefreshCookie = None
) -> AccessTokenAnswer:
    """Sign in, or go on with the cookie; answers an access token, and sets the next refresh token as the cookie."""
    signed_in = await _signed_in(services, request, await read_form(request, "username", "password"), cookie)
    if signed_in.refresh is not None:
        _set_cookie(request, response, signed_in.refresh)
    return AccessTokenAnswer(
        access_token=signed_in.access_token, expires_in=signed_in.seconds, scope=signed_in.account.role
    )


@router.delete(
    "",
    status_code=204,
    operation_id="close_session",
    responses={204: headers("Set-Cookie"), **problems("403 CROSS_ORIGIN")},
    openapi_extra=FROM_PAGE,
    summary="Sign out of the page",
)
async def close_session(services: TheServices, response: Response, cookie: RefreshCookie = None) -> None:
    """End the session that the cookie carries, if any, and take the cookie back."""
    if cookie:
        await sign_out(services, cookie)
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


async def _signed_in(services: Services, request: Request, form: dict[str, str], cookie: str | None) -> SignedIn:
    if form:
        attempt = try_of(request, required(form, "username"))
        return await sign_in_person(services, attempt, required(form, "password"))
    if cookie:
        return await refresh_sign_in(services, cookie)
    raise Unauthenticated("There is no session to go on with; sign in.", code="INVALID_GRANT")


def _set_cookie(request: Request, response: Response, refresh: Refresh) -> None:
    response.set_cookie(
        COOKIE,
        refresh.token,
        max_age=int((refresh.expires_at - now()).total_seconds()),
        path=PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
