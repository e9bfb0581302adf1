"""Make the TLS context of a server without leaving a key on the disk.

`ssl` reads keys from files only. On Linux the file is one in memory that has no name. Elsewhere it is a temporary file
for its owner only. The key in it is encrypted with a password that only this process has, so that a file which a crash
leaves behind is of no use.
"""

import contextlib
import os
import secrets
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

if TYPE_CHECKING:
    from mockserver.certificates.authority import Leaf

_OWN_DESCRIPTORS = Path("/proc/self/fd")


def server_context(leaf: "Leaf") -> ssl.SSLContext:
    """Return the context of a server with this certificate: TLS 1.2 or later, and HTTP/1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    password = secrets.token_hex(32)
    encryption = BestAvailableEncryption(password.encode())
    key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    with _file_with(key + leaf.pem) as path:
        context.load_cert_chain(path, password=password)
    return context


@contextlib.contextmanager
def _file_with(data: bytes) -> Iterator[Path]:
    """Yield the path of a file with this content, which is deleted afterwards."""
    if hasattr(os, "memfd_create") and _OWN_DESCRIPTORS.is_dir():
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        with open(descriptor, "wb", buffering=0) as file:
            file.write(data)
            yield _OWN_DESCRIPTORS / str(descriptor)
        return
    descriptor, name = tempfile.mkstemp(prefix="mockserver-")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        yield Path(name)
    finally:
        Path(name).unlink()
