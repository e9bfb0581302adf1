"""What a handler answers and what a refusal says, as values; and the limits that calls are counted against."""

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
    """What a handler answers. `data` is JSON data (or ready bytes), not yet in the provider's envelope."""

    data: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    media: str = "application/json"
    assumed: bool = False
    """Whether the answer rests on an assumption, although its endpoint does not."""


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """How a provider words a mistake; `extra` goes beside its envelope's own fields.

    `media` is the content type of a refusal that is not of the provider's usual one (`failure_media`): `refuse` then
    returns bytes of that type, such as the bare text for `text/plain; charset=utf-8`.
    """

    status: int
    code: str
    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    provenance: Provenance = "documented"
    media: str | None = None
