"""Photos: `GET /api/images/{sha256}`."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.etags import IfNoneMatch, names_tag
from api.openapi.headers import headers
from api.parameters import PlainNumber, path_hash
from api.problems import problems
from api.security import CurrentUser
from api.services import Services, TheServices
from shared.errors import BrokenImage, ImageTooLarge, NotFound
from shared.predictions import shows_photo
from shared.products import is_of_product
from shared.thumbnails import LONGEST_SIDE, stored_photo_as_jpeg
from shared.users import Account, Role

router = APIRouter(tags=["predictions"])
JPEG = "image/jpeg"
SMALLEST, LARGEST = 16, 1024
KEPT_SECONDS = 86_400  # by the caller's own browser: the same hash is the same photo for ever

ThumbnailSize = Annotated[int, Field(ge=SMALLEST, le=LARGEST), PlainNumber]


@router.get(
    "/api/images/{sha256}",
    response_class=Response,
    operation_id="get_image",
    responses={
        200: {
            "content": {JPEG: {"schema": {"type": "string", "format": "binary"}}},
            "description": "The photo",
            **headers("ETag", "Cache-Control", "Content-Disposition"),
        },
        304: {"description": "The photo that the caller has already", **headers("ETag", "Cache-Control")},
        **problems(404, "404 IMAGE_MISSING", 422),
    },
    summary="A photo",
)
async def photo(
    account: CurrentUser,
    services: TheServices,
    sha256: Annotated[str, Depends(path_hash)],
    size: Annotated[
        ThumbnailSize | None, Query(description="A thumbnail whose longer side has at most so many pixels.")
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A photo of one of your own products or of the catalogue's, as a JPEG, upright and on white.

    Reviewers see everybody's. It is encoded anew.

    Its longer side has at most 4,096 pixels.
    """
    await to_thread.run_sync(_require_sight, services, account, sha256)
    tag = f'W/"{sha256}-{size or "full"}"'  # weak: another version of the encoder may write other bytes
    headers = {"ETag": tag, "Cache-Control": f"private, max-age={KEPT_SECONDS}, immutable"}
    if names_tag(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    # Under the limiter of uploaded photos: all of them together take the memory of two.
    content = await to_thread.run_sync(_encoded, services, sha256, size or LONGEST_SIDE, limiter=services.photo_checks)
    name = f"photo-{sha256[:16]}.jpg"
    return Response(content, media_type=JPEG, headers={**headers, "Content-Disposition": f'inline; filename="{name}"'})


def _require_sight(services: Services, account: Account, sha256: str) -> None:
    """Raise NotFound unless this account may see this photo."""
    with services.database.read() as connection:
        owner_id = None if account.role.includes(Role.REVIEWER) else account.id
        visible = shows_photo(connection, owner_id, sha256) or is_of_product(connection, sha256)
    if not visible:
        raise NotFound("There is no such photo.")


def _encoded(services: Services, sha256: str, longest: int) -> bytes:
    try:
        return stored_photo_as_jpeg(services.store, sha256, longest)
    except (FileNotFoundError, BrokenImage, ImageTooLarge):
        raise NotFound("The photo is no longer in the store, or damaged there.", code="IMAGE_MISSING") from None
