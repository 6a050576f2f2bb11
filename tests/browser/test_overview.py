"""The overview of a service at work: what it shows is what the API says, by eye, by keyboard and by ear."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import catalogue_jobs
from tests.browser.accounts import ADMIN, REVIEWER, USER
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for

Json: TypeAlias = dict[str, Any]
PLACE = "#/overview"
CLOCK = ZoneInfo("Europe/Paris")  # of the browser
LOOKS_MILLISECONDS = 30_000  # for what a look some seconds later shows
OFFLINE = r"ERR_INTERNET_DISCONNECTED"


@pytest.fixture(scope="module", autouse=True)
def work(service: Service) -> int:
    """Single products and a catalogue were answered, two answers were judged, and so many rows reported by workers."""
    with service.client() as admin, service.client(REVIEWER) as reviewer:
        jobs = ended(admin, submit(admin, *(f"Overview product {number}" for number in range(6))))
        catalogue = catalogue_jobs.sent(admin, "overview")
        for job, code in zip(jobs, (jobs[0]["prediction"]["category"]["code"], 10), strict=False):
            path = f"/api/predictions/{job['prediction']['id']}/correction"
            reviewer.post(path, json={"code": code}).raise_for_status()
        begun = datetime.fromisoformat(jobs[0]["created_at"]) - timedelta(minutes=1)
        rows = len(jobs) + catalogue["counts"]["succeeded"]
        wait_for(lambda: answered(history(admin), begun) >= rows, 60, "workers' reports")
    return rows


def history(client: Any, hours: int = 1) -> Json:
    found: Json = client.get("/api/monitor/history", params={"hours": hours}).raise_for_status().json()
    return found


def answered(found: Json, since: datetime) -> int:
    points = [point for point in found["points"] if datetime.fromisoformat(point["start"]) >= since]
    return sum(lane["answered"] for point in points for lane in point["lanes"])


def monitor(service: Service) -> Json:
    with service.client() as client:
        found: Json = client.get("/api/monitor").raise_for_status().json()
    return found


def names(service: Service) -> dict[int, str]:
    with service.client() as client:
        return catalogue_jobs.names(client)


def table(page: Page, name: str) -> Locator:
    return page.get_by_role("table", name=name, exact=True)


def cells(page: Page, name: str) -> dict[str, list[str]]:
    """The cells of each row of a table, by its header."""
    script = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    found: list[list[str]] = table(page, name).locator("tbody tr").evaluate_all(script)
    return {header: values for header, *values in found}


def span(start: str, seconds: int) -> str:
    begin = datetime.fromisoformat(start).astimezone(CLOCK)
    return f"{begin:%H:%M}–{begin + timedelta(seconds=seconds):%H:%M}"


def opened(page: Page, service: Service, username: str = ADMIN, language: str = "en") -> None:
    sign_in(page, service, username, place=PLACE, language=language)
    expect(page.locator("h1")).to_be_focused()


def worked(found: Json) -> dict[str, list[str]]:
    """Of each point in which something was done, what the table says: rows of both lanes, errors, single products."""
    points = {}
    for point in found["points"]:
        rows = [lane["answered"] for lane in point["lanes"]]
        errors, products = sum(lane["errors"] for lane in point["lanes"]), point["latency"]["products"]
        points[span(point["start"], found["seconds_per_point"])] = [*rows, errors, products]
    return {name: [f"{each:,}" for each in figures] for name, figures in points.items() if any(figures)}


def test_the_table_of_work_over_time_has_what_the_api_says(page: Page, service: Service, work: int) -> None:
    opened(page, service)
    page.get_by_text("The figures as a table").first.click()
    expect(table(page, "Work over time")).to_be_visible()

    def shown() -> dict[str, list[str]]:
        rows = {name: [*each[:2], *each[3:5]] for name, each in cells(page, "Work over time").items()}
        return {name: figures for name, figures in rows.items() if any(figure != "0" for figure in figures)}

    with service.client() as client:
        wait_for(lambda: shown() == worked(history(client)), 60, "the points of the API in the table")
    figures = [[int(figure.replace(",", "")) for figure in each] for each in shown().values()]
    assert sum(interactive + bulk for interactive, bulk, *_ in figures) >= work


def test_a_moment_is_read_by_keyboard_and_a_chart_says_it(page: Page, service: Service) -> None:
    opened(page, service)
    chart = page.get_by_role("slider", name="Answered rows per second")
    with service.client() as client:
        found = history(client)
    last = len(found["points"]) - 1
    for _ in range(20):
        page.keyboard.press("Tab")
        if chart.evaluate("element => element === document.activeElement"):
            break
    expect(chart).to_be_focused()

    page.keyboard.press("Home")

    expect(chart).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    expect(chart).to_have_attribute("aria-valuenow", "1")
    for _ in range(last):
        page.keyboard.press("ArrowRight")  # further than there are points
    expect(chart).to_have_attribute("aria-valuenow", str(last))
    page.keyboard.press("PageDown")
    expect(chart).to_have_attribute("aria-valuenow", str(last - 10))
    said = chart.get_attribute("aria-valuetext")
    assert said is not None
    expect(page.get_by_text(said)).to_be_visible()
    assert said.startswith(tuple(span(point["start"], 60) for point in found["points"]))
    assert "Single products" in said
    assert "Catalogues" in said


def test_a_moment_is_read_by_pointing_at_it(page: Page, service: Service) -> None:
    opened(page, service)
    chart = page.get_by_role("slider", name="Time to a single product’s answer")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)

    said = chart.get_attribute("aria-valuetext")
    assert said is not None
    expect(page.get_by_text(said)).to_be_visible()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 200)
    expect(page.get_by_text("Point at a moment to read it")).to_have_count(2)


def test_another_stretch_of_time_is_kept_in_the_address(page: Page, service: Service, troubles: Troubles) -> None:
    troubles.allow(GIVEN_UP)
    opened(page, service)
    page.get_by_role("radio", name="1 h").focus()

    with page.expect_response(lambda response: "history?hours=6" in response.url):
        page.keyboard.press("ArrowRight")

    page.get_by_text("The figures as a table").first.click()
    with service.client() as client:
        found = history(client, hours=6)
    expect(table(page, "Work over time").locator("tbody tr")).to_have_count(len(found["points"]))
    expect(table(page, "Work over time")).to_contain_text(span(found["points"][1]["start"], found["seconds_per_point"]))
    page.reload()
    expect(page.get_by_role("radio", name="6 h")).to_be_checked()


def test_distributions_and_drift_are_those_of_the_api(page: Page, service: Service) -> None:
    opened(page, service)
    called = names(service)
    drift = {feature["feature"]: feature for feature in monitor(service)["drift"]["features"]}
    expect(table(page, "Drift: products now beside those of training").locator("tbody tr")).to_have_count(4)
    for name, feature in (("Mix of categories", "class_mix"), ("Unknown letters in texts", "unknown_tokens")):
        state, psi, _, rows, then = cells(page, "Drift: products now beside those of training")[name]
        found = drift[feature]
        assert state == {"too_few_rows": "Too few rows to say"}.get(found["state"], found["state"].capitalize())
        assert psi == ("–" if found["psi"] is None else f"{found['psi']:.3f}")
        assert [rows, then] == [f"{found['rows']:,}", f"{found['reference_rows']:,}"]

    page.get_by_role("button", name="Show all 27 categories").click()

    mix = cells(page, "Mix of categories")
    bins, total = drift["class_mix"]["bins"], drift["class_mix"]["rows"]
    assert len(mix) == len(bins) == 27
    differences = [each["rows"] / total - each["reference_share"] for each in bins]
    for each, difference in zip(bins, differences, strict=True):
        _, now, training, shown = mix[called[each["category"]["code"]]]
        assert abs(float(now[:-1]) / 100 - each["rows"] / total) < 0.00051
        assert abs(float(training[:-1]) / 100 - each["reference_share"]) < 0.00051
        assert shown.startswith("−" if difference < 0 else "+")
    far = [abs(float(shown[:-4].replace("−", "-"))) for *_, shown in mix.values()]
    assert far == sorted(far, reverse=True)
    expect(page.get_by_role("button", name="Show fewer categories")).to_be_focused()
    confidence = page.locator("details", has=page.get_by_role("table", name="Confidence", include_hidden=True))
    confidence.locator("summary").click()
    shown = cells(page, "Confidence")
    assert [rows for rows, *_ in shown.values()] == [f"{each['rows']:,}" for each in drift["confidence"]["bins"]]


def test_the_bundle_its_figures_and_what_people_said_of_it(page: Page, service: Service) -> None:
    opened(page, service)
    found = monitor(service)
    bundle, active = found["bundle"], found["accuracy"]["active"]

    expect(page.get_by_role("link", name=bundle["version"])).to_have_attribute("href", f"#/models/{bundle['version']}")
    assert active["judged"] >= 2
    agreed = page.get_by_role("definition").filter(has_text="judged").first
    expect(agreed).to_contain_text(f"{active['right']} right of {active['judged']} judged")
    expect(agreed).to_contain_text(f"{active['share']:.1%}")
    shown = cells(page, f"Figures on {bundle['metrics']['rows']} products that training has not seen")
    for name, model in (("Both together", "fused"), ("Text alone", "text"), ("Photo alone", "image")):
        figures = bundle["metrics"][model]
        assert shown[name] == [f"{figures['macro_f1']:.1%}", f"{figures['accuracy']:.1%}"]
    assert ("Simple text model" in shown) == (bundle["metrics"]["baseline"] is not None)


def test_the_confusion_is_read_cell_by_cell(page: Page, service: Service) -> None:
    opened(page, service)
    confusion, called = monitor(service)["bundle"]["confusion"], names(service)
    codes, counts = [each["code"] for each in confusion["categories"]], confusion["counts"]
    grid = page.get_by_role("grid", name="What is taken for what")

    grid.get_by_role("gridcell").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")

    said = f"{called[codes[2]]}: {counts[2][26]} of {sum(counts[2])}"
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_text(f"are answered as {called[codes[26]]}.")).to_be_visible()
    grid.get_by_role("gridcell").nth(27 * 5 + 5).hover()
    right = f"{called[codes[5]]}: {counts[5][5]} of {sum(counts[5])} are right"
    expect(page.get_by_text(right)).to_be_visible()
    wrong = [count for row, each in enumerate(counts) for column, count in enumerate(each) if row != column and count]
    listed = table(page, "Most frequent confusions").locator("tbody tr")
    expect(listed).to_have_count(min(len(wrong), 10))
    shown = listed.evaluate_all("rows => rows.map(row => Number(row.cells[2].textContent))")
    assert shown == sorted(wrong, reverse=True)[:10]


def test_workers_webhooks_and_disk(page: Page, service: Service) -> None:
    opened(page, service)
    found = monitor(service)

    expect(table(page, "Workers").locator("tbody tr")).to_have_count(len(found["workers"]))
    for worker in found["workers"]:
        shown = table(page, "Workers").get_by_role("row").filter(has_text=f"· {worker['process_id']}")
        expect(shown).to_contain_text(worker["host"])
        expect(shown).to_contain_text(worker["device"])
        expect(shown).to_contain_text(worker["bundle"] or "–")
        expect(shown).to_contain_text("Alive")
    expect(page.get_by_role("link", name="Endpoints and deliveries")).to_have_attribute("href", "#/webhooks")
    expect(page.get_by_text("Nothing is kept in reserve.")).to_be_visible()


def test_a_look_that_fails_is_said_and_the_last_picture_stays(
    page: Page, service: Service, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.allow(OFFLINE)
    opened(page, service)
    expect(page.get_by_text("As of")).to_be_visible()

    page.context.set_offline(True)

    expect(page.get_by_text("The last look failed:").first).to_be_visible(timeout=LOOKS_MILLISECONDS)
    expect(page.get_by_role("slider", name="Answered rows per second")).to_be_visible()
    assert violations_of(page) == []
    page.context.set_offline(False)
    expect(page.get_by_text("As of")).to_be_visible(timeout=LOOKS_MILLISECONDS)
    expect(page.get_by_text("The overview is up to date again.")).to_be_attached()


def test_who_reads_a_chart_goes_on_reading_while_the_picture_keeps_up(page: Page, service: Service) -> None:
    opened(page, service)
    chart = page.get_by_role("slider", name="Answered rows per second")
    chart.focus()
    button = page.get_by_role("button", name="Show all 27 categories")
    before = page.get_by_text("As of").text_content()

    expect(page.get_by_text("As of")).not_to_have_text(str(before), timeout=LOOKS_MILLISECONDS)

    expect(chart).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_text("Point at a moment to read it")).to_have_count(1)


def test_axe_finds_nothing_wrong_in_light_and_dark(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    opened(page, service, USER)
    for summary in page.get_by_text("The figures as a table").all():
        summary.click()
    page.get_by_role("slider", name="Answered rows per second").focus()

    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []


def test_it_fits_a_phone(phone: Page, service: Service, violations_of: Callable[[Page], list[str]]) -> None:
    opened(phone, service, USER)
    for summary in phone.get_by_text("The figures as a table").all():
        summary.click()

    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = phone.locator(".chart text").evaluate_all(
        "texts => texts.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
    )
    assert sizes
    assert min(sizes) >= 11
    assert violations_of(phone) == []


def test_in_french(french_page: Page, service: Service) -> None:
    opened(french_page, service, USER, language="fr")

    expect(french_page.locator("h1")).to_have_text("Vue d’ensemble")
    expect(french_page.get_by_role("heading", name="Files d’attente")).to_be_visible()
    with service.client() as client:
        category = client.get("/api/taxonomy").json()["items"][0]["name"]
    grid = french_page.get_by_role("grid", name="Les confusions")
    expect(grid.get_by_role("rowheader", name=category)).to_have_count(1)
    text = french_page.locator("main").inner_text()
    assert [word for word in ("undefined", "NaN", "null", "[object") if word in text] == []
