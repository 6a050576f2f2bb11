"""What tests of the API hold answers against."""

from typing import Any

import httpx


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem (RFC 9457) of this status and code; returns its body."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code, problem
    assert problem["title"]
    assert problem["detail"]
    return problem
