"""The process around the application: socket, uvicorn, signals, logging, and a server in a thread."""

import asyncio
import contextlib
import errno
import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import Any, Literal, Self

import uvicorn

from mockserver.config import DRAINING, LISTENING, STOPPING, Settings
from mockserver.domain.moments import moment_text
from mockserver.http.heads import MOST_HEAD
from mockserver.listener.connections import IDLE
from mockserver.listener.listener import Listener
from mockserver.listener.options import ListenerOptions

BACKLOG = 2048
#: Seconds of real time at a stop: for requests under way to finish, for those cut off to notice, and for the
#: application's own shutdown (which takes no time unless it hangs, or writes a large state).
GRACE, NOTICE, APPLICATION, SAVING = 0.3, 0.1, 2.0, 60.0
#: The same after draining: for connections that have come to send their request, and for the answers to all.
LAST_REQUESTS, LAST_ANSWERS = 0.5, 5.0
_LOOK = 0.01

_log = logging.getLogger("mockserver.server")


class CannotListen(Exception):
    """The address cannot be listened on; the message is a whole line for people."""

    def __init__(self, message: str, *, in_use: bool = False) -> None:
        super().__init__(message)
        self.in_use = in_use


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 chooses a free one. Raises CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise CannotListen(f"host {host} is not known: {_reason(error)}") from None
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Listening here, not in uvicorn: two sockets may bind to one port, only one may listen.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} on {host} is in use: stop what listens there, or choose another port"
            raise CannotListen(f"{message} (--port 0 chooses a free one)", in_use=True) from None
        raise CannotListen(f"cannot listen on port {port} of {host}: {_reason(error)}") from None
    listener.setblocking(False)
    return listener


def bind_all(host: str, port: int) -> list[socket.socket]:
    """Return the listening sockets of a host, all on one port: `localhost` is 127.0.0.1 and ::1. Raises CannotListen.

    Clients take either for it. One of the two is enough, where the machine has or grants no other.
    """
    if host.rstrip(".") != "localhost":
        return [bind(host, port)]
    try:
        first = bind("127.0.0.1", port)
    except CannotListen as error:
        if error.in_use:
            raise
        return [bind("::1", port)]
    try:
        return [first, bind("::1", first.getsockname()[1])]
    except CannotListen as error:
        _log.debug("localhost is 127.0.0.1 alone: %s", error)
        return [first]


def bind_settings(settings: Settings) -> list[socket.socket]:
    """Return the listening sockets of a server with these settings, those of `port` first. Raises CannotListen."""
    sockets = bind_all(settings.host, settings.port)
    if settings.tls_port is not None:
        try:
            sockets += bind_all(settings.host, settings.tls_port)
        except CannotListen as error:
            for listening in sockets:
                listening.close()
            raise CannotListen(f"--tls-port: {error}", in_use=error.in_use) from None
    return sockets


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]


def url_of(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn, stopping within a second whatever its connections are doing, and without polling.

    The first signal stops it in good order, the second does not wait for requests, the third ends the process.
    """

    def __init__(
        self, app: Any, *, on_started: Callable[[], None], patience: float = APPLICATION, drain: float = 0.0
    ) -> None:
        """Make a server; after SIGTERM it still accepts requests for `drain` seconds."""
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="on",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=int(IDLE),
                h11_max_incomplete_event_size=MOST_HEAD,
            )
        )
        self._on_started = on_started
        self._options: ListenerOptions = getattr(app, "listener_options", None) or ListenerOptions()
        self._listener: Listener | None = None
        self._patience = patience
        #: Whether the application did not end as it should have.
        self.failed = False
        self._stopping = asyncio.Event()
        self._drain = drain
        self._draining = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signals = 0

    def stop(self) -> None:
        """Begin to stop; may be called from any thread, any number of times."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is left to stop
                self._loop.call_soon_threadsafe(self._stopping.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at the first signal (SIGTERM: drain first), in a hurry at the second, at once at the third."""
        # Not remembered as uvicorn does to raise it again: a stop that was asked for ends with exit code 0.
        self._signals += 1
        self.force_exit = self._signals > 1
        if self._signals > 2:
            os._exit(128 + sig)
        if sig == signal.SIGTERM and self._signals == 1 and self._drain and self._loop is not None and self.started:
            self._loop.call_soon_threadsafe(self._begin_draining)
        else:
            self.stop()

    def _begin_draining(self) -> None:
        self._draining.set()
        assert self._loop is not None
        assert self._listener is not None
        self._listener.drain()
        self._loop.call_later(self._drain, self.stop)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then leave what was imported out of every garbage collection."""
        self._loop = asyncio.get_running_loop()
        # What the application may want to know of its own addresses, webhooks for one.
        listening = tuple(bound.getsockname()[:2] for bound in sockets or ())
        getattr(self.lifespan, "state", {}).update(
            {LISTENING: listening, STOPPING: self._stopping, DRAINING: self._draining}
        )
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise SystemExit(1)  # as uvicorn does
        self._listener = Listener(
            self.config.loaded_app,
            sockets or (),
            self._options,
            config=self.config,
            uvicorn_state=self.server_state,
            state=self.lifespan.state,
        )
        self._listener.start()
        self.started = True
        if self.should_exit:
            return
        # What was imported stays: no collection need walk it. A request makes some hundred short-lived objects,
        # so that the default of one young collection for 700 would run every few requests.
        gc.freeze()
        gc.enable()
        gc.set_threshold(20_000, 20, 50)
        self._on_started()

    async def main_loop(self) -> None:
        """Wait until the server is to stop."""
        if not self.should_exit:
            await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what listens, let requests under way end, stop the application."""
        listening = self._listener
        assert listening is not None, "what was not started is not shut down"
        listening.stop_listening()
        for listener in sockets or ():
            listener.close()
        if self._draining.is_set():
            # Whoever has come, or has asked, gets an answer.
            await self._wait_while(listening.is_busy, LAST_REQUESTS)
        listening.stop_accepting()
        if self._draining.is_set():
            await self._wait_while(listening.owes_answers, LAST_ANSWERS)
        await self._wait_for_requests(GRACE)
        # First the connections, then the tasks: what answers to a connection that is gone answers to nobody,
        # so that half-sent requests and endless streams end without an error.
        listening.abort()
        await self._wait_for_requests(NOTICE)
        for task in listening.tasks():
            task.cancel()
        await self._wait_for_requests(NOTICE)
        listening.close()
        try:
            await asyncio.wait_for(self.lifespan.shutdown(), self._patience)
        except TimeoutError:
            _log.warning("the application did not shut down within %s seconds", self._patience)
            self.failed = True
        self.failed = self.failed or bool(getattr(self.lifespan, "shutdown_failed", False))

    async def _wait_while(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait while this holds, at most `seconds`; a second signal is noticed on the way."""
        end = asyncio.get_running_loop().time() + seconds
        while condition() and asyncio.get_running_loop().time() < end and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)  # a connection that goes tells nobody

    async def _wait_for_requests(self, seconds: float) -> None:
        """Wait until no request is under way, for `seconds` at most, or until a second signal."""
        end = asyncio.get_running_loop().time() + seconds
        assert self._listener is not None
        while (tasks := self._listener.tasks()) and asyncio.get_running_loop().time() < end:
            await asyncio.wait(tasks, timeout=0.001 if self.force_exit else 0.02)
            if self.force_exit:
                return


def run(
    app: Any,
    settings: Settings,
    *,
    listeners: Sequence[socket.socket] = (),
    on_started: Callable[[str], None] | None = None,
) -> int:
    """Serve until a signal comes; returns the exit code of the process.

    `on_started` gets the URL as soon as requests are answered. Without `listeners` the settings say where to
    listen; when that cannot be, one line goes to stderr and the code is 1. So it is when the application cannot
    start, or cannot end as it should: its own line says why.
    """
    configure_logging(settings.log_format)
    try:
        bound = list(listeners) or bind_settings(settings)
    except CannotListen as error:
        print(f"mockserver: {error}", file=sys.stderr)
        return 1
    url = url_of(bound[0])
    server = Server(
        app,
        on_started=lambda: on_started(url) if on_started else None,
        patience=SAVING if settings.save_on_exit else APPLICATION,
        drain=settings.drain.total_seconds() if settings.drain is not None else 0.0,
    )
    try:
        server.run(sockets=bound)
    except KeyboardInterrupt:
        pass
    except SystemExit:  # uvicorn's way to say that the application did not start
        return 1
    finally:
        for listener in bound:
            listener.close()
    return 1 if server.failed else 0


@contextlib.contextmanager
def _no_signals() -> Iterator[None]:
    """Block all signals in threads that begin meanwhile, so that the main thread gets them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class LiveServer:
    """Serves an ASGI application on a free port from a thread, for tests; a context manager.

    Entering raises RuntimeError when the application does not start. `listeners` come in place of `host` and `port`,
    `patience` is for how many seconds the application may shut down.
    """

    def __init__(
        self,
        app: Any,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        listeners: Sequence[socket.socket] = (),
        patience: float = APPLICATION,
    ) -> None:
        self._listeners = list(listeners) or bind_all(host, port)
        self.url = url_of(self._listeners[0])
        self.port: int = self._listeners[0].getsockname()[1]
        self._settled = threading.Event()
        self._patience = patience
        self._server = Server(app, on_started=self._settled.set, patience=patience)
        self._thread = threading.Thread(target=self._run, name=f"mockserver {self.url}", daemon=True)

    def __enter__(self) -> Self:
        with _no_signals():
            self._thread.start()
        try:
            self._settled.wait()
        except KeyboardInterrupt:
            self._server.stop()
            raise
        if not self._server.started:
            self._thread.join()
            raise RuntimeError(f"the application did not start on {self.url}: its log says why")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join(timeout=self._patience + 3)
        if self._thread.is_alive():
            raise RuntimeError(f"the server on {self.url} did not stop")

    def _run(self) -> None:
        try:
            self._server.run(sockets=self._listeners)
        except SystemExit:  # uvicorn's way to say that the application did not start
            pass
        finally:
            for listener in self._listeners:
                listener.close()
            self._settled.set()


class _JsonFormatter(logging.Formatter):
    """One object per line: time, level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": moment_text(moment.replace(microsecond=moment.microsecond // 1000 * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


#: What uvicorn adds to the application's own reason.
_ECHOES = frozenset({"Application startup failed. Exiting.", "Application shutdown failed. Exiting."})


def _tells_something(record: logging.LogRecord) -> bool:
    """Return False for a request that a stop cuts off, which uvicorn reports as an error with a traceback."""
    if record.msg in _ECHOES:
        return False
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def configure_logging(log_format: Literal["human", "json"]) -> None:
    """Write warnings and errors of everything in this process to stderr, a line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if log_format == "json" else logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(_tells_something)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
