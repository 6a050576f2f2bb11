"""What nobody expected is answered without internals."""

from errno import EACCES, ENOSPC

import anyio
import httpx
from fastapi import FastAPI

from api.last_resort import LastResort
from api.problems import add_problem_handlers
from shared.errors import BundleRefused
from tests.api.expect import assert_problem


async def ask(error: Exception) -> httpx.Response:
    """The answer of an application whose one route raises this."""
    app = FastAPI()
    add_problem_handlers(app)
    app.add_middleware(LastResort)

    @app.get("/")
    async def fail() -> None:
        raise error

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get("/")


def test_an_unexpected_error_tells_nothing() -> None:
    answer = anyio.run(ask, RuntimeError("/srv/secret/path"))

    assert_problem(answer, 500, "INTERNAL")
    assert "secret" not in answer.text


def test_a_disk_that_fills_up_on_the_way_is_no_surprise() -> None:
    assert_problem(anyio.run(ask, OSError(ENOSPC, "No space left on device")), 507, "STORAGE_FULL")


def test_any_other_error_of_the_system_is_unexpected() -> None:
    assert_problem(anyio.run(ask, OSError(EACCES, "Permission denied", "/srv/secret/path")), 500, "INTERNAL")


def test_an_error_of_ours_that_is_not_the_callers_tells_nothing_either() -> None:
    answer = anyio.run(ask, BundleRefused("model 7 is damaged"))

    assert_problem(answer, 500, "INTERNAL")
    assert "damaged" not in answer.text
