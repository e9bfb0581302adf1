"""Checks the form of the control API's refusals."""

from typing import Any

import httpx


def problem_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer that must be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == "about:blank"
    assert document["status"] == status
    assert isinstance(document["title"], str)
    assert document["title"]
    assert isinstance(document["detail"], str)
    assert document["detail"]
    assert "Traceback" not in answer.text
    return document


def fields_of(answer: httpx.Response) -> list[str]:
    """Which fields a 422 names."""
    return [error["field"] for error in problem_of(answer, 422)["errors"]]
