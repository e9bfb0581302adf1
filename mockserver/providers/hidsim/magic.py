"""Testland's services: each decides how its operations go. What happens when is data of the scenarios."""

from dataclasses import dataclass, replace
from typing import Literal

from mockserver.providers.hidsim.settings import DEARER_TEST_PRICE, TEST_STOCK

Style = Literal["plain", "no-code", "hyphen", "alphanumeric", "leading-zero", "non-latin"]


@dataclass(frozen=True, slots=True)
class MagicProduct:
    """`id` is the short id; `price` in cents. `second_sms` is how long after the first SMS another comes by itself."""

    id: str
    price: int = 50
    stock: int = TEST_STOCK
    active: bool = True
    style: Style = "plain"
    second_sms: str | None = None


@dataclass(frozen=True, slots=True)
class MagicService:
    """`id` is short id and code in one."""

    id: str
    name: str
    products: tuple[MagicProduct, ...]


def _outcome(product: MagicProduct, name: str) -> MagicService:
    """Return a service that has the id of its cheaper product, so that either can be bought by it.

    The dearer product has the same outcome, and an id that ends in 2. It adds no stock where stock is the outcome.
    """
    stock = product.stock if product.stock == TEST_STOCK else 0
    dearer = replace(product, id=f"{product.id[:-1]}2", price=DEARER_TEST_PRICE, stock=stock)
    return MagicService(product.id, name, (product, dearer))


MAGIC_SERVICES: tuple[MagicService, ...] = (
    _outcome(MagicProduct("instant1"), "Test: SMS at once"),
    _outcome(MagicProduct("slowsms1"), "Test: slow SMS"),
    _outcome(MagicProduct("nosms001"), "Test: no SMS"),
    _outcome(MagicProduct("nonumber"), "Test: no number"),
    _outcome(MagicProduct("errstart"), "Test: error while creating"),
    _outcome(MagicProduct("errlater"), "Test: error while pending"),
    _outcome(MagicProduct("twosms01", second_sms="10s"), "Test: two SMS"),
    _outcome(MagicProduct("nocode01", style="no-code"), "Test: SMS without a code"),
    _outcome(MagicProduct("hyphen01", style="hyphen"), "Test: code with a hyphen"),
    _outcome(MagicProduct("alphanum", style="alphanumeric"), "Test: code with letters"),
    _outcome(MagicProduct("leadzero", style="leading-zero"), "Test: code with a leading zero"),
    _outcome(MagicProduct("nonlatin", style="non-latin"), "Test: text in another script"),
    _outcome(MagicProduct("nostock1", stock=0), "Test: out of stock"),
    _outcome(MagicProduct("oneleft1", stock=1), "Test: one left"),
    MagicService(
        "tiers001",
        "Test: price tiers",
        (MagicProduct("tier0020", 20), MagicProduct("tier0045", 45), MagicProduct("tier0110", 110)),
    ),
    MagicService("empty001", "Test: nothing on offer", ()),
    MagicService("disabled", "Test: switched off", (MagicProduct("disabled", active=False),)),
)
