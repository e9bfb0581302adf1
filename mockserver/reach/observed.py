"""An application whose requests to emulated APIs are counted, and the last refused ones kept."""

from collections import deque
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockserver.journal.journal import Entry
from mockserver.listener.options import ListenerOptions

_REFUSED = 400


class Refusal(NamedTuple):
    """A refused request, and the name of its sandbox."""

    sandbox: str
    entry: Entry


class ObservedApp:
    """An ASGI application around the server's, for a command that is run beside it.

    Journals would not do: a sandbox to which only refused requests came is gone with them.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        """Observe an application; `most` is how many refused requests are kept."""
        self._app = app
        #: How many requests to emulated APIs came; calls of the control API do not count.
        self.requests = 0
        #: The last of them that were refused, oldest first.
        self.refusals: deque[Refusal] = deque(maxlen=most)

    @property
    def listener_options(self) -> ListenerOptions:
        """The options of the listener in front of the application."""
        options: ListenerOptions = getattr(self._app, "listener_options", None) or ListenerOptions()
        return options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def observe(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= _REFUSED:
                self._keep(scope)
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            if "mock.sandbox_name" not in scope:  # which the control API gets
                self.requests += 1

    def _keep(self, scope: Scope) -> None:
        """Keep the entry of a request whose answer begins: it is the newest of its sandbox at this moment."""
        if "mock.arrival" in scope:
            sandbox, _ = scope["mock.arrival"]
            entry = next(sandbox.journal.newest_first(), None)
            if entry is not None:
                self.refusals.append(Refusal(sandbox.name, entry))
