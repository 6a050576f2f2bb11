"""The OpenAPI document: valid, complete, with examples that fit, and with the limits that are set."""

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

import api
from api.app import create_app
from api.openapi.codes import CODES
from api.openapi.examples import EXAMPLES
from shared.answers.names import CategoryNames
from shared.jobs import job_by_id
from shared.settings import load_settings
from shared.webhooks.bodies import written_body
from shared.webhooks.events import EVENT_TYPES
from shared.webhooks.signing import signed_headers
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.webhooks import listen, take
from tests.support.work import do_work

SOURCES = Path(api.__file__).parent
CODE = re.compile(r'code="([A-Z_]+)"')
STATUS_AND_CODE = re.compile(r'"[45][0-9]{2} ([A-Z_]+)"')


def document_under(**settings: Any) -> dict[str, Any]:
    app = create_app(load_settings(secret_key=secrets.token_urlsafe(48), broker_url="redis://localhost:1", **settings))
    found: dict[str, Any] = app.openapi()
    return found


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return document_under()


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def assert_fits(document: dict[str, Any], value: Any, schema: dict[str, Any]) -> None:
    jsonschema_rs.validator_for({**schema, "components": document["components"]}).validate(value)


def test_it_is_a_valid_openapi_document(document: dict[str, Any]) -> None:
    # OpenAPI's schema wants absolute URLs here, and the document does not know under which name it is read.
    absolute = json.loads(json.dumps(document).replace('Url": "/', 'Url": "https://shelfwise.example.com/'))

    schemathesis.openapi.from_dict(absolute).validate()


def test_every_operation_says_what_it_is(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for operation in operations(document)]

    assert len(set(names)) == len(names)
    for operation in operations(document):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
        assert "_api_" not in operation["operationId"], "give the route an operation_id"
        assert operation["description"]
        assert set(operation["tags"]) <= tags


def test_every_answer_carries_the_requests_id(document: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    for operation in operations(document):
        for response in operation["responses"].values():
            found = shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
            assert "X-Request-ID" in found["headers"], operation["operationId"]


def test_every_answer_of_a_schema_has_an_example(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for status, response in operation["responses"].items():
            reference = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
            schema = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
            assert not reference or schema.keys() & {"example", "examples"}, (operation["operationId"], status)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_answers_fit_their_schemas(document: dict[str, Any], name: str) -> None:
    assert_fits(document, EXAMPLES[name], {"$ref": f"#/components/schemas/{name}"})


def test_examples_of_bodies_fit_their_schemas(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            examples = [example["value"] for example in content.get("examples", {}).values()]
            for example in [
                *examples,
                *(content["schema"][name] for name in ("example",) if name in content["schema"]),
            ]:
                assert_fits(document, example, content["schema"])


def test_examples_of_errors_fit_their_schemas(document: dict[str, Any]) -> None:
    answers = [response for operation in operations(document) for response in operation["responses"].values()]
    for answer in (*answers, *document["components"]["responses"].values()):
        for content in answer.get("content", {}).values():
            for example in content.get("examples", {}).values():
                assert_fits(document, example["value"], content["schema"])


def test_every_code_that_the_api_answers_is_described() -> None:
    texts = [path.read_text() for path in SOURCES.rglob("*.py")]
    answered = {code for text in texts for code in CODE.findall(text)}
    documented = {code for text in texts for code in STATUS_AND_CODE.findall(text)}

    assert answered <= documented
    assert documented <= set(CODES)


def test_every_event_is_described_with_its_headers(document: dict[str, Any]) -> None:
    assert set(document["webhooks"]) == {*EVENT_TYPES, "webhook.test"}
    for request in (path["post"] for path in document["webhooks"].values()):
        names = [parameter["$ref"].rpartition("/")[2] for parameter in request["parameters"]]
        assert names == ["webhook-id", "webhook-timestamp", "webhook-signature"]
        assert set(request["responses"]) == {"2XX", "410", "default"}
    for name, header in document["components"]["parameters"].items():
        assert (header["name"], header["in"]) == (name, "header")
        assert_fits(document, header["example"], header["schema"])


def test_what_is_sent_is_as_the_document_says(api: RunningApi, document: dict[str, Any]) -> None:
    account = api.add_account()
    listen(api.database, account.id)
    api.client(account).post("/api/predict", json={"designation": "Chaise longue"}).raise_for_status()
    do_work(api.database)
    (due,) = take(api.database)
    with api.database.read() as connection:
        body = written_body(connection, CategoryNames(), due, job_by_id(connection, due.job_id))

    event = json.loads(body)
    assert event["data"]["prediction"]["category"] is not None
    request = document["webhooks"][event["type"]]["post"]
    assert_fits(document, event, request["requestBody"]["content"]["application/json"]["schema"])
    headers = signed_headers(due.event_id, due.happened_at, body, [*due.keys, *due.keys])
    for name, value in headers:
        assert_fits(document, value, document["components"]["parameters"][name]["schema"])


def test_limits_are_those_that_are_set() -> None:
    schemas = document_under(max_designation_characters=7)["components"]["schemas"]

    assert schemas["ProductJson"]["properties"]["designation"]["maxLength"] == 7
    assert schemas["ProductForm"]["properties"]["designation"]["maxLength"] == 7


@pytest.mark.parametrize(
    "product",
    [
        {},
        {"designation": ""},
        {"designation": None},
        {"designation": "x" * 1001},
        {"designation": "nul\0"},
        {"designation": 7},
        {"colour": "red", "designation": "Chaise"},
        {"image": "AA=A"},
        {"image": "AAAA", "image_url": "https://example.com/a.jpg"},
    ],
)
def test_what_is_no_product_does_not_fit_its_schema(document: dict[str, Any], product: dict[str, Any]) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        assert_fits(document, product, {"$ref": "#/components/schemas/ProductJson"})


@pytest.mark.parametrize(
    "product",
    [
        {"product_id": "1"},
        {"designation": "Chaise", "description": None, "image": None, "image_url": ""},
        {"image": "AAAA", "image_url": ""},
        {"image_url": "https://example.com/a.jpg"},
    ],
)
def test_what_may_be_a_product_fits_its_schema(document: dict[str, Any], product: dict[str, Any]) -> None:
    assert_fits(document, product, {"$ref": "#/components/schemas/ProductJson"})


@pytest.mark.parametrize("path", ["/docs", "/api", "/nothing"])
def test_where_nothing_is_the_document_is_named(api: RunningApi, path: str) -> None:
    answer = api.client().get(path)

    assert_problem(answer, 404, "NOT_FOUND")
    assert "/api/openapi.json" in answer.json()["detail"]
