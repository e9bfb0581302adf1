"""Which HTTP/1.1 protocol uvicorn serves with."""

import asyncio


def http_protocol() -> type[asyncio.Protocol]:
    """The protocol class to serve with: on httptools where it is installed, else on h11."""
    try:
        from mockserver.http.protocol_httptools import ForgivingHttpTools
    except ImportError:
        from mockserver.http.protocol_h11 import ForgivingH11

        return ForgivingH11
    return ForgivingHttpTools
