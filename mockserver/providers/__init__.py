"""The emulated APIs, one folder each. A new one is a folder here and a line below."""

from mockserver.http.provider import Provider
from mockserver.providers import daisysim, doctorsim_v1, doctorsim_v2, hidsim

PROVIDERS: tuple[Provider, ...] = (
    daisysim.PROVIDER,
    doctorsim_v1.PROVIDER,
    doctorsim_v2.PROVIDER,
    hidsim.PROVIDER,
)
