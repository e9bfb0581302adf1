"""Sends a webhook once and returns the outcome. The only module that opens connections to receivers."""

import asyncio
import codecs
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from mockserver.webhooks.model import Outcome, Verdict
from mockserver.webhooks.targets import RefusedTarget, Target, TargetGuard, UnresolvedTarget

if TYPE_CHECKING:
    from ssl import SSLContext

    from httpx import AsyncHTTPTransport, Request, Response

    from mockserver.webhooks.trust import Trust

_READ_AT_MOST = 65_536
_KEPT_AT_MOST = 4_096
#: How many characters of an answer's header lines are kept; the first whole lines.
_HEADERS_AT_MOST = 8_192
#: Headers that describe the connection and not the notice, so the dispatcher writes them itself.
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


@dataclass(slots=True)
class _Slots:
    """The attempts that send to one host and port (`free` limits them), or wait to (`users` counts both)."""

    free: asyncio.Semaphore
    users: int = 0


class Dispatcher:
    """Posts to receivers that `guard` lets pass, at most `per_target` at a time for one host and port.

    `timeout` is in seconds of real time, for everything from the lookup to the last byte of the answer; waiting
    for a turn does not count. `verify` False takes any certificate; an SSL context says which are
    taken, and so does a Trust, which is asked before each message to an https receiver.
    """

    def __init__(
        self,
        guard: TargetGuard,
        *,
        timeout: float = 10.0,
        per_target: int = 16,
        verify: "bool | SSLContext | Trust" = True,
    ) -> None:
        self._guard = guard
        self._timeout = timeout
        self._per_target = per_target
        self._verify = verify
        self._slots: dict[tuple[str, int], _Slots] = {}
        self._opening = asyncio.Lock()
        self._transport: AsyncHTTPTransport | None = None
        self._closed = False

    async def attempt(self, *, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """POST `body` once, without following redirects. Every error becomes an Outcome; only cancellation passes."""
        try:
            return await self._attempt(url, body, headers)
        except Exception as error:  # whatever a receiver does, the delivery must end with an outcome
            return Outcome("unreachable", detail=f"the request could not be sent: {type(error).__name__}: {error}")

    async def close(self) -> None:
        """Close every connection; attempts under way and later ones end as unreachable."""
        self._closed = True
        async with self._opening:
            transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _attempt(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        begun = perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                target = await self._guard.resolve(url)
        except RefusedTarget as refusal:
            return Outcome("refused_target", detail=refusal.reason)
        except UnresolvedTarget as failure:
            return Outcome("unreachable", detail=failure.reason, milliseconds=_milliseconds(begun))
        except TimeoutError:
            detail = f"the host name was not resolved within {self._timeout:g} s"
            return Outcome("timeout", detail=detail, milliseconds=_milliseconds(begun))
        spent = perf_counter() - begun
        transport = await self._open(target.scheme)
        if transport is None:
            return Outcome("unreachable", detail="the dispatcher is closed")
        async with self._slot(target):
            return await self._post(transport, target, body, headers, spent)

    async def _open(self, scheme: str) -> "AsyncHTTPTransport | None":
        async with self._opening:
            if self._closed:
                return None
            if self._transport is None:
                # The import and the certificates take a fifth of a second, which others need not wait for.
                self._transport = await asyncio.to_thread(_transport, self._verify)
            elif scheme == "https" and not isinstance(self._verify, bool):
                # The local CA may have been made since.
                await asyncio.to_thread(_context, self._verify)
            return self._transport

    @property
    def busy(self) -> int:
        """The count of targets that attempts send to, or wait to."""
        return len(self._slots)

    @asynccontextmanager
    async def _slot(self, target: Target) -> AsyncIterator[None]:
        key = (target.host, target.port)
        slots = self._slots.setdefault(key, _Slots(asyncio.Semaphore(self._per_target)))
        slots.users += 1
        try:
            async with slots.free:
                yield
        finally:
            slots.users -= 1
            if not slots.users:
                del self._slots[key]

    async def _post(
        self,
        transport: "AsyncHTTPTransport",
        target: Target,
        body: bytes,
        headers: Mapping[str, str],
        lookup_seconds: float,
    ) -> Outcome:
        import httpx

        start = perf_counter() - lookup_seconds
        verdict: Verdict = "unreachable"
        try:
            async with asyncio.timeout(self._timeout - lookup_seconds):
                return await _exchange(transport, target, body, headers, start)
        except (TimeoutError, httpx.TimeoutException):
            verdict, detail = "timeout", f"no complete answer within {self._timeout:g} s"
        except httpx.RemoteProtocolError as error:
            # Only this sentence distinguishes a connection closed without an answer from a bad answer.
            if str(error).startswith("Server disconnected"):
                detail = f"{target.authority} closed the connection before it had answered"
            else:
                verdict, detail = "garbage", f"not an HTTP answer: {error}"
        except httpx.NetworkError as error:
            detail = f"the connection to {target.authority} failed: {_root(error)}"
        return Outcome(verdict, detail=detail, milliseconds=_milliseconds(start))


def _context(verify: "SSLContext | Trust") -> "SSLContext":
    from mockserver.webhooks.trust import Trust

    return verify.context() if isinstance(verify, Trust) else verify


def _transport(verify: "bool | SSLContext | Trust") -> "AsyncHTTPTransport":
    import httpx

    # No connection is kept: it is verified for one host name, and two names may share an address. There is no limit
    # for all receivers together, or a slow receiver would delay another.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    verification = verify if isinstance(verify, bool) else _context(verify)
    return httpx.AsyncHTTPTransport(verify=verification, trust_env=False, limits=limits)


async def _exchange(
    transport: "AsyncHTTPTransport", target: Target, body: bytes, headers: Mapping[str, str], start: float
) -> Outcome:
    """Send to the first address that takes a connection (`localhost` has two) and read the answer."""
    from httpx import ConnectError

    for address in target.addresses[:-1]:
        try:
            response = await transport.handle_async_request(_request(target, address, body, headers))
        except ConnectError:
            continue
        return await _read(response, start)
    request = _request(target, target.addresses[-1], body, headers)
    return await _read(await transport.handle_async_request(request), start)


def _request(target: Target, address: str, body: bytes, headers: Mapping[str, str]) -> "Request":
    """Return a request to the literal address, with the Host header and the certificate check of the host's name."""
    import httpx

    lines = [("Host", target.authority), ("Connection", "close")]
    lines += [(name, value) for name, value in headers.items() if name.lower() not in _OURS]
    if not any(name.lower() == "user-agent" for name in headers):
        lines.append(("User-Agent", "mockserver"))
    literal = f"[{address}]" if ":" in address else address
    return httpx.Request(
        "POST",
        f"{target.scheme}://{literal}:{target.port}/",
        headers=[(name.encode(), value.encode()) for name, value in lines],
        content=body,
        extensions={"target": target.path.encode("ascii"), "sni_hostname": target.host.rstrip(".")},
    )


async def _read(response: "Response", start: float) -> Outcome:
    content = bytearray()
    try:
        async for part in response.aiter_raw():
            content += part
            if len(content) >= _READ_AT_MOST:
                break
    finally:
        await response.aclose()
    # Not final where the text was cut: half a character at the cut is dropped, not replaced.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return Outcome(
        "delivered" if response.is_success else "answered",
        status=response.status_code,
        headers=_kept_headers(response),
        body=decoder.decode(bytes(content[:_KEPT_AT_MOST]), final=len(content) <= _KEPT_AT_MOST),
        milliseconds=_milliseconds(start),
    )


def _kept_headers(response: "Response") -> tuple[tuple[str, str], ...]:
    headers, left = [], _HEADERS_AT_MOST
    for name, value in response.headers.raw:
        left -= len(name) + len(value)
        if left < 0:
            break
        headers.append((name.decode("latin-1"), value.decode("latin-1")))
    return tuple(headers)


def _root(error: BaseException) -> str:
    """Return the first error of the operating system or TLS; httpx says only `All connection attempts failed`."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error) or type(error).__name__


def _milliseconds(start: float) -> int:
    return round((perf_counter() - start) * 1000)
