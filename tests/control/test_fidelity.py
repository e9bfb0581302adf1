"""The fidelity page: every endpoint and field of every provider, with its provenance."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from mockserver.control.fidelity import provider_data
from mockserver.http.provider import Provider
from mockserver.http.schemas import SchemaStore
from mockserver.resources import bundled
from tests.served import PROVIDERS
from tests.support import World, running

pytestmark = pytest.mark.anyio

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
KINDS = ("documented", "observed", "assumed")
STORE = SchemaStore(bundled("schemas"))


@pytest.fixture
async def everything() -> AsyncIterator[World]:
    """All providers."""
    async with running() as made:
        yield made


def declared(schema: Any, name: str, path: str = "$") -> set[str]:
    """The paths of all properties of a schema without references to others."""
    found = set()
    for field, inner in schema.get("properties", {}).items():
        found |= {f"{path}.{field}"} | declared(inner, name, f"{path}.{field}")
    if isinstance(schema.get("items"), dict):
        found |= declared(schema["items"], name, f"{path}[*]")
    return found


async def test_every_endpoint_and_field_of_every_provider_is_listed(everything: World) -> None:
    found = await everything.steer("GET", "/fidelity")
    assert set(found["provenances"]) == set(KINDS)
    assert [one["provider"] for one in found["providers"]] == [one.name for one in PROVIDERS]
    for provider, data in zip(PROVIDERS, found["providers"], strict=True):
        endpoints = [*provider.endpoints, *(one for annex in provider.annexes for one in annex.endpoints)]
        assert [(one["method"], one["name"], one["provenance"]) for one in data["endpoints"]] == [
            (one.method, one.name, one.provenance) for one in endpoints
        ]
        for endpoint, row in zip(endpoints, data["endpoints"], strict=True):
            for where, name in (
                ("query", endpoint.query),
                ("header", endpoint.request_headers),
                ("body", endpoint.takes),
                ("form", endpoint.form),
                ("path", endpoint.path_fields),
                ("answer", endpoint.gives),
            ):
                listed = {field["field"] for field in row["fields"] if field["where"] == where}
                assert name is None or declared(STORE.load(name), name) <= listed, (name, where)
            assert all(field["provenance"] in KINDS and field["about"] for field in row["fields"])
        assert data["refusals"]["wordings"]
        assert {one["event"] for one in data["webhooks"]} == set(provider.webhooks)


def provider_named(name: str) -> Provider:
    return next(one for one in PROVIDERS if one.name == name)


def test_hidsim_says_what_is_assumed() -> None:
    data = provider_data(provider_named("hidsim"), STORE)
    assert data["counts"]["endpoints"] == {"documented": 12, "observed": 0, "assumed": 8}
    assert [one["name"] for one in data["endpoints"] if one["provenance"] == "assumed"] == [
        "country",
        "service",
        "product",
        "operations",
        "refund",
        "transactions",
        "docs",
        "redoc",
    ]
    assert [one["name"] for one in data["endpoints"] if one["changes_state"] and one["method"] == "GET"] == [
        "refetch",
        "close",
        "refund",
    ]
    show = next(one for one in data["endpoints"] if one["name"] == "operation")
    answer = {one["field"]: one["provenance"] for one in show["fields"] if one["where"] == "answer"}
    assert {answer[f"$.{name}"] for name in ("_id", "id", "number", "code", "message", "messages")} == {"documented"}
    assert {answer[f"$.{name}"] for name in ("state", "status", "price", "expiresAt", "messages[*].sender")} == {
        "assumed"
    }
    listing = next(one for one in data["endpoints"] if one["name"] == "operations")
    assert "$.data[*].code" in {one["field"] for one in listing["fields"]}, "references are followed"


class Page(HTMLParser):
    """Notes tags that are not closed, the rows of tables, and what text there is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        assert tag not in ("script", "link", "img"), "nothing is loaded"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


async def test_a_browser_reads_it_as_tables(everything: World) -> None:
    answer = await everything.control("GET", "/fidelity", headers={"Accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page()
    page.feed(answer.text)
    assert page.open == []
    data = await everything.steer("GET", "/fidelity")
    text = "".join(page.text)
    for provider in data["providers"]:
        assert provider["title"] in text
        for endpoint in provider["endpoints"]:
            assert f"{endpoint['method']} {endpoint['path']}" in text
            assert all(field["about"] in text for field in endpoint["fields"])
    assert page.rows > sum(len(one["fields"]) for provider in data["providers"] for one in provider["endpoints"])


@pytest.mark.parametrize(
    ("accept", "html"),
    [(None, False), ("*/*", False), ("application/json", False), ("application/json, text/html", False),
     ("text/html", True), (BROWSER, True), ("TEXT/HTML;q=1, application/json;q=0.5", True)],
)  # fmt: skip
async def test_programs_read_it_as_json(everything: World, accept: str | None, *, html: bool) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer: httpx.Response = await everything.control("GET", "/fidelity", headers=headers)
    assert answer.headers["content-type"].startswith("text/html" if html else "application/json")


async def test_the_index_leads_to_it(everything: World) -> None:
    found = await everything.steer("GET", "")
    assert found["links"]["fidelity"].endswith("/_mock/fidelity")
