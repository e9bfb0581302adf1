"""The profile `documented`: only what the vendor's reference page names exists."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver.http.provider import Endpoint

SETTING = "doctorsim_v2.profile"


def offers(endpoint: Endpoint, settings: Mapping[str, Any]) -> bool:
    """Whether an endpoint exists under these settings.

    The page names paths: what the form of the consent page posts to its own address goes with the page.
    """
    return offers_path(endpoint.path, settings)


def offers_path(path: str, settings: Mapping[str, Any]) -> bool:
    """Whether anything exists at this path."""
    return offers_everything(settings) or path in _named()


def offers_everything(settings: Mapping[str, Any]) -> bool:
    """Whether what no page names exists too."""
    return bool(settings[SETTING] == "all")


@cache
def _named() -> frozenset[str]:
    from mockserver.providers.doctorsim_v2.endpoints import ENDPOINTS
    from mockserver.providers.doctorsim_v2.oauth.endpoints import ANNEXES

    everything = (*ENDPOINTS, *(one for annex in ANNEXES for one in annex.endpoints))
    return frozenset(one.path for one in everything if one.provenance == "documented")
