"""Files of results and errors in the document."""

from typing import Any

from api.openapi.headers import headers
from api.results.formats import ResultFormat, media_type_of

_RESULTS_CSV = (
    '"productid","designation","prediction","prediction_name","confidence","needs_review","text_prediction",'
    '"text_confidence","image_prediction","image_confidence","modality","model_version","reused","status",'
    '"error_code","error_column","error_message"\r\n'
    '"3804725264","Salon de jardin en bois",2582,"Mobilier de jardin",0.91,False,2582,0.91,"","","text",'
    '"2026-11-02-demo",False,"succeeded","","",""\r\n'
)
_ERRORS_CSV = (
    '"productid","designation","error_row","error_column","error_code","error_message"\r\n'
    '"3804725265","",2,"","EMPTY_PRODUCT","A product needs a readable text or an image."\r\n'
)
_RESULTS_LINE = (
    '{"productid":"3804725264","designation":"Salon de jardin en bois","prediction":2582,'
    '"prediction_name":"Mobilier de jardin","confidence":0.91,"needs_review":false,"text_prediction":2582,'
    '"text_confidence":0.91,"image_prediction":null,"image_confidence":null,"modality":"text",'
    '"model_version":"2026-11-02-demo","reused":false,"status":"succeeded","error_code":null,"error_column":null,'
    '"error_message":null}\n'
)
_ERRORS_LINE = (
    '{"productid":"3804725265","designation":"","error_row":2,"error_column":null,"error_code":"EMPTY_PRODUCT",'
    '"error_message":"A product needs a readable text or an image."}\n'
)
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def results_answer() -> dict[str, Any]:
    """What the results of a job are, besides a page of JSON."""
    return _answer("A page of the rows as JSON, or all of them as a file", _RESULTS_CSV, _RESULTS_LINE)


def errors_answer() -> dict[str, Any]:
    """What the errors of a job are, besides a page of JSON."""
    return _answer("A page of the errors as JSON, or all the rows that have one as a file", _ERRORS_CSV, _ERRORS_LINE)


def _answer(description: str, csv: str, line: str) -> dict[str, Any]:
    content = {
        media_type_of(ResultFormat.CSV): {"schema": {"type": "string"}, "example": csv},
        media_type_of(ResultFormat.NDJSON): {"schema": {"type": "string"}, "example": line},
        media_type_of(ResultFormat.PARQUET): _BINARY,
        media_type_of(ResultFormat.XLSX): _BINARY,
    }
    return {"description": description, "content": content, **headers("Vary", sometimes=("Content-Disposition",))}
