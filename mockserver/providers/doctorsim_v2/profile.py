"""The profile `documented`: only what the vendor's reference page names exists."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mockserver.http.provider import Endpoint
from mockserver.providers.doctorsim_v2.settings import PROFILE


def offers_everything(settings: Mapping[str, Any]) -> bool:
    """Return whether endpoints that the page does not name exist, too."""
    return bool(settings[PROFILE] == "all")


def offered_of(endpoints: Iterable[Endpoint]) -> Callable[[Endpoint, Mapping[str, Any]], bool]:
    """Return a function that says whether one of these endpoints exists under some settings.

    The page names paths, so the POST of the consent page, to the page's own path, exists where the page does.
    """
    paths = frozenset(endpoint.path for endpoint in endpoints if endpoint.provenance == "documented")

    def offers(endpoint: Endpoint, settings: Mapping[str, Any]) -> bool:
        return offers_everything(settings) or endpoint.path in paths

    return offers
