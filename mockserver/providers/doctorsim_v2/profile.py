"""The profile `documented`: only what the vendor's reference page names exists."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mockserver.http.provider import Endpoint
from mockserver.providers.doctorsim_v2.settings import PROFILE


def offers_everything(settings: Mapping[str, Any]) -> bool:
    """Whether what the page does not name exists too."""
    return bool(settings[PROFILE] == "all")


def offered_of(endpoints: Iterable[Endpoint]) -> Callable[[Endpoint, Mapping[str, Any]], bool]:
    """Return what tells whether one of these endpoints exists under given settings.

    The page names paths: what the form of the consent page posts to its own address goes with the page.
    """
    named = frozenset(one.path for one in endpoints if one.provenance == "documented")

    def offers(endpoint: Endpoint, settings: Mapping[str, Any]) -> bool:
        return offers_everything(settings) or endpoint.path in named

    return offers
