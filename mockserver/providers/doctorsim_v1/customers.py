"""What invented customers do at doctorSIM: have phones unlocked, hurry an order, or change their minds."""

from importlib import import_module
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound
from mockserver.http.customers import Purchase, Visit
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
    """Fulfils `Customers`."""

    def prepare(self) -> None:
        """Load the catalogue and the check digits."""
        from stdnum import luhn

        import_module("mockserver.providers.doctorsim_v1.orders")
        luhn.calc_check_digit("0")
        catalogue()

    def hindrance(self, account: Account) -> str | None:
        """Nothing."""
        return None

    def identity(self, account: Account) -> Any:
        """Nothing: what a pair allows is the account's own."""
        return None

    async def choose(self, visit: Visit) -> Purchase | None:
        """The unlocking of some phone; None where nothing unlocks it."""
        known = catalogue()
        brand = visit.choice([one for one in known.brands.values() if one.devices], "brand")
        device = visit.choice(brand.devices, "device")
        network = visit.choice(list(known.networks.values()), "network")
        pair = {"device_id": device.id, "network_id": network.id}
        try:
            offers = (await visit.ask("tools", **pair))["res"]["tools"]
        except (NotFound, NothingOffered):
            return None
        tool = visit.choice(offers, "tool")
        flag = next((one for one in FLAGS if tool[one] == "true"), "")
        fields = {**pair, "tool_id": tool["id_tool"], "imei": _imei(visit) + _suffix(visit, flag)}
        mind = visit.below(100, "mind")
        if mind < CANCEL_PERCENT:
            return Purchase("create_order", fields, ((visit.seconds(*MINDS_CHANGE_AFTER, "when"), _cancel),))
        if mind < CANCEL_PERCENT + HURRY_PERCENT:
            return Purchase("create_order", fields, ((visit.seconds(*MINDS_CHANGE_AFTER, "when"), _hurry),))
        return Purchase("create_order", fields)


async def _cancel(visit: Visit, order: str) -> None:
    await visit.ask("cancel_order", ticket_id=order)


async def _hurry(visit: Visit, order: str) -> None:
    await visit.ask("update_order", ticket_id=order, force="nowait")


def _imei(visit: Visit) -> str:
    from stdnum import luhn

    if mode_of(visit.account) == SANDBOX and visit.below(100, "test") < TEST_PERCENT:
        return visit.choice(TEST_IMEIS, "test imei")
    digits = "35" + visit.dice.digits(12, *visit.purpose, "imei")
    return digits + luhn.calc_check_digit(digits)


def _suffix(visit: Visit, flag: str) -> str:
    """What a service demands behind the IMEI."""

    def some(alphabet: str, count: int, purpose: str) -> str:
        return visit.dice.letters(alphabet, count, *visit.purpose, "suffix", purpose)

    match flag:
        case "sn":
            return f"SN{some(_LETTERS, 4, 'first')}-{some(_LETTERS, 6, 'second')}"
        case "prd":
            return f"PRD{some(_DIGITS, 8, 'digits')}"
        case "pin":
            return f"PIN{some(_LETTERS, 8, 'letters')}"
        case "mep":
            return f"MEP-{some(_DIGITS, 5, 'first')}-{some(_DIGITS, 3, 'second')}"
        case "sro":
            return f"SROX{some(_DIGITS, 9, 'digits')}"
    return ""
