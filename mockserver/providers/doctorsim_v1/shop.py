"""The catalogue as encoded bodies: those that depend on no seed are encoded once for all sandboxes."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver.domain.errors import NotFound
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v1.catalogue import (
    Model,
    Network,
    brand_text,
    catalogue,
    device_text,
    image_url,
)
from mockserver.providers.doctorsim_v1.errors import NothingOffered, envelope
from mockserver.providers.doctorsim_v1.models import Brand
from mockserver.providers.doctorsim_v1.settings import DUMMY_BRAND, MOST_TOOLS_KEPT
from mockserver.providers.doctorsim_v1.tools import Tool, is_served, tool_data, tools_of
from mockserver.providers.doctorsim_v1.wire import price
from mockserver.sandbox.state import SandboxState


@cache
def countries_answer() -> bytes:
    """Return the whole body of /countries."""
    return _answer(catalogue().country_names)


@cache
def all_networks_answer() -> bytes:
    """Return the whole body of /networks: countries that have any."""
    rows = catalogue().country_networks
    return _answer({country: _names(networks) for country, networks in rows.items() if networks})


def networks_answer(country_id: str) -> bytes:
    """Return the whole body of /networks/{country_id}; raises NotFound."""
    networks = catalogue().country_networks.get(country_id)
    if networks is None:
        raise NotFound("country", country_id)
    return _answer({country_id: _names(networks)})


@cache
def brands_answer() -> bytes:
    """Return the whole body of /brands."""
    return _answer(
        {brand.id: {"brand": brand.name, "desc": brand_text(brand)} for brand in catalogue().brands.values()}
    )


@cache
def all_devices_answer() -> bytes:
    """Return the whole body of /devices, more than half a megabyte: every brand, and the dummy one."""
    dummy = {DUMMY_BRAND: {"name": "", "img": image_url(None), "desc": ""}}
    brands = {brand.id: _devices(brand) for brand in catalogue().brands.values()}
    return _answer({DUMMY_BRAND: dummy, **brands})


@cache
def _brand_answer(brand_id: str) -> bytes:
    return _answer({brand_id: _devices(catalogue().brands[brand_id])})


def devices_answer(brand_id: str) -> bytes:
    """Return the whole body of /devices/{brand_id}; raises NotFound."""
    known_brand(brand_id)
    return _brand_answer(brand_id)


def device_answer(brand_id: str, device_id: str) -> bytes:
    """Return the whole body of /devices/{brand_id}/{device_id}; raises NotFound."""
    brand, model = known_brand(brand_id), known_model(device_id)
    if model.brand is not brand:
        raise NotFound("device", device_id)
    return _answer({brand_id: {device_id: _device(model)}})


def known_brand(brand_id: str) -> Brand:
    """Return the brand with this id; raises NotFound."""
    brand = catalogue().brands.get(brand_id)
    if brand is None:
        raise NotFound("brand", brand_id)
    return brand


def known_model(device_id: str) -> Model:
    """Return the model with this device id; raises NotFound."""
    model = catalogue().models.get(device_id)
    if model is None:
        raise NotFound("device", device_id)
    return model


def known_network(network_id: str) -> Network:
    """Return the network with this id; raises NotFound."""
    network = catalogue().networks.get(network_id)
    if network is None:
        raise NotFound("network", network_id)
    return network


class Shop:
    """The services of one sandbox, whose prices and times its dice decide."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._tools: dict[tuple[str, str], tuple[Tool, ...]] = {}
        self._answers: dict[tuple[str, str], bytes] = {}

    def tools(self, brand: Brand, network: Network) -> tuple[Tool, ...]:
        """Return the tools for devices of the brand on the network."""
        key = (brand.id, network.id)
        tools = self._tools.get(key)
        if tools is None:
            tools = _keep(self._tools, key, tools_of(brand, network, self._dice))
        return tools

    def tool(self, model: Model, network: Network, tool_id: str) -> Tool:
        """Return the tool with this id, if it serves the model on the network; raises NotFound."""
        for tool in self.tools(model.brand, network) if is_served(model, network) else ():
            if tool.id == tool_id:
                return tool
        raise NotFound("service for this device and network with id", tool_id)

    def tools_answer(self, device_id: str, network_id: str) -> bytes:
        """Return the whole body of /tools; raises NotFound or NothingOffered."""
        model, network = known_model(device_id), known_network(network_id)
        if not is_served(model, network):
            raise NothingOffered
        key = (model.brand.id, network.id)
        body = self._answers.get(key)
        if body is None:
            rows = [tool_data(tool, price(tool.price)) for tool in self.tools(model.brand, network)]
            body = _keep(self._answers, key, _answer({"tools": rows}))
        return body


def shop_of(state: SandboxState) -> Shop:
    """Return the sandbox's shop."""
    shop: Shop = state.catalogue("doctorsim_v1", Shop)
    return shop


def _keep(rows: dict[tuple[str, str], Any], key: tuple[str, str], value: Any) -> Any:
    if len(rows) >= MOST_TOOLS_KEPT:
        rows.clear()
    rows[key] = value
    return value


def _names(networks: tuple[Network, ...]) -> dict[str, str]:
    return {network.id: network.name for network in networks}


def _devices(brand: Brand) -> dict[str, Any]:
    return {device.id: _device(Model(brand, device)) for device in brand.devices}


def _device(model: Model) -> dict[str, str]:
    return {"name": model.device.name, "img": image_url(model), "desc": device_text(model)}


def _answer(res: Mapping[str, Any]) -> bytes:
    return envelope("", 200, "OK", "", res)
