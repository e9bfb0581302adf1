"""The offer of a sandbox: its catalogue, the prices that are live at a moment, and the stock."""

from collections.abc import Iterator
from datetime import datetime

import orjson

from mockserver.domain.moments import parse_span
from mockserver.engine.dice import Dice
from mockserver.providers.daisysim.catalogue import Catalogue, Tier
from mockserver.sandbox.counters import count_one
from mockserver.sandbox.state import SandboxState


class Shop:
    """The catalogue of one sandbox, with the answers that never change encoded once."""

    def __init__(self, dice: Dice) -> None:
        self.catalogue = Catalogue(dice)
        self._countries: bytes | None = None
        self._services: dict[int, bytes] = {}

    def countries_answer(self) -> bytes:
        """Return the whole body of /countries."""
        if self._countries is None:
            rows = [{"id": country.id, "name": country.name} for country in self.catalogue.countries]
            self._countries = _answer({"countries": rows})
        return self._countries

    def services_answer(self, country_id: int) -> bytes:
        """Return the whole body of /services/{country_id}; an unknown country has an empty list."""
        body = self._services.get(country_id)
        if body is None:
            rows = [{"code": service.code, "name": service.name} for service in self.catalogue.services(country_id)]
            body = self._services[country_id] = _answer({"country_id": country_id, "services": rows})
        return body


def shop_of(state: SandboxState) -> Shop:
    """Return the sandbox's shop."""
    shop: Shop = state.catalogue("daisysim", Shop)
    return shop


def live_tiers(state: SandboxState, country: int, service: str, *, now: datetime, most: int | None) -> tuple[Tier, ...]:
    """Return the tiers of a country and service at the prices live at `now`, with at most `most` numbers in all.

    Prices are drawn anew every `daisysim.price_ttl`, counted from the sandbox's beginning (observed), and
    whenever a rule moves them. `most` is None where no rule limits the stock.
    """
    window = (now - state.born_at) // max(parse_span(state.settings.values["daisysim.price_ttl"]), _SHORTEST)
    moves = state.counters.get(_moves(country, service), 0)
    tiers = shop_of(state).catalogue.tiers(country, service, draw=(window, moves))
    return tiers if most is None else tuple(_no_more_than(most, tiers))


def _no_more_than(most: int, tiers: tuple[Tier, ...]) -> Iterator[Tier]:
    """Yield the tiers with at most so many numbers in all, those of the first tiers first."""
    for tier in tiers:
        stock = min(tier.stock, most)
        most -= stock
        yield Tier(tier.number, tier.price, stock)


def move_prices(state: SandboxState, country: int, service: str) -> None:
    """Let the prices of a country and service be drawn anew from now on."""
    count_one(state.counters, _moves(country, service))


def stock_key(country: int, service: str, tier: Tier) -> str:
    """Return the key of the row that counts the numbers sold of this tier."""
    return f"daisysim/{country}/{service}/{tier.number}"


def _moves(country: int, service: str) -> str:
    return f"daisysim moves/{country}/{service}"


def _answer(data: object) -> bytes:
    return orjson.dumps({"success": True, "data": data})


_SHORTEST = parse_span("1ms")
