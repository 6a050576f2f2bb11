"""The way into the page: its sign-in form."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.accounts import PASSWORD
from tests.support.service import Service


@dataclass(frozen=True)
class Form:
    """What the form says in one language."""

    title: str
    username: str
    password: str
    button: str


FORMS = {
    "en": Form("Sign in", "User name", "Password", "Sign in"),
    "fr": Form("Connexion", "Nom d’utilisateur", "Mot de passe", "Se connecter"),
}


def sign_in(
    page: Page, service: Service, username: str, password: str = PASSWORD, place: str = "", language: str = "en"
) -> None:
    """Open a place of the page, such as `#/models`, sign in, and wait until the form has gone."""
    page.goto(f"{service.url}/{place}")
    fill_in(page, username, password, language)
    expect(page.get_by_role("heading", name=FORMS[language].title, exact=True)).to_have_count(0)


def fill_in(page: Page, username: str, password: str, language: str = "en") -> None:
    """Fill in the form, and send it; whatever comes of that."""
    form = FORMS[language]
    page.get_by_label(form.username, exact=True).fill(username)
    page.get_by_label(form.password, exact=True).fill(password)
    page.get_by_role("button", name=form.button, exact=True).click()
