"""A scripted service for the tests of the commands that talk to one."""

from collections.abc import Iterator

import pytest

from tests.cli.scripted import Scripted, scripted_service


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted_service() as scripted:
        yield scripted
