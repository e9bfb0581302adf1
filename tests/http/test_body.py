"""Bodies of requests are read whole, up to a limit."""

from collections.abc import Sequence

import pytest
from starlette.types import Message

from mockserver.domain.errors import PayloadTooLarge
from mockserver.http.body import MOST, Disconnected, read_body

pytestmark = pytest.mark.anyio


async def read(*chunks: bytes, gone: bool = False) -> tuple[bytes, PayloadTooLarge | None, int]:
    """The body and the refusal that the chunks lead to, and how many messages were left unread."""
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if gone:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False

    async def receive() -> Message:
        return messages.pop(0)

    body, refusal = await read_body(receive)
    assert refusal is None or isinstance(refusal, PayloadTooLarge)
    return body, refusal, len(messages)


@pytest.mark.parametrize("chunks", [[b""], [b"a"], [b"a", b"", b"bc"], [b"x" * MOST], [b"x" * (MOST - 1), b"y"]])
async def test_a_body_up_to_the_limit_is_read_whole(chunks: Sequence[bytes]) -> None:
    assert await read(*chunks) == (b"".join(chunks), None, 0)


@pytest.mark.parametrize("chunks", [[b"x" * (MOST + 1)], [b"x" * MOST, b"y"], [b"x" * MOST, b"y", b"z" * 99]])
async def test_a_larger_one_is_dropped_but_read_to_its_end(chunks: Sequence[bytes]) -> None:
    body, refusal, left = await read(*chunks)
    assert (body, left) == (b"", 0)
    assert refusal is not None
    assert refusal.limit == MOST


@pytest.mark.parametrize("chunks", [[], [b"a"], [b"x" * MOST, b"y"]])
async def test_a_client_that_leaves_is_told_apart(chunks: Sequence[bytes]) -> None:
    with pytest.raises(Disconnected):
        await read(*chunks, gone=True)
