"""Catalogues: a file is looked into, its columns are mapped, it is sent; and the list says how far each is."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accounts import PASSWORD, new_account
from tests.browser.catalogue_files import FILES, FRENCH, ROWS, csv_of, jobs, only_job, payload, send
from tests.browser.catalogues_page import (
    A_CATALOGUE,
    PLACE,
    assert_fits,
    assert_readable,
    choose,
    heads,
    listed,
    send_button,
)
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.photos import jpeg
from tests.support.service import Service, ended, submit

DROP = """
(element, [text, ...names]) => {
    const dataTransfer = new DataTransfer();
    for (const name of names) dataTransfer.items.add(new File([text], name));
    const dragged = (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
    element.dispatchEvent(dragged("dragover"));
    return element.dispatchEvent(dragged("drop"));
}
"""

LOOKS = """
async ([ids, looks]) => {
    const { latest } = await import("/ui/pages/catalogues/job_watch.js");
    const found = [];
    for (let look = 0; look < looks; look += 1) {
        const { jobs, gone } = await latest(ids, () => ({ items: [] }), new AbortController().signal);
        found.push([jobs.map(({ id }) => id), gone]);
    }
    return found;
}
"""


@pytest.fixture(autouse=True)
def leaving(troubles: Troubles) -> None:
    """Pages are left here while they are still asking for something."""
    troubles.allow(GIVEN_UP)


def test_columns_are_mapped_by_hand_and_read_so_by_the_service(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    expect(page.get_by_text("Nothing sent so far.")).to_be_visible()
    assert_readable(page, violations_of)

    choose(page, "automne.csv", FRENCH)
    expect(page.get_by_role("heading", name="automne.csv")).to_be_focused()
    expect(page.get_by_text("CSV · 160 bytes · Windows-1252 · semicolon-separated")).to_be_visible()
    expect(page.get_by_text("No column says what the products are.")).to_be_visible()
    expect(heads(page)).to_have_text(["Not usedRéf", "Not usedIntitulé, court", "Not usedTexte", "Not usedPrix"])
    first, *others = page.get_by_role("row").all()[1:]
    expect(first.get_by_role("cell")).to_have_text(
        ["A-1", "Piscine gonflable", "Ronde, 3 m\r\nfacile à monter", "39,90"]
    )
    expect(others[0].get_by_role("cell")).to_have_text(["A-2", 'Chaise "longue"', "", "59,00"])
    expect(others[1].get_by_role("cell")).to_have_text(["A-3", "Table à thé", "Chêne massif", "120,00"])
    assert_readable(page, violations_of)
    send_button(page).click()
    expect(page.get_by_label("Title")).to_be_focused()
    with service.client(username, PASSWORD) as client:
        assert jobs(client) == []

    page.get_by_label("Product id").select_option(label="Réf")
    expect(page.get_by_text("No column is the title, the description or the photo.")).to_be_visible()
    page.get_by_label("Title").select_option(label="Intitulé, court")
    expect(page.get_by_text("No column is the title, the description or the photo.")).to_have_count(0)
    expect(heads(page)).to_have_text(["Product idRéf", "TitleIntitulé, court", "Not usedTexte", "Not usedPrix"])
    page.get_by_label("Name").fill("Autumn range")
    assert_readable(page, violations_of)
    send_button(page).click()

    expect(page).to_have_url(A_CATALOGUE)
    with service.client(username, PASSWORD) as client:
        job = only_job(client)
    assert page.url.endswith(job["id"])
    assert (job["name"], job["status"], job["counts"]["total"]) == ("Autumn range", "succeeded", 3)
    assert job["source"]["columns"] == {"product_id": "Réf", "designation": "Intitulé, court"}
    assert (job["source"]["filename"], job["source"]["encoding"]) == ("automne.csv", "windows-1252")
    page.goto(f"/{PLACE}")
    expect(listed(page)).to_have_count(1)
    expect(listed(page)).to_contain_text("Succeeded")
    expect(listed(page)).to_contain_text("automne.csv")
    expect(listed(page)).to_contain_text("3 rows")
    assert_readable(page, violations_of)
    page.get_by_role("link", name="Autumn range").click()
    expect(page).to_have_url(A_CATALOGUE)


def test_a_file_of_every_kind_is_shown_and_sent(page: Page, service: Service) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)

    for name, content in FILES.items():
        choose(page, name, content)
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.get_by_label("Title")).to_have_value("1")
        if name == "table.parquet":
            expect(page.get_by_text("can’t be shown before it is sent")).to_be_visible()
            expect(page.get_by_text(re.compile(r"^Parquet · .* · 3 rows$"))).to_be_visible()
        else:
            expect(page.get_by_role("cell", name=ROWS[2][1])).to_be_visible()
        if name == "table.zip":
            expect(page.get_by_text("table.csv · 2 photos")).to_be_visible()
        send_button(page).click()
        expect(page).to_have_url(A_CATALOGUE)
        page.goto(f"/{PLACE}")

    with service.client(username, PASSWORD) as client:
        sent = ended(client, [job["id"] for job in jobs(client)])
    assert [job["source"]["filename"] for job in reversed(sent)] == list(FILES)
    assert {job["status"] for job in sent} == {"succeeded"}
    assert {job["name"] for job in sent} == {None}
    expect(listed(page)).to_have_count(len(FILES))
    for name in FILES:
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


def test_what_is_no_catalogue_is_not_sent(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    alert = page.get_by_role("alert")
    for name, content, said in (
        ("photo.csv", jpeg(), "This is a photo."),
        ("empty.csv", b"", "The file is empty."),
        ("header.csv", b"title,note\n", "The file has no rows."),
        ("table.html", csv_of(), "Its name does not say what kind of file this is."),
    ):
        choose(page, name, content)
        expect(alert).to_contain_text(said)
        expect(alert).to_contain_text(name)
    page.get_by_label("Drop a file here, or choose one").set_input_files([payload("a.csv", csv_of())])
    expect(alert).to_have_count(0)
    page.get_by_role("button", name="Choose another file").click()
    expect(page.get_by_label("Drop a file here, or choose one")).to_be_focused()
    page.locator(".drop").evaluate(DROP, ["", "empty.zip"])
    expect(alert).to_contain_text("The file is empty.")
    page.locator(".drop").evaluate(DROP, [csv_of().decode(), "one.csv", "two.csv"])
    expect(alert).to_contain_text("These are several files.")
    assert_readable(page, violations_of)

    with service.client(username, PASSWORD) as client:
        assert jobs(client) == []


def test_a_file_is_dropped(page: Page, service: Service) -> None:
    sign_in(page, service, new_account(service), place=PLACE)

    assert not page.locator("h1").evaluate(DROP, [csv_of().decode(), "beside.csv"])  # else the browser would open it
    expect(page.get_by_label("Drop a file here, or choose one")).to_be_visible()
    assert not page.locator(".drop").evaluate(DROP, [csv_of().decode(), "dropped.csv"])

    expect(page.get_by_role("heading", name="dropped.csv")).to_be_focused()
    expect(heads(page)).to_have_text(["Product idproduct_id", "Titletitle", "Descriptiondescription"])


def test_rows_that_cannot_be_read_and_names_that_are_there_twice_are_said(page: Page, service: Service) -> None:
    sign_in(page, service, new_account(service), place=PLACE)

    choose(page, "t.csv", b"title,text,text\na,b,c\nd,e\n")
    expect(page.get_by_text("Row 2 cannot be read")).to_be_visible()
    expect(page.get_by_label("Description").locator("option")).to_have_text(["Not in this file", "title"])

    page.get_by_role("button", name="Choose another file").click()
    choose(page, "t.csv", b"title,title,label\na,b,c\n")
    expect(page.get_by_text("The file has the column title twice.")).to_be_visible()
    send_button(page).click()
    expect(page.get_by_label("Title")).to_be_focused()
    page.get_by_label("Title").select_option(label="label")
    expect(page.get_by_text("The file has the column title twice.")).to_have_count(0)


def test_a_file_that_cannot_be_looked_into_is_sent_all_the_same(page: Page, service: Service) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    broken = FILES["table.parquet"][:-4] + b"PAR2"

    choose(page, "broken.parquet", broken)
    expect(page.get_by_role("alert")).to_contain_text("The Parquet file cannot be looked into here.")
    send_button(page).click()
    expect(page).to_have_url(A_CATALOGUE)
    page.goto(f"/{PLACE}")

    expect(listed(page)).to_contain_text("Failed")
    expect(listed(page)).to_contain_text("The Parquet file is damaged or breaks off.")


def test_a_catalogue_is_sent_by_keyboard_alone(page: Page, service: Service) -> None:
    username = new_account(service)
    page.on("filechooser", lambda _: None)  # from now on the browser shows no dialog of its own
    sign_in(page, service, username, place=PLACE)
    expect(page.get_by_role("heading", name="Catalogues", exact=True)).to_be_focused()

    page.keyboard.press("Tab")
    expect(page.get_by_label("Drop a file here, or choose one")).to_be_focused()
    with page.expect_file_chooser() as opened:
        page.keyboard.press("Enter")
    opened.value.set_files([payload("automne.csv", FRENCH)])
    expect(page.get_by_role("heading", name="automne.csv")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Int")
    expect(heads(page).nth(1)).to_have_text("TitleIntitulé, court")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="The first rows of the file")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")
    expect(send_button(page)).to_be_focused()
    page.keyboard.press("Enter")

    expect(page).to_have_url(A_CATALOGUE)
    with service.client(username, PASSWORD) as client:
        job = only_job(client)
    assert (job["name"], job["source"]["columns"]) == ("By hand", {"designation": "Intitulé, court"})


def test_the_list_is_filtered_and_goes_on(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    username = new_account(service)
    with service.client(username, PASSWORD) as client:
        many = [send(client, b"title\nchair\n", name=f"Chairs {number}") for number in range(21)]
        many.append(send(client, b"colour\nred\n", name="Colours"))
        ended(client, many)
    sign_in(page, service, username, place=PLACE)

    expect(listed(page)).to_have_count(20)
    expect(listed(page).first).to_contain_text("Colours")
    expect(listed(page).first).to_contain_text("None of the columns is known.")
    page.get_by_role("button", name="Show more").click()
    expect(listed(page)).to_have_count(22)
    expect(page.get_by_role("link", name="Chairs 1", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()

    page.get_by_label("Status").select_option(label="Failed")
    expect(listed(page)).to_have_count(1)
    assert page.url.endswith("?status=failed")
    page.reload()
    expect(listed(page)).to_have_count(1)
    assert_readable(page, violations_of)
    page.get_by_label("Status").select_option(label="Canceled")
    expect(page.get_by_text("None of them has the status “Canceled”.")).to_be_visible()
    page.get_by_role("button", name="Show all of them").click()
    expect(listed(page)).to_have_count(20)
    expect(page.get_by_label("Status")).to_be_focused()


def test_a_job_is_watched_to_its_end(page: Page, service: Service, violations_of: Callable[[Page], list[str]]) -> None:
    username = new_account(service)
    with service.client(username, PASSWORD) as client:
        with service.paused("worker-model"):
            job_id = send(client, csv_of(), name="In hand")
            sign_in(page, service, username, place=PLACE)
            expect(listed(page)).to_contain_text(re.compile("Waiting|Running"))
            expect(page.get_by_role("progressbar", name="Progress of In hand")).to_be_visible()
            assert_readable(page, violations_of)
        ended(client, [job_id])

    expect(listed(page)).to_contain_text("Succeeded")
    expect(listed(page)).to_contain_text("3 rows")
    expect(page.get_by_role("status").filter(has_text="In hand: Succeeded")).to_have_count(1)


def test_administrators_see_labelled_data_too(page: Page, service: Service) -> None:
    username = new_account(service, "admin")
    with service.client(username, PASSWORD) as client:
        labelled = b"product_id,title,prdtypecode\nB-1,chair,10\n"
        ended(client, [send(client, labelled, "/api/data-ingest", name="Labelled chairs")])
    sign_in(page, service, username, place=PLACE)
    expect(page.get_by_text("Nothing sent so far.")).to_be_visible()

    page.get_by_label("Kind").select_option(label="Labelled data")
    expect(page.get_by_role("link", name="Labelled chairs")).to_be_visible()
    assert page.url.endswith("?kind=ingest")


def test_others_are_not_offered_labelled_data(page: Page, service: Service) -> None:
    sign_in(page, service, new_account(service), place=f"{PLACE}?kind=ingest")

    expect(page.get_by_text("Nothing sent so far.")).to_be_visible()
    expect(page.get_by_label("Kind")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_everything_fits(
    phone: Page, service: Service, violations_of: Callable[[Page], list[str]], scheme: str
) -> None:
    phone.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    username = new_account(service)
    with service.client(username, PASSWORD) as client:
        ended(client, [send(client, b"title\nchair\n", name="Averylongnamewithoutanyblanksinit" * 5)])
    sign_in(phone, service, username, place=PLACE)
    expect(listed(phone)).to_have_count(1)
    assert_fits(phone)

    wide = ";".join(f"colonne_au_nom_assez_long_{number}" for number in range(60))
    choose(phone, "un_fichier_dont_le_nom_est_tres_long_" * 3 + ".csv", f"{wide}\n{wide}\n".encode())
    expect(phone.get_by_text("And 20 columns more")).to_be_visible()
    assert_fits(phone)
    assert violations_of(phone) == []


def test_in_french_and_into_english_with_what_was_chosen(french_page: Page, service: Service) -> None:
    page = french_page
    sign_in(page, service, new_account(service), place=PLACE, language="fr")
    expect(page.get_by_role("heading", name="Nouveau catalogue")).to_be_visible()

    page.get_by_label("Déposez un fichier ici").set_input_files(payload("automne.csv", FRENCH))
    expect(page.get_by_text("CSV · 160 octets · Windows-1252 · séparateur point-virgule")).to_be_visible()
    page.get_by_label("Titre").select_option(label="Intitulé, court")
    page.get_by_label("Nom", exact=True).fill("Gamme d’automne")
    page.get_by_label("Langue").select_option(label="English")

    expect(page.get_by_role("heading", name="automne.csv")).to_be_visible()
    expect(heads(page).nth(1)).to_have_text("TitleIntitulé, court")
    expect(page.get_by_label("Name")).to_have_value("Gamme d’automne")


def test_all_jobs_that_run_are_asked_for_in_turn(page: Page, service: Service) -> None:
    username = new_account(service)
    with service.client(username, PASSWORD) as client:
        running = submit(client, *(f"Chaise {number}" for number in range(12)))
    sign_in(page, service, username, place="#/account")

    looks = page.evaluate(LOOKS, [running, 3])

    assert [(len(jobs), gone) for jobs, gone in looks] == [(10, [])] * 3
    assert {job for jobs, _ in looks[:2] for job in jobs} == set(running)
    assert {job for jobs, _ in looks[1:] for job in jobs} == set(running)
