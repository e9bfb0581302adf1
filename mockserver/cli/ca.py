"""`mockserver ca`: the local certificate authority, for clients to trust."""

import os
from typing import TYPE_CHECKING

import click

from mockserver import config

if TYPE_CHECKING:
    from mockserver.config import Settings

#: The settings that say which CA is meant.
_SETTINGS = ("ca_dir", "tls_name")


@click.command()
@click.option("--pem", "wanted", flag_value="pem", help="Print the certificate.")
@click.option(
    "--bundle", "wanted", flag_value="bundle", help="Print the path of a file with the system's roots and it."
)
@click.option("--install-hint", "wanted", flag_value="hint", help="Print what to type so that a system trusts it.")
@click.option(
    "--tls-name",
    metavar="NAME",
    multiple=True,
    help="A name that servers are given by --tls-name. Repeatable. [MOCKSERVER_TLS_NAME]",
)
@click.option("--ca-dir", metavar="DIR", help="Where the CA lies. [MOCKSERVER_CA_DIR]")
def ca(wanted: str | None, tls_name: tuple[str, ...], ca_dir: str | None) -> None:
    """Print the path of the certificate that signs for the emulated hosts.

    The CA is made where there is none. It may sign for the emulated hosts, this machine and each --tls-name only;
    its key never leaves the directory.
    """
    from mockserver.certificates.bundle import write_bundle
    from mockserver.certificates.directory import CaDirectory, CaDirectoryProblem, default_directory
    from mockserver.certificates.hints import install_hints
    from mockserver.certificates.server import names_of
    from mockserver.clockwork.clock import machine_now
    from mockserver.providers.discovery import all_providers

    settings = _settings(tls_name, ca_dir)
    hosts = [host for provider in all_providers() for host in provider.hosts]
    try:
        directory = CaDirectory(settings.ca_dir or default_directory(), now=machine_now)
        authority, place = directory.obtain(names_of(hosts, settings.tls_name))
        if wanted == "pem":
            click.echo(authority.pem, nl=False)
        elif wanted == "hint":
            click.echo(install_hints(place.certificate, authority.permitted), nl=False)
        else:
            click.echo(write_bundle(place.certificate) if wanted == "bundle" else place.certificate)
    except CaDirectoryProblem as problem:
        raise click.ClickException(str(problem)) from None
    except OSError as error:
        raise click.ClickException(f"the bundle cannot be written: {error.strerror or error}") from None


def _settings(tls_name: tuple[str, ...], ca_dir: str | None) -> "Settings":
    variables = [config.variable_of(name) for name in _SETTINGS]
    environment = {name: os.environ[name] for name in variables if name in os.environ}
    try:
        return config.load({"tls_name": tls_name, "ca_dir": ca_dir}, environment)
    except config.BadSetting as error:
        raise click.UsageError(str(error)) from None
