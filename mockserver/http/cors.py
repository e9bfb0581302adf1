"""Which web pages may call a provider (cross-origin resource sharing): a declaration, and its setting."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.sandbox.settings import Setting


class Cors(NamedTuple):
    """The web pages that may call a provider: those of `origins`, and those of the machine itself.

    The setting `{provider}.cors` is `documented` (these pages), `any` (every page) or `off`; `default` is its default.
    `exposes` names the provider's own headers that pages may read.
    """

    provider: str
    origins: tuple[str, ...]
    exposes: tuple[str, ...] = ()
    default: str = "off"

    @property
    def name(self) -> str:
        """The setting's name."""
        return f"{self.provider}.cors"

    @property
    def setting(self) -> Setting:
        """The setting, for the provider's `settings`."""
        return Setting(
            self.name,
            self.default,
            "choice",
            f"which web pages may call the API from a browser: documented ({', '.join(self.origins)} and loopback"
            " addresses), any, or off (all assumed)",
            ("documented", "any", "off"),
        )


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether the request is a preflight, with which a browser asks whether a page may send a request."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
