"""The stable codes of errors, each as the document shows it: what happened, and which field it is about."""

from collections.abc import Mapping
from typing import NamedTuple


class Code(NamedTuple):
    """What an error says. `where` names the field; None for errors that are about no field."""

    detail: str
    where: str | None = None
    field_code: str | None = None  # where a field's own code is another than the error's


CODES: Mapping[str, Code] = {
    # Of any call
    "INVALID_HOST": Code("The service is not reached under the name in the Host header."),
    "UNAUTHENTICATED": Code("Sign in at /api/auth and send the access token as a bearer token."),
    "FORBIDDEN": Code("This call needs the role admin."),
    "NOT_FOUND": Code("There is no such thing."),
    "REQUEST_TIMEOUT": Code("The headers took too long to arrive."),
    "BODY_TOO_LARGE": Code("The body may have at most 65536 bytes."),
    "UNSUPPORTED_MEDIA_TYPE": Code("Send the body as application/json.", "body"),
    "VALIDATION": Code("Some of the input is not valid.", "query.limit", "LESS_THAN_EQUAL"),
    "INVALID_JSON": Code("The body is not valid JSON.", "body"),
    "INVALID_CURSOR": Code("This is not a cursor of an earlier page.", "query.cursor"),
    "QUOTA_REQUESTS": Code("An account has 30000 requests a minute; slow down."),
    "REQUEST_HEADER_FIELDS_TOO_LARGE": Code("The headers are too long."),
    "INTERNAL": Code("Something went wrong here; the request's id leads to it in the log."),
    "UNAVAILABLE": Code("The database does not answer; try again in a moment."),
    # Signing in
    "INVALID_REQUEST": Code("The parameter username is missing.", "body.username"),
    "UNSUPPORTED_GRANT_TYPE": Code(
        "The grant types are password, refresh_token and client_credentials.", "body.grant_type"
    ),
    "UNSUPPORTED_TOKEN_TYPE": Code("Access tokens end by themselves, soon.", "body.token"),
    "INVALID_CREDENTIALS": Code("The name or the password is wrong."),
    "INVALID_CLIENT": Code("The client or its secret is wrong."),
    "INVALID_GRANT": Code("The refresh token is not good, or not any more; sign in again."),
    "TOO_MANY_SIGN_INS": Code("Too many failed sign-ins; try again later."),
    "CROSS_ORIGIN": Code("This call is for the service's own page."),
    # Accounts
    "USERNAME_TAKEN": Code("There is an account named 'ines' already."),
    "WEAK_PASSWORD": Code("This password is too easy to guess; take a longer or less common one.", "body.password"),
    "WRONG_PASSWORD": Code("The current password is wrong."),
    "SERVICE_ACCOUNT": Code("A service has no password: give it a new secret."),
    "NOT_A_SERVICE_ACCOUNT": Code("A person has a password and no secret."),
    "LAST_ADMIN": Code("This is the last administrator: make another one first."),
    # A product
    "WRONG_TYPE": Code("designation must be a string.", "body.designation"),
    "UNKNOWN_FIELD": Code(
        "There is an unknown field; the known ones are product_id, designation, description, image_url, image.", "body"
    ),
    "DUPLICATE_FIELD": Code("A field occurs twice.", "body"),
    "TOO_LONG": Code("designation may have at most 1000 characters.", "body.designation"),
    "INVALID_TEXT": Code("designation holds characters that are not text.", "body.designation"),
    "INVALID_FORM": Code("The form cannot be read, or has too many or too long parts.", "body"),
    "INVALID_BASE64": Code("image is not valid Base64.", "body.image"),
    "BROKEN_IMAGE": Code(
        "The image cannot be read: it is damaged, incomplete, or not a JPEG, PNG, WebP or GIF.", "body.image"
    ),
    "IMAGE_TOO_LARGE": Code("The image has too many pixels; at most 50000000 are accepted.", "body.image"),
    "TWO_IMAGES": Code("Send an image or an image_url, not both.", "body.image_url"),
    "IMAGE_URL_REFUSED": Code("The URL leads to an address that is not public.", "body.image_url"),
    "EMPTY_PRODUCT": Code("A product needs a readable text or an image.", "body"),
    "MISSING_FIELD": Code("A labelled product needs a prdtypecode.", "body.prdtypecode"),
    "UNKNOWN_CATEGORY": Code("There is no category 7; PUT /api/taxonomy/7 declares it.", "body.prdtypecode"),
    "UNKNOWN_PRODUCT": Code("There is no stored product of this id; send a text or an image along.", "body.product_id"),
    "INVALID_IDEMPOTENCY_KEY": Code(
        "An Idempotency-Key has 1 to 255 visible ASCII characters.", "header.idempotency-key"
    ),
    "IDEMPOTENCY_KEY_REUSED": Code("This Idempotency-Key was used for another product; a new product needs a new key."),
    "QUOTA_ROWS": Code("An account may submit 5000000 products a day; the next day begins at 00:00 UTC."),
    "QUOTA_STORED_BYTES": Code("An account may hold 53687091200 bytes of photos and files; deleting jobs makes room."),
    "STORAGE_FULL": Code("The service is out of disk space and accepts nothing new until some is freed."),
    "UNKNOWN_WEBHOOK": Code("No webhook of yours has this URL; POST /api/webhooks registers it.", "body.webhook_url"),
    # A catalogue
    "EMPTY_BODY": Code("The file is empty.", "body"),
    "INVALID_COLUMNS": Code("Name columns like designation:Titre,description:Texte.", "query.columns"),
    "UNKNOWN_COLUMN": Code(
        "There is an unknown column; ours are product_id, image_id, designation, description, image, prdtypecode.",
        "query.columns",
    ),
    "DUPLICATE_COLUMN": Code("The column designation is named twice.", "query.columns"),
    "UNKNOWN_ENCODING": Code("There is no such encoding; known are utf-8, …", "query.encoding"),
    "INVALID_DELIMITER": Code(
        "A delimiter is one of comma, semicolon, tab, pipe, or one character like them.", "query.delimiter"
    ),
    "EXPIRES_TOO_LATE": Code("A job has at most 604800 seconds.", "query.expires_in"),
    # Jobs and photos
    "JOB_ENDED": Code("The job has ended already."),
    "JOB_NOT_ENDED": Code("The job has not ended; cancel it first."),
    "JOB_IN_USE": Code("Another job runs its rows again; cancel it or wait."),
    "NOTHING_FAILED": Code("None of the job's rows has failed."),
    "ROWS_GONE": Code("The job's file and rows are no longer kept."),
    "TOO_WIDE": Code("The order least_sure needs `job`, or `needs_review=true`.", "query.order"),
    "NOT_A_RERUN": Code(
        "`changed` needs the `job` of a rerun, and the job before it to be there still.", "query.changed"
    ),
    "NOT_PREDICTED": Code("Nothing has been predicted for this product."),
    "TOO_MANY_STREAMS": Code("Too many wait at once."),
    "TOO_MANY_UPLOADS": Code("Too many files are being sent."),
    "FILE_NOT_READ_YET": Code("The file has not been looked into yet; ask again in a moment."),
    "TOO_LARGE_FOR_XLSX": Code("A worksheet holds 1048575 rows of 16384 columns; ask for another format."),
    "RESULTS_GONE": Code("The job's rows are no longer kept; submit its file again."),
    "IMAGE_MISSING": Code("The photo is no longer in the store, or damaged there."),
    # Webhooks
    "WEBHOOK_URL_REFUSED": Code("The URL's host leads to an address that is not public.", "body.url"),
    "WEBHOOK_EXISTS": Code("There is a webhook of yours at this URL already."),
    "TOO_MANY_WEBHOOKS": Code("An account has at most 100 webhooks; delete one first."),
    "WEBHOOK_INACTIVE": Code("The webhook is not active: activate it first."),
    "TOO_MANY_WEBHOOK_CALLS": Code("Too many webhooks are being looked up or tested at once."),
    # Model releases
    "BUNDLE_REFUSED": Code("2026-11-02-demo: image.keras differs from the hash in the manifest."),
}
