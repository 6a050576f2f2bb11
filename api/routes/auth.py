"""Signing in with OAuth 2: the token endpoint (RFC 6749), revocation (RFC 7009), and where they are (RFC 8414)."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.answers.tokens import TokenAnswer
from api.basic_auth import basic_credentials, tries_basic
from api.forms import INVALID_REQUEST, documented_form, read_form, required
from api.oauth_problems import OAuthRoute, oauth_problems
from api.origins import own_origin
from api.services import Services, TheServices
from api.sign_in import SignedIn, refresh_sign_in, sign_in_person, sign_in_service, sign_out, try_of
from shared.errors import InvalidInput, Unauthenticated
from shared.users import Role

router = APIRouter(tags=["accounts"], route_class=OAuthRoute)
PASSWORD, REFRESH, CLIENT = "password", "refresh_token", "client_credentials"  # grant types, RFC 6749
PATH, REVOKE_PATH = "/api/auth", "/api/auth/revoke"
_BASIC, _POST, _NONE = "client_secret_basic", "client_secret_post", "none"


class PasswordGrant(BaseModel):
    """A person's name and password; this grant type may be left out."""

    grant_type: Literal["password"] = "password"
    username: str = Field(min_length=1)
    password: str = Field(min_length=1, json_schema_extra={"format": "password"})


class RefreshGrant(BaseModel):
    """A refresh token. The answer has the next one; this one is used up."""

    grant_type: Literal["refresh_token"]
    refresh_token: str = Field(min_length=1)


class ClientGrant(BaseModel):
    """A service account's name and secret, unless the header `Authorization: Basic` has them."""

    grant_type: Literal["client_credentials"]
    client_id: str = ""
    client_secret: str = ""


class Revocation(BaseModel):
    """A refresh token to end, with all that grew out of the same sign-in."""

    token: str = Field(min_length=1)
    token_type_hint: str = ""


class Metadata(BaseModel):
    """What this authorization server can do, and where (RFC 8414)."""

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    scopes_supported: list[str] = list(Role)
    response_types_supported: list[str] = []
    grant_types_supported: list[str] = [PASSWORD, REFRESH, CLIENT]
    token_endpoint_auth_methods_supported: list[str] = [_NONE, _BASIC, _POST]
    revocation_endpoint_auth_methods_supported: list[str] = [_NONE, _BASIC, _POST]


@router.post(
    PATH,
    response_model_exclude_none=True,
    operation_id="get_token",
    responses=oauth_problems(
        "400 INVALID_REQUEST",
        "400 UNSUPPORTED_GRANT_TYPE",
        "401 INVALID_CREDENTIALS",
        "401 INVALID_CLIENT",
        "401 INVALID_GRANT",
        "429 TOO_MANY_SIGN_INS",
    ),
    openapi_extra=documented_form([PasswordGrant, RefreshGrant, ClientGrant]),
    summary="Sign in",
)
async def token(request: Request, services: TheServices, response: Response) -> TokenAnswer:
    """Exchange a name and a password, a refresh token, or a service's secret for an access token.

    Parameters that are not needed are passed over, `scope` too: the scope granted is the account's role.
    """
    names = ("grant_type", "username", "password", "refresh_token", "client_id", "client_secret")
    signed_in = await _granted(services, request, await read_form(request, *names))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return TokenAnswer(
        access_token=signed_in.access_token,
        expires_in=signed_in.seconds,
        scope=signed_in.account.role,
        refresh_token=signed_in.refresh.token if signed_in.refresh else None,
    )


@router.post(
    REVOKE_PATH,
    response_class=Response,
    operation_id="revoke_token",
    responses={
        200: {"description": "It is good no more."},
        **oauth_problems("400 INVALID_REQUEST", "400 UNSUPPORTED_TOKEN_TYPE"),
    },
    openapi_extra=documented_form([Revocation]),
    summary="End a refresh token",
)
async def revoke(request: Request, services: TheServices) -> Response:
    """End a refresh token; unknown ones are none, and answered alike. Holding the token is all the proof it takes."""
    token = required(await read_form(request, "token"), "token")
    if _is_access_token(services, token):
        raise InvalidInput("Access tokens end by themselves, soon.", where="body.token", code="UNSUPPORTED_TOKEN_TYPE")
    await sign_out(services, token)
    return Response()


@router.get(
    "/.well-known/oauth-authorization-server", operation_id="get_authorization_server", summary="Where to sign in"
)
async def metadata(request: Request) -> Metadata:
    """What an OAuth client needs to know about this service, for clients that ask (RFC 8414)."""
    issuer = own_origin(request)
    return Metadata(issuer=issuer, token_endpoint=issuer + PATH, revocation_endpoint=issuer + REVOKE_PATH)


async def _granted(services: Services, request: Request, form: dict[str, str]) -> SignedIn:
    grant_type = form.get("grant_type", PASSWORD)
    if grant_type == PASSWORD:
        attempt = try_of(request, required(form, "username"))
        return await sign_in_person(services, attempt, required(form, "password"))
    if grant_type == REFRESH:
        return await refresh_sign_in(services, required(form, "refresh_token"))
    if grant_type == CLIENT:
        client_id, secret = _client_credentials(request, form)
        return await sign_in_service(services, try_of(request, client_id), secret)
    known = f"The grant types are {PASSWORD}, {REFRESH} and {CLIENT}."
    raise InvalidInput(known, where="body.grant_type", code="UNSUPPORTED_GRANT_TYPE")


def _client_credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    if not tries_basic(request):
        if "client_id" not in form or "client_secret" not in form:
            raise Unauthenticated("The client's credentials are missing.", code="INVALID_CLIENT")
        return form["client_id"], form["client_secret"]
    credentials = basic_credentials(request)
    if "client_secret" in form or form.get("client_id", credentials[0]) != credentials[0]:  # RFC 6749, 2.3
        raise InvalidInput("The client's credentials are given in two ways.", code=INVALID_REQUEST)
    return credentials


def _is_access_token(services: Services, token: str) -> bool:
    try:
        services.tokens.read(token)
    except Unauthenticated:
        return False
    return True
