"""What the mock server is compared with: the least that can answer on the same server with the same settings.

`python benchmarks/bare.py` serves a bare ASGI application; with `--starlette` the smallest Starlette application, for
the comparison of cold starts. Like `mockserver --log-format json` it prints its address as one line of JSON.
"""

import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
BODY = b'{"success":true,"data":{"countries":[{"id":4,"name":"Afghanistan"},{"id":6,"name":"Russia"}]}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def bare(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """The same bytes for every request; its body is read, as any application that takes one must.

    `/bytes/N` answers N bytes, to compare a long answer with.
    """
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    path = scope["path"]
    if path.startswith("/bytes/"):
        headers, body = long_answer(int(path[7:]))
    else:
        headers, body = HEADERS, BODY
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@cache
def long_answer(size: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and a body of this many bytes."""
    return [HEADERS[0], (b"content-length", str(size).encode())], b"x" * size


def starlette() -> Any:
    """One route, one answer."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    async def answer(request: object) -> Response:
        return Response(BODY, media_type="application/json")

    return Starlette(routes=[Route("/", answer)])


def serve(app: Any) -> None:
    """Run with what the mock server's own server is set to."""
    config = uvicorn.Config(
        app,
        port=0,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        lifespan="off" if app is bare else "on",
        date_header=False,
        server_header=False,
    )
    listener = config.bind_socket()
    listener.listen(2048)  # so that whoever reads the line below can connect
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(starlette() if "--starlette" in sys.argv[1:] else bare)
