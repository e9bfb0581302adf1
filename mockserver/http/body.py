"""Reads a request's body within its limit."""

from starlette.types import Receive

from mockserver.domain.errors import ApiError, PayloadTooLarge

#: The largest body that is read, in bytes.
MOST = 1024 * 1024


class Disconnected(Exception):
    """The client went away before its request was complete; nobody waits for an answer."""


async def read_body(receive: Receive, *, most: int = MOST) -> tuple[bytes, ApiError | None]:
    """The body, or PayloadTooLarge (and no body) when it exceeds `most` bytes.

    What is too large is read to its end and dropped, so that the client gets to read the answer.
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
