"""Paths of the document, with something where their parameters are."""

from shared.identifiers import new_id

# One for all: names of tests are the same in every process that collects them.
UNKNOWN_ID = "01932d3c-7f3a-7cc2-9d4e-5b1f0f6f2a1e"
NUMBERED = ("/api/predictions/", "/api/products/")


def filled(template: str) -> str:
    """The path to something of the right form that most likely is not there."""
    number = "999999" if template.startswith(NUMBERED) else new_id()
    parts = {"{id}": number, "{delivery_id}": new_id(), "{sha256}": "0" * 64, "{version}": "none-1", "{code}": "999999"}
    for name, value in parts.items():
        template = template.replace(name, value)
    return template
