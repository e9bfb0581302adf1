"""The endpoints. What answers them is imported with the first call that needs it, so that a start does not pay."""

from mockserver.domain.mistakes import InsufficientBalance, NotFound, NotTaken, TooLate
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v1.errors import (
    DuplicateImei,
    HashMissing,
    NotAvailableYet,
    NothingOffered,
    ReportsNotInstalled,
)
from mockserver.providers.doctorsim_v1.settings import LIMIT


async def countries(call: Call) -> Reply:
    """All countries."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.countries_answer())


async def networks(call: Call) -> Reply:
    """The networks of all countries that have any."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.all_networks_answer())


async def country_networks(call: Call) -> Reply:
    """The networks of one country."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.networks_answer(call.fields["country_id"]))


async def brands(call: Call) -> Reply:
    """All brands."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.brands_answer())


async def devices(call: Call) -> Reply:
    """All devices of all brands."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.all_devices_answer())


async def brand_devices(call: Call) -> Reply:
    """The devices of one brand."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.devices_answer(call.fields["brand_id"]))


async def device(call: Call) -> Reply:
    """One device."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.device_answer(call.fields["brand_id"], call.fields["device_id"]))


async def tools(call: Call) -> Reply:
    """What unlocks a device on a network."""
    from mockserver.providers.doctorsim_v1 import shop

    return Reply(shop.shop_of(call.state).tools_answer(call.fields["device_id"], call.fields["network_id"]))


async def create_order(call: Call) -> Reply:
    """A new order."""
    from mockserver.providers.doctorsim_v1 import orders

    return await orders.create_order(call)


async def check_all_orders(call: Call) -> Reply:
    """All orders of the account."""
    from mockserver.providers.doctorsim_v1 import orders

    return await orders.check_all_orders(call)


async def check_order_status(call: Call) -> Reply:
    """One order."""
    from mockserver.providers.doctorsim_v1 import orders

    return await orders.check_order_status(call)


async def update_order(call: Call) -> Reply:
    """An order that is ready now."""
    from mockserver.providers.doctorsim_v1 import orders

    return await orders.update_order(call)


async def cancel_order(call: Call) -> Reply:
    """An order that is canceled."""
    from mockserver.providers.doctorsim_v1 import orders

    return await orders.cancel_order(call)


async def retrieve_order_instructions(call: Call) -> Reply:
    """How to unlock the phone."""
    from mockserver.providers.doctorsim_v1 import orders

    return await orders.retrieve_order_instructions(call)


async def imeicheck(call: Call) -> Reply:
    """What is known about a phone."""
    from mockserver.providers.doctorsim_v1 import checks

    return await checks.imeicheck(call)


async def imei_report(call: Call) -> Reply:
    """A report as a PDF."""
    from mockserver.providers.doctorsim_v1 import checks

    return await checks.imei_report(call)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/countries",
        countries,
        name="countries",
        summary="All countries",
        gives="doctorsim_v1/countries",
        limit=LIMIT,
    ),
    Endpoint(
        "GET",
        "/networks",
        networks,
        name="networks",
        summary="The networks of all countries",
        gives="doctorsim_v1/networks",
        limit=LIMIT,
    ),
    Endpoint(
        "GET",
        "/networks/{country_id}",
        country_networks,
        name="country_networks",
        summary="The networks of a country",
        gives="doctorsim_v1/networks",
        path_fields="doctorsim_v1/country.path",
        limit=LIMIT,
        mistakes=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/brands",
        brands,
        name="brands",
        summary="All brands",
        gives="doctorsim_v1/brands",
        limit=LIMIT,
    ),
    Endpoint(
        "GET",
        "/devices",
        devices,
        name="devices",
        summary="The devices of all brands",
        gives="doctorsim_v1/devices",
        limit=LIMIT,
        provenance="observed",
    ),
    Endpoint(
        "GET",
        "/devices/{brand_id}",
        brand_devices,
        name="brand_devices",
        summary="The devices of a brand",
        gives="doctorsim_v1/devices",
        path_fields="doctorsim_v1/brand.path",
        limit=LIMIT,
        mistakes=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/devices/{brand_id}/{device_id}",
        device,
        name="device",
        summary="One device",
        gives="doctorsim_v1/devices",
        path_fields="doctorsim_v1/device.path",
        limit=LIMIT,
        mistakes=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/tools/{device_id}/{network_id}",
        tools,
        name="tools",
        summary="What unlocks a device on a network",
        gives="doctorsim_v1/tools",
        path_fields="doctorsim_v1/pair.path",
        limit=LIMIT,
        mistakes=(NotFound, NothingOffered),
    ),
    Endpoint(
        "POST",
        "/tools/{device_id}/{network_id}",
        tools,
        name="tools_post",
        summary="What unlocks a device on a network, as the best practices ask for it",
        gives="doctorsim_v1/tools",
        path_fields="doctorsim_v1/pair.path",
        limit=LIMIT,
        mistakes=(NotFound, NothingOffered),
    ),
    Endpoint(
        "POST",
        "/create_order/{device_id}/{network_id}/{imei}/{tool_id}",
        create_order,
        name="create_order",
        summary="Order the unlocking of a phone",
        gives="doctorsim_v1/create-order",
        path_fields="doctorsim_v1/create-order.path",
        limit=LIMIT,
        mistakes=(NotFound, InsufficientBalance, DuplicateImei),
    ),
    Endpoint(
        "GET",
        "/check_order_status",
        check_all_orders,
        name="check_all_orders",
        summary="All orders of the account, newest first",
        gives="doctorsim_v1/orders",
        limit=LIMIT,
        provenance="assumed",
    ),
    Endpoint(
        "GET",
        "/check_order_status/{ticket_id}",
        check_order_status,
        name="check_order_status",
        reads_order=True,
        summary="How an order stands",
        gives="doctorsim_v1/orders",
        path_fields="doctorsim_v1/ticket.path",
        limit=LIMIT,
        mistakes=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/update_order/{ticket_id}",
        update_order,
        name="update_order",
        summary="Wait no longer for an order",
        gives="doctorsim_v1/update-order",
        path_fields="doctorsim_v1/ticket.path",
        form="doctorsim_v1/update-order.request",
        limit=LIMIT,
        mistakes=(NotFound, NotTaken),
    ),
    Endpoint(
        "DELETE",
        "/cancel_order/{ticket_id}",
        cancel_order,
        name="cancel_order",
        summary="Cancel an order within its first ten minutes (under the default scenario it is done after one minute,"
        " under guaranteed-times it takes as long as its tool says)",
        gives="doctorsim_v1/cancel-order",
        path_fields="doctorsim_v1/ticket.path",
        limit=LIMIT,
        mistakes=(NotFound, NotTaken, TooLate),
    ),
    Endpoint(
        "GET",
        "/retrieve_order_instructions/{ticket_id}",
        retrieve_order_instructions,
        name="retrieve_order_instructions",
        summary="How to unlock the phone",
        gives="doctorsim_v1/instructions",
        path_fields="doctorsim_v1/ticket.path",
        limit=LIMIT,
        mistakes=(NotFound, NotAvailableYet),
    ),
    Endpoint(
        "POST",
        "/imeicheck/{imei}",
        imeicheck,
        name="imeicheck_open",
        summary="Whether a phone is blacklisted, sandbox pairs only",
        gives="doctorsim_v1/imeicheck",
        path_fields="doctorsim_v1/imei.path",
        limit=LIMIT,
        mistakes=(HashMissing,),
    ),
    Endpoint(
        "POST",
        "/imeicheck/{imei}/{hash}",
        imeicheck,
        name="imeicheck",
        summary="Whether a phone is blacklisted",
        gives="doctorsim_v1/imeicheck",
        path_fields="doctorsim_v1/imeicheck.path",
        limit=LIMIT,
        mistakes=(HashMissing,),
    ),
)

REPORT_ENDPOINTS = (
    Endpoint(
        "GET",
        "/{name}",
        imei_report,
        name="imei_report",
        summary="An IMEI report as a PDF",
        gives="doctorsim_v1/report",
        path_fields="doctorsim_v1/report.path",
        media="application/pdf",
        public=True,
        mistakes=(NotFound, ReportsNotInstalled),
    ),
)
