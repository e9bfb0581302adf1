"""The criteria by which `count`, `find` and the listing select entries of the journal."""

from collections.abc import Mapping
from typing import Any

from mockserver.control.operation import Schema, object_schema
from mockserver.domain.errors import Invalid

_PLAIN: Mapping[str, str] = {
    "provider": "only this provider's",
    "operation": "only this operation's, as the journal calls it",
    "changes_state": "true: only operations that change something",
    "method": "only this method, in any case",
    "path": "only these paths after the provider's base URL: * is one segment, ** any",
    "status": "only answers of this status",
    "account": "only this account's: its id, or the public part of its credential",
    "order": "only about this order",
    "mistake": "only those refused by this mistake",
    "rule": "only those that this rule decided",
    "fault": "only those that this fault struck",
}
#: The body of `count` and `find`.
CRITERIA: Schema = object_schema(
    (),
    **{name: {"description": f"A value, a list or a matcher: {text}."} for name, text in _PLAIN.items()},
    body={"type": "object", "description": "Dotted names of the body (a form is a flat object) to values or matchers."},
    query={"type": "object", "description": "Names of the query to values or matchers."},
)
#: The parameters of the listing.
PARAMETERS: Mapping[str, str | Schema] = {
    **_PLAIN,
    "status": {"type": "integer", "description": _PLAIN["status"]},
    "changes_state": {"type": "boolean", "description": _PLAIN["changes_state"]},
}


def from_query(query: Mapping[str, str]) -> dict[str, Any]:
    """Return the criteria of the listing's query, typed as the body of `find` has them; raises Invalid."""
    criteria: dict[str, Any] = {name: text for name, text in query.items() if name in _PLAIN}
    errors = {}
    if "status" in criteria:
        text = criteria["status"]
        if text.isascii() and text.isdecimal() and len(text) < 10:
            criteria["status"] = int(text)
        else:
            errors["status"] = [f"must be a whole number: {text[:100]!r}"]
    if "changes_state" in criteria:
        if criteria["changes_state"] in ("true", "false"):
            criteria["changes_state"] = criteria["changes_state"] == "true"
        else:
            errors["changes_state"] = [f"must be true or false: {criteria['changes_state'][:100]!r}"]
    if errors:
        raise Invalid(errors)
    return criteria
