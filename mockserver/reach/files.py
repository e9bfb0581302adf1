"""The files that variables point to. They lie beside the certificate of the CA that they vouch for."""

import contextlib
import hashlib
import re
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.certificates.bundle import write_bundle
from mockserver.reach.variables import TRUST_STORE_PASSWORD, ClientFiles
from mockserver.sandbox.safefile import replace_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization import pkcs12

#: In the directory of the CA: the certificates of servers that sign with a CA of their own.
_OTHERS = "servers"
#: How many of those are kept; a container without a directory for its CA has another after each start.
_MOST_OTHERS = 20
_DIGITS = 16
_FOR_CLIENTS = 0o644
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def client_files(certificate: Path) -> ClientFiles:
    """Write the files that are missing or outdated beside the certificate of a CA, and return all; raises OSError.

    After a renewal of the certificate all of them are written anew.
    """
    bundle = write_bundle(certificate)
    php = certificate.with_name(f"{certificate.stem}-php")
    php.mkdir(mode=0o755, exist_ok=True)
    _keep(php / "mockserver.ini", _php_settings(bundle).encode())
    return ClientFiles(certificate, bundle, php, _trust_store(bundle))


def keep_certificate(pem: bytes, directory: Path) -> Path:
    """Return the file in the directory of the CA that holds the certificate of a server's CA; raises OSError.

    A server of this user signs with the CA in the directory; the certificate of another server's CA is added to it.
    """
    directory = directory.absolute()  # clients may go elsewhere
    for path in directory.glob("ca*.pem"):
        if path.read_bytes() == pem:
            return path
    others = directory / _OTHERS
    others.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = others / f"{hashlib.sha256(pem).hexdigest()[:_DIGITS]}.pem"
    if path.is_file():
        path.touch()
    else:
        replace_file(path, pem)
        path.chmod(_FOR_CLIENTS)
        _forget_old(others)
    return path


def _forget_old(others: Path) -> None:
    """Remove the files of all certificates but those that were used last."""
    certificates = [path for path in others.glob("*.pem") if len(path.stem) == _DIGITS]
    certificates.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for certificate in certificates[_MOST_OTHERS:]:
        php = certificate.with_name(f"{certificate.stem}-php")
        for file in (*php.glob("*"), *others.glob(f"{certificate.stem}-*.p*"), certificate):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # there is none, or another process does the same
            php.rmdir()


def _keep(path: Path, data: bytes) -> None:
    """Write a file for clients unless it has this content already."""
    if not path.is_file() or path.read_bytes() != data:
        replace_file(path, data)
        path.chmod(_FOR_CLIENTS)


def _php_settings(bundle: Path) -> str:
    # Within single quotes PHP replaces nothing.
    text = f"'{bundle}'" if "'" not in str(bundle) else '"{}"'.format(str(bundle).replace('"', '\\"'))
    return f"curl.cainfo={text}\nopenssl.cafile={text}\n"


def _trust_store(bundle: Path) -> Path | None:
    """Write the bundle's certificates as Java reads them, and return the path; None where `cryptography` is too old.

    The file holds random salt, so it is written only when the bundle is newer, not when the contents differ.
    """
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    if not hasattr(pkcs12, "serialize_java_truststore"):
        return None
    path = bundle.with_name(bundle.name.removesuffix("-bundle.pem") + "-truststore.p12")
    if path.is_file() and path.stat().st_mtime_ns >= bundle.stat().st_mtime_ns:
        return path
    encryption = BestAvailableEncryption(TRUST_STORE_PASSWORD.encode())
    replace_file(path, pkcs12.serialize_java_truststore(list(_entries(bundle)), encryption))
    path.chmod(_FOR_CLIENTS)
    return path


def _entries(bundle: Path) -> "Iterator[pkcs12.PKCS12Certificate]":
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    for number, block in enumerate(_BLOCK.findall(bundle.read_text(encoding="ascii"))):
        with warnings.catch_warnings(), contextlib.suppress(ValueError):
            # Some old roots break rules that are younger; they are left out.
            warnings.simplefilter("ignore")
            der = ssl.PEM_cert_to_DER_cert(block)
            yield pkcs12.PKCS12Certificate(x509.load_der_x509_certificate(der), b"mockserver-%d" % number)
