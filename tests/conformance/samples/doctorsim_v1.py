"""Requests that doctorSIM v1 accepts."""

import json
from collections.abc import Iterator, Sequence

from mockserver.providers.doctorsim_v1.catalogue import catalogue
from tests.conformance.client import Ask, Client, Form, Samples, Seen
from tests.conformance.proofs import seen_of
from tests.conformance.wanted import Wanted

_IMEI = "011950004980028"
_AVAILABLE = "123456789876543"
_PLACE = "/create_order/1697/3"


async def _create(client: Client, imei: str = _IMEI) -> Ask:
    tools = (await client.send("GET", "/tools/1697/3")).json()["res"]["tools"]
    return Ask(f"{_PLACE}/{imei}/{tools[0]['id_tool']}")


async def _ticket(client: Client, imei: str = _IMEI) -> str:
    answer = await client.send("POST", (await _create(client, imei)).path)
    ticket: str = answer.json()["res"]["id_ticket"]
    return ticket


async def _check_order_status(client: Client) -> Ask:
    return Ask(f"/check_order_status/{await _ticket(client)}")


async def _check_all_orders(client: Client) -> Ask:
    await _ticket(client)
    return Ask("/check_order_status")


async def _update_order(client: Client) -> Ask:
    return Ask(f"/update_order/{await _ticket(client)}", Form({"force": "nowait"}))


async def _cancel_order(client: Client) -> Ask:
    return Ask(f"/cancel_order/{await _ticket(client)}")


async def _instructions(client: Client) -> Ask:
    return Ask(f"/retrieve_order_instructions/{await _ticket(client, _AVAILABLE)}")


async def _countries(_client: Client) -> Ask:
    return Ask("/countries")


async def _networks(_client: Client) -> Ask:
    return Ask("/networks")


async def _country_networks(_client: Client) -> Ask:
    return Ask("/networks/34")


async def _brands(_client: Client) -> Ask:
    return Ask("/brands")


async def _devices(_client: Client) -> Ask:
    return Ask("/devices")


async def _brand_devices(_client: Client) -> Ask:
    return Ask("/devices/29")


async def _device(_client: Client) -> Ask:
    return Ask("/devices/29/15910")


async def _tools(_client: Client) -> Ask:
    return Ask("/tools/15910/1")


async def _imeicheck_open(_client: Client) -> Ask:
    return Ask("/imeicheck/353047098598802")


async def _imeicheck(_client: Client) -> Ask:
    return Ask(f"/imeicheck/{_IMEI}/aGFzaA==")


_LIVE = {"DSIM_KEY": "live-key", "DSIM_SECRET": "live-secret"}


def _devices_of_each_brand() -> Iterator[str]:
    yield "1697"
    yield from (brand.devices[0].id for brand in catalogue().brands.values() if brand.devices)


async def _shaped(client: Client, wanted: Wanted) -> Ask:
    """The first service that is wanted, of any brand."""
    mode = wanted.pick("order.mode", "sandbox", "production")
    imei = wanted.pick("order.imei", _IMEI)
    for device in _devices_of_each_brand():
        answer = (await client.send("GET", f"/tools/{device}/3")).json()
        for tool in answer["res"]["tools"] if answer["res"] else ():
            fits = wanted.allows("order.tool_type", tool["tool_type"])
            plain = "true" not in (tool["sn"], tool["prd"], tool["pin"], tool["mep"], tool["sro"])
            if fits and plain and wanted.allows("order.time_unit", tool["time"]["type"]):
                headers = _LIVE if mode == "production" else None
                return Ask(f"/create_order/{device}/3/{imei}/{tool['id_tool']}", headers=headers)
    raise AssertionError("no service is what the rule wants")


async def _magic(client: Client, where: str, value: str) -> Sequence[Seen]:
    if where.startswith("imei of create_order"):
        ask = await _shaped(client, Wanted.of({"order.imei": value}))
        return [await seen_of(client, await client.send("POST", ask.path))]
    return [await seen_of(client, await client.send("POST", f"/imeicheck/{value}"))]


def _report(seen: Seen) -> tuple[str, bool | None]:
    """Whether the check was free (F) or wants payment (P), and whether the phone is blacklisted."""
    res = json.loads(seen.text)["res"]
    return res["type_pay"]["type"], res["result"].get("blackliststatus")


SAMPLES = Samples(
    account="sandbox",
    credential={"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "sandbox-secret"},
    stranger={"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "stranger"},
    asks={
        "countries": _countries,
        "networks": _networks,
        "country_networks": _country_networks,
        "brands": _brands,
        "devices": _devices,
        "brand_devices": _brand_devices,
        "device": _device,
        "tools": _tools,
        "tools_post": _tools,
        "create_order": _create,
        "check_all_orders": _check_all_orders,
        "check_order_status": _check_order_status,
        "update_order": _update_order,
        "cancel_order": _cancel_order,
        "retrieve_order_instructions": _instructions,
        "imeicheck_open": _imeicheck_open,
        "imeicheck": _imeicheck,
    },
    # The address of a report is below the sandbox that made it.
    varying=rb'"url_report":"[^"]*"',
    # An IMEI that cannot be is answered with an error inside an accepted answer.
    any_path=frozenset({"imeicheck_open", "imeicheck"}),
    shaped={"create_order": _shaped},
    placing=frozenset({"create_order"}),
    magic=_magic,
    signs={
        "353047098598802": lambda seen: _report(seen[0]) == ("F", True),
        "359405085972766": lambda seen: _report(seen[0]) == ("F", False),
        "123456789876543": lambda seen: seen[0].order is not None or _report(seen[0]) == ("P", None),
        "123456789987654": lambda seen: _report(seen[0]) == ("P", None),
    },
)
