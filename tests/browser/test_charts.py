"""What charts are drawn from: round figures, round moments, stretches without gaps, shades, the worst confusions."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.service import Service

HOUR = 3_600_000


@pytest.fixture(scope="module")
def modules(browser: Browser, service: Service) -> Iterator[Page]:
    """A page of the service, from which its modules can be asked; in India, half an hour off everybody's full hour."""
    page = browser.new_page(base_url=service.url, locale="en-GB", timezone_id="Asia/Kolkata")
    page.goto("/")
    yield page
    page.close()


def called(page: Page, module: str, name: str, *values: object) -> Any:
    """What a function of a module of the page answers."""
    script = "async ([path, name, values]) => (await import(path))[name](...values)"
    return page.evaluate(script, [f"/ui/{module}.js", name, list(values)])


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 0.5, 1]),
        (0.83, [0, 0.5, 1]),
        (1, [0, 0.5, 1]),
        (7.4, [0, 2, 4, 6, 8]),
        (8, [0, 2, 4, 6, 8]),
        (9, [0, 5, 10]),
        (0.03, [0, 0.01, 0.02, 0.03]),
        (1234, [0, 500, 1000, 1500]),
    ],
)
def test_figures_at_the_edge_are_round_and_reach_the_largest(modules: Page, most: float, ticks: list[float]) -> None:
    assert called(modules, "charts/scale", "niceTicks", most) == ticks


def test_moments_are_round_on_the_clock_of_the_reader(modules: Page) -> None:
    start = 1_764_000_000_000 + 10 * 60_000  # 16:10 UTC, 21:40 in India

    day = called(modules, "charts/scale", "timeTicks", start, start + 24 * HOUR, 6)
    hour = called(modules, "charts/scale", "timeTicks", start, start + HOUR, 6)

    assert [(at / HOUR + 5.5) % 24 for at in day] == [0, 4, 8, 12, 16, 20]
    assert [round((at / HOUR + 5.5) % 24 * 60) for at in hour] == [21 * 60 + minute for minute in (40, 50)] + [
        22 * 60 + minute for minute in (0, 10, 20, 30, 40)
    ]


def test_a_line_breaks_off_where_there_was_nothing(modules: Page) -> None:
    assert called(modules, "charts/lines", "runs", [None, 1, 2, None, None, 0, None]) == [[1, 2], [5]]
    assert called(modules, "charts/lines", "runs", [None, None]) == []
    assert called(modules, "charts/lines", "runs", [3, 4]) == [[0, 1]]


def test_the_more_of_a_category_the_darker_the_shade(modules: Page) -> None:
    shares = [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.85, 1]

    assert [called(modules, "charts/confusion", "shade", share) for share in shares] == [
        0,
        1,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
    ]


def test_the_most_frequent_confusions_come_first_and_what_is_right_is_none(modules: Page) -> None:
    categories = [{"code": -place, "name": name} for place, name in enumerate(("a", "b", "c"), start=1)]
    counts = [[90, 4, 6], [6, 2, 0], [0, 0, 0]]

    found = called(modules, "charts/confusion", "mistakes", {"categories": categories, "counts": counts}, 2)

    assert found == [
        {"truth": "b", "answered": "a", "count": 6, "share": 0.75},
        {"truth": "a", "answered": "c", "count": 6, "share": 0.06},
    ]


def test_categories_are_in_order_of_their_difference(modules: Page) -> None:
    bins = [
        {"key": "near", "rows": 3, "reference_share": 0.3},
        {"key": "new", "rows": 5, "reference_share": 0.0},
        {"key": "gone", "rows": 2, "reference_share": 0.6},
    ]

    found = called(modules, "pages/overview/class_mix", "sorted", bins, 10)
    without = called(modules, "pages/overview/class_mix", "sorted", bins, 0)

    assert [(each["key"], round(each["away"], 9)) for each in found] == [("new", 0.5), ("gone", -0.4), ("near", 0.0)]
    assert [(each["share"], each["away"]) for each in without] == [(None, None)] * 3
