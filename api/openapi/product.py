"""The bodies of `POST /api/predict` and `POST /api/data-ingest` in the document, with the limits that are set."""

from typing import Any

from api.json_body import JSON
from api.media import MULTIPART
from api.parameters import LARGEST_CODE
from api.problems import problems
from api.product_body import LONGEST_ID
from shared.outgoing.urls import LONGEST_URL
from shared.settings import Settings

_AS_JSON, _AS_FORM = "ProductJson", "ProductForm"
_LABELLED_AS_JSON, _LABELLED_AS_FORM = "LabelledProductJson", "LabelledProductForm"
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


_LABELLED_EXAMPLE = {
    "product_id": "3804725264",
    "designation": "Salon de jardin en bois",
    "prdtypecode": 2582,
    "image_id": "1263597046",
}


def _body(as_json: str, as_form: str, examples: dict[str, Any]) -> dict[str, Any]:
    return {
        "required": True,
        "content": {
            JSON: {"schema": {"$ref": f"#/components/schemas/{as_json}"}, "examples": examples},
            MULTIPART: {"schema": {"$ref": f"#/components/schemas/{as_form}"}, "examples": examples},
        },
    }


PRODUCT_BODY = _body(_AS_JSON, _AS_FORM, {"text": {"value": _TEXT_EXAMPLE}, "photo_by_url": {"value": _URL_EXAMPLE}})
LABELLED_CONTENT = _body(_LABELLED_AS_JSON, _LABELLED_AS_FORM, {"labelled": {"value": _LABELLED_EXAMPLE}})["content"]

_OF_ANY_PRODUCT = (
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
    "422 EMPTY_PRODUCT",
    "429 QUOTA_ROWS",
    507,
)
PRODUCT_PROBLEMS = problems(
    "409 IDEMPOTENCY_KEY_REUSED",
    *_OF_ANY_PRODUCT,
    "422 TWO_IMAGES",
    "422 IMAGE_URL_REFUSED",
    "422 UNKNOWN_WEBHOOK",
    "422 UNKNOWN_PRODUCT",
    "422 INVALID_IDEMPOTENCY_KEY",
    "507 QUOTA_STORED_BYTES",
)
OF_LABELLED_PRODUCT = (403, *_OF_ANY_PRODUCT, "422 MISSING_FIELD", "422 UNKNOWN_CATEGORY")


def product_schemas(settings: Settings) -> dict[str, dict[str, Any]]:
    """Schemas of a product as JSON and as a form."""
    lengths = {
        "product_id": LONGEST_ID,
        "designation": settings.max_designation_characters,
        "description": settings.max_description_characters,
        "image_url": LONGEST_URL,
        "webhook_url": LONGEST_URL,
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
        **_labelled_schemas(lengths, base64, file),
    }


def _labelled_schemas(lengths: dict[str, int], base64: dict[str, Any], file: dict[str, Any]) -> dict[str, Any]:
    """Schemas of a labelled product: an id and a category's code, and one of the texts or an image."""
    texts = {name: lengths[name] for name in ("designation", "description")} | {"image_id": LONGEST_ID}
    number = {"type": "integer", "minimum": 0, "maximum": LARGEST_CODE}
    product_id = {**_text("product_id", LONGEST_ID, "string"), "minLength": 1}
    common = {
        "type": "object",
        "description": "A readable text or an image, of a product with an id, and the code of its category.",
        "additionalProperties": False,
        "required": ["product_id", "prdtypecode"],
        "anyOf": [_said("designation"), _said("description"), _PHOTO],
    }
    return {
        _LABELLED_AS_JSON: common
        | {
            "properties": {
                "product_id": product_id,
                "prdtypecode": number,
                **{name: _text(name, length, ["string", "null"]) for name, length in texts.items()},
                "image": base64,
            }
        },
        _LABELLED_AS_FORM: common
        | {
            "properties": {
                "product_id": product_id,
                "prdtypecode": number,
                **{name: _text(name, length, "string") for name, length in texts.items()},
                "image": file,
            }
        },
    }


def _text(name: str, longest: int, kind: str | list[str]) -> dict[str, Any]:
    return {"type": kind, "maxLength": longest, **({"format": "uri"} if name.endswith("_url") else {"pattern": _TEXT})}


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
