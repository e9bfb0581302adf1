"""The event stream as a command reads it: it connects again where the server went away."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import click

from mockserver.cli.client import ControlClient, Unreachable, open_call

#: Seconds without a byte after which the server is taken to be gone; it sends a comment every 15.
_SILENCE = 45.0
#: Seconds before the first new attempt to connect, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class Frame(NamedTuple):
    """One frame of server-sent events."""

    event: str
    id: str | None
    data: str


class EventStream:
    """The frames of a running server from now on; after a pause of the server, it goes on where it was.

    `say` gets notes for people.
    """

    def __init__(
        self, client: ControlClient, say: Callable[[str], None], *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._say = say
        self._pause = pause
        self._last: str | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames, until the sandbox is deleted; raises ClickException where there is no such server."""
        answer = self._connect()
        while True:
            yield from self._read(answer)
            answer = self._connect_again()

    def _read(self, answer: Any) -> Iterator[Frame]:
        from http.client import HTTPException

        with answer:
            try:
                for frame in frames(answer):
                    self._last = frame.id or self._last
                    yield frame
            except (OSError, HTTPException):
                return

    def _connect(self) -> Any:
        headers = {"Accept": "text/event-stream"}
        if self._last is not None:
            headers["Last-Event-ID"] = self._last
        answer = open_call(self._client, "GET", "/events", headers=headers, timeout=_SILENCE)
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            raise click.ClickException(f"no mockserver answers at {self._client.base}: it has no event stream")
        # Without an event so far it goes on after the newest of when it connected.
        self._last = self._last or answer.headers.get("x-mock-event-id")
        return answer

    def _connect_again(self) -> Any:
        self._say(f"the server at {self._client.base} is gone; waiting for it")
        seconds = _FIRST_PAUSE
        while True:
            self._pause(seconds)
            try:
                answer = self._connect()
            except Unreachable:
                seconds = min(seconds * 2, _LONGEST_PAUSE)
            else:
                self._say("the server is back")
                return answer


def frames(lines: Iterable[bytes]) -> Iterator[Frame]:
    """Yield the frames of a stream; comments, and a frame that is not whole, are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if "data" in fields:
            yield Frame(fields.get("event", "message"), fields.get("id"), fields["data"])
        fields = {}
