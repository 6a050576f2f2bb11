"""The OpenAPI document, at /api/openapi.json: FastAPI's, with what is the same for all operations added here."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import Lifespan

from api.oauth_problems import OAuthProblem
from api.openapi.about import ABOUT, SECURITY_SCHEMES, TAGS
from api.openapi.catalogue import catalogue_schemas, say_longest_job
from api.openapi.examples import EXAMPLES
from api.openapi.headers import HEADERS, headers
from api.openapi.product import product_schemas
from api.openapi.webhooks import WEBHOOK_HEADERS, told_webhooks
from api.problems import FieldProblem, Problem, problems
from api.webhook_ping import Ping, PingData
from shared.settings import Settings
from shared.webhooks.bodies import EventBody

_SCHEMAS = "#/components/schemas/"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")
_OF_ANY_CALL = ("400 INVALID_HOST", "408 REQUEST_TIMEOUT", 413, "431 REQUEST_HEADER_FIELDS_TOO_LARGE", 500, 503)
_OF_SIGNED_IN = (401, "429 QUOTA_REQUESTS")
_FROM_BELOW = ("408", "431")  # answered below the application, where no request has an id yet
_LATER = ("429", "503", "507")


class DocumentedApi(FastAPI):
    """FastAPI with its document where the contract has it, and without pages that load other hosts' scripts."""

    def __init__(self, settings: Settings, lifespan: Lifespan["DocumentedApi"]) -> None:
        super().__init__(
            title="Shelfwise",
            version="1",
            description=ABOUT,
            license_info={"name": "MIT", "identifier": "MIT"},
            servers=[{"url": "/", "description": "The service that this document comes from"}],
            openapi_tags=[dict(tag) for tag in TAGS],
            openapi_url=None,  # a route of ours has it
            redirect_slashes=False,  # a redirect would repeat the Host header, which is the caller's
            lifespan=lifespan,
        )
        self._settings = settings

    def openapi(self) -> dict[str, Any]:
        """The document, under the settings of this application."""
        if self.openapi_schema is None:
            document = super().openapi()
            components = document["components"]
            components["securitySchemes"] = SECURITY_SCHEMES
            components["headers"] = {name: {**header, "required": True} for name, header in HEADERS.items()}
            components["responses"] = {}
            components["parameters"] = dict(WEBHOOK_HEADERS)
            document["webhooks"] = told_webhooks()
            _add_schemas(components["schemas"], self._settings)
            for operation in _operations(document):
                _add_common_answers(operation)
                _add_common_headers(operation["responses"])
                _share_answers(operation["responses"], components["responses"])
                _share_definitions(operation, components["schemas"])
                _take_nulls_out(operation.get("parameters", ()))
                say_longest_job(operation.get("parameters", ()), self._settings)
            self.openapi_schema = document
        return self.openapi_schema


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _add_schemas(schemas: dict[str, Any], settings: Settings) -> None:
    for unused in _FASTAPIS_OWN:
        schemas.pop(unused, None)
    models: Iterable[type[BaseModel]] = (Problem, FieldProblem, OAuthProblem, EventBody, Ping, PingData)
    for model in models:
        schema = model.model_json_schema(mode="serialization", ref_template=_SCHEMAS + "{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    schemas.update(product_schemas(settings) | catalogue_schemas())
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]


def _add_common_answers(operation: dict[str, Any]) -> None:
    """Add the errors of any call, and drop the answer that FastAPI thinks it gives to wrong input."""
    responses = operation["responses"]
    if _answers_with_fastapis_own(responses.get("422", {})):
        del responses["422"]
    signed_in = _OF_SIGNED_IN if "oauth2" in _schemes(operation) else ()
    for status, response in problems(*_OF_ANY_CALL, *signed_in).items():
        known = responses.setdefault(str(status), response)
        for media_type, content in response["content"].items():
            known["content"].setdefault(media_type, content)["examples"].update(content["examples"])
    operation["responses"] = dict(sorted(responses.items()))


def _answers_with_fastapis_own(response: dict[str, Any]) -> bool:
    content = response.get("content", {}).get("application/json", {})
    return content.get("schema", {}).get("$ref", "").removeprefix(_SCHEMAS) in _FASTAPIS_OWN


def _schemes(operation: dict[str, Any]) -> list[str]:
    return [name for requirement in operation.get("security", ()) for name in requirement]


def _add_common_headers(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status in _FROM_BELOW:
            more = headers(sometimes=("X-Request-ID",))
        else:
            more = headers("X-Request-ID", *(("Retry-After",) if status in _LATER else ()))
        response["headers"] = {**more["headers"], **response.get("headers", {})}


def _share_answers(responses: dict[str, Any], shared: dict[str, Any]) -> None:
    """Keep an error that has one code in one place, under this code, for all that answer it alike."""
    for status, response in responses.items():
        codes = [code for content in response.get("content", {}).values() for code in content.get("examples", ())]
        if status >= "400" and len(codes) == 1 and shared.setdefault(codes[0], response) == response:
            responses[status] = {"$ref": f"#/components/responses/{codes[0]}"}


def _share_definitions(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put what the schema of a body refers to where references of the document lead."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name, definition in content["schema"].pop("$defs", {}).items():
            schemas.setdefault(name, definition)


def _take_nulls_out(parameters: Iterable[dict[str, Any]]) -> None:
    """A parameter can be left out; no text in a request means null."""
    for parameter in parameters:
        schema = parameter["schema"]
        choices = [choice for choice in schema.pop("anyOf", ()) if choice != {"type": "null"}]
        if len(choices) == 1:
            parameter["schema"] = {**choices[0], **schema}
        elif choices:
            schema["anyOf"] = choices
