"""Faults as data, without the secrets in what they answer and in what they ask of requests."""

from collections.abc import Mapping
from typing import Any

from mockserver.journal.bodies import body_redactor, redact_body
from mockserver.journal.names import SECRET_NAMES
from mockserver.journal.redact import HIDDEN, without_secrets


def kept_fault(data: Mapping[str, Any]) -> dict[str, Any]:
    """A fault for a snapshot: secrets in its answer's headers and body are hidden, and stay so once it is restored."""
    answer = data.get("answer")
    if not isinstance(answer, Mapping):
        return dict(data)
    shown = dict(answer)
    if isinstance(answer.get("headers"), Mapping):
        shown["headers"] = {name: HIDDEN if name in SECRET_NAMES else text for name, text in answer["headers"].items()}
    if "body" in answer:
        shown["body"] = _body(answer["body"])
    return {**data, "answer": shown}


def shown_fault(data: Mapping[str, Any]) -> dict[str, Any]:
    """A fault for a listing: what it wants secret fields of requests to be is hidden, too."""
    shown = kept_fault(data)
    for part in ("body", "query"):
        if isinstance(shown.get(part), Mapping):
            shown[part] = without_secrets(shown[part], SECRET_NAMES)
    return shown


def _body(body: Any) -> Any:
    if isinstance(body, str):
        return redact_body(body.encode(), body_redactor(SECRET_NAMES)).decode()
    return without_secrets(body, SECRET_NAMES)
