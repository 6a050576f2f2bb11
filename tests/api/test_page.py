"""The web page as it is served: one document under a strict policy, and the files that it names."""

import re

import pytest

from api.routes.page import FILES_PATH, UI
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem

FILES = sorted(path.relative_to(UI).as_posix() for path in UI.rglob("*") if path.is_file())
REFERENCE = re.compile(r"""(?:src|href)="(/ui/[^"]+)"|(?:from|import\() ?"(\.[^"]+)\"""")


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(api: RunningApi) -> None:
    answer = api.client().get("/")

    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"


def test_the_page_may_be_asked_for_its_headers_alone(api: RunningApi) -> None:
    answer = api.client().head("/")

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_of_the_page_names_is_there(name: str) -> None:
    text = (UI / name).read_text()

    for absolute, relative in REFERENCE.findall(text):
        named = UI / absolute.removeprefix(FILES_PATH + "/") if absolute else (UI / name).parent / relative
        assert named.is_file(), f"{name} names {absolute or relative}"


def test_scripts_come_packed_and_unpacked_and_are_asked_for_again(api: RunningApi) -> None:
    client = api.client()
    packed = client.get("/ui/app.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/ui/app.js", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-type"].startswith("text/javascript")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text == (UI / "app.js").read_text()
    assert plain.headers["cache-control"] == "no-cache"
    assert client.get("/ui/app.js", headers={"If-None-Match": plain.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "path", ["/ui/", "/ui/none.js", "/ui/%2e%2e/app.py", "/ui/..%2fapp.py", "/ui/styles", "/ui/a%00b"]
)
def test_nothing_else_is_served_there(api: RunningApi, path: str) -> None:
    assert_problem(api.client().get(path), 404, "NOT_FOUND")


def test_requests_for_files_are_counted_together(api: RunningApi) -> None:
    client = api.client()
    for path in ("/ui/app.js", "/ui/shell.js", "/ui/none.js"):
        client.get(path)

    counted = client.get("/metrics").text

    assert 'shelfwise_http_requests_total{method="GET",route="/ui",status="200"}' in counted
    assert "app.js" not in counted
