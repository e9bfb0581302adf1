"""The countries, networks, brands and devices that unlocking is sold for; the same in every sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mockserver.providers.doctorsim_v1.models import Brand, Device, brands
from mockserver.providers.doctorsim_v1.networks import countries
from mockserver.providers.doctorsim_v1.settings import BRANDS_WITHOUT_TEXT, IMAGE_HOSTS, IMAGES


@dataclass(frozen=True, slots=True)
class Network:
    """An operator in a country; `place` counts the networks from 0."""

    id: str
    name: str
    country: str
    place: int


@dataclass(frozen=True, slots=True)
class Model:
    """A device together with its brand."""

    brand: Brand
    device: Device

    @property
    def full_name(self) -> str:
        """Brand and name, without the brand twice: `Nokia 5230`, `iPhone 6`."""
        brand, name = self.brand.name, self.device.name
        return name if name.startswith(brand) else f"{brand} {name}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Countries, networks, brands and models by id; `country_networks` maps the ids of countries to their networks."""

    country_names: Mapping[str, str]
    country_networks: Mapping[str, tuple[Network, ...]]
    networks: Mapping[str, Network]
    brands: Mapping[str, Brand]
    models: Mapping[str, Model]


@cache
def catalogue() -> Catalogue:
    """Return the catalogue, built at the first call and shared from then on: nothing in it depends on a seed."""
    names: dict[str, str] = {}
    by_country: dict[str, tuple[Network, ...]] = {}
    networks: dict[str, Network] = {}
    for country_id, country, operators in countries():
        names[country_id] = country
        group = [Network(id, name, country, len(networks) + place) for place, (id, name) in enumerate(operators)]
        networks |= {network.id: network for network in group}
        by_country[country_id] = tuple(group)
    by_id = {brand.id: brand for brand in brands()}
    models = {device.id: Model(brand, device) for brand in by_id.values() for device in brand.devices}
    return Catalogue(names, by_country, networks, by_id, models)


def brand_text(brand: Brand) -> str:
    """Return the description of a brand: HTML in our own words, empty for some brands (documented)."""
    if brand.id in BRANDS_WITHOUT_TEXT:
        return ""
    return f"<p>Codes and services for {len(brand.devices)} models by <strong>{brand.name}</strong>.</p>"


def device_text(model: Model) -> str:
    """Return the description of a device: HTML paragraphs in our own words."""
    name = model.full_name
    return (
        f"<p>A locked <strong>{name}</strong> takes SIM cards of one operator only. Once it is unlocked it takes"
        " any.</p>\n"
        "<p>Tell us the operator it came from and its IMEI (dial *#06# to read it), and choose a service: the"
        f" {name} stays with you, and so do its data and its warranty.</p>"
    )


def image_url(model: Model | None) -> str:
    """Return the URL of the picture of a device, or of a silhouette for None; nothing serves it here."""
    if model is None:
        return IMAGES.format(3, "default")
    words = "".join(letter if letter.isalnum() else " " for letter in model.full_name.lower())
    name = "_".join(words.split())
    return IMAGES.format(IMAGE_HOSTS.get(name, 1 + (int(model.device.id) + 2) % 3), name)
