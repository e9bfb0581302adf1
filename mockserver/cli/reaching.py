"""The variables for the clients of a server, made with the files that they point to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from mockserver.config import Settings

if TYPE_CHECKING:
    from mockserver.reach.variables import ClientFiles


_LARGEST_PEM = 65_536


class ServerSilent(click.ClickException):
    """Nothing answers at a URL."""


def fetch_ca(url: str) -> bytes:
    """Return the certificate of the CA of the server at `url` (PEM); raises ClickException."""
    import ssl
    from http.client import HTTPException
    from urllib import error, request

    # Over plain HTTP, which the port of `https://` speaks as well, since the certificate is not known yet.
    opener = request.build_opener(request.ProxyHandler({}))
    try:
        with opener.open(f"{plain(url)}/_mock/ca.pem", timeout=10) as answer:
            pem: bytes = answer.read(_LARGEST_PEM)
        ssl.PEM_cert_to_DER_cert(pem.decode("ascii").strip())
    except error.HTTPError as refusal:
        raise click.ClickException(f"no mockserver answers at {url}: {refusal.code} {refusal.reason}") from None
    except error.URLError as failure:
        raise ServerSilent(f"no server answers at {url}: {_reason(failure.reason)}") from None
    except (OSError, HTTPException, ValueError) as failure:
        raise click.ClickException(f"no mockserver answers at {url}: {_reason(failure)}") from None
    return pem


def _reason(failure: object) -> str:
    text = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
    return text[:1].lower() + text[1:]


def plain(url: str) -> str:
    """Return the `http://` URL of the same server.

    >>> plain("https://mock")
    'http://mock:443'
    """
    place = urlsplit(url)
    port = "" if place.port or place.scheme == "http" else ":443"
    return f"http://{place.netloc}{port}"


def files_for(pem: bytes, settings: Settings) -> "ClientFiles":
    """Write the files that vouch for a CA into the directory of CAs; raises ClickException."""
    from mockserver.reach.files import client_files, keep_certificate

    directory = _directory(settings)
    try:
        return client_files(keep_certificate(pem, directory))
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(f"the CA directory {directory} cannot be used ({reason}): see --ca-dir") from None


@contextmanager
def files_while(pem: bytes, settings: Settings) -> "Iterator[ClientFiles]":
    """Yield the files of `files_for`, in a temporary directory where the one of the CA cannot be used."""
    from mockserver.reach.files import client_files, keep_certificate

    try:
        files = files_for(pem, settings)
    except click.ClickException:
        with TemporaryDirectory(prefix="mockserver-") as directory:
            yield client_files(keep_certificate(pem, Path(directory)))
        return
    yield files


def variables_for(
    url: str, sandbox: str | None, files: "ClientFiles", environment: Mapping[str, str], *, proxy_http: bool
) -> dict[str, str]:
    """Return the variables for clients of the server at `url`, whose hosts are those of the providers found."""
    from mockserver.providers.discovery import all_providers
    from mockserver.reach.variables import variables

    hosts = {host for provider in all_providers() for host in provider.hosts}
    return variables(url, sandbox, files, environment, hosts=hosts, proxy_http=proxy_http)


def local_ca(settings: Settings) -> bytes:
    """Return the certificate of this user's CA, which is made where there is none; raises ClickException."""
    from mockserver.certificates.directory import CaDirectory, CaDirectoryProblem
    from mockserver.certificates.server import names_of
    from mockserver.clockwork.clock import machine_now
    from mockserver.providers.discovery import all_providers

    hosts = [host for provider in all_providers() for host in provider.hosts]
    try:
        directory = CaDirectory(_directory(settings), now=machine_now)
        return directory.obtain(names_of(hosts, settings.tls_name))[0].pem
    except CaDirectoryProblem as problem:
        raise click.ClickException(str(problem)) from None


def _directory(settings: Settings) -> Path:
    from mockserver.certificates.directory import CaDirectoryProblem, default_directory

    try:
        return settings.ca_dir or default_directory()
    except CaDirectoryProblem as problem:
        raise click.ClickException(str(problem)) from None
