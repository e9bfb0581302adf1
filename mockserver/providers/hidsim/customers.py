"""The invented customers of HidSim: they buy a number, ask for another SMS, or give the number back."""

from importlib import import_module
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotTaken
from mockserver.http.customers import CustomerVisit, Purchase
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
    """The `Customers` of HidSim."""

    def prepare(self) -> None:
        """Load the catalogue."""
        import_module("mockserver.providers.hidsim.operations")
        catalogue()

    def hindrance(self, account: Account) -> str | None:
        """Return None: every active account can buy."""
        return None

    def identity(self, account: Account) -> Any:
        """Return None: a session allows everything."""
        return None

    async def choose(self, visit: CustomerVisit) -> Purchase | None:
        """Return the purchase of any product, or of the cheapest product of a service."""
        goods = catalogue()
        if visit.below(100, "testland") < TESTLAND_PERCENT:
            magic = [product.id for service in MAGIC_SERVICES for product in service.products]
            product = goods.product_by_id(visit.choice(magic, "magic"))
            assert product is not None, "the catalogue has every product of Testland"
        else:
            product = visit.choice(goods.active, "product")
        errands = []
        if visit.below(100, "greedy") < GREEDY_PERCENT:
            errands.append((visit.seconds(*GREED_AFTER, "when"), _ask_again))
        if visit.below(100, "impatient") < IMPATIENT_PERCENT:
            errands.append((visit.seconds(*PATIENCE, "patience"), _give_up))
        if visit.below(2, "by service"):
            service = goods.services[product.service].id
            return Purchase("purchaseService", {"serviceId": service}, errands)
        return Purchase("purchaseProduct", {"productId": product.id}, errands)


async def _ask_again(visit: CustomerVisit, order: str) -> None:
    try:
        await visit.ask("refetch", operationId=order)
    except NotTaken:
        return


async def _give_up(visit: CustomerVisit, order: str) -> None:
    operation = await visit.ask("operation", operationId=order)
    if operation.get("state", operation.get("status")) == "pending":
        await visit.ask("close", operationId=order)
