"""One catalogue as a job: watched, canceled, run again, compared with another bundle, and gone."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update

from shared.bundle import Bundle
from shared.database import Database
from shared.identifiers import now
from shared.releases import publish
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import Job
from tests.browser.accounts import ADMIN, new_account
from tests.browser.catalogue_jobs import ROWS, ids, names, rows, send, sent
from tests.browser.catalogue_page import BAD, PAGE_ROWS, action, counted, open_catalogue, shown
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.bundles import otherwise_fused
from tests.support.service import Service, ended
from tests.support.waiting import wait_for

Violations: TypeAlias = Callable[[Page], list[str]]
REFUSED = r"status of {} .*/api/"
CSV = "text/csv"
TITLES = "".join(f"A{number},Chaise longue {number}\n" for number in range(20))
TEXTS = f"product_id,designation\n{TITLES}".encode()


@pytest.fixture
def username(service: Service) -> str:
    """An account of this test alone."""
    return new_account(service)


def run_again(page: Page) -> None:
    """Have all rows run again, and mean it."""
    action(page, "Run again").click()
    page.get_by_role("dialog").get_by_role("button", name="Run again").click()


def test_a_job_is_watched_from_the_queue_to_its_end(
    page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    troubles.expect(REFUSED.format(409))
    state = page.get_by_label("State", exact=True)
    with service.client(username) as client:
        with service.paused("worker-model"):
            with service.paused("worker-io"):
                job = {"id": send(client, "Watched", TEXTS, CSV), "name": "Watched"}
                open_catalogue(page, service, username, job)
                expect(state).to_contain_text("Waits for its turn, at place 1 of the queue.")
                expect(page.get_by_text("The file has not been read yet.")).to_be_visible()
                action(page, "Download all results").click()
                expect(page.get_by_role("alert")).to_contain_text("Nobody has looked into the file yet.")
                assert violations_of(page) == []
            expect(state).to_contain_text("0 of 20 rows · 0%")
            expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
            expect(shown(page)).to_have_text([f"A{number}" for number in range(20)])
            assert violations_of(page) == []
            page.emulate_media(color_scheme="dark")
            assert violations_of(page) == []
            page.get_by_role("region", name="Results").focus()  # somebody reads the table: it may not jump
        expect(state).to_contain_text("Succeeded")
        expect(state).to_contain_text("took")
        heard = page.get_by_role("status").filter(has_text="State: Succeeded. 20 succeeded, 0 failed.")
        expect(heard).to_be_attached()
        expect(page.get_by_role("progressbar")).to_have_count(0)
        expect(page.locator("tbody").get_by_text("Running")).to_have_count(20)
        action(page, "20 more rows answered: show").click()
        expect(page.locator("tbody").get_by_text("Running")).to_have_count(0)
        answered = rows(client, job["id"])
    expect(page.locator(".cell-confidence .number")).to_have_text([f"{row['confidence']:.1%}" for row in answered])


def test_a_job_is_canceled_and_deleted(
    page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        with service.paused("worker-model"):
            job = {"id": send(client, "Not wanted", TEXTS, CSV), "name": "Not wanted"}
            open_catalogue(page, service, username, job)
            action(page, "Cancel the job").click()
            dialog = page.get_by_role("dialog", name="Cancel this job?")
            assert violations_of(page) == []
            dialog.get_by_role("button", name="Cancel", exact=True).click()
            expect(dialog).to_have_count(0)
            action(page, "Cancel the job").click()
            dialog.get_by_role("button", name="Cancel the job").click()
            expect(page.get_by_label("State", exact=True)).to_contain_text("This job was canceled")
            expect(page.get_by_role("heading", level=1)).to_be_focused()
        assert client.get(f"/api/jobs/{job['id']}").json()["status"] == "canceled"
        expect(action(page, "Cancel the job")).to_have_count(0)
        action(page, "Delete").click()
        asked = page.get_by_role("dialog", name="Delete “Not wanted”?")
        asked.get_by_role("button", name="Delete").click()
        expect(page).to_have_url(re.compile("#/catalogues$"))
        assert client.get(f"/api/jobs/{job['id']}").status_code == 404


def test_failed_rows_are_retried_in_a_job_of_their_own(
    page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        job = sent(client, "Once more")
        open_catalogue(page, service, username, job)
        action(page, f"Retry {BAD} failed rows").click()
        expect(page.get_by_text("These are the rows that failed in the earlier job")).to_be_visible()
        expect(page.get_by_label("State", exact=True)).to_contain_text("Failed")
        newest = client.get("/api/jobs", params={"limit": 1}).json()["items"][0]
    assert (newest["rerun_of"], newest["counts"]["failed"]) == (job["id"], BAD)
    assert page.url.endswith(f"#/catalogues/{newest['id']}")
    assert violations_of(page) == []
    page.get_by_role("link", name="the earlier job").click()
    expect(page.get_by_label("State", exact=True)).to_contain_text("Partly succeeded")


def test_who_has_left_meanwhile_is_not_taken_elsewhere(
    page: Page, service: Service, username: str, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    held: list[Route] = []
    page.route("**/rerun", lambda route: held.append(route))
    with service.client(username) as client:
        job = sent(client, "Left", TEXTS, CSV)
        open_catalogue(page, service, username, job)
        with page.expect_request("**/rerun"):
            run_again(page)
        page.goto("/#/account")
        expect(page.get_by_role("heading", name="Your account")).to_be_focused()

        held.pop().continue_()

        expect(page.locator(".notice", has_text="All rows are being run again")).to_be_visible()
        expect(page).to_have_url(re.compile("#/account$"))
        (newest, _) = client.get("/api/jobs").json()["items"]
    assert newest["rerun_of"] == job["id"]


def test_what_cannot_be_done_now_is_said(
    page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    troubles.expect(REFUSED.format(409))
    with service.client(username) as client:
        job = sent(client, "In use", TEXTS, CSV)
        with service.paused("worker-model"):
            again = client.post(f"/api/jobs/{job['id']}/rerun").raise_for_status().json()
            open_catalogue(page, service, username, job)
            action(page, "Delete").click()
            page.get_by_role("dialog").get_by_role("button", name="Delete").click()
            told = page.get_by_role("alert")
            expect(told).to_contain_text("Another job is running its rows again.")
            expect(told).to_contain_text("Wait for that one’s end, or cancel it first.")
            assert violations_of(page) == []
        ended(client, [again["id"]])
        action(page, "Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page).to_have_url(re.compile("#/catalogues$"))
        assert client.get(f"/api/jobs/{job['id']}").status_code == 404


def test_a_job_that_was_not_done_in_time_says_so(page: Page, service: Service, username: str) -> None:
    with service.client(username) as client, service.paused("worker-model"):
        query = {"name": "Too late", "expires_in": 1}
        made = client.post("/api/catalogs", params=query, content=TEXTS, headers={"Content-Type": CSV})
        (job,) = ended(client, [made.raise_for_status().json()["id"]])
        open_catalogue(page, service, username, job)
        state = page.get_by_label("State", exact=True)
        expect(state).to_contain_text("This job was not done in time")
        expect(state).to_contain_text("Run it again to have all of them.")
        expect(shown(page)).to_have_count(20)


def test_labelled_data_has_errors_and_no_results(page: Page, service: Service, violations_of: Violations) -> None:
    content = b"product_id,designation,prdtypecode\nL1,Chaise longue,1560\nL2,Piscine,99999\n"
    with service.client() as client:
        query = {"name": "Labelled"}
        made = client.post("/api/data-ingest", params=query, content=content, headers={"Content-Type": CSV})
        (job,) = ended(client, [made.raise_for_status().json()["id"]])
    open_catalogue(page, service, ADMIN, job)
    expect(page.get_by_role("heading", name="Row errors 1")).to_be_visible()
    expect(page.get_by_role("table", name="Row errors")).to_contain_text("L2")
    expect(page.get_by_role("tab")).to_have_count(0)
    assert violations_of(page) == []


@pytest.fixture
def another_bundle(service: Service, tiny_bundle: Bundle, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Activates a bundle that goes by the photo alone; after the test the one of before is active again."""
    version = "by-photo"
    settings = load_settings(data_dir=Path(service.database_url.removeprefix("sqlite:///")).parent)
    with closing(Database(service.database_url)) as database:
        other = otherwise_fused(tiny_bundle, tmp_path / "other", version, text_weight=0.0)
        publish(database, ObjectStore(settings.store), other, activated=False)
    yield lambda: activate(service, version)
    activate(service, tiny_bundle.manifest.version)


def activate(service: Service, version: str) -> None:
    """Activate a bundle, and wait until a worker answers with it."""
    with service.client() as client:
        client.post(f"/api/models/{version}/activate").raise_for_status()
        wait_for(lambda: client.get(f"/api/models/{version}").json()["workers"] > 0, 60, f"a worker with {version}")


def test_a_rerun_shows_what_another_bundle_says(
    page: Page,
    service: Service,
    username: str,
    another_bundle: Callable[[], None],
    violations_of: Violations,
    troubles: Troubles,
) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        job = sent(client, "Compared")
        before = {row["row"]: row["category"] for row in rows(client, job["id"])}
        another_bundle()
        open_catalogue(page, service, username, job)
        run_again(page)
        expect(page.locator(".notice", has_text="All rows are being run again")).to_be_visible()
        expect(page.get_by_label("State", exact=True)).to_contain_text("Partly succeeded", timeout=60_000)
        newest = client.get("/api/jobs", params={"limit": 1}).json()["items"][0]
        changed = rows(client, newest["id"], changed=True)
        named = names(client)
    assert newest["rerun_of"] == job["id"]
    assert newest["changes"] == len(changed) > 0
    expect(page.get_by_label("State", exact=True)).to_contain_text(
        f"{len(changed)} of {ROWS - BAD} rows have another category than in the earlier job"
    )

    action(page, "Show what changed").click()
    expect(counted(page)).to_be_focused()
    expect(counted(page)).to_have_text(f"{len(changed)} of {ROWS} rows")
    expect(shown(page)).to_have_text(ids(changed)[:PAGE_ROWS])
    first = changed[0]
    line = page.get_by_role("row").filter(has=page.get_by_text(first["product_id"], exact=True))
    expect(line).to_contain_text(f"{named[first['category']['code']]}Before: {named[before[first['row']]['code']]}")
    expect(page.get_by_label("Changed rows only")).to_be_checked()
    assert "changed=true" in page.url
    assert violations_of(page) == []
    expect(page.get_by_label("State", exact=True)).to_contain_text("Answered by by-photo")
    page.get_by_text("The file and how it was read").click()
    expect(page.get_by_text("Title ← Titre")).to_be_visible()
    assert violations_of(page) == []


def test_what_cannot_be_shown_is_said_plainly(
    page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        broken = sent(client, "No archive", b"PK\x03\x04 this is no archive")
        kept = sent(client, "Kept for a while")
    open_catalogue(page, service, username, broken)
    state = page.get_by_label("State", exact=True)
    expect(state).to_contain_text("The ZIP is damaged or breaks off.")
    expect(state).to_contain_text("Unpack it, and pack the table and its photos anew as a plain ZIP.")
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(action(page, "Run again")).to_have_count(0)
    assert violations_of(page) == []

    page.goto(f"/#/catalogues/{kept['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kept for a while")
    let_go(service, kept["id"])
    troubles.expect(REFUSED.format(410))
    page.get_by_role("tab", name="Row errors").click()
    expect(page.get_by_role("alert")).to_contain_text("The rows are not kept any more.")
    page.reload()
    expect(state).to_contain_text("The file and the rows are no longer kept, since")
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(action(page, "Delete")).to_be_visible()
    expect(action(page, "Run again")).to_have_count(0)
    assert violations_of(page) == []

    troubles.expect(REFUSED.format(404))
    page.goto("/#/catalogues/01a00000-0000-7000-8000-000000000000")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such catalogue")
    assert violations_of(page) == []
    page.get_by_role("main").get_by_role("link", name="Catalogues").click()
    expect(page).to_have_url(re.compile("#/catalogues$"))


def let_go(service: Service, job_id: str) -> None:
    """Let a job's file and rows go as retention does. A corrected row keeps the job itself."""
    with service.client() as admin:
        row = next(row for row in rows(admin, job_id) if row["category"])
        path = f"/api/predictions/{row['id']}/correction"
        admin.post(path, json={"code": row["category"]["code"]}).raise_for_status()
    with closing(Database(service.database_url)) as database, database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(cleared_at=now()))
