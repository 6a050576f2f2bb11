import io
import sys

import pytest

from cli.passwords import asked_password
from shared.errors import ConfigurationError


def test_the_environment_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFWISE_PASSWORD", "sesame")

    assert asked_password("ann") == "sesame"


def test_a_new_account_does_not_get_the_password_of_who_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFWISE_PASSWORD", "mine")
    monkeypatch.setenv("SHELFWISE_NEW_PASSWORD", "theirs")

    assert asked_password("ann", new=True) == "theirs"


@pytest.mark.parametrize("given", [None, ""], ids=["not set", "empty"])
def test_where_nobody_can_be_asked_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, given: str | None) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("sesame\n"))
    if given is not None:
        monkeypatch.setenv("SHELFWISE_PASSWORD", given)

    with pytest.raises(ConfigurationError, match="No terminal to ask for ann's password: set SHELFWISE_PASSWORD"):
        asked_password("ann")
