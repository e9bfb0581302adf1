"""The endpoints of doctorSIM v1, all of which share one limit."""

from typing import TYPE_CHECKING

from mockserver.domain.errors import InsufficientBalance, NotFound, NotTaken, TooLate
from mockserver.http.endpoint_tables import group, lazy_handlers
from mockserver.http.provider import Endpoint
from mockserver.providers.doctorsim_v1.errors import (
    DuplicateImei,
    HashMissing,
    NotAvailableYet,
    NothingOffered,
    ReportsNotInstalled,
)
from mockserver.providers.doctorsim_v1.settings import LIMIT

if TYPE_CHECKING:
    from mockserver.providers.doctorsim_v1 import checks, lists, orders
else:
    checks, lists, orders = lazy_handlers(__name__, "checks", "lists", "orders")


ENDPOINTS = group(
    Endpoint(
        "GET", "/countries", lists.countries, name="countries", summary="All countries", gives="doctorsim_v1/countries"
    ),
    Endpoint(
        "GET",
        "/networks",
        lists.networks,
        name="networks",
        summary="The networks of all countries",
        gives="doctorsim_v1/networks",
    ),
    Endpoint(
        "GET",
        "/networks/{country_id}",
        lists.country_networks,
        name="country_networks",
        summary="The networks of a country",
        gives="doctorsim_v1/networks",
        path_fields="doctorsim_v1/country.path",
        mistakes=(NotFound,),
    ),
    Endpoint("GET", "/brands", lists.brands, name="brands", summary="All brands", gives="doctorsim_v1/brands"),
    Endpoint(
        "GET",
        "/devices",
        lists.devices,
        name="devices",
        summary="The devices of all brands",
        gives="doctorsim_v1/devices",
        provenance="observed",
    ),
    Endpoint(
        "GET",
        "/devices/{brand_id}",
        lists.brand_devices,
        name="brand_devices",
        summary="The devices of a brand",
        gives="doctorsim_v1/devices",
        path_fields="doctorsim_v1/brand.path",
        mistakes=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/devices/{brand_id}/{device_id}",
        lists.device,
        name="device",
        summary="One device",
        gives="doctorsim_v1/devices",
        path_fields="doctorsim_v1/device.path",
        mistakes=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/tools/{device_id}/{network_id}",
        lists.tools,
        name="tools",
        summary="What unlocks a device on a network",
        gives="doctorsim_v1/tools",
        path_fields="doctorsim_v1/pair.path",
        mistakes=(NotFound, NothingOffered),
    ),
    Endpoint(
        "POST",
        "/tools/{device_id}/{network_id}",
        lists.tools,
        name="tools_post",
        summary="What unlocks a device on a network, as the best practices ask for it",
        gives="doctorsim_v1/tools",
        path_fields="doctorsim_v1/pair.path",
        mistakes=(NotFound, NothingOffered),
    ),
    Endpoint(
        "POST",
        "/create_order/{device_id}/{network_id}/{imei}/{tool_id}",
        orders.create_order,
        name="create_order",
        summary="Order the unlocking of a phone",
        gives="doctorsim_v1/create-order",
        path_fields="doctorsim_v1/create-order.path",
        mistakes=(NotFound, InsufficientBalance, DuplicateImei),
    ),
    Endpoint(
        "GET",
        "/check_order_status",
        orders.check_all_orders,
        name="check_all_orders",
        reads_order=True,
        summary="All orders of the account, newest first",
        gives="doctorsim_v1/orders",
        provenance="assumed",
    ),
    Endpoint(
        "GET",
        "/check_order_status/{ticket_id}",
        orders.check_order_status,
        name="check_order_status",
        reads_order=True,
        summary="How an order stands",
        gives="doctorsim_v1/orders",
        path_fields="doctorsim_v1/ticket.path",
        mistakes=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/update_order/{ticket_id}",
        orders.update_order,
        name="update_order",
        summary="Wait no longer for an order",
        gives="doctorsim_v1/update-order",
        path_fields="doctorsim_v1/ticket.path",
        form="doctorsim_v1/update-order.request",
        mistakes=(NotFound, NotTaken),
    ),
    Endpoint(
        "DELETE",
        "/cancel_order/{ticket_id}",
        orders.cancel_order,
        name="cancel_order",
        summary="Cancel an order within its first ten minutes (under the default scenario it is done after one minute,"
        " under guaranteed-times it takes as long as its tool says)",
        gives="doctorsim_v1/cancel-order",
        path_fields="doctorsim_v1/ticket.path",
        mistakes=(NotFound, NotTaken, TooLate),
    ),
    Endpoint(
        "GET",
        "/retrieve_order_instructions/{ticket_id}",
        orders.retrieve_order_instructions,
        name="retrieve_order_instructions",
        reads_order=True,
        summary="How to unlock the phone",
        gives="doctorsim_v1/instructions",
        path_fields="doctorsim_v1/ticket.path",
        mistakes=(NotFound, NotAvailableYet),
    ),
    Endpoint(
        "POST",
        "/imeicheck/{imei}",
        checks.imeicheck,
        name="imeicheck_open",
        summary="Whether a phone is blacklisted, sandbox pairs only",
        gives="doctorsim_v1/imeicheck",
        path_fields="doctorsim_v1/imei.path",
        mistakes=(HashMissing,),
    ),
    Endpoint(
        "POST",
        "/imeicheck/{imei}/{hash}",
        checks.imeicheck,
        name="imeicheck",
        summary="Whether a phone is blacklisted",
        gives="doctorsim_v1/imeicheck",
        path_fields="doctorsim_v1/imeicheck.path",
        mistakes=(HashMissing,),
    ),
    limit=LIMIT,
)

REPORT_ENDPOINTS = (
    Endpoint(
        "GET",
        "/{name}",
        checks.imei_report,
        name="imei_report",
        summary="An IMEI report as a PDF",
        gives="doctorsim_v1/report",
        path_fields="doctorsim_v1/report.path",
        media="application/pdf",
        public=True,
        mistakes=(NotFound, ReportsNotInstalled),
    ),
)
