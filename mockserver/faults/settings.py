"""The settings that a fault's delays ask for."""

from collections.abc import Iterator
from contextlib import suppress

from mockserver.engine.delays import settings_of
from mockserver.faults import webhook_kinds
from mockserver.faults.model import Fault


def asked_by_fault(fault: Fault) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the place in the fault and the name of each setting that its delays ask for."""
    yield from ((("delay",), name) for name in settings_of(fault.delay))
    for kind, argument in webhook_kinds.written(fault.webhook or {}):
        # In a file with errors, an argument may be anything.
        with suppress(ValueError):
            yield from ((("webhook", kind.name), name) for name in (kind.asks(argument) if kind.asks else ()))
