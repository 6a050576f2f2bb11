"""The documents and the code say the same."""

import json
import re
from pathlib import Path

import pytest

from api.app import create_app
from shared.settings import Settings, load_settings
from shared.webhooks.bodies import EventBody

ROOT = Path(__file__).parents[1]
VARIABLE = re.compile(r"SHELFWISE_([A-Z_]+)")


@pytest.mark.parametrize("document", ["docs/04-settings.md", ".env.example"])
def test_every_setting_is_documented_and_no_other(document: str) -> None:
    named = {name.lower() for name in VARIABLE.findall((ROOT / document).read_text())}

    assert named == set(Settings.model_fields)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_documented_defaults_are_the_real_ones(name: str) -> None:
    (documented,) = re.findall(rf"SHELFWISE_{name.upper()}=(\S*)", (ROOT / ".env.example").read_text())
    default = getattr(load_settings(), name)

    assert documented == ("" if default in (None, "") else str(default))


def test_the_openapi_document_is_the_one_that_is_served() -> None:
    app = create_app(load_settings(secret_key="k3J-9sQ_vB7xT1mZ4pL8wR2nY6cD5fG0hA", broker_url="redis://localhost:1"))

    written = json.loads((ROOT / "docs/openapi.json").read_text())

    assert written == json.loads(json.dumps(app.openapi())), "run `make openapi`"


def test_the_page_about_webhooks_shows_an_event_as_it_is_sent() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs/12-webhooks.md").read_text(), re.S)

    assert EventBody.model_validate_json(shown).model_dump(mode="json") == json.loads(shown)


@pytest.mark.parametrize("page", [*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=str)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
