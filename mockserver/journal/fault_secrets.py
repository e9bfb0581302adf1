"""Faults as data, without the secrets in their answers and in their conditions on requests."""

from collections.abc import Mapping
from typing import Any

from mockserver.journal.bodies import body_redactor, redact_body
from mockserver.journal.names import SECRET_NAMES
from mockserver.journal.redact import HIDDEN, without_secrets


def kept_fault(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fault for a snapshot: secrets in its answer's headers and body are hidden, also after a restore."""
    answer = data.get("answer")
    if not isinstance(answer, Mapping):
        return dict(data)
    safe = dict(answer)
    if isinstance(answer.get("headers"), Mapping):
        safe["headers"] = {name: HIDDEN if name in SECRET_NAMES else text for name, text in answer["headers"].items()}
    if "body" in answer:
        safe["body"] = _body(answer["body"])
    return {**data, "answer": safe}


def shown_fault(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fault for a listing: its conditions on secret fields of requests are hidden, too."""
    fault = kept_fault(data)
    for part in ("body", "query"):
        if isinstance(fault.get(part), Mapping):
            fault[part] = without_secrets(fault[part], SECRET_NAMES)
    return fault


def _body(body: Any) -> Any:
    if isinstance(body, str):
        return redact_body(body.encode(), body_redactor(SECRET_NAMES)).decode()
    return without_secrets(body, SECRET_NAMES)
