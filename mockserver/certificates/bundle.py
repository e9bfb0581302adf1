"""One file with the roots that the system trusts and the local CA, for clients that take one file only."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

from mockserver.sandbox.safefile import replace_file

#: How OpenSSL names the files of a directory of certificates.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_FOR_CLIENTS = 0o644


def write_bundle(certificate: Path) -> Path:
    """Write the bundle beside the certificate of the CA and return its path; raises OSError.

    The file is written only when its content changes, so that clients which read it at the same time are not disturbed.
    """
    own = certificate.read_text(encoding="ascii")
    text = bundle(own).encode()
    path = certificate.with_name(f"{certificate.stem}-bundle.pem")
    if not path.is_file() or path.read_bytes() != text:
        replace_file(path, text)
        path.chmod(_FOR_CLIENTS)
    return path


def bundle(own: str) -> str:
    """Return the CA's certificate, then the system's roots, each once."""
    certificates = dict.fromkeys((ssl.PEM_cert_to_DER_cert(own), *sorted(set(system_roots()))))
    return "".join(map(ssl.DER_cert_to_PEM_cert, certificates))


def system_roots() -> list[bytes]:
    """Return the roots that OpenSSL trusts here, `SSL_CERT_FILE` and `SSL_CERT_DIR` included; else those of certifi."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    roots = context.get_ca_certs(binary_form=True)
    directory = ssl.get_default_verify_paths().capath
    if directory is not None:
        # OpenSSL looks into the directory only when it needs a certificate.
        for file in sorted(Path(directory).iterdir()):
            if _HASHED.fullmatch(file.name):
                roots += _certificates_in(file)
    return roots or list(_certificates_in(_packaged()))


def _certificates_in(file: Path) -> Iterator[bytes]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # a link that leads nowhere
    for block in re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", text, re.DOTALL):
        yield ssl.PEM_cert_to_DER_cert(block)


def _packaged() -> Path:
    import certifi

    return Path(certifi.where())
