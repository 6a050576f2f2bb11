"""The body of `POST /api/predict` in the document, with the limits that are set."""

from typing import Any

from api.json_body import JSON
from api.problems import problems
from api.product_body import LONGEST_PRODUCT_ID, MULTIPART
from shared.outgoing.urls import LONGEST_URL
from shared.settings import Settings

_AS_JSON, _AS_FORM = "ProductJson", "ProductForm"
_TEXT = "^[^\\u0000]*$"
_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_PHOTO = {"required": ["image"], "properties": {"image": {"type": "string"}}}
_NO_URL = {"properties": {"image_url": {"maxLength": 0}}}
_TEXT_EXAMPLE = {
    "product_id": "3804725264",
    "designation": "Piscine gonflable ronde 3 m",
    "description": "Bleue, avec pompe.",
}
_URL_EXAMPLE = {
    "product_id": "278535884",
    "designation": "Tente de jardin",
    "image_url": "https://www.example.com/photos/278535884.jpg",
}


_EXAMPLES = {"text": {"value": _TEXT_EXAMPLE}, "photo_by_url": {"value": _URL_EXAMPLE}}
PRODUCT_BODY = {
    "required": True,
    "content": {
        JSON: {"schema": {"$ref": f"#/components/schemas/{_AS_JSON}"}, "examples": _EXAMPLES},
        MULTIPART: {"schema": {"$ref": f"#/components/schemas/{_AS_FORM}"}, "examples": _EXAMPLES},
    },
}

PRODUCT_PROBLEMS = problems(
    "409 IDEMPOTENCY_KEY_REUSED",
    415,
    "422 INVALID_JSON",
    "422 INVALID_FORM",
    "422 WRONG_TYPE",
    "422 UNKNOWN_FIELD",
    "422 DUPLICATE_FIELD",
    "422 TOO_LONG",
    "422 INVALID_TEXT",
    "422 INVALID_BASE64",
    "422 BROKEN_IMAGE",
    "422 IMAGE_TOO_LARGE",
    "422 TWO_IMAGES",
    "422 IMAGE_URL_REFUSED",
    "422 EMPTY_PRODUCT",
    "422 UNKNOWN_PRODUCT",
    "422 INVALID_IDEMPOTENCY_KEY",
    "429 QUOTA_ROWS",
    "507 QUOTA_STORED_BYTES",
    507,
)


def product_schemas(settings: Settings) -> dict[str, dict[str, Any]]:
    """Schemas of a product as JSON and as a form."""
    lengths = {
        "product_id": LONGEST_PRODUCT_ID,
        "designation": settings.max_designation_characters,
        "description": settings.max_description_characters,
        "image_url": LONGEST_URL,
    }
    base64 = {"type": ["string", "null"], "minLength": 1, "pattern": _BASE64, "contentEncoding": "base64"}
    file = {"type": "string", "format": "binary"}
    return {
        _AS_JSON: {
            **_schema({name: _text(name, length, ["string", "null"]) for name, length in lengths.items()}, base64),
            "if": _PHOTO,
            "then": _NO_URL,
        },
        _AS_FORM: {
            **_schema({name: _text(name, length, "string") for name, length in lengths.items()}, file),
            "dependentSchemas": {"image": _NO_URL},
        },
    }


def _text(name: str, longest: int, kind: str | list[str]) -> dict[str, Any]:
    return {"type": kind, "maxLength": longest, **({"format": "uri"} if name == "image_url" else {"pattern": _TEXT})}


def _schema(texts: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """One of the texts or an image, or the id of a stored product alone; empty texts and nulls count as left out."""
    wanted = [_said(name) for name in ("designation", "description", "image_url", "product_id")]
    return {
        "type": "object",
        "description": "A readable text or an image (itself or its URL), or the id alone of a product that is stored.",
        "properties": {**texts, "image": image},
        "additionalProperties": False,
        "anyOf": [*wanted, _PHOTO],
    }


def _said(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
