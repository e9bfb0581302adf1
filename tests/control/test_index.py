"""The index of the control API, and the health check."""

import httpx
import pytest

from mockserver import __version__
from mockserver.control.app import OPERATIONS
from tests.support import ORIGIN, World

pytestmark = pytest.mark.anyio


async def test_health_tells_five_things(world: World) -> None:
    health = await world.steer("GET", "/health")
    assert set(health) == {"status", "version", "uptime", "store", "limits"}
    assert (health["status"], health["version"], health["store"]) == ("ok", __version__, "memory")
    assert health["uptime"] >= 0


@pytest.mark.parametrize("path", ["", "/"])
async def test_the_index_has_base_urls_credentials_and_links(world: World, path: str) -> None:
    index = await world.steer("GET", path)
    acme = index["providers"]["acme"]
    assert acme["base_url"] == f"{ORIGIN}/api.acme.example/v1"
    assert [(one["account"], one["key"]) for one in acme["credentials"]] == [
        ("demo", "acme-demo"),
        ("poor", "acme-poor"),
        ("closed", "acme-closed"),
    ]
    assert all(one["about"] for one in acme["credentials"])


async def test_every_base_url_and_credential_of_the_index_works_as_given(world: World) -> None:
    for one in (world, world.beside("other")):
        acme = (await one.steer("GET", ""))["providers"]["acme"]
        headers = {"Authorization": f"Bearer {acme['credentials'][0]['key']}"}
        answer = await world.client.get(f"{acme['base_url']}/balance", headers=headers)
        assert answer.status_code == 200


async def test_every_link_leads_to_a_path_of_the_control_api(world: World) -> None:
    other = world.beside("other")
    links = (await other.steer("GET", ""))["links"]
    for link in links.values():
        assert link.startswith(f"{ORIGIN}/~other/_mock/")
        path = httpx.URL(link).path.partition("/_mock")[2]
        assert any(one.path == path or one.path.startswith(f"{path}/") for one in OPERATIONS), link


async def test_addresses_follow_the_name_that_the_client_used(world: World) -> None:
    index = await world.steer("GET", "", headers={"Host": "127.0.0.1:9999"})
    assert index["providers"]["acme"]["base_url"].startswith("http://127.0.0.1:9999/")
