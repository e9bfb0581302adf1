"""The invented customers of DaisySIM: they buy a number, and give it back when no code comes."""

from typing import Any

from mockserver.domain.accounts import Account
from mockserver.http.customers import CustomerVisit, Purchase
from mockserver.providers.daisysim.countries import TESTLAND_ID
from mockserver.providers.daisysim.services import services
from mockserver.providers.daisysim.settings import (
    IMPATIENT_PERCENT,
    LABEL_PERCENT,
    MOST_EXPENSIVE,
    PATIENCE,
    TESTLAND_PERCENT,
    USD,
)
from mockserver.providers.daisysim.shop import shop_of


class DaisyCustomers:
    """The `Customers` of DaisySIM."""

    def prepare(self) -> None:
        """Load the prefixes of all countries."""
        from mockserver.catalogue.numbers import number_at

        number_at("ES", 0)

    def hindrance(self, account: Account) -> str | None:
        """Return None: every active account can buy."""
        return None

    def identity(self, account: Account) -> Any:
        """Return None: a key allows everything."""
        return None

    async def choose(self, visit: CustomerVisit) -> Purchase | None:
        """Return the purchase of a number of one of the two lowest tiers."""
        catalogue = shop_of(visit.state).catalogue
        if visit.below(100, "testland") < TESTLAND_PERCENT:
            country, service = TESTLAND_ID, visit.choice(services().testland, "service")
        else:
            country = visit.choice(catalogue.countries, "country").id
            service = visit.choice(catalogue.services(country), "service")
        offers = (await visit.ask("prices", country=country, service=service.code))["data"]["tiers"]
        affordable = [offer for offer in offers[:2] if USD.rounded(offer["price"]) <= MOST_EXPENSIVE]
        if not affordable:
            # People try to buy what is sold out, too.
            fields: dict[str, Any] = {"price": 1}
        else:
            fields = {"price": visit.choice(affordable, "tier")["price"]}
        if visit.below(100, "labels") < LABEL_PERCENT:
            fields["service_name"] = f"{service.name} for {visit.customer.name}"
        errands = [(visit.seconds(*PATIENCE, "patience"), _give_up)]
        impatient = visit.below(100, "impatient") < IMPATIENT_PERCENT
        fields = {"country": country, "service": service.code, **fields}
        return Purchase("purchase", fields, errands if impatient else ())


async def _give_up(visit: CustomerVisit, order: str) -> None:
    activation = (await visit.ask("check", activation_id=order))["data"]
    if activation["status"] == "Waiting":
        await visit.ask("cancel", activation_id=order)
