"""JSON that is none, or that says what nobody asked for: 422 from every operation that takes JSON, and no memory."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api import strict_json
from shared.errors import InvalidInput
from shared.users import Role
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.paths import filled
from tests.api.process import MIB, ApiProcess, api_process
from tests.conftest import RedisServer

JSON = {"Content-Type": "application/json"}

NOT_JSON = {
    "nothing": b"",
    "an open brace": b"{",
    "NaN": b'{"designation": NaN}',
    "Infinity": b'{"designation": Infinity}',
    "-Infinity": b'{"designation": -Infinity}',
    "1e999": b'{"designation": 1e999}',
    "-1e999": b'{"designation": -1e999}',
    "2^63": b'{"designation": 9223372036854775808}',
    "-2^63-1": b'{"designation": -9223372036854775809}',
    "100,000 digits": b'{"designation": ' + b"9" * 50_000 + b"}",
    "a lone surrogate": b'{"designation": "\\ud800"}',
    "a lone low surrogate": b'{"designation": "\\udfff"}',
    "surrogates the wrong way round": b'{"designation": "\\udc00\\ud800"}',
    "a lone surrogate in a key": b'{"\\uDfff": "x"}',
    "a lone surrogate, deep down": b'{"a": [{"b": "\\ud800"}]}',
    "duplicate keys": b'{"designation": "a", "designation": "b"}',
    "duplicate keys, written differently": b'{"designation": "a", "d\\u0065signation": "b"}',
    "duplicate keys, deep down": b'{"a": [{"b": 1, "b": 2}]}',
    "lists, 10,000 deep": b"[" * 10_000 + b"]" * 10_000,
    "objects, 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "an open list, 60,000 deep": b"[" * 60_000,
    "no UTF-8": b'{"designation": "\\xff"}'.replace(b"\\xff", b"\xff"),
    "a surrogate in UTF-8": b'{"designation": "\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"designation": "x"}'.encode("utf-16"),
    "UTF-32": '{"designation": "x"}'.encode("utf-32"),
    "single quotes": b"{'designation': 'x'}",
    "two values": b'{"designation": "x"} {}',
    "a trailing comma": b'{"designation": "x",}',
    "a comment": b'{"designation": "x" /* y */}',
    "a raw control character": b'{"designation": "a\x01b"}',
    "a leading zero": b'{"designation": 01}',
    "hexadecimal": b'{"designation": 0x10}',
    "a form feed": b"\x0c{}",
}
REASONS = {
    "an open brace": "it ceases to be at line 1, column 2",
    "two lines": "it ceases to be at line 2, column 3",
    "duplicate keys": "an object has the key designation twice",
    "a strange key twice": "an object has a key twice",
    "no UTF-8": "byte 17 is not UTF-8",
    "NaN": "NaN is no number there",
    "1e999": "a number is outside the range of a double",
    "2^63": "a number is outside 64 bits",
    "a lone surrogate": "a string has half a surrogate pair",
    "lists, 10,000 deep": "it is nested too deeply",
}
NOT_OBJECTS = [b"null", b"true", b"7", b'"x"', b"[]", b'[{"designation": "x"}]', b"9223372036854775807"]
WRONG_VALUES: dict[str, list[Any]] = {
    "string": [1, True, 1.5, ["x"], {"x": "y"}],
    "integer": [True, "1_000", "7", 1.5, [7], 2**31, -1],
    "number": [True, "0.5", [0.5], {}],
    "boolean": ["true", "yes", [True], {}],
    "array": ["x", 1, True, {}],
    "object": ["x", 1, True, []],
}


def json_operations(api: RunningApi) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, address and schema of every operation that takes JSON."""
    document = api.client().get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield method, filled(path), content["application/json"]["schema"]


@pytest.fixture
def admin(api: RunningApi) -> httpx.Client:
    return api.somebody(Role.ADMIN)


def test_products_and_accounts_are_among_what_takes_json(api: RunningApi) -> None:
    assert {("post", "/api/predict"), ("post", "/api/users")} <= {each[:2] for each in json_operations(api)}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_strictly_json_is_refused(api: RunningApi, admin: httpx.Client, name: str) -> None:
    for method, path, _ in json_operations(api):
        answer = admin.request(method, path, content=NOT_JSON[name], headers=JSON)

        assert_problem(answer, 422, "INVALID_JSON")


@pytest.mark.parametrize("name", REASONS)
def test_it_says_why_and_repeats_nothing_but_plain_names_of_keys(name: str) -> None:
    more = {"two lines": b'{\n  designation: "x"}', "a strange key twice": b'{"<b>": 1, "<b>": 2}'}

    with pytest.raises(InvalidInput) as refused:
        strict_json.loads((NOT_JSON | more)[name])

    assert refused.value.message == f"The body is not valid JSON: {REASONS[name]}."


@pytest.mark.parametrize("body", NOT_OBJECTS)
def test_what_is_no_object_is_refused(api: RunningApi, admin: httpx.Client, body: bytes) -> None:
    for method, path, _ in json_operations(api):
        answer = admin.request(method, path, content=body, headers=JSON)

        assert answer.status_code == 422, (method, path, answer.text)
        assert answer.json()["code"] in ("WRONG_TYPE", "VALIDATION")


def test_fields_of_another_type_are_refused(api: RunningApi, admin: httpx.Client) -> None:
    for method, path, schema in json_operations(api):
        for field, described in schema.get("properties", {}).items():
            for value in WRONG_VALUES.get(described.get("type"), []):
                answer = admin.request(method, path, json={field: value})

                assert answer.status_code == 422, (method, path, field, value, answer.text)
                found = {error["where"] for error in answer.json()["errors"]}
                assert f"body.{field}" in found, (method, path, field, value, found)


def test_fields_that_nobody_knows_are_refused_and_not_repeated(api: RunningApi, admin: httpx.Client) -> None:
    for method, path, _ in json_operations(api):
        answer = admin.request(method, path, json={"zq7-field": "zq7-value"})

        assert answer.status_code == 422, (method, path, answer.text)
        assert "zq7" not in answer.text


@pytest.mark.parametrize("value", ["true", "1_0", "1e1", "1.0", " 7", "+7", "-7", "0x7", "٧", "", "NaN", "9" * 5_000])
def test_whole_numbers_of_a_query_are_digits(api: RunningApi, admin: httpx.Client, value: str) -> None:
    document = admin.get("/api/openapi.json").json()
    asked = [
        (filled(path), parameter["name"])
        for path, methods in document["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", [])
        if parameter["in"] == "query" and '"integer"' in json.dumps(parameter["schema"])
    ]

    assert ("/api/predictions", "code") in asked
    for path, name in asked:
        problem = assert_problem(admin.get(path, params={name: value}), 422, "VALIDATION")
        assert problem["errors"][0]["where"] == f"query.{name}", path


def test_characters_beyond_the_basic_plane_are_good(admin: httpx.Client) -> None:
    body = b'{"designation": "\\ud83c\\udfae \xf0\x9f\x8e\xb2"}'

    job = admin.post("/api/predict", content=body, headers={"Content-Type": "application/json; charset=utf-8"})

    assert job.json()["prediction"]["designation"] == "🎮 🎲"


@pytest.fixture(scope="module")
def process(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with api_process(tmp_path_factory.mktemp("json"), shared_redis.broker_url) as running:
        yield running


def endless(sent: list[int]) -> Iterator[bytes]:
    """A body that would be 10 GiB; `sent` counts its pieces."""
    yield b'{"designation": "'
    for _ in range(10 * 1024):
        sent.append(1)
        yield b"x" * MIB


def test_a_body_without_an_end_is_cut_off_and_costs_its_limit_at_most(process: ApiProcess) -> None:
    client, sent = process.somebody(), list[int]()

    with process.memory_within(128):
        answer = client.post("/api/predict", content=endless(sent), headers=JSON)

    assert_problem(answer, 413, "BODY_TOO_LARGE")
    assert len(sent) < 100


@pytest.mark.parametrize(
    "body",
    [b"[" * (15 * MIB), b'{"a":' * (3 * MIB), b"[0," * (5 * MIB), b'{"designation": ' + b"9" * (15 * MIB) + b"}"],
    ids=["lists", "objects", "numbers", "digits"],
)
def test_large_bodies_that_are_none_cost_bounded_memory(process: ApiProcess, body: bytes) -> None:
    client = process.somebody()

    with process.memory_within(160):
        answer = client.post("/api/predict", content=body, headers=JSON)

    assert_problem(answer, 422, "INVALID_JSON")


def test_many_large_bodies_at_once_cost_bounded_memory(process: ApiProcess) -> None:
    clients = [process.somebody() for _ in range(32)]
    body = json.dumps({"image": base64.b64encode(bytes(11 * MIB)).decode()}).encode()

    def post(client: httpx.Client) -> httpx.Response:
        return client.post("/api/predict", content=body, headers=JSON, timeout=120)

    with process.memory_within(500), ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(post, clients))

    for answer in answers:
        assert_problem(answer, 422, "BROKEN_IMAGE")
