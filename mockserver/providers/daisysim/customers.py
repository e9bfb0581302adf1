"""What invented customers do at DaisySIM: buy a number, and give it back when no code comes."""

from typing import Any

from mockserver.domain.accounts import Account
from mockserver.http.customers import Purchase, Visit
from mockserver.providers.daisysim.countries import TESTLAND_ID
from mockserver.providers.daisysim.services import services
from mockserver.providers.daisysim.shop import shop_of
from mockserver.providers.daisysim.wire import USD

#: Of a hundred customers so many buy in Testland, whose services decide how it goes, and so many label their order.
_TESTLAND_PERCENT, _LABEL_PERCENT = 12, 30
#: Of a hundred so many look after their number, in seconds from here to there, and give up if no code is there.
_IMPATIENT_PERCENT, _PATIENCE = 50, (65, 900)
#: The dearest number that anybody buys, in minor units.
_DEAREST = USD.minor(8)


class DaisyCustomers:
    """Fulfils `Customers`."""

    def prepare(self) -> None:
        """Load the prefixes of all countries."""
        from mockserver.catalogue.numbers import number_at

        number_at("ES", 0)

    def hindrance(self, account: Account) -> str | None:
        """Nothing."""
        return None

    def identity(self, account: Account) -> Any:
        """Nothing: a key allows everything."""
        return None

    async def choose(self, visit: Visit) -> Purchase | None:
        """A number of one of the lower tiers."""
        catalogue = shop_of(visit.state).catalogue
        if visit.below(100, "testland") < _TESTLAND_PERCENT:
            country, service = TESTLAND_ID, visit.choice(services().testland, "service")
        else:
            country = visit.choice(catalogue.countries, "country").id
            service = visit.choice(catalogue.services(country), "service")
        offers = (await visit.ask("prices", country=country, service=service.code))["data"]["tiers"]
        affordable = [one for one in offers[:2] if USD.rounded(one["price"]) <= _DEAREST]
        if not affordable:
            # What is sold out is tried all the same, as people do.
            fields: dict[str, Any] = {"price": 1}
        else:
            fields = {"price": visit.choice(affordable, "tier")["price"]}
        if visit.below(100, "labels") < _LABEL_PERCENT:
            fields["service_name"] = f"{service.name} for {visit.customer.name}"
        later = [(visit.seconds(*_PATIENCE, "patience"), _give_up)]
        impatient = visit.below(100, "impatient") < _IMPATIENT_PERCENT
        fields = {"country": country, "service": service.code, **fields}
        return Purchase("purchase", fields, later if impatient else ())


async def _give_up(visit: Visit, order: str) -> None:
    found = (await visit.ask("check", activation_id=order))["data"]
    if found["status"] == "Waiting":
        await visit.ask("cancel", activation_id=order)
