"""The services that DaisySIM sells in each country, and their price tiers, drawn from the dice."""

from mockserver.catalogue.sorting import alphabetical
from mockserver.engine.dice import Dice
from mockserver.providers.daisysim.countries import TESTLAND_ID, Country, countries_by_id, countries_by_name
from mockserver.providers.daisysim.services import Service, services
from mockserver.providers.daisysim.settings import FEWEST_SERVICES
from mockserver.providers.daisysim.tiers import Tier, tiers_of

__all__ = ["Catalogue", "Country", "Service", "Tier"]


class Catalogue:
    """The countries, services and price tiers on sale in a sandbox; the same seed gives the same ones.

    Nothing is drawn before it is needed. Only the services of countries that were looked up are kept, as tuples of
    shared values; tiers are drawn each time.
    """

    __slots__ = ("_dice", "_services")

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._services: dict[int, tuple[Service, ...]] = {}

    @property
    def countries(self) -> tuple[Country, ...]:
        """Every country, Testland included, sorted by name without regard to case; the same for all seeds."""
        return countries_by_name()

    def country(self, country_id: int) -> Country | None:
        """Return the country with this id, or None."""
        return countries_by_id().get(country_id)

    def services(self, country_id: int) -> tuple[Service, ...]:
        """Return the services of a country, sorted by name without regard to case; none for an unknown country."""
        if country_id not in countries_by_id():
            return ()
        country_services = self._services.get(country_id)
        if country_services is None:
            country_services = self._services[country_id] = self._draw_services(country_id)
        return country_services

    def service(self, country_id: int, code: str) -> Service | None:
        """Return the service with this code, or None where the country does not sell it."""
        service = services().by_code.get(code)
        return service if service is not None and service in self.services(country_id) else None

    def tiers(self, country_id: int, code: str, *, draw: tuple[int, ...]) -> tuple[Tier, ...]:
        """Return the tiers of a country and service by rising price; none where the country does not sell it.

        `draw` moves the prices by up to 8 percent and nothing else. Two draws whose sums differ by 1 to 15 have no
        price in common, so that a price quoted before the last draw is never live.
        """
        country, service = self.country(country_id), self.service(country_id, code)
        if country is None or service is None:
            return ()
        return tiers_of(country, service, self._dice, draw=draw)

    def _draw_services(self, country_id: int) -> tuple[Service, ...]:
        table = services()
        if country_id == TESTLAND_ID:
            return _by_name([*table.testland, *table.everywhere])
        others = sorted(table.some, key=lambda service: self._dice.cast("daisysim", "sells", country_id, service.code))
        most = len(table.everywhere) + len(others)
        count = self._dice.between(FEWEST_SERVICES, most, "daisysim", "services", country_id)
        return _by_name([*table.everywhere, *others[: count - len(table.everywhere)]])


def _by_name(services: list[Service]) -> tuple[Service, ...]:
    return tuple(sorted(services, key=lambda service: alphabetical(service.name)))
