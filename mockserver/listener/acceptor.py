"""Accepts connections, and tells by their first bytes what they speak: TLS, CONNECT or HTTP."""

import asyncio
import errno
import logging
import re
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from mockserver.http.heads import MOST_HEAD
from mockserver.http.way_in import DIRECT, WayIn
from mockserver.listener.answers import plain_answer
from mockserver.listener.authority import ProxyRefusal
from mockserver.listener.client_hello import LONGEST, UNRECOGNIZED_NAME, NotTls, read_client_hello
from mockserver.listener.connections import IDLE
from mockserver.listener.options import Certificates
from mockserver.listener.proxying import Proxy, read_connect

log = logging.getLogger("mockserver.server")

#: Seconds of real time for a TLS handshake, from its first byte.
HANDSHAKE = 10.0
#: How many handshakes and tunnels without a request may be open at once; beyond, the oldest is closed.
MOST_UNFINISHED = 1_000
#: How many connections are taken before others have a turn, and for how long none are where no file can be opened.
_MOST_AT_ONCE, _PAUSE = 1_000, 0.2
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_CONNECT = b"CONNECT "
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_TLS = 0x16

MakeProtocol = Callable[[WayIn], asyncio.Protocol]


class ConnectionRouter:
    """Leads each new connection to the protocol that it speaks. All acceptors of a server share one."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        make_protocol: MakeProtocol,
        proxy: Proxy,
        certificates: Certificates | None,
    ) -> None:
        self.loop = loop
        self.make_protocol = make_protocol
        self.proxy = proxy
        self.certificates = certificates
        #: Connections that no protocol has yet, the oldest first.
        self.waiting: dict[PendingConnection, None] = {}
        #: Of those, the ones that began with TLS or CONNECT.
        self.unfinished: dict[PendingConnection, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.notices = proxy.notices

    def route(self, connection: socket.socket, way_in: WayIn = DIRECT) -> None:
        """Begin with a connection that was accepted, or with what comes through a tunnel."""
        pending = PendingConnection(self, connection, way_in)
        self.waiting[pending] = None
        if way_in.tunnel is not None:
            self.count(pending)
        pending.look()

    def count(self, pending: "PendingConnection") -> None:
        """Note that a connection has begun what may take long, and close the oldest where there are too many."""
        self.unfinished.setdefault(pending)
        if len(self.unfinished) > MOST_UNFINISHED:
            next(iter(self.unfinished)).close()

    def forget(self, pending: "PendingConnection") -> None:
        """Note that a connection is closed, or has its protocol."""
        self.waiting.pop(pending, None)
        self.unfinished.pop(pending, None)

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run something for a connection."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def close(self) -> None:
        """Close every connection that has no protocol yet."""
        for pending in list(self.waiting):
            pending.close()
        for task in list(self._tasks):
            task.cancel()


class PendingConnection:
    """A connection of which it is not known yet what it speaks. Its bytes are looked at and left where they are."""

    def __init__(self, router: ConnectionRouter, connection: socket.socket, way_in: WayIn) -> None:
        self._router = router
        self._socket = connection
        self._way_in = way_in
        self._watching = False
        self._looks = 0
        #: How much of a client hello was there at the last look.
        self._seen = 0
        self._look_later: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        #: Whether a transport has the socket, and closes it.
        self._handed_over = False

    def look(self) -> None:
        """Decide by the first bytes, as soon as there are enough."""
        try:
            self._decide(self._socket.recv(len(_CONNECT), socket.MSG_PEEK))
        except BlockingIOError:
            self._watch()
        except OSError:
            self.close()

    def close(self) -> None:
        """Close the connection, whatever is under way."""
        self._leave()
        if self._task is not None:
            self._task.cancel()
        if not self._handed_over:
            self._socket.close()

    def _decide(self, beginning: bytes) -> None:
        if not beginning:
            self.close()
        elif beginning[0] == _TLS and self._router.certificates is not None:
            self._greet_tls()
        elif not _CONNECT.startswith(beginning) or not self._router.proxy.takes_connect:
            self._serve()
        elif beginning == _CONNECT:
            self._connect()
        else:
            self._wait_for_more()

    # -- waiting -------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            self._router.loop.add_reader(self._socket, self.look)
        self._end_in(IDLE)

    def _end_in(self, seconds: float) -> None:
        if self._deadline is None:
            self._deadline = self._router.loop.call_later(seconds, self.close)

    def _wait_for_more(self) -> None:
        """Look again a little later: the bytes that are there would wake a watcher at once, again and again."""
        self._unwatch()
        self._router.count(self)
        self._end_in(IDLE)
        self._looks += 1
        delay = min(0.005 * 2**self._looks, 0.25)
        self._look_later = self._router.loop.call_later(delay, self.look)

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self._router.loop.remove_reader(self._socket)

    def _leave(self) -> None:
        self._unwatch()
        for timer in (self._look_later, self._deadline):
            if timer is not None:
                timer.cancel()
        self._router.forget(self)

    # -- HTTP ----------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        self._leave()
        self._handed_over = True
        self._router.start(self._hand_over())

    async def _hand_over(self) -> None:
        router = self._router
        try:
            await router.loop.connect_accepted_socket(lambda: router.make_protocol(self._way_in), self._socket)
        except OSError:
            self._socket.close()

    # -- TLS -----------------------------------------------------------------------------------------------

    def _greet_tls(self) -> None:
        self._router.count(self)
        if self._looks == 0 and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._end_in(HANDSHAKE)
        try:
            beginning = self._socket.recv(LONGEST, socket.MSG_PEEK)
            # Nothing new is read again: others have to wait meanwhile.
            hello = read_client_hello(beginning) if len(beginning) > self._seen else None
            self._seen = len(beginning)
        except NotTls:
            self._send_and_close(b"")
            return
        if hello is None:
            self._wait_for_more()
            return
        certificates = self._router.certificates
        assert certificates is not None
        name = hello.server_name
        if name is not None and not certificates.covers(name):
            self._router.notices.warn(
                f"TLS for {name[:253]!r} was refused, a name that the certificate does not hold: "
                "start the server with --tls-name to add it"
            )
            self._send_and_close(UNRECOGNIZED_NAME)
            return
        self._unwatch()
        self._task = self._router.start(self._shake_hands(certificates))

    async def _shake_hands(self, certificates: Certificates) -> None:
        router, way_in = self._router, self._way_in._replace(scheme="https")
        try:
            context = await certificates.context()
            self._handed_over = True
            await router.loop.connect_accepted_socket(
                lambda: router.make_protocol(way_in),
                self._socket,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE,
                ssl_shutdown_timeout=1.0,
            )
        except ssl.SSLError as error:
            self._explain(error)
        except ConnectionError:
            self._explain(None)
        except OSError:
            log.debug("a TLS handshake was not finished", exc_info=True)
        except Exception as error:
            log.error("TLS failed", exc_info=error)
        else:
            self._leave()
            return
        self.close()

    def _explain(self, error: ssl.SSLError | None) -> None:
        """Say what a client may lack that ended the handshake, by an alert or by closing the connection."""
        hint = "give it the file that `mockserver ca` names"
        if error is None:
            text = f"a client ended its TLS handshake; if it does not trust this server's certificate, {hint}"
        elif re.search("CERTIFICATE|UNKNOWN_CA", str(error.reason)):
            text = f"a client does not trust this server's certificate: {hint}"
        else:
            log.debug("a TLS handshake failed: %s", error)
            return
        self._router.notices.warn(text)

    # -- CONNECT -------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._router.count(self)
        head = self._socket.recv(MOST_HEAD, socket.MSG_PEEK)
        found = _END_OF_HEAD.search(head)
        if found is None and len(head) < MOST_HEAD:
            self._wait_for_more()
            return
        end = found.end() if found is not None else len(head)
        try:
            if found is None:
                raise ProxyRefusal(431, "the head of a CONNECT is too large")
            asked = read_connect(head[: found.start()])
            if self._way_in.tunnel is not None:
                raise ProxyRefusal(400, "a CONNECT in a tunnel is not served")
            here = self._router.proxy.admit(asked.authority)
        except ProxyRefusal as refusal:
            self._refuse(refusal, end)
            return
        self._socket.recv(end)
        self._leave()
        if here:
            self._socket.send(_ESTABLISHED)
            self._router.route(self._socket, WayIn("http", asked.sandbox, str(asked.authority)))
            return
        self._router.start(self._router.proxy.forwarder.tunnel(self._socket, asked.authority))

    def _refuse(self, refusal: ProxyRefusal, end: int) -> None:
        self._router.notices.warn(f"CONNECT was refused: {refusal.text}")
        if refusal.status != 407:
            self._send_and_close(plain_answer(refusal.status, refusal.text))
            return
        # The client may ask again on the same connection, with another user.
        self._socket.recv(end)
        self._socket.send(plain_answer(407, refusal.text, keep_alive=True, headers=refusal.headers))
        self._looks = 0
        self._router.loop.call_soon(self.look)

    def _send_and_close(self, last: bytes) -> None:
        """Send the last word and close. What the client has sent is read first: a close would reset it otherwise."""
        try:
            self._socket.recv(LONGEST)
            if last:
                self._socket.send(last)
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.close()


class Acceptor:
    """Takes connections from one listening socket, until there are none."""

    def __init__(self, listener: socket.socket, router: ConnectionRouter) -> None:
        self._listener = listener
        self._router = router
        self._loop = router.loop
        self._pausing: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Take connections from now on."""
        self._pausing = None
        self._loop.add_reader(self._listener, self._accept)

    def close(self) -> None:
        """Take those that wait, and no more; the socket stays the caller's."""
        if self._pausing is not None:
            self._pausing.cancel()
        else:
            self._accept()
        self._loop.remove_reader(self._listener)

    def _accept(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._pause(error)
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._router.route(connection)

    def _pause(self, error: OSError) -> None:
        """Rest for a moment where no more files can be opened; the clients wait in the backlog."""
        self._loop.remove_reader(self._listener)
        if error.errno not in _NO_ROOM:
            log.error("no connection can be accepted", exc_info=error)
        else:
            self._router.notices.warn(f"no connection can be accepted for now: {error.strerror}")
        self._pausing = self._loop.call_later(_PAUSE, self.start)
