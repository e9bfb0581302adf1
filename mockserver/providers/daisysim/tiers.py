"""The price tiers of one country and service, all in ten-thousandths of a dollar. Every figure is assumed."""

from typing import NamedTuple

from mockserver.engine.dice import Dice
from mockserver.providers.daisysim.countries import TESTLAND_ID, Country
from mockserver.providers.daisysim.services import Service
from mockserver.providers.daisysim.settings import (
    PRICE_CEILING,
    PRICE_DRIFT,
    PRICE_FLOOR,
    PRICE_STEPS,
    TESTLAND_PRICE_FLOOR,
)

#: All prices of a draw leave the same remainder when divided by this; those of the next draw leave the next one.
_LANES = 16

#: The stock of the only tier of services that exist to be out of stock, or to have one number left.
_FIXED_STOCK = {(TESTLAND_ID, "so"): 0, (TESTLAND_ID, "lo"): 1}


class Tier(NamedTuple):
    """A price tier. `number` counts from 1, `price` is in ten-thousandths of a dollar, `stock` is that at first."""

    number: int
    price: int
    stock: int


def tiers_of(country: Country, service: Service, dice: Dice, *, draw: tuple[int, ...]) -> tuple[Tier, ...]:
    """Return one to five tiers by rising price; `draw` moves the prices, the seed alone decides the rest."""
    fixed_stock = _FIXED_STOCK.get((country.id, service.code))
    pair = dice.cast("daisysim", "pair", country.id, service.code)
    pair, count = divmod(pair, service.demand + 1)
    price = _first_price(country, service, pair % 41)
    drift = dice.cast("daisysim", "drift", country.id, service.code, *draw)
    lane = sum(draw) % _LANES
    tiers = []
    for number in range(1, 2 if fixed_stock is not None else count + 2):
        shape = dice.cast("daisysim", "tier", country.id, service.code, number)
        shape, step = divmod(shape, PRICE_STEPS[1] - PRICE_STEPS[0] + 1)
        if number > 1:
            price = price * (PRICE_STEPS[0] + step) // 100
        drift, per_mille = divmod(drift, 20 * PRICE_DRIFT + 1)
        live_price = price * (1000 - 10 * PRICE_DRIFT + per_mille) // 1000
        stock = 20 + shape % (600 * service.demand) if fixed_stock is None else fixed_stock
        tiers.append(Tier(number, live_price // _LANES * _LANES + lane, stock))
    return tuple(tiers)


def _first_price(country: Country, service: Service, jitter: int) -> int:
    """Return the price of the first tier before it drifts; `jitter` (0 .. 40) sets two countries of one level apart."""
    price = service.price * country.level * (80 + jitter) // 10_000
    return min(max(price, TESTLAND_PRICE_FLOOR if country.id == TESTLAND_ID else PRICE_FLOOR), PRICE_CEILING)
