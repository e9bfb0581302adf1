"""What DaisySIM sells: the services of each country, and their price tiers, as the dice have it."""

from mockserver.catalogue.sorting import alphabetical
from mockserver.engine.dice import Dice
from mockserver.providers.daisysim.countries import TESTLAND_ID, Country, countries_by_id, countries_by_name
from mockserver.providers.daisysim.services import Service, services
from mockserver.providers.daisysim.tiers import Tier, tiers_of

__all__ = ["Catalogue", "Country", "Service", "Tier"]

#: The fewest services that a country sells.
_FEWEST = 40


class Catalogue:
    """A function of the dice: the same seed sells the same. Nothing is drawn until it is asked for.

    Only the services of the countries asked for are kept, as tuples of shared values; tiers are drawn each time.
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
        """The country with this number."""
        return countries_by_id().get(country_id)

    def services(self, country_id: int) -> tuple[Service, ...]:
        """What the country sells, sorted by name without regard to case; nothing when there is no such country."""
        if country_id not in countries_by_id():
            return ()
        sold = self._services.get(country_id)
        if sold is None:
            sold = self._services[country_id] = self._drawn(country_id)
        return sold

    def service(self, country_id: int, code: str) -> Service | None:
        """The service with this code, if the country sells it."""
        found = services().by_code.get(code)
        return found if found is not None and found in self.services(country_id) else None

    def tiers(self, country_id: int, code: str, *, draw: tuple[int, ...]) -> tuple[Tier, ...]:
        """The pair's tiers by rising price; nothing for a pair that is not sold.

        `draw` moves the prices by up to 8 percent and nothing else. Two draws whose numbers add up to sums that
        differ by 1 to 15 have no price in common, so that a price quoted before the last draw is never live.
        """
        country, service = self.country(country_id), self.service(country_id, code)
        if country is None or service is None:
            return ()
        return tiers_of(country, service, self._dice, draw=draw)

    def _drawn(self, country_id: int) -> tuple[Service, ...]:
        table = services()
        if country_id == TESTLAND_ID:
            return _by_name([*table.testland, *table.everywhere])
        others = sorted(table.some, key=lambda service: self._dice.cast("daisysim", "sells", country_id, service.code))
        most = len(table.everywhere) + len(others)
        count = self._dice.between(_FEWEST, most, "daisysim", "services", country_id)
        return _by_name([*table.everywhere, *others[: count - len(table.everywhere)]])


def _by_name(services: list[Service]) -> tuple[Service, ...]:
    return tuple(sorted(services, key=lambda service: alphabetical(service.name)))
