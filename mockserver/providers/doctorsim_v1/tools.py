"""The services ("tools") that unlock a device of a brand on a network, with their prices and times.

The services are the same in every sandbox; prices, times and success ratios are cast from its seed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.catalogue.data_files import once, read_json
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v1.catalogue import Model, Network
from mockserver.providers.doctorsim_v1.models import Brand
from mockserver.providers.doctorsim_v1.settings import FIRST_TOOL_ID, UNSERVED_ONE_IN

#: The extra parameters that a service may demand, by the names of their fields.
FLAGS = ("sn", "prd", "pin", "mep", "sro")
_MOST_NETWORKS = 1024
_SLOTS = 8
#: The dice for choices that are the same in every sandbox.
_FIXED = Dice("doctorsim_v1")
_UNITS = {"minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}
_SMALLER = {"hours": ("minutes", 60), "days": ("hours", 24), "weeks": ("days", 7)}

#: A real service, and pairs of device and network that really have services, or none (documented or observed).
_KNOWN_ID = "452787"
_KNOWN_PLACE = ("Samsung", "5815", 0)
_SERVED = {("15429", "5815"), ("15910", "1"), ("1697", "3")}
_NEVER_SERVED = {("1697", "5815")}


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of service: texts, unit and bounds of its times, bounds of its price in cents and of its ratio in %."""

    name: str
    about: str
    detail: str
    unit: str
    times: tuple[int, int]
    price: tuple[int, int]
    ratio: tuple[int, int]
    type: str = "imei"
    flag: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    """A service for the devices of a brand on a network; `percent` of its orders succeed, `price` in hundredths."""

    id: str
    name: str
    service: Service
    shortest: int
    longest: int
    average: str
    percent: int
    price: int

    @property
    def ratio(self) -> str:
        """The success ratio as the API writes it: `0.72`."""
        return f"0.{self.percent:02d}"

    @property
    def seconds(self) -> tuple[int, int]:
        """The guaranteed times in seconds, the shortest and the longest."""
        unit = _UNITS[self.service.unit]
        return self.shortest * unit, self.longest * unit


@dataclass(frozen=True, slots=True)
class Services:
    """All services: for every brand, for brands whose phones can be checked, and the `extra` ones of some brands."""

    standard: Service
    premium: Service
    checks: tuple[Service, ...]
    extra: Mapping[str, tuple[Service, ...]]


@once
def services() -> Services:
    """Return the services."""
    return read_json(__file__, "services.json", Services)


_CHECKED_BRANDS = ("iPhone", "Samsung")


def is_served(model: Model, network: Network) -> bool:
    """Return whether any service unlocks this device on this network; for about one in twelve pairs none does."""
    pair = (model.device.id, network.id)
    if pair in _NEVER_SERVED:
        return False
    if pair in _SERVED or model.brand.name in services().extra or model.brand.name in _CHECKED_BRANDS:
        return True
    return _FIXED.below(UNSERVED_ONE_IN, "served", *pair) != 0


def tools_of(brand: Brand, network: Network, dice: Dice) -> tuple[Tool, ...]:
    """Return the tools for the devices of the brand on the network, with the prices of these dice."""
    return tuple(_tool(brand, network, slot, service, dice) for slot, service in _services(brand, network))


def _services(brand: Brand, network: Network) -> Iterator[tuple[int, Service]]:
    """Yield services with their slots; every brand has one at least, iPhones the two ordinary ones and the checks."""
    choice = 2 if brand.name in ("iPhone", "Samsung") else _FIXED.below(3, "services", brand.id, network.id)
    if choice != 1:
        yield 0, services().standard
    if choice != 0:
        yield 1, services().premium
    yield from enumerate(services().extra.get(brand.name, ()), start=2)
    if brand.name in _CHECKED_BRANDS:
        yield from enumerate(services().checks, start=6)


def _tool(brand: Brand, network: Network, slot: int, service: Service, dice: Dice) -> Tool:
    if (brand.name, network.id, slot) == _KNOWN_PLACE:
        return Tool(_KNOWN_ID, "Samsung - USA Standard Service", service, 1, 6, "2 days, 8 hours", 72, 2_495)
    number = FIRST_TOOL_ID + (brand.place * _MOST_NETWORKS + network.place) * _SLOTS + slot
    low, high = service.times
    middle = (low + high) // 2
    shortest = dice.between(low, middle, "shortest", number)
    longest = dice.between(middle + 1, high, "longest", number)
    cents = dice.between(*service.price, "price", number)
    return Tool(
        id=str(number),
        name=f"{brand.name} - {network.country} {network.name} {service.name}",
        service=service,
        shortest=shortest,
        longest=longest,
        average=_average(service.unit, shortest, longest, dice, number),
        percent=dice.between(*service.ratio, "ratio", number),
        price=cents - cents % 5,
    )


def _average(unit: str, shortest: int, longest: int, dice: Dice, number: int) -> str:
    """Return a time between the two as people write it: `2 days, 8 hours`."""
    whole = dice.between(shortest, longest - 1, "average", number)
    words = [_quantity(whole, unit)]
    if unit in _SMALLER:
        smaller, count = _SMALLER[unit]
        rest = dice.below(count, "average rest", number)
        words += [_quantity(rest, smaller)] if rest else []
    return ", ".join(words)


def _quantity(count: int, unit: str) -> str:
    return f"{count} {unit if count != 1 else unit[:-1]}"


def tool_data(tool: Tool, price: Any) -> dict[str, Any]:
    """Return a tool as the API shows it: texts, save for `price`, which the caller passes as a JSON number."""
    service = tool.service
    times = {"min": str(tool.shortest), "max": str(tool.longest), "type": service.unit}
    return {
        "name": tool.name,
        "desc": service.detail,
        "service_name": service.name,
        "service_desc": service.about,
        "guaranteed_time": times,
        "time": times,
        "average_time": tool.average,
        "avg": tool.average,
        **{flag: "true" if service.flag == flag else "false" for flag in FLAGS},
        "id_tool": tool.id,
        "success_ratio": tool.ratio,
        "tool_type": service.type,
        "custom": dict(service.custom) or "",
        "price": price,
    }
