"""Looking at photos: GET /api/images/{sha256}."""

import hashlib
import io
from datetime import timedelta

import httpx
import pytest
from PIL import Image
from sqlalchemy import update

from shared.identifiers import now
from shared.images import image_key
from shared.store import ObjectStore
from shared.tables import Job
from shared.users import Account, Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.photos import encoded, png_of


def submit(client: httpx.Client, photo: bytes) -> str:
    """Submit a product of this photo, and return the photo's hash."""
    client.post("/api/predict", files={"image": photo}).raise_for_status()
    return hashlib.sha256(photo).hexdigest()


def picture(colour: str, size: tuple[int, int] = (400, 300)) -> bytes:
    return encoded(Image.new("RGB", size, colour), "PNG")


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


def test_a_photo_is_shown_as_a_jpeg_of_our_own(client: httpx.Client) -> None:
    sha256 = submit(client, picture("red"))

    answer = client.get(f"/api/images/{sha256}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == f'inline; filename="photo-{sha256[:16]}.jpg"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, max-age=86400, immutable"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    shown = Image.open(io.BytesIO(answer.content))
    assert (shown.format, shown.size) == ("JPEG", (400, 300))


@pytest.mark.parametrize(("size", "expected"), [("96", (96, 72)), ("16", (16, 12)), ("1024", (400, 300))])
def test_a_thumbnail_fits(client: httpx.Client, size: str, expected: tuple[int, int]) -> None:
    sha256 = submit(client, picture("blue"))

    answer = client.get(f"/api/images/{sha256}", params={"size": size})

    assert Image.open(io.BytesIO(answer.content)).size == expected


def test_the_full_view_of_a_large_photo_is_bounded(client: httpx.Client) -> None:
    sha256 = submit(client, png_of(7_000, 7_000))

    answer = client.get(f"/api/images/{sha256}")

    assert Image.open(io.BytesIO(answer.content)).size == (4_096, 4_096)


@pytest.mark.parametrize(
    "size", ["15", "1025", "0", "-96", "1_00", "true", "96.0", " 96", "", "9" * 5_000, "٩٦", "NaN"]
)
def test_other_sizes_are_refused(client: httpx.Client, size: str) -> None:
    sha256 = submit(client, picture("red"))

    problem = assert_problem(client.get(f"/api/images/{sha256}", params={"size": size}), 422, "VALIDATION")
    assert problem["errors"][0]["where"] == "query.size"


def test_a_photo_that_is_known_is_not_even_read(api: RunningApi, client: httpx.Client) -> None:
    sha256 = submit(client, picture("green"))
    tag = client.get(f"/api/images/{sha256}").headers["etag"]
    (api.settings.data_dir / "store" / image_key(sha256)).unlink()

    same = client.get(f"/api/images/{sha256}", headers={"If-None-Match": tag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert same.headers["cache-control"].startswith("private")


def test_a_thumbnail_has_a_tag_of_its_own(client: httpx.Client) -> None:
    sha256 = submit(client, picture("red"))
    tags = {
        client.get(f"/api/images/{sha256}", params=size).headers["etag"] for size in ({}, {"size": 96}, {"size": 97})
    }

    assert len(tags) == 3


def test_the_photo_of_another_is_not_found(api: RunningApi, client: httpx.Client) -> None:
    sha256 = submit(client, picture("purple"))
    stranger = api.somebody()

    theirs = assert_problem(stranger.get(f"/api/images/{sha256}"), 404, "NOT_FOUND")
    nobodys = assert_problem(stranger.get(f"/api/images/{'0' * 64}"), 404, "NOT_FOUND")

    assert theirs == nobodys


def test_a_tag_opens_no_door(api: RunningApi, client: httpx.Client) -> None:
    sha256 = submit(client, picture("brown"))
    tag = client.get(f"/api/images/{sha256}").headers["etag"]

    assert_problem(api.somebody().get(f"/api/images/{sha256}", headers={"If-None-Match": tag}), 404, "NOT_FOUND")


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ADMIN])
def test_reviewers_see_everybodys_photos(api: RunningApi, client: httpx.Client, role: Role) -> None:
    sha256 = submit(client, picture("orange"))
    reviewer = api.somebody(role)

    assert reviewer.get(f"/api/images/{sha256}").status_code == 200
    assert_problem(reviewer.get(f"/api/images/{'0' * 64}"), 404, "NOT_FOUND")


def test_two_owners_of_one_photo_both_see_it(api: RunningApi, client: httpx.Client) -> None:
    other = api.somebody()
    sha256 = submit(client, picture("pink"))
    submit(other, picture("pink"))

    assert [who.get(f"/api/images/{sha256}").status_code for who in (client, other)] == [200, 200]


def test_the_photo_of_a_deleted_job_is_gone(api: RunningApi, account: Account, client: httpx.Client) -> None:
    sha256 = submit(client, picture("black"))
    with api.database.begin() as connection:
        connection.execute(update(Job).where(Job.owner_id == account.id).values(deleted_at=now() - timedelta(hours=1)))

    assert_problem(client.get(f"/api/images/{sha256}"), 404, "NOT_FOUND")


def test_the_photo_of_a_deleted_job_is_gone_for_reviewers_too(api: RunningApi, client: httpx.Client) -> None:
    sha256 = submit(client, picture("olive"))
    job_id = client.get("/api/jobs").json()["items"][0]["id"]
    client.post(f"/api/jobs/{job_id}/cancel").raise_for_status()
    reviewer = api.somebody(Role.REVIEWER)
    assert reviewer.get(f"/api/images/{sha256}").status_code == 200

    client.delete(f"/api/jobs/{job_id}").raise_for_status()

    assert_problem(reviewer.get(f"/api/images/{sha256}"), 404, "NOT_FOUND")


@pytest.mark.parametrize("damaged", [None, b"no photo"])
def test_a_photo_that_the_store_has_lost_is_said_to_be_missing(
    api: RunningApi, client: httpx.Client, damaged: bytes | None
) -> None:
    sha256 = submit(client, picture("navy" if damaged else "teal"))
    if damaged is None:
        (api.settings.data_dir / "store" / image_key(sha256)).unlink()
    else:
        ObjectStore(api.settings.store).put(image_key(sha256), damaged)

    assert_problem(client.get(f"/api/images/{sha256}"), 404, "IMAGE_MISSING")


@pytest.mark.parametrize(
    "sha256", ["0" * 63, "0" * 65, "G" * 64, "A" * 64, "..%2f..%2fsecret_key", "%00", "x" * 5_000, "%ED%A0%80", "'"]
)
def test_what_is_no_hash_is_not_found(client: httpx.Client, sha256: str) -> None:
    assert_problem(client.get(f"/api/images/{sha256}"), 404, "NOT_FOUND")
