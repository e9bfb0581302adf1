"""A transport that can send the head and the body of an answer together: one system call, one packet.

uvicorn writes the two one after the other, and each write is a system call of its own.
"""

from typing import Any

#: A larger body is not copied behind its head.
MOST_JOINED = 65_536


class CoalescingTransport:
    """Wraps the transport of a connection; everything but writing and closing is the transport's own."""

    __slots__ = ("_held", "_transport", "write")

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._held = b""
        #: The transport's own, but between `hold` and `release`.
        self.write = transport.write

    def hold(self) -> None:
        """Keep the next write until the one after it."""
        self.write = self._keep

    def release(self) -> None:
        """Write what is still kept (an answer may have no body), and write at once from now on."""
        self.write = self._transport.write
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Close once everything is sent, what is kept included."""
        self.release()
        self._transport.close()

    def abort(self) -> None:
        """End the connection now; what is kept is lost."""
        self._held = b""
        self._transport.abort()

    def _keep(self, data: bytes) -> None:
        self._held = data
        self.write = self._join

    def _join(self, data: bytes) -> None:
        held, self._held = self._held, b""
        self.write = self._transport.write
        if len(data) > MOST_JOINED:
            self._transport.write(held)
            self._transport.write(data)
        else:
            self._transport.write(held + data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
