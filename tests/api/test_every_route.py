"""What holds for every route that the OpenAPI document lists, and for what it does not."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shared.identifiers import new_id
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import filled

PUBLIC = {
    ("post", "/api/auth"),
    ("post", "/api/auth/revoke"),
    ("post", "/api/auth/session"),
    ("delete", "/api/auth/session"),
    ("get", "/.well-known/oauth-authorization-server"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
    ("get", "/api/openapi.json"),
}
PAGE = "/api/auth/session"  # has a cookie, or makes one
OAUTH = ("/api/auth", "/api/auth/revoke")  # RFC 6749 and its clients want JSON for what is wrong with a request


@pytest.fixture
def document(api: RunningApi) -> dict[str, Any]:
    found: dict[str, Any] = api.client().get("/api/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def references(part: Any) -> Iterator[str]:
    """Every `$ref` in a part of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part of the document, or what it refers to."""
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_all_but_the_public_ones_need_a_token(api: RunningApi, document: dict[str, Any]) -> None:
    nobody = api.client()
    for method, path, _ in operations(document):
        answer = nobody.request(method, filled(path))
        if (method, path) in PUBLIC:
            assert answer.status_code != 401, path
        else:
            assert_problem(answer, 401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == "Bearer"


def test_the_document_says_which_need_a_token(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert ("oauth2" in str(operation.get("security"))) is ((method, path) not in PUBLIC), path
        assert ("session" in str(operation.get("security"))) is (path == PAGE)
    schemes = document["components"]["securitySchemes"]
    assert schemes["oauth2"]["flows"]["password"]["tokenUrl"] == "/api/auth"


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400":
                wanted = {"application/problem+json"}
                if path in OAUTH and status in ("400", "401", "429"):
                    # A wrong Host is refused before the route, which would say it in OAuth's words.
                    wanted = {"application/json"} | (wanted if status == "400" else set())
                elif (path, status) == ("/health/ready", "503"):
                    wanted |= {"application/json"}
                assert set(resolved(document, response)["content"]) == wanted, (method, path, status)


def test_every_reference_in_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        assert resolved(document, {"$ref": reference})


def test_every_answer_carries_the_security_headers(api: RunningApi, client: httpx.Client) -> None:
    paths = ("/api/users/me", "/api/jobs/none", "/api/nowhere", "/health/live", "/nowhere", "/api/openapi.json")
    for answer in (api.client().post("/api/auth"), *(client.get(path) for path in paths)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "strict-transport-security" not in answer.headers  # which over http nobody may say
        assert ("/api" in answer.url.path) is (answer.headers.get("cache-control") == "no-store")
        assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/nowhere", "/docs", "/redoc", "/api/jobs/", "/api//jobs"])
def test_what_is_not_there_is_a_problem(client: httpx.Client, path: str) -> None:
    assert_problem(client.get(path), 404, "NOT_FOUND")


def test_another_method_is_a_problem_that_names_the_right_ones(client: httpx.Client) -> None:
    answer = client.delete("/api/predict")

    assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST"


def test_all_methods_of_a_path_are_named(client: httpx.Client) -> None:
    assert client.put("/api/users").headers["allow"] == "GET, POST"
    assert client.put(f"/api/jobs/{new_id()}").headers["allow"] == "DELETE, GET"


def test_a_request_keeps_the_callers_id(client: httpx.Client) -> None:
    assert client.get("/health/live", headers={"X-Request-ID": "order-17"}).headers["x-request-id"] == "order-17"


@pytest.mark.parametrize("odd", ["two words", "x" * 65, "{}", ""])
def test_an_odd_id_is_replaced(client: httpx.Client, odd: str) -> None:
    given = client.get("/health/live", headers={"X-Request-ID": odd}).headers["x-request-id"]

    assert given != odd
    assert len(given) == 36
