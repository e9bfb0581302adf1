"""The documentation page of each provider: made from its OpenAPI document, without script, loading nothing."""

import base64
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from hashlib import sha256
from html import escape
from html.parser import HTMLParser
from typing import Any

import pytest

from mockserver.control.docs_page import page
from mockserver.http.provider import Provider
from tests.control.problems import problem_of
from tests.served import PROVIDERS
from tests.support import World, running

pytestmark = pytest.mark.anyio

EVERY = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
VOID = {"meta"}


class Reader(HTMLParser):
    """Notes tags that are not closed, links, ids, styles, and what text there is; refuses what runs or loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "form", "base")
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "style", "action")
            if name == "href":
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
async def everything() -> AsyncIterator[World]:
    """All providers."""
    async with running() as made:
        yield made


def operations_of(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "servers"
    ]


@EVERY
async def test_a_page_shows_all_that_the_document_says_of_the_endpoints(everything: World, provider: Provider) -> None:
    document = await everything.steer("GET", f"/openapi/{provider.name}.json")
    answer = await everything.control("GET", f"/docs/{provider.name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    sections = re.findall(r"<section.*?</section>", answer.text, re.DOTALL)
    operations = operations_of(document)
    assert operations
    for (method, path, operation), section in zip(operations, sections, strict=False):
        text = "".join(Reader(section).text)
        assert text.startswith(f"{method} {path} {operation['x-provenance']}")
        assert operation["summary"] in text
        for row in operation.get("parameters", ()):
            assert f"{row['name']} ({row['in']}, {'required' if row['required'] else 'optional'}" in text
            assert row.get("description", "") in text
        for status, response in operation["responses"].items():
            for wording in response.get("x-codes", ()):
                assert f"{status} {wording['code']} {wording['x-provenance']} {wording['text']}" in text
    assert len(sections) == len(operations) + len(document.get("webhooks", {}))


async def test_the_members_of_bodies_are_listed_with_what_they_mean(everything: World) -> None:
    text = "".join(Reader((await everything.control("GET", "/docs/daisysim")).text).text)
    schema = (await everything.steer("GET", "/openapi/daisysim.json"))["components"]["schemas"]
    purchase = schema["daisysim.purchase.request"]
    for name, member in purchase["properties"].items():
        needed = "required" if name in purchase["required"] else "optional"
        assert f"{name} (body, {needed}" in text
        assert member["description"] in text


@EVERY
async def test_its_links_lead_to_its_parts_and_to_the_document(everything: World, provider: Provider) -> None:
    for world, prefix in ((everything, ""), (everything.beside("other"), "/~other")):
        reader = Reader((await world.control("GET", f"/docs/{provider.name}")).text)
        [source] = [link for link in reader.links if not link.startswith("#")]
        assert source == f"{prefix}/_mock/openapi/{provider.name}.json"
        assert (await everything.client.get(source)).json()["info"]["title"] == provider.title
        assert {link.removeprefix("#") for link in reader.links if link.startswith("#")} == set(reader.ids)
        assert len(set(reader.ids)) == len(reader.ids)


async def test_a_browser_may_load_and_run_nothing_but_the_style_that_is_in_it(everything: World) -> None:
    answer = await everything.control("GET", "/docs/hidsim")
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert "url(" not in style
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = await everything.control("HEAD", "/docs/hidsim")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-security-policy"] == answer.headers["content-security-policy"]


@pytest.mark.parametrize(("name", "meant"), [("hidsin", "hidsim"), ("DaisySIM", "daisysim"), ("doctorsim-v2", None)])
async def test_an_unknown_provider_is_a_problem_that_names_the_one_that_was_meant(
    everything: World, name: str, meant: str | None
) -> None:
    problem = problem_of(await everything.control("GET", f"/docs/{name}"), 404)
    assert f"did you mean {meant or 'doctorsim_v2'!r}?" in problem["detail"]


def test_whatever_a_document_says_is_text() -> None:
    evil = "</style><script>alert(1)</script>\"'&"
    member = {"type": evil, "description": evil, "enum": [evil], "default": evil, "x-provenance": evil}
    operation = {
        "operationId": evil,
        "summary": evil,
        "description": evil,
        "x-alias-of": evil,
        "x-provenance": evil,
        "parameters": [{"name": evil, "in": evil, "required": True, "description": evil, "schema": member}],
        "requestBody": {"content": {evil: {"schema": {"properties": {evil: member}}}}},
        "responses": {
            "200": {"description": evil, "content": {evil: {}}},
            "400": {"description": evil, "x-codes": [{"code": evil, "text": evil, "x-provenance": evil}]},
        },
    }
    text = page(
        {
            "info": {"title": evil, "description": evil},
            "servers": [{"url": evil}],
            "paths": {f"/{evil}": {"get": operation, "servers": [{"url": evil}]}},
            "webhooks": {evil: {"post": operation}},
        },
        source=f"/{evil}",
    )
    assert "<script" not in text
    assert text.count(escape(evil)) >= 20
    assert Reader(text).text.count(evil) >= 2


def test_a_body_that_holds_itself_is_listed_to_an_end() -> None:
    node: dict[str, Any] = {"properties": {"child": {"$ref": "#/components/schemas/node"}}}
    operation = {
        "operationId": "grow",
        "summary": "Grow",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/node"}}}},
        "responses": {},
    }
    document = {
        "info": {"title": "Trees", "description": "Trees."},
        "servers": [{"url": "http://localhost"}],
        "paths": {"/trees": {"post": operation}},
        "components": {"schemas": {"node": node}},
    }
    assert page(document, source="/").count("child") < 50


def test_a_server_starts_without_what_makes_the_page() -> None:
    code = "import sys, mockserver.app, mockserver.control.app; print('mockserver.control.docs_page' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
