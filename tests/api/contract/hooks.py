"""What Schemathesis is told about values that a schema cannot describe; loaded by its own process, not by pytest."""

import base64
import io
import json
import os
import uuid
from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image

from api.catalogue_media import GZIP
from api.media import MULTIPART
from shared.catalogues.kinds import MEDIA_TYPES

_OWN_ID = os.environ["CONTRACT_OWN_ID"]
_OWN_WEBHOOK = os.environ["CONTRACT_OWN_WEBHOOK"]
_WEBHOOK_URL = os.environ["CONTRACT_WEBHOOK_URL"]
_STORED_PRODUCT = os.environ["CONTRACT_STORED_PRODUCT"]
_CURSORS: dict[str, str] = json.loads(os.environ["CONTRACT_CURSORS"])
CATALOGUES = ("/api/catalogs", "/api/data-ingest")
PREDICTIONS = ("/api/predictions", "/api/predictions/count")
WEBHOOKS = ("/api/webhooks", "/api/webhooks/{id}")
_TEXTS = ("designation", "description")
_CODES: list[int] = json.loads(os.environ["CONTRACT_CODES"])
_words = st.sampled_from(["amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "harbor", "island", "lagoon"])


def _photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, "PNG")
    return out.getvalue()


_PHOTO = _photo()

# Passwords that are not guessed first, and addresses that may be asked.
schemathesis.openapi.format("password", st.lists(_words, min_size=5, max_size=8).map(" ".join))
schemathesis.openapi.format("uri", _words.map(lambda word: f"https://{word}.example.com/photo.jpg"))


@schemathesis.serializer(*MEDIA_TYPES, GZIP)
def as_file(_context: Any, value: Any) -> dict[str, Any]:
    """Any value as the bytes of a file, of which there is at least one."""
    return {"data": value if isinstance(value, bytes) and value else json.dumps(value).encode()}


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Make what a schema calls valid into what is, and keep the account that asks from deleting itself.

    The webhook that submissions name stays as it is, too.
    """
    if (case.path_parameters or {}).get("id") in (_OWN_ID, _OWN_WEBHOOK):
        case.path_parameters["id"] = str(uuid.uuid4())  # nothing after that would be asked by anybody
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "cursor" in (case.query or {}):
        case.query["cursor"] = _CURSORS.get(case.operation.path, case.query["cursor"])
    if case.operation.path in PREDICTIONS and case.query:
        _mend_prediction_query(case.query)
    if case.operation.path in CATALOGUES:
        _mend_file_query(case)
    if case.operation.path == "/api/data-ingest" and isinstance(case.body, dict) and "product_id" in case.body:
        _mend_labelled(case.body, as_json=case.media_type == "application/json")
        case.body["prdtypecode"] = _CODES[int(case.body["prdtypecode"]) % len(_CODES)]
    if case.operation.path == "/api/predictions/{id}/correction" and isinstance(case.body, dict):
        case.body["code"] = _CODES[int(case.body["code"]) % len(_CODES)]
    if case.operation.path in WEBHOOKS and isinstance(case.body, dict) and "url" in case.body:
        case.body["url"] = f"https://127.0.0.1/{uuid.uuid5(uuid.NAMESPACE_URL, case.body['url'])}"
    if case.operation.path == "/api/predict" and isinstance(case.body, dict):
        _mend_product(case.body, as_json=case.media_type == "application/json")
        if case.body.get("image_url") and "prefer" in (case.headers or {}):
            case.headers["prefer"] = "wait=1"  # nobody fetches photos here


def _mend_file_query(case: Any) -> None:
    """What kind of file it is, which a generated one does not show, and each column once."""
    query = case.query or {}
    if case.media_type in (MULTIPART, GZIP) or "format" in query:
        query["format"] = "csv"
    if query.get("columns"):
        query["columns"] = ["designation:Titre,description:Texte"]
    if "webhook_url" in query:
        query["webhook_url"] = _WEBHOOK_URL
    case.query = query


def _mend_prediction_query(query: dict[str, Any]) -> None:
    """What goes together only: a cursor with its order, and what is asked of one job alone with a job."""
    query.pop("changed", None)  # no job here is a rerun
    if "cursor" in query:
        query.pop("order", None)
    if "job" not in query:
        query.pop("search", None)
        if query.get("order") in ("least_sure", "most_sure"):
            query["needs_review"] = "true"


def _mend_product(product: dict[str, Any], *, as_json: bool) -> None:
    """Texts that can be read, photos that are photos, and for an id alone that of a product that is stored.

    A form goes without a photo: with one, Schemathesis takes it for invalid now and then.
    """
    if not as_json:
        product.pop("image", None)
    if product.get("webhook_url"):
        product["webhook_url"] = _WEBHOOK_URL
    for name in _TEXTS:
        if product.get(name):
            product[name] = f"chaise {product[name]}"[: len(product[name]) + 1]
    if product.get("image") is not None:  # JSON's null is none
        product["image"] = base64.b64encode(_PHOTO).decode()
    elif not any(product.get(name) for name in (*_TEXTS, "image_url")):
        product["product_id"] = _STORED_PRODUCT


def _mend_labelled(product: dict[str, Any], *, as_json: bool) -> None:
    """The same for a labelled product."""
    if not as_json:
        product.pop("image", None)
    if not product.get("image") and not any(product.get(name) for name in _TEXTS):
        product["designation"] = "chaise"
    _mend_product(product, as_json=as_json)


@schemathesis.check
def documented_code(_context: Any, response: Any, case: Any) -> bool | None:
    """The `code` of an error is one of those that the document lists with this operation and status."""
    if response.status_code < 400 or response.status_code == 405 or "json" not in response.headers["content-type"][0]:
        return None
    document = case.operation.schema.raw_schema
    operation = document["paths"][case.operation.path][case.operation.method.lower()]
    answer = operation["responses"].get(str(response.status_code), {})
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    codes = {code for content in answer.get("content", {}).values() for code in content.get("examples", ())}
    code = response.json().get("code")
    if codes and code is not None:
        assert code in codes, f"{code} is not among the codes documented for {response.status_code}"
    return None
