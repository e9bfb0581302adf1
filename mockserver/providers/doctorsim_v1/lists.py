"""The handlers of the lists: countries, networks, brands, devices, and the tools that unlock them."""

from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v1 import shop


async def countries(call: Call) -> Reply:
    """Return all countries."""
    return Reply(shop.countries_answer())


async def networks(call: Call) -> Reply:
    """Return the networks of all countries that have any."""
    return Reply(shop.all_networks_answer())


async def country_networks(call: Call) -> Reply:
    """Return the networks of one country."""
    return Reply(shop.networks_answer(call.fields["country_id"]))


async def brands(call: Call) -> Reply:
    """Return all brands."""
    return Reply(shop.brands_answer())


async def devices(call: Call) -> Reply:
    """Return all devices of all brands."""
    return Reply(shop.all_devices_answer())


async def brand_devices(call: Call) -> Reply:
    """Return the devices of one brand."""
    return Reply(shop.devices_answer(call.fields["brand_id"]))


async def device(call: Call) -> Reply:
    """Return one device."""
    return Reply(shop.device_answer(call.fields["brand_id"], call.fields["device_id"]))


async def tools(call: Call) -> Reply:
    """Return the tools that unlock a device on a network."""
    return Reply(shop.shop_of(call.state).tools_answer(call.fields["device_id"], call.fields["network_id"]))
