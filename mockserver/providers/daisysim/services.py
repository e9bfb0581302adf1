"""DaisySIM's services, whose sign-up codes its numbers receive. All prices and demands are assumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A service on sale; there is one object for each, so that services are compared by identity alone, quickly.

    `price` is that of its cheapest number in an average country, in ten-thousandths of a dollar;
    `demand` 1 .. 4 raises the number of tiers and the stock.
    """

    code: str
    name: str
    price: int
    demand: int


class ServiceRow(NamedTuple):
    """A line of `services.csv`. `sold` is everywhere (documented), some (countries), or testland.

    The codes are those that such shops share: go, wa and tg are documented, the others assumed.
    """

    code: str
    name: str
    price: int
    demand: int
    sold: str


@dataclass(frozen=True, slots=True)
class Services:
    """All services: those sold `everywhere`, in `some` countries, and in Testland alone; `by_code` has every one.

    Testland sells those of `everywhere`, too. A scenario gives each of its own services an outcome.
    """

    everywhere: tuple[Service, ...]
    some: tuple[Service, ...]
    testland: tuple[Service, ...]
    by_code: Mapping[str, Service]


@once
def services() -> Services:
    """Return the services, the same objects for every caller."""
    groups: dict[str, list[Service]] = {"everywhere": [], "some": [], "testland": []}
    for row in read_csv(__file__, "services.csv", ServiceRow):
        groups[row.sold].append(Service(row.code, row.name, row.price, row.demand))
    everywhere, some, testland = map(tuple, groups.values())
    return Services(everywhere, some, testland, {service.code: service for service in (*everywhere, *some, *testland)})
