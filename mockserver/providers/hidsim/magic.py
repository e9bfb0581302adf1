"""Testland's services: each decides how its operations go. What happens when is data of the scenarios."""

from dataclasses import dataclass
from typing import Literal

Style = Literal["plain", "no-code", "hyphen", "alphanumeric", "leading-zero", "non-latin"]


@dataclass(frozen=True, slots=True)
class MagicProduct:
    """`id` is the short id; `price` in cents. `second_sms` is how long after the first SMS another comes by itself."""

    id: str
    price: int = 50
    stock: int = 10_000
    active: bool = True
    style: Style = "plain"
    second_sms: str | None = None


@dataclass(frozen=True, slots=True)
class MagicService:
    """`id` is short id and code in one."""

    id: str
    name: str
    products: tuple[MagicProduct, ...]


def _alone(product: MagicProduct, name: str) -> MagicService:
    """A service that has the id of its only product, so that either can be bought by it."""
    return MagicService(product.id, name, (product,))


MAGIC_SERVICES: tuple[MagicService, ...] = (
    _alone(MagicProduct("instant1"), "Test: SMS at once"),
    _alone(MagicProduct("slowsms1"), "Test: slow SMS"),
    _alone(MagicProduct("nosms001"), "Test: no SMS"),
    _alone(MagicProduct("nonumber"), "Test: no number"),
    _alone(MagicProduct("errstart"), "Test: error while creating"),
    _alone(MagicProduct("errlater"), "Test: error while pending"),
    _alone(MagicProduct("twosms01", second_sms="10s"), "Test: two SMS"),
    _alone(MagicProduct("nocode01", style="no-code"), "Test: SMS without a code"),
    _alone(MagicProduct("hyphen01", style="hyphen"), "Test: code with a hyphen"),
    _alone(MagicProduct("alphanum", style="alphanumeric"), "Test: code with letters"),
    _alone(MagicProduct("leadzero", style="leading-zero"), "Test: code with a leading zero"),
    _alone(MagicProduct("nonlatin", style="non-latin"), "Test: text in another script"),
    _alone(MagicProduct("nostock1", stock=0), "Test: out of stock"),
    _alone(MagicProduct("oneleft1", stock=1), "Test: one left"),
    MagicService(
        "tiers001",
        "Test: price tiers",
        (MagicProduct("tier0020", 20), MagicProduct("tier0045", 45), MagicProduct("tier0110", 110)),
    ),
    MagicService("empty001", "Test: nothing on offer", ()),
    _alone(MagicProduct("disabled", active=False), "Test: switched off"),
)
