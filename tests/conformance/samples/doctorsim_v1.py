"""Requests that doctorSIM v1 accepts."""

from tests.conformance.client import Ask, Client, Form, Samples

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
)
