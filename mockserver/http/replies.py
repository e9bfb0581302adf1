"""The values that handlers and refusals answer with, and the limits that calls count against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, NamedTuple

Provenance = Literal["documented", "observed", "assumed"]


class Limit(NamedTuple):
    """At most `calls` in each `window` of the sandbox's clock; the window opens with its first call.

    Endpoints whose limits name the same `bucket` are counted together; by default each counts alone.
    """

    calls: int
    window: timedelta = timedelta(minutes=1)
    bucket: str | None = None


class Reply(NamedTuple):
    """A handler's answer. `data` is JSON data (or ready bytes), not yet in the provider's envelope."""

    data: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    media: str = "application/json"
    assumed: bool = False
    """Whether this answer rests on an assumed fact, although its endpoint is documented."""


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A provider's response to an error; `extra` are fields besides those of its envelope.

    `media` is the content type where it is not the provider's usual one (`failure_media`): `refuse` then returns
    bytes of that type, such as the bare text for `text/plain; charset=utf-8`.
    """

    status: int
    code: str
    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    provenance: Provenance = "documented"
    media: str | None = None
