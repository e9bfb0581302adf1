"""What is on offer: the catalogue, the prices that are live at a moment, and what is left in stock."""

from collections.abc import Iterator
from datetime import datetime

import orjson

from mockserver.domain.moments import parse_span
from mockserver.engine.dice import Dice
from mockserver.http.call import Call
from mockserver.providers.daisysim.catalogue import Catalogue, Service, Tier
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.tallies import count_one


class Shop:
    """The catalogue of one sandbox, with the answers that never change encoded once."""

    def __init__(self, dice: Dice) -> None:
        self.catalogue = Catalogue(dice)
        self._countries: bytes | None = None
        self._services: dict[int, bytes] = {}

    def countries_answer(self) -> bytes:
        """The whole answer of /countries."""
        if self._countries is None:
            rows = [{"id": country.id, "name": country.name} for country in self.catalogue.countries]
            self._countries = _answer({"countries": rows})
        return self._countries

    def services_answer(self, country_id: int) -> bytes:
        """The whole answer of /services/{country_id}; an unknown country has an empty list."""
        found = self._services.get(country_id)
        if found is None:
            rows = [{"code": one.code, "name": one.name} for one in self.catalogue.services(country_id)]
            found = self._services[country_id] = _answer({"country_id": country_id, "services": rows})
        return found


def shop_of(sandbox: Sandbox) -> Shop:
    """The sandbox's shop."""
    shop: Shop = sandbox.catalogue("daisysim", Shop)
    return shop


def live_tiers(call: Call, *, now: datetime) -> tuple[Tier, ...]:
    """The tiers of the pair asked for, at the prices live at `now`; their stock is what a rule says it is.

    Prices are drawn anew every `daisysim.price_ttl`, counted from the sandbox's beginning (observed), and
    whenever a rule moves them.
    """
    sandbox, fields = call.sandbox, call.fields
    window = (now - sandbox.born_at) // max(parse_span(sandbox.settings.values["daisysim.price_ttl"]), _SHORTEST)
    moves = sandbox.tallies.get(_moves(call), 0)
    tiers = shop_of(sandbox).catalogue.tiers(fields["country"], fields["service"], draw=(window, moves))
    rule = call.decide("stock")
    if rule is None:
        return tiers
    return tuple(_no_more_than(rule.then["stock"], tiers))


def _no_more_than(most: int, tiers: tuple[Tier, ...]) -> Iterator[Tier]:
    """The tiers with so many numbers in all, the first tiers' first."""
    for tier in tiers:
        stock = min(tier.stock, most)
        most -= stock
        yield Tier(tier.number, tier.price, stock)


def move_prices(call: Call) -> None:
    """Draw the prices of the pair anew, from now on."""
    count_one(call.sandbox.tallies, _moves(call))


def stock_key(call: Call, tier: Tier) -> str:
    """The row that counts what was sold of this tier."""
    return f"daisysim/{call.fields['country']}/{call.fields['service']}/{tier.number}"


def known_service(call: Call) -> Service | None:
    """The service asked for, if its country sells it."""
    return shop_of(call.sandbox).catalogue.service(call.fields["country"], call.fields["service"])


def _moves(call: Call) -> str:
    return f"daisysim moves/{call.fields['country']}/{call.fields['service']}"


def _answer(data: object) -> bytes:
    return orjson.dumps({"success": True, "data": data})


_SHORTEST = parse_span("1ms")
