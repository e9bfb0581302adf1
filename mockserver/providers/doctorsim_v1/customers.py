"""The invented customers of doctorSIM v1: they have phones unlocked, hurry an order, or cancel it."""

from importlib import import_module
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound
from mockserver.http.customers import CustomerVisit, Purchase
from mockserver.providers.doctorsim_v1.auth import SANDBOX, mode_of
from mockserver.providers.doctorsim_v1.catalogue import catalogue
from mockserver.providers.doctorsim_v1.errors import NothingOffered
from mockserver.providers.doctorsim_v1.settings import (
    CANCEL_PERCENT,
    HURRY_PERCENT,
    MINDS_CHANGE_AFTER,
    TEST_IMEIS,
    TEST_PERCENT,
)
from mockserver.providers.doctorsim_v1.tools import FLAGS

_DIGITS = "0123456789"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class UnlockCustomers:
    """The `Customers` of doctorSIM v1."""

    def prepare(self) -> None:
        """Load the catalogue and the check digits."""
        from stdnum import luhn

        import_module("mockserver.providers.doctorsim_v1.orders")
        luhn.calc_check_digit("0")
        catalogue()

    def hindrance(self, account: Account) -> str | None:
        """Return None: every active account can buy."""
        return None

    def identity(self, account: Account) -> Any:
        """Return None: what a pair of key and secret allows is in its account."""
        return None

    async def choose(self, visit: CustomerVisit) -> Purchase | None:
        """Return the order to unlock some phone; None where no service unlocks it."""
        tables = catalogue()
        brand = visit.choice([brand for brand in tables.brands.values() if brand.devices], "brand")
        device = visit.choice(brand.devices, "device")
        network = visit.choice(list(tables.networks.values()), "network")
        pair = {"device_id": device.id, "network_id": network.id}
        try:
            offers = (await visit.ask("tools", **pair))["res"]["tools"]
        except (NotFound, NothingOffered):
            return None
        tool = visit.choice(offers, "tool")
        flag = next((name for name in FLAGS if tool[name] == "true"), "")
        fields = {**pair, "tool_id": tool["id_tool"], "imei": _imei(visit) + _suffix(visit, flag)}
        mind = visit.below(100, "mind")
        if mind < CANCEL_PERCENT:
            return Purchase("create_order", fields, ((visit.seconds(*MINDS_CHANGE_AFTER, "when"), _cancel),))
        if mind < CANCEL_PERCENT + HURRY_PERCENT:
            return Purchase("create_order", fields, ((visit.seconds(*MINDS_CHANGE_AFTER, "when"), _hurry),))
        return Purchase("create_order", fields)


async def _cancel(visit: CustomerVisit, order: str) -> None:
    await visit.ask("cancel_order", ticket_id=order)


async def _hurry(visit: CustomerVisit, order: str) -> None:
    await visit.ask("update_order", ticket_id=order, force="nowait")


def _imei(visit: CustomerVisit) -> str:
    from stdnum import luhn

    if mode_of(visit.account) == SANDBOX and visit.below(100, "test") < TEST_PERCENT:
        return visit.choice(TEST_IMEIS, "test imei")
    digits = "35" + visit.dice.digits(12, *visit.purpose, "imei")
    return digits + luhn.calc_check_digit(digits)


def _suffix(visit: CustomerVisit, flag: str) -> str:
    """Return the extra parameter that a service with this flag demands after the IMEI."""

    def draw(alphabet: str, count: int, purpose: str) -> str:
        return visit.dice.letters(alphabet, count, *visit.purpose, "suffix", purpose)

    match flag:
        case "sn":
            return f"SN{draw(_LETTERS, 4, 'first')}-{draw(_LETTERS, 6, 'second')}"
        case "prd":
            return f"PRD{draw(_DIGITS, 8, 'digits')}"
        case "pin":
            return f"PIN{draw(_LETTERS, 8, 'letters')}"
        case "mep":
            return f"MEP-{draw(_DIGITS, 5, 'first')}-{draw(_DIGITS, 3, 'second')}"
        case "sro":
            return f"SROX{draw(_DIGITS, 9, 'digits')}"
    return ""
