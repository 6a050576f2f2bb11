"""Where the commands get a password from: the environment, else a prompt; never the command line."""

import os
import sys

import typer

from shared.errors import ConfigurationError

OWN = "SHELFWISE_PASSWORD"
NEW = "SHELFWISE_NEW_PASSWORD"  # another variable, so that nobody's own password becomes somebody else's


def asked_password(username: str, *, new: bool = False) -> str:
    """The password of an account. Raises ConfigurationError where nobody can be asked."""
    variable = NEW if new else OWN
    given = os.environ.get(variable)
    if given:
        return given
    if not sys.stdin.isatty():
        raise ConfigurationError(f"No terminal to ask for {username}'s password: set {variable}.")
    return str(typer.prompt(f"Password of {username}", hide_input=True, confirmation_prompt=new))
