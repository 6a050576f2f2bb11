"""The accounts that the tests of the web page sign in with. All of them have one password."""

import secrets

from tests.support.service import PASSWORD, Service

ADMIN = "admin"  # made at the service's start
REVIEWER = "ines"
USER = "jean"

__all__ = ["ADMIN", "PASSWORD", "REVIEWER", "USER", "add_account", "new_account"]


def add_account(service: Service, username: str, role: str) -> None:
    """Make an account with PASSWORD, as an administrator does."""
    with service.client() as client:
        body = {"username": username, "password": PASSWORD, "role": role}
        client.post("/api/users", json=body).raise_for_status()


def new_account(service: Service, role: str = "user") -> str:
    """Make an account for one test alone, which nobody else's work is in; returns its name."""
    username = f"somebody.{secrets.token_hex(4)}"
    add_account(service, username, role)
    return username
