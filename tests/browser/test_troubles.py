"""What the overview calls wrong: the manual's rules, on a monitor of the service with one thing changed."""

from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser

from tests.support.service import Service

Monitor: TypeAlias = dict[str, Any]
FOUND = "async (monitor) => (await import('/ui/pages/overview/troubles.js')).troublesOf(monitor)"
SAID = """
async (monitor) => {
    const { loadWords, t } = await import("/ui/kit/words.js");
    await loadWords("overview");
    const { troublesOf } = await import("/ui/pages/overview/troubles.js");
    const both = ({ name, values }) => ["", "_todo"].map((end) => t(`overview.trouble_${name}${end}`, values));
    return troublesOf(monitor).flatMap(both);
}
"""


@pytest.fixture
def well(service: Service) -> Monitor:
    """A monitor of a service that is well: the one that runs, with what other tests have done to it set right."""
    with service.client() as client:
        monitor: Monitor = client.get("/api/monitor").raise_for_status().json()
    for worker in monitor["workers"]:
        worker["state"] = "alive"
    for lane in monitor["lanes"]:
        lane.update(oldest_queued_seconds=None, queued_rows=0, workers=1)
    for lane in monitor["recent"]["lanes"]:
        lane.update(answered=100, errors=0)
    for feature in monitor["drift"]["features"]:
        feature["state"] = "too_few_rows"
    monitor["webhooks"].update(disabled_endpoints=0, dead=0, failed=0, due=0, oldest_due_seconds=None)
    monitor["disk"].update(free_bytes=10**12, reserve_bytes=10**9)
    return monitor


def with_lane(monitor: Monitor, name: str, **changes: object) -> Monitor:
    lanes = [each | changes if each["lane"] == name else each for each in monitor["lanes"]]
    return monitor | {"lanes": lanes}


def with_part(monitor: Monitor, part: str, **changes: object) -> Monitor:
    return monitor | {part: monitor[part] | changes}


def with_errors(monitor: Monitor, errors: int) -> Monitor:
    lanes = [each | {"errors": errors if each["lane"] == "bulk" else 0} for each in monitor["recent"]["lanes"]]
    return with_part(monitor, "recent", lanes=lanes)


def with_drift(monitor: Monitor, feature: str, state: str) -> Monitor:
    features = [
        each | {"state": state} if each["feature"] == feature else each for each in monitor["drift"]["features"]
    ]
    return with_part(monitor, "drift", features=features)


def with_late(monitor: Monitor, kind: str) -> Monitor:
    return monitor | {"workers": [monitor["workers"][0] | {"state": "late", "kind": kind, "host": "mercury"}]}


def without_bundle(monitor: Monitor) -> Monitor:
    lanes = [each | {"workers": int(each["lane"] == "io")} for each in monitor["lanes"]]
    return monitor | {"bundle": None, "drift": None, "lanes": lanes}


def with_late_worker(monitor: Monitor) -> Monitor:
    return monitor | {"workers": [monitor["workers"][0] | {"state": "late"}, *monitor["workers"][1:]]}


WRONG = {
    "no bundle": (without_bundle, ["bad no_bundle"]),
    "refused": (lambda m: with_part(m, "bundle", refused="x"), ["bad refused"]),
    "late": (with_late_worker, ["bad late"]),
    "nobody works": (lambda m: with_lane(m, "bulk", workers=0, queued_rows=3), ["bad no_workers"]),
    "somebody waits": (lambda m: with_lane(m, "interactive", oldest_queued_seconds=31.0), ["bad waits"]),
    "nobody waits yet": (lambda m: with_lane(m, "interactive", oldest_queued_seconds=30.0), []),
    "a catalogue waits": (lambda m: with_lane(m, "bulk", oldest_queued_seconds=901.0), ["warn waits"]),
    "a catalogue may wait": (lambda m: with_lane(m, "bulk", oldest_queued_seconds=900.0), []),
    "files wait": (lambda m: with_lane(m, "io", oldest_queued_seconds=901.0), ["warn waits"]),
    "errors": (lambda m: with_errors(m, 11), ["warn errors"]),
    "few errors": (lambda m: with_errors(m, 10), []),
    "disk full": (lambda m: with_part(m, "disk", free_bytes=10**9 - 1), ["bad disk_full"]),
    "disk nearly full": (lambda m: with_part(m, "disk", free_bytes=10**9), ["warn disk_near"]),
    "disk with room": (lambda m: with_part(m, "disk", free_bytes=1_500_000_000), []),
    "disabled": (lambda m: with_part(m, "webhooks", disabled_endpoints=1), ["warn webhooks_disabled"]),
    "dead": (lambda m: with_part(m, "webhooks", dead=2), ["warn webhooks_dead"]),
    "due": (lambda m: with_part(m, "webhooks", due=2, oldest_due_seconds=301.0), ["warn webhooks_due"]),
    "due lately": (lambda m: with_part(m, "webhooks", due=2, oldest_due_seconds=300.0), []),
    "failing": (lambda m: with_part(m, "webhooks", failed=5, delivered=4), ["warn webhooks_fail"]),
    "mostly arriving": (lambda m: with_part(m, "webhooks", failed=5, delivered=5), []),
    **{
        f"{feature} {state}": (lambda m, f=feature, s=state: with_drift(m, f, s), [f"warn drift_{feature}"])
        for feature in ("class_mix", "confidence", "unknown_tokens", "missing_images")
        for state in ("watch", "drifted")
    },
    "stable": (lambda m: with_drift(m, "confidence", "stable"), []),
    "all at once": (
        lambda m: with_errors(with_part(with_lane(m, "io", workers=0), "disk", free_bytes=0), 50),
        ["bad no_workers", "bad disk_full", "warn errors"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_and_nothing_else(browser: Browser, service: Service, well: Monitor, case: str) -> None:
    change, names = WRONG[case]
    page = browser.new_page(base_url=service.url)
    page.goto("/")
    found = page.evaluate(FOUND, change(well))
    page.close()

    assert [f"{each['level']} {each['name']}" for each in found] == names


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_every_trouble_is_said_in_whole_sentences(
    browser: Browser, service: Service, well: Monitor, locale: str
) -> None:
    page = browser.new_page(base_url=service.url, locale=locale)
    page.goto("/")
    said = [sentence for change, _ in WRONG.values() for sentence in page.evaluate(SAID, change(well))]
    page.close()

    assert len(said) == 2 * sum(len(names) for _, names in WRONG.values())
    unwhole = ("undefined", "null", "NaN", "[object")
    assert [each for each in said if not each.endswith((".", "?", ":")) or any(word in each for word in unwhole)] == []


@pytest.mark.parametrize(("locale", "kinds"), [("en-GB", ["Models", "Files"]), ("fr-FR", ["Modèles", "Fichiers"])])
def test_a_late_worker_is_named_by_its_host_and_what_it_works_on(
    browser: Browser, service: Service, well: Monitor, locale: str, kinds: list[str]
) -> None:
    page = browser.new_page(base_url=service.url, locale=locale)
    page.goto("/")
    said = [page.evaluate(SAID, with_late(well, kind))[0] for kind in ("model", "io")]
    page.close()

    assert [sentence.split(" mercury (")[1].split(",")[0].rstrip(").") for sentence in said] == kinds
