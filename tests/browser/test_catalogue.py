"""The rows of one catalogue: sorted and filtered, with what is wrong with them, and as files."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import openpyxl
import pyarrow.parquet
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accounts import new_account
from tests.browser.catalogue_jobs import ID_ALONE, NO_SUCH_PHOTO, ROWS, ids, names, rows, sent
from tests.browser.catalogue_page import BAD, PAGE_ROWS, action, counted, downloaded, open_catalogue, shown
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service, ended

Violations: TypeAlias = Callable[[Page], list[str]]
CSV = "text/csv"
FITS = "document.documentElement.scrollWidth <= innerWidth"

PHOTO_TWICE = """
async (path) => {
    const { photoAddress } = await import("/ui/client/photos.js");
    let requests = 0;
    const { fetch } = window;
    window.fetch = (...asked) => {
        requests += asked[0].startsWith(path);
        return fetch(...asked);
    };
    const both = await Promise.all([photoAddress(path), photoAddress(path)]);
    const leaving = new AbortController();
    const left = photoAddress(path, 96, leaving.signal).catch(({ name }) => name);
    const stays = photoAddress(path, 96);
    leaving.abort();
    if (await left !== "AbortError") throw new Error("It was not given up.");
    return [...both, await stays, requests];
}
"""


@pytest.fixture
def username(service: Service) -> str:
    """An account of this test alone."""
    return new_account(service)


def test_rows_are_seen_sorted_and_filtered_as_the_api_has_them(
    page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        job = sent(client, "Autumn range")
        named, all_rows = names(client), rows(client, job["id"])
        unsure, sure = (rows(client, job["id"], order=order) for order in ("least_sure", "most_sure"))
    open_catalogue(page, service, username, job)
    expect(page.get_by_label("State").get_by_text("Partly succeeded")).to_be_visible()
    expect(counted(page)).to_have_text(f"{ROWS} rows")
    expect(shown(page)).to_have_text(ids(all_rows)[:PAGE_ROWS])
    first = page.get_by_role("row").filter(has_text="SKU-0").first
    expect(first).to_contain_text(named[all_rows[0]["category"]["code"]])
    expect(first).to_contain_text(f"{all_rows[0]['confidence']:.1%}")
    missing = page.get_by_role("row").filter(has=page.get_by_text(f"SKU-{NO_SUCH_PHOTO}", exact=True))
    expect(missing).to_contain_text("The ZIP has no such photo.")
    for row in all_rows[:PAGE_ROWS]:
        if row["category"] and row["image"] and row["image"]["top"][0]["code"] != row["category"]["code"]:
            said = page.get_by_role("row").filter(has=page.get_by_text(row["product_id"], exact=True))
            expect(said).to_contain_text(f"Photo alone: {named[row['image']['top'][0]['code']]}")
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []

    action(page, "Next").click()
    expect(shown(page)).to_have_text(ids(all_rows)[PAGE_ROWS:])
    expect(page.get_by_role("navigation", name="Pages of the list")).to_contain_text(f"Rows {PAGE_ROWS + 1} to {ROWS}")
    action(page, "Previous").click()
    expect(shown(page)).to_have_text(ids(all_rows)[:PAGE_ROWS])

    confidence = page.get_by_role("columnheader", name="Confidence")
    expect(confidence).to_have_attribute("aria-sort", "none")
    confidence.get_by_role("button").click()
    expect(shown(page)).to_have_text(ids(unsure)[:PAGE_ROWS])
    expect(confidence).to_have_attribute("aria-sort", "ascending")
    expect(counted(page)).to_contain_text(f"{ROWS - BAD} of {ROWS} rows Rows without an answer are not in this order.")
    confidence.get_by_role("button").click()
    expect(shown(page)).to_have_text(ids(sure)[:PAGE_ROWS])
    expect(confidence.get_by_role("button")).to_be_focused()


def test_filters_hold_over_a_reload_and_the_way_back(
    page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        job = sent(client, "Winter range")
        job_id = job["id"]
        all_rows = rows(client, job_id)
        code = next(row["category"]["code"] for row in all_rows if row["category"])
        name = names(client)[code]
        of_category, below = rows(client, job_id, code=code), rows(client, job_id, code=code, below=0.4)
        reviewed, found = rows(client, job_id, needs_review=True), rows(client, job_id, search="sku-5")
    open_catalogue(page, service, username, job)
    page.get_by_label("Category", exact=True).select_option(name)
    expect(shown(page)).to_have_text(ids(of_category))
    expect(counted(page)).to_have_text(f"{len(of_category)} of {ROWS} rows")
    expect(page.get_by_role("status").filter(has_text=f"{len(of_category)} of {ROWS} rows")).to_be_attached()
    page.get_by_label("Confidence", exact=True).select_option("Below 40%")
    expect(counted(page)).to_have_text(f"{len(below)} of {ROWS} rows")
    page.reload()
    expect(page.get_by_label("Category", exact=True)).to_have_value(str(code))
    expect(counted(page)).to_have_text(f"{len(below)} of {ROWS} rows")

    action(page, "Show all rows").click()
    expect(shown(page)).to_have_text(ids(all_rows)[:PAGE_ROWS])
    page.get_by_label("Review", exact=True).select_option("Needs review")
    expect(shown(page)).to_have_text(ids(reviewed)[:PAGE_ROWS])
    page.get_by_label("Review", exact=True).select_option("All")
    page.get_by_label("Search", exact=True).fill("sku-5")
    expect(shown(page)).to_have_text(ids(found))
    page.get_by_role("link", name="Your account").or_(page.get_by_role("link", name=username)).click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.go_back()
    expect(shown(page)).to_have_text(ids(found))
    expect(page.get_by_label("Search", exact=True)).to_have_value("sku-5")

    page.get_by_label("Search", exact=True).fill("nothing is called that")
    expect(page.get_by_text("No row is like that. Choose other filters, or show all rows.")).to_be_visible()
    assert violations_of(page) == []
    action(page, "Show all rows").click()
    expect(shown(page)).to_have_text(ids(all_rows)[:PAGE_ROWS])


def test_a_row_is_shown_in_full(page: Page, service: Service, username: str, violations_of: Violations) -> None:
    with service.client(username) as client:
        job = sent(client, "Spring range")
        named = names(client)
        row = next(row for row in rows(client, job["id"]) if row["modality"] == "text+image" and row["description"])
    open_catalogue(page, service, username, job)
    opener = page.get_by_role("row").filter(has=page.get_by_text(row["product_id"], exact=True)).get_by_role("button")
    opener.click()

    dialog = page.get_by_role("dialog", name=row["designation"])
    expect(dialog.get_by_role("img", name=f"Photo of {row['designation']}")).to_have_attribute(
        "src", re.compile("^blob:")
    )
    expect(dialog).to_contain_text(re.sub(r"\s+", " ", row["description"]).strip())
    for place, top in enumerate((row["top"], row["text"]["top"], row["image"]["top"])):
        bars = dialog.get_by_role("list").nth(place).get_by_role("listitem")
        expect(bars).to_have_text([f"{named[each['code']]}{each['score']:.1%}" for each in top[:5]])
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_photo_that_is_wanted_twice_at_once_is_fetched_once(page: Page, service: Service, username: str) -> None:
    with service.client(username) as client:
        job = sent(client, "Photos")
        photo = next(row["photo"] for row in rows(client, job["id"]) if row["photo"])
    sign_in(page, service, username, place="#/account")

    first, second, after_leaving, requests = page.evaluate(PHOTO_TWICE, photo)

    assert first == second
    assert after_leaving.startswith("blob:")
    assert requests == 3  # one for both; one that was given up, and one in its place


def test_bad_rows_are_told_downloaded_mended_and_sent_again(
    page: Page, service: Service, username: str, violations_of: Violations
) -> None:
    with service.client(username) as client:
        job = sent(client, "Summer range")
        open_catalogue(page, service, username, job)
        page.get_by_role("tab", name="Row errors").click()

        errors = page.get_by_role("table", name="Row errors")
        line = errors.get_by_role("row").filter(has=page.get_by_role("rowheader", name=str(ID_ALONE + 1), exact=True))
        expect(line.get_by_role("cell")).to_have_text(
            [
                f"SKU-{ID_ALONE}",
                "Référence",
                "There is only a product id, and no labelled product has it.",
                "Give a title, a description or a photo as well.",
            ]
        )
        expect(errors.get_by_role("rowheader")).to_have_count(BAD)
        assert "tab=errors" in page.url
        assert violations_of(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations_of(page) == []

        content = downloaded(page, "Download errors", "CSV", f"errors-{job['id']}.csv").read_text(encoding="utf-8-sig")
        bad = list(csv.DictReader(io.StringIO(content)))
        assert [(row["error_row"], row["error_code"]) for row in bad] == [
            ("4", "IMAGE_NOT_FOUND"),
            ("8", "BROKEN_IMAGE"),
            ("10", "UNKNOWN_PRODUCT"),
        ]
        for row in bad:
            row |= {"Titre": row["Titre"] or "Chaise longue", "image": ""}
        mended = io.StringIO(newline="")
        writer = csv.DictWriter(mended, list(bad[0]))
        writer.writeheader()
        writer.writerows(bad)
        columns = {"columns": "product_id:Référence,designation:Titre,description:Texte"}
        again = client.post(
            "/api/catalogs", params=columns, content=mended.getvalue().encode(), headers={"Content-Type": CSV}
        )
        (repaired,) = ended(client, [again.raise_for_status().json()["id"]])
    assert (repaired["status"], repaired["counts"]["succeeded"]) == ("succeeded", BAD)


def test_results_are_downloaded_in_every_format(page: Page, service: Service, username: str) -> None:
    with service.client(username) as client:
        job = sent(client, "All formats")
        answers = [row["category"] and row["category"]["code"] for row in rows(client, job["id"])]
    open_catalogue(page, service, username, job)

    def of(form: str, ending: str) -> Path:
        return downloaded(page, "Download all results", form, f"results-{job['id']}.{ending}")

    text = of("CSV", "csv").read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["Référence"] for row in table] == [f"SKU-{number}" for number in range(ROWS)]
    assert [int(row["prediction"]) if row["prediction"] else None for row in table] == answers
    sheet = openpyxl.load_workbook(io.BytesIO(of("Excel (XLSX)", "xlsx").read_bytes())).active
    header, *lines = sheet.iter_rows(values_only=True)
    assert [line[header.index("prediction")] for line in lines] == answers
    parquet = pyarrow.parquet.read_table(of("Parquet", "parquet"))
    assert parquet.column("prediction").to_pylist() == answers
    assert len(of("JSON lines (NDJSON)", "ndjson").read_text().splitlines()) == ROWS
    page.reload()
    liked = page.get_by_role("tabpanel", name="Results").get_by_label("Format of the file")
    expect(liked).to_have_value("ndjson")  # the one that was chosen last


def test_everything_is_done_by_keyboard(page: Page, service: Service, username: str, troubles: Troubles) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        job = sent(client, "By keyboard")
        unsure = rows(client, job["id"], order="least_sure", search="sku-1")
    open_catalogue(page, service, username, job)
    tab_to(page, page.get_by_role("tab", name="Results"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Row errors")).to_be_focused()
    expect(page.get_by_role("table", name="Row errors")).to_be_visible()
    page.keyboard.press("ArrowRight")
    tab_to(page, page.get_by_label("Search", exact=True))
    page.keyboard.type("sku-1")
    expect(counted(page)).to_contain_text(f"of {ROWS} rows")
    tab_to(page, page.get_by_role("columnheader", name="Confidence").get_by_role("button"))
    page.keyboard.press("Enter")
    expect(shown(page)).to_have_text(ids(unsure))
    expect(page.get_by_role("columnheader", name="Confidence").get_by_role("button")).to_be_focused()
    page.keyboard.press("Tab")
    title = unsure[0]["designation"]
    expect(page.get_by_role("rowheader").first.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Close"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("rowheader").first.get_by_role("button")).to_be_focused()
    tab_to(page, action(page, "Download all results"), key="Shift+Tab")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename == f"results-{job['id']}.csv"
    expect(action(page, "Download all results")).to_be_focused()


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press the key until this has the focus."""
    for _ in range(40):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press(key)
    expect(wanted).to_be_focused()


def test_it_fits_a_phone(phone: Page, service: Service, username: str, violations_of: Violations) -> None:
    with service.client(username) as client:
        job = sent(client, "On the way")
    open_catalogue(phone, service, username, job)
    expect(shown(phone)).to_have_count(PAGE_ROWS)
    assert phone.evaluate(FITS)
    assert violations_of(phone) == []
    phone.get_by_role("columnheader", name="Confidence").get_by_role("button").tap()
    expect(phone.get_by_role("columnheader", name="Confidence")).to_have_attribute("aria-sort", "ascending")
    phone.get_by_role("rowheader").first.get_by_role("button").tap()
    expect(phone.get_by_role("dialog")).to_be_visible()
    assert phone.evaluate(FITS)
    assert violations_of(phone) == []
    phone.get_by_role("dialog").get_by_role("button", name="Close").tap()
    phone.get_by_role("tab", name="Row errors").tap()
    expect(phone.get_by_role("table", name="Row errors").get_by_role("rowheader")).to_have_count(BAD)
    assert phone.evaluate(FITS)
    assert violations_of(phone) == []


def test_odd_texts_are_shown_as_they_are_and_break_nothing(
    phone: Page, service: Service, username: str, violations_of: Violations
) -> None:
    word, markup = "Donaudampfschifffahrtsgesellschaft" * 6, "Chaise <img src=x onerror=alert(1)> longue"
    lines = [("x" * 200, word, "Sehr lang. " * 500), ("<b>id</b>", markup, ""), ("rtl", "كرسي طويل للحديقة", "")]
    content = io.StringIO(newline="")
    csv.writer(content).writerows([("product_id", "designation", "description"), *lines])
    with service.client(username) as client:
        job = sent(client, "catalogue_automne_hiver_version_finale_" * 4, content.getvalue().encode(), CSV)
    open_catalogue(phone, service, username, job)
    expect(shown(phone)).to_have_text([product_id for product_id, *_ in lines])
    expect(phone.get_by_role("rowheader").get_by_role("button")).to_have_text([title for _, title, _ in lines])
    assert phone.evaluate(FITS)
    assert violations_of(phone) == []
    phone.get_by_role("rowheader").first.get_by_role("button").tap()
    expect(phone.get_by_role("dialog").get_by_role("group", name="Description")).to_contain_text("Sehr lang.")
    assert phone.evaluate(FITS)
    assert phone.get_by_role("dialog").evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")
    assert violations_of(phone) == []


def test_it_speaks_french(
    french_page: Page, service: Service, username: str, violations_of: Violations, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    with service.client(username) as client:
        job = sent(client, "Rentrée")
        code = rows(client, job["id"])[0]["category"]["code"]
        taxonomy = client.get("/api/taxonomy").json()["items"]
    name = next(each["name"] for each in taxonomy if each["code"] == code)
    open_catalogue(french_page, service, username, job, language="fr")
    expect(french_page.get_by_label("État", exact=True)).to_contain_text("Réussi en partie")
    expect(french_page.locator(".cell-category").first).to_contain_text(name)
    expect(french_page.get_by_role("button", name=f"Réessayer {BAD} lignes échouées")).to_be_visible()
    assert violations_of(french_page) == []
    french_page.get_by_role("tab", name="Lignes en erreur").click()
    expect(french_page.get_by_role("cell", name="Cette photo n’est pas dans le ZIP.")).to_be_visible()
    assert violations_of(french_page) == []
