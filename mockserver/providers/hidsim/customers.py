"""What invented customers do at HidSim: buy a number, ask for another SMS, or give the number back."""

from importlib import import_module
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotTaken
from mockserver.http.customers import Purchase, Visit
from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.providers.hidsim.magic import MAGIC_SERVICES
from mockserver.providers.hidsim.settings import (
    GREED_AFTER,
    GREEDY_PERCENT,
    IMPATIENT_PERCENT,
    PATIENCE,
    TESTLAND_PERCENT,
)


class NumberCustomers:
    """Fulfils `Customers`."""

    def prepare(self) -> None:
        """Load the catalogue."""
        import_module("mockserver.providers.hidsim.operations")
        catalogue()

    def hindrance(self, account: Account) -> str | None:
        """Nothing."""
        return None

    def identity(self, account: Account) -> Any:
        """Nothing: a session allows everything."""
        return None

    async def choose(self, visit: Visit) -> Purchase | None:
        """Any product, or what is cheapest of a service."""
        known = catalogue()
        if visit.below(100, "testland") < TESTLAND_PERCENT:
            magic = [one.id for service in MAGIC_SERVICES for one in service.products]
            product = known.product_by_id(visit.choice(magic, "magic"))
            assert product is not None, "the catalogue has every product of Testland"
        else:
            product = visit.choice(known.active, "product")
        later = []
        if visit.below(100, "greedy") < GREEDY_PERCENT:
            later.append((visit.seconds(*GREED_AFTER, "when"), _ask_again))
        if visit.below(100, "impatient") < IMPATIENT_PERCENT:
            later.append((visit.seconds(*PATIENCE, "patience"), _give_up))
        if visit.below(2, "by service"):
            service = known.services[product.service].id
            return Purchase("purchaseService", {"serviceId": service}, later)
        return Purchase("purchaseProduct", {"productId": product.id}, later)


async def _ask_again(visit: Visit, order: str) -> None:
    try:
        await visit.ask("refetch", operationId=order)
    except NotTaken:
        return


async def _give_up(visit: Visit, order: str) -> None:
    found = await visit.ask("operation", operationId=order)
    if found.get("state", found.get("status")) == "pending":
        await visit.ask("close", operationId=order)
