"""Model releases: which there are, and which one answers."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from api.answers.models import ReleaseAnswer, ReleaseDetailsAnswer
from api.answers.pages import Page
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, Limit, path_version, release_page_start
from api.problems import problems
from api.security import CurrentAdmin
from api.services import Services, TheServices
from shared.bundles import release_of, releases_before
from shared.errors import BundleRefused, Conflict
from shared.releases import activate_release
from shared.workers import ALIVE_LEASES, serving

router = APIRouter(prefix="/api/models", tags=["models"])
Version = Annotated[str, Depends(path_version)]


@router.get("", operation_id="list_models", responses=problems(403, *LIST_PROBLEMS), summary="List bundles")
def list_models(
    _admin: CurrentAdmin,
    services: TheServices,
    start: Annotated[str | None, Depends(release_page_start)],
    limit: Limit = LIMIT_DEFAULT,
) -> Page[ReleaseAnswer]:
    """Every published bundle, newest first."""
    with services.database.read() as connection:
        releases = releases_before(connection, start, limit + 1)
    return Page[ReleaseAnswer].of(releases, limit, ReleaseAnswer.of, lambda release: release.manifest.version)


@router.get("/{version}", operation_id="get_model", responses=problems(403, 404), summary="One bundle")
def one_model(_admin: CurrentAdmin, services: TheServices, version: Version) -> ReleaseDetailsAnswer:
    """One bundle: what it was made of, and how many workers answer with it."""
    with services.database.read() as connection:
        return _details(connection, services, version)


@router.post(
    "/{version}/activate",
    operation_id="activate_model",
    responses=problems(403, 404, "409 BUNDLE_REFUSED"),
    summary="Answer with a bundle",
)
def activate_model(_admin: CurrentAdmin, services: TheServices, version: Version) -> ReleaseDetailsAnswer:
    """Make a bundle the one that products are answered with. Workers change over within seconds, between two claims.

    They check it first: if they refuse it, `refused` says why, and the one before is active again.
    """
    try:
        activate_release(services.database, services.store, version)
    except BundleRefused as refusal:
        raise Conflict(refusal.message, code="BUNDLE_REFUSED") from None
    with services.database.read() as connection:
        return _details(connection, services, version)


def _details(connection: Connection, services: Services, version: str) -> ReleaseDetailsAnswer:
    alive = timedelta(seconds=ALIVE_LEASES * services.settings.lease_seconds)
    return ReleaseDetailsAnswer.with_workers(release_of(connection, version), serving(connection, version, alive))
