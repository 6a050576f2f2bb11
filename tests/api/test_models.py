"""Model releases: GET /api/models, and the way to activate one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete

from shared.bundle import CONTENT, IMAGE_MODEL, MANIFEST
from shared.bundles import refuse
from shared.identifiers import new_id, now
from shared.releases import bundle_key, publish
from shared.store import ObjectStore
from shared.tables import BundleRow, WorkerRow
from shared.users import Role
from shared.workers import Worker, seen
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.bundles import fake_bundle


class Releases:
    """Three published bundles, the first one active, and a store to damage them in."""

    versions = ("v1", "v2", "v3")

    def __init__(self, api: RunningApi, folder: Path) -> None:
        self.store = ObjectStore(api.settings.store)
        for version in self.versions:
            bundle = fake_bundle(folder / version, version)
            publish(api.database, self.store, bundle, activated=version == "v1")

    def flip_a_byte(self, version: str, name: str) -> None:
        key = bundle_key(version, name)
        content = bytearray(self.store.get(key))
        content[len(content) // 2] ^= 1
        self.store.put(key, bytes(content))


@pytest.fixture
def releases(api: RunningApi, tmp_path: Path) -> Iterator[Releases]:
    yield Releases(api, tmp_path)
    with api.database.begin() as connection:
        connection.execute(delete(BundleRow))
        connection.execute(delete(WorkerRow))


@pytest.fixture
def admin(api: RunningApi) -> httpx.Client:
    return api.somebody(Role.ADMIN)


def active(admin: httpx.Client) -> list[str]:
    return [item["version"] for item in admin.get("/api/models").json()["items"] if item["active"]]


def test_they_are_listed_newest_first_with_their_figures(admin: httpx.Client, releases: Releases) -> None:
    items = admin.get("/api/models").json()["items"]

    assert [item["version"] for item in items] == ["v3", "v2", "v1"]
    assert (items[2]["active"], items[2]["activated_at"] is None) == (True, False)
    assert (items[0]["active"], items[0]["activated_at"], items[0]["refused"]) == (False, None, None)
    figures = {"accuracy": 0.5, "macro_f1": 0.5, "weighted_f1": 0.5, "calibration_error": 0.1}
    assert items[0]["metrics"] == {"rows": 1, "text": figures, "image": figures, "fused": figures, "baseline": figures}
    assert (items[0]["data"], items[0]["demo"]) == ("fake", True)


def test_pages_lead_through_all_of_them_once(admin: httpx.Client, releases: Releases) -> None:
    first = admin.get("/api/models", params={"limit": 2}).json()
    second = admin.get("/api/models", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [item["version"] for page in (first, second) for item in page["items"]] == ["v3", "v2", "v1"]
    assert second["next_cursor"] is None


def test_one_says_what_it_was_made_of(admin: httpx.Client, releases: Releases) -> None:
    model = admin.get("/api/models/v2").json()

    assert (model["version"], model["image_size"], model["training_data"]["train_rows"]) == ("v2", 32, 1)
    assert model["classes"][0] == {"code": 10, "name": "Livres d'occasion", "name_en": "Second-hand books"}
    assert set(model["files"]) == set(CONTENT)
    assert model["workers"] == 0


def test_one_says_which_categories_it_takes_for_which(
    api: RunningApi, admin: httpx.Client, releases: Releases, tmp_path: Path
) -> None:
    counts = tuple(tuple(27 * row + column for column in range(27)) for row in range(27))
    publish(api.database, releases.store, fake_bundle(tmp_path / "v4", "v4", counts), activated=False)

    confusion = admin.get("/api/models/v4").json()["confusion"]

    assert confusion["counts"] == [list(row) for row in counts]
    assert len(confusion["categories"]) == 27
    assert confusion["categories"][1] == {"code": 40, "name": "Jeux vidéo d'import", "name_en": "Imported video games"}
    assert admin.post("/api/models/v4/activate").json()["confusion"] == confusion
    assert "confusion" not in admin.get("/api/models").json()["items"][0]


def test_one_from_before_that_was_kept_does_not_say(admin: httpx.Client, releases: Releases) -> None:
    assert admin.get("/api/models/v2").json()["confusion"] is None


def test_workers_that_answer_with_it_are_counted(api: RunningApi, admin: httpx.Client, releases: Releases) -> None:
    with api.database.begin() as connection:
        for bundle in ("v1", "v1", "v2"):
            seen(connection, Worker(new_id(), "model", "here", 1, started_at=now(), bundle=bundle))

    assert [admin.get(f"/api/models/{version}").json()["workers"] for version in releases.versions] == [2, 1, 0]


def test_activating_one_takes_the_place_of_the_other(admin: httpx.Client, releases: Releases) -> None:
    answer = admin.post("/api/models/v2/activate")

    assert answer.status_code == 200
    assert (answer.json()["active"], answer.json()["refused"]) == (True, None)
    assert active(admin) == ["v2"]


@pytest.mark.parametrize("name", [*CONTENT, MANIFEST])
def test_a_bundle_that_is_damaged_in_the_store_is_refused_with_the_reason(
    admin: httpx.Client, releases: Releases, name: str
) -> None:
    releases.flip_a_byte("v2", name)

    problem = assert_problem(admin.post("/api/models/v2/activate"), 409, "BUNDLE_REFUSED")

    assert name in problem["detail"]
    assert admin.get("/api/models/v2").json()["refused"] == problem["detail"]
    assert active(admin) == ["v1"]


def test_a_bundle_with_a_file_missing_in_the_store_is_refused(admin: httpx.Client, releases: Releases) -> None:
    releases.store.delete([bundle_key("v3", IMAGE_MODEL)])

    problem = assert_problem(admin.post("/api/models/v3/activate"), 409, "BUNDLE_REFUSED")

    assert problem["detail"] == "v3: a file is missing in the store."
    assert active(admin) == ["v1"]


def test_a_refusal_of_a_worker_is_seen(api: RunningApi, admin: httpx.Client, releases: Releases) -> None:
    admin.post("/api/models/v2/activate").raise_for_status()
    with api.database.begin() as connection:
        refuse(connection, "v2", "v2: golden rows differ by 0.7, more than 0.05.")

    model = admin.get("/api/models/v2").json()

    assert (model["active"], model["refused"]) == (False, "v2: golden rows differ by 0.7, more than 0.05.")
    assert active(admin) == ["v1"]


@pytest.mark.parametrize("version", ["v9", "V1", "..", "v1%2F..", "x" * 101])
def test_what_nobody_published_is_not_found(admin: httpx.Client, releases: Releases, version: str) -> None:
    for answer in (admin.get(f"/api/models/{version}"), admin.post(f"/api/models/{version}/activate")):
        assert_problem(answer, 404, "NOT_FOUND")
    assert active(admin) == ["v1"]
