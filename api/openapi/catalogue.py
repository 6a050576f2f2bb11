"""The bodies of `POST /api/catalogs` in the document, and of `POST /api/data-ingest`, which takes files too."""

from collections.abc import Iterable
from typing import Any

from api.catalogue_media import GZIP
from api.file_form import FILE
from api.media import MULTIPART
from api.openapi.product import LABELLED_CONTENT, OF_LABELLED_PRODUCT
from api.problems import problems
from shared.catalogues.kinds import MEDIA_TYPES
from shared.settings import Settings

_AS_FORM = "CatalogueForm"
_EXAMPLES = {
    "text/csv": 'product_id,designation,description\n3804725264,Piscine gonflable ronde 3 m,"Bleue, avec pompe."\n',
    "text/tab-separated-values": "product_id\tdesignation\n3804725264\tPiscine gonflable ronde 3 m\n",
    "application/x-ndjson": '{"product_id": "3804725264", "designation": "Piscine gonflable ronde 3 m"}\n',
}


def _file(media_type: str) -> dict[str, Any]:
    """A body that is a file: nothing more can be said of it by a schema."""
    example = _EXAMPLES.get(media_type)
    return {"schema": {}, **({} if example is None else {"examples": {"products": {"value": example}}})}


_FILES = {media_type: _file(media_type) for media_type in (*MEDIA_TYPES, GZIP)}
_FORM = {"$ref": f"#/components/schemas/{_AS_FORM}"}
_LABELLED_FORM = LABELLED_CONTENT[MULTIPART]

CATALOGUE_BODY = {"required": True, "content": {**_FILES, MULTIPART: {"schema": _FORM}}}
LABELLED_FILE_BODY = {
    "required": True,
    "content": {
        **LABELLED_CONTENT,
        MULTIPART: {**_LABELLED_FORM, "schema": {"anyOf": [_LABELLED_FORM["schema"], _FORM]}},
        **_FILES,
    },
}

_OF_ANY_FILE = (
    "409 IDEMPOTENCY_KEY_REUSED",
    415,
    422,
    "422 EMPTY_BODY",
    "422 INVALID_FORM",
    "422 MISSING_FIELD",
    "422 UNKNOWN_FIELD",
    "422 DUPLICATE_FIELD",
    "422 INVALID_COLUMNS",
    "422 UNKNOWN_COLUMN",
    "422 DUPLICATE_COLUMN",
    "422 UNKNOWN_ENCODING",
    "422 INVALID_DELIMITER",
    "422 EXPIRES_TOO_LATE",
    "422 UNKNOWN_WEBHOOK",
    "422 INVALID_IDEMPOTENCY_KEY",
    "429 QUOTA_ROWS",
    "429 TOO_MANY_UPLOADS",
    507,
    "507 QUOTA_STORED_BYTES",
)
CATALOGUE_PROBLEMS = problems(*_OF_ANY_FILE)
LABELLED_FILE_PROBLEMS = problems(*OF_LABELLED_PRODUCT, *_OF_ANY_FILE)


def catalogue_schemas() -> dict[str, dict[str, Any]]:
    """The schema of a form with a file in it."""
    return {
        _AS_FORM: {
            "type": "object",
            "description": "A file, whose kind `format`, its name or its media type says. It is the only part.",
            "properties": {FILE: {"type": "string", "format": "binary", "minLength": 1}},
            "required": [FILE],
            "additionalProperties": False,
        }
    }


def say_longest_job(parameters: Iterable[dict[str, Any]], settings: Settings) -> None:
    """Say how long a job may have at most."""
    for parameter in parameters:
        if parameter["name"] == "expires_in":
            parameter["schema"]["maximum"] = settings.job_deadline_seconds
