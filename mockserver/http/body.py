"""Reads a request's body within its limit."""

from starlette.types import Receive

from mockserver.domain.errors import ApiError, PayloadTooLarge

#: The largest body that is read, in bytes.
MOST = 1024 * 1024


class Disconnected(Exception):
    """Raised where the client went away before its request was complete: nothing waits for an answer."""


async def read_body(receive: Receive, *, most: int = MOST) -> tuple[bytes, ApiError | None]:
    """Return the body and None, or no body and PayloadTooLarge where it exceeds `most` bytes.

    A body that is too large is read to its end and dropped: a client that still sends may never read the answer.
    Raises Disconnected.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return (body, None) if len(body) <= most else (b"", PayloadTooLarge(most))
    chunks, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        else:
            chunks.clear()
    return (b"".join(chunks), None) if size <= most else (b"", PayloadTooLarge(most))
