"""Which services ("tools") unlock a device of a brand on a network, what they cost and how long they take.

Which there are is the same in every sandbox; prices, times and success ratios are cast from its seed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v1.catalogue import Model, Network
from mockserver.providers.doctorsim_v1.models import Brand
from mockserver.providers.doctorsim_v1.settings import FIRST_TOOL_ID, UNSERVED_ONE_IN

#: The extra parameters that a service may demand, by the names of their fields.
FLAGS = ("sn", "prd", "pin", "mep", "sro")
_MOST_NETWORKS = 1024
_SLOTS = 8
#: What never changes about the catalogue is cast from these.
_FIXED = Dice("doctorsim_v1")
_UNITS = {"minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}
_SMALLER = {"hours": ("minutes", 60), "days": ("hours", 24), "weeks": ("days", 7)}

#: Real services, and pairs that are known to have some (documented or observed).
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
        """The guaranteed times."""
        unit = _UNITS[self.service.unit]
        return self.shortest * unit, self.longest * unit


_STANDARD = Service(
    "Standard Service",
    "The inexpensive way: the code is looked up where the operator's own records are.",
    "Looks the code up in the records of one country. Costs little and finds most codes; where it finds none, you"
    " get your credits back and can try the Premium Service.",
    "days", (1, 6), (495, 2_995), (55, 90),
)  # fmt: skip
_PREMIUM = Service(
    "Premium Service",
    "For phones that the Standard Service finds no code for.",
    "Asks the manufacturer and the records of all countries. Takes longer, costs more and hardly ever comes back"
    " without a code.",
    "weeks", (1, 3), (2_995, 8_995), (90, 99),
)  # fmt: skip
_CHECKS = (
    Service(
        "Blacklist Check",
        "Tells at once whether the phone is reported as stolen or lost.",
        "Looks the IMEI up in the operators' lists. The result comes at once; there is nothing to cancel.",
        "minutes", (1, 5), (99, 299), (98, 99), "check",
    ),
    Service(
        "Operator and Lock Check",
        "Tells at once which operator the phone is locked to.",
        "Reads operator and lock of the IMEI. The result comes at once; there is nothing to cancel.",
        "minutes", (1, 5), (149, 399), (98, 99), "check",
    ),
)  # fmt: skip
_EXTRA: Mapping[str, tuple[Service, ...]] = {
    "Alcatel": (
        Service(
            "Provider ID Service",
            "A code within minutes; needs the provider ID.",
            "Works out the code from the IMEI and the provider ID, which stands on the label under the battery.",
            "minutes", (5, 30), (399, 999), (90, 99), flag="sn",
        ),
        Service(
            "SRO Service",
            "A code within hours; needs the SRO.",
            "For newer models, whose code depends on the SRO that the phone shows in its information menu.",
            "hours", (1, 12), (699, 1_499), (85, 97), flag="sro",
        ),
    ),
    "BlackBerry": (
        Service(
            "MEP Service",
            "A code within minutes; needs the MEP.",
            "Works out the code from the IMEI and the MEP, which the phone shows in its device status.",
            "minutes", (5, 60), (299, 899), (92, 99), flag="mep",
        ),
        Service(
            "PRD Service",
            "A code within hours; needs the PRD.",
            "For models whose MEP is not known: the PRD stands on the label under the battery.",
            "hours", (2, 24), (799, 1_899), (88, 97), flag="prd",
        ),
        Service(
            "PIN Service",
            "A code within days; needs the PIN of the phone.",
            "For BlackBerry 10: the PIN is in the settings, under About.",
            "days", (1, 3), (1_199, 2_499), (85, 96), flag="pin",
        ),
    ),
    "LG": (
        Service(
            "Serial Number Service",
            "A code within hours; needs the serial number.",
            "Works out the code from the IMEI and the serial number that stands on the label.",
            "hours", (2, 36), (599, 1_999), (85, 97), flag="sn",
        ),
    ),
    "Samsung": (
        Service(
            "USB Remote Service",
            "Done from afar while the phone is on a cable.",
            "Connect the phone to a computer with Windows; a technician removes the lock.",
            "minutes", (15, 45), (1_499, 3_999), (93, 99), "usb", custom={"system": "Windows", "cable": "USB"},
        ),
    ),
    "ZTE": (
        Service(
            "File Service",
            "Works out the code from a file that the phone writes.",
            "Save the file as the guide says and send it to us; a code comes back.",
            "hours", (1, 8), (899, 1_999), (88, 97), "file", custom={"extension": "bin"},
        ),
    ),
    "Huawei": (
        Service(
            "Instant Code Service",
            "A code within minutes, worked out from the IMEI.",
            "For modems and phones whose code follows from the IMEI alone.",
            "minutes", (1, 10), (199, 599), (80, 95),
        ),
    ),
}  # fmt: skip
_CHECKED_BRANDS = ("iPhone", "Samsung")


def is_served(model: Model, network: Network) -> bool:
    """Whether any service unlocks this device on this network; for about one in twelve pairs none does."""
    pair = (model.device.id, network.id)
    if pair in _NEVER_SERVED:
        return False
    if pair in _SERVED or model.brand.name in _EXTRA or model.brand.name in _CHECKED_BRANDS:
        return True
    return _FIXED.below(UNSERVED_ONE_IN, "served", *pair) != 0


def tools_of(brand: Brand, network: Network, dice: Dice) -> tuple[Tool, ...]:
    """What serves the devices of the brand on the network, at the prices of these dice."""
    return tuple(_tool(brand, network, slot, service, dice) for slot, service in _services(brand, network))


def _services(brand: Brand, network: Network) -> Iterator[tuple[int, Service]]:
    """The services with their places; every brand has one at least, iPhones the two ordinary ones and the checks."""
    which = 2 if brand.name in ("iPhone", "Samsung") else _FIXED.below(3, "services", brand.id, network.id)
    if which != 1:
        yield 0, _STANDARD
    if which != 0:
        yield 1, _PREMIUM
    yield from enumerate(_EXTRA.get(brand.name, ()), start=2)
    if brand.name in _CHECKED_BRANDS:
        yield from enumerate(_CHECKS, start=6)


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
    """A time between the two as people write it: `2 days, 8 hours`."""
    whole = dice.between(shortest, longest - 1, "average", number)
    words = [_counted(whole, unit)]
    if unit in _SMALLER:
        smaller, many = _SMALLER[unit]
        rest = dice.below(many, "average rest", number)
        words += [_counted(rest, smaller)] if rest else []
    return ", ".join(words)


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit if count != 1 else unit[:-1]}"


def tool_data(tool: Tool, price: Any) -> dict[str, Any]:
    """A tool as the API shows it; texts but for `price`, which the caller writes as a number."""
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
