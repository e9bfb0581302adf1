"""Which certificates of https receivers are accepted."""

import logging
import os
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

_log = logging.getLogger("mockserver.webhooks")


class Trust:
    """The system's roots, those of certifi and of `SSL_CERT_FILE`, these files, and the local CA once there is one.

    `local` tells the certificate of the local CA as PEM, None while there is none. Its methods read files: call them
    from a thread.
    """

    def __init__(self, files: Sequence[Path] = (), local: Callable[[], bytes | None] = lambda: None) -> None:
        self._files = tuple(files)
        self._local = local
        self._context: ssl.SSLContext | None = None
        self._making = threading.Lock()

    def context(self) -> ssl.SSLContext:
        """Return the context of a client that trusts them, always the same; the local CA is added when it is there.

        Receivers without TLS need none of it, so that a file that cannot be read is a line of the log and no error.
        """
        with self._making:
            if self._context is None:
                self._context = _context(self._files)
            local = self._local()
            if local is not None:
                # A certificate that is there already is not added again.
                self._context.load_verify_locations(cadata=local.decode("ascii"))
            return self._context


def _context(files: Sequence[Path]) -> ssl.SSLContext:
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    # A file may hold the receiver's own certificate, or that of an intermediate CA (usual from Python 3.13 on).
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    system, variable = ssl.get_default_verify_paths().openssl_cafile, os.environ.get("SSL_CERT_FILE")
    # OpenSSL itself reads the variable's file instead of the system's.
    named = [Path(path) for path in (system, variable) if path and os.path.isfile(path)]
    for file in (*named, *files):
        try:
            context.load_verify_locations(cafile=file)
        except OSError as error:
            reason = error.strerror or error
            _log.warning("the certificates in %s cannot be read (%s): webhooks go on without them", file, reason)
    return context
