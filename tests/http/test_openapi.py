"""The OpenAPI document that a provider's declaration makes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.domain.errors import (
    ApiError,
    Invalid,
    MissingCredential,
    NotFound,
    NotTaken,
    RateLimited,
    TooEarly,
    Unauthenticated,
    whole_seconds,
)
from mockserver.http.openapi import document
from mockserver.http.provider import Annex, Endpoint, Mount, Outcome, Provider
from mockserver.http.replies import ErrorResponse, Limit, Reply
from mockserver.http.samples import samples_of
from mockserver.http.schemas import SchemaStore

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: dict[str, dict[str, Any]] = {
    "money": {"title": "Money", "$defs": {"amount": {"type": "number", "description": "In EUR."}}},
    "order.request": {
        "title": "Order request",
        "type": "object",
        "required": ["price"],
        "properties": {"price": {"$ref": "mockserver:acme/money#/$defs/amount"}},
        "examples": [{"price": 1.5, "$ref": "a value, not a reference"}],
    },
    "order": {
        "title": "Order",
        "type": "object",
        "properties": {"price": {"$ref": "mockserver:acme/money#/$defs/amount"}, "parts": {"$ref": "#/$defs/parts"}},
        "$defs": {"parts": {"type": "array", "items": {"$ref": "#"}}},
    },
    "list.query": {
        "type": "object",
        "required": ["since"],
        "properties": {
            "page": {"description": "Number of the page.", "type": "integer", "default": 1},
            "since": {"type": "string"},
        },
    },
    "order.path": {"type": "object", "properties": {"order_id": {"description": "Its id.", "type": "string"}}},
    "part.path": {"type": "object", "properties": {"number": {"type": "integer"}}},
    "failure": {"title": "Failure", "type": "object", "properties": {"code": {"type": "string"}}},
    "done.webhook": {"title": "Done", "x-provenance": "observed", "type": "object"},
}


class Sealed(NotTaken):
    """A mistake of the provider's own."""


class Picky(ApiError):
    """A mistake that the kit cannot build."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} {two}")


async def nothing(_call: object) -> Reply:
    return Reply({})


#: What any call can meet, in the words of the kit where the provider has none.
KIT = ("405", "413", "414", "415", "431")
ENDPOINTS = (
    Endpoint(
        "POST", "/orders", nothing, "place_order", "Place an order", "acme/order",
        takes="acme/order.request", status=201, limit=Limit(10), provenance="observed",
    ),
    Endpoint("GET", "/orders", nothing, "list_orders", "List orders", "acme/order", query="acme/list.query"),
    Endpoint(
        "DELETE", "/orders/{order_id:str}", nothing, "cancel_order", "Cancel an order", "acme/order",
        path_fields="acme/order.path", mistakes=(NotFound, NotTaken, TooEarly, Sealed),
    ),
    Endpoint(
        "GET", "/orders/{order_id}/parts/{number}", nothing, "part", "Show a part", "acme/order",
        path_fields="acme/part.path", public=True,
    ),
)  # fmt: skip
MISTAKES: Mapping[type[ApiError], Any] = {
    ApiError: ErrorResponse(500, "BROKEN", "Broken."),
    Unauthenticated: ErrorResponse(401, "NO_KEY", "Give a key.", headers=(("WWW-Authenticate", "Bearer"),)),
    Invalid: lambda mistake: ErrorResponse(422, "INVALID", str(mistake), provenance="assumed"),
    NotFound: lambda mistake: ErrorResponse(404, "UNKNOWN", f"No such {mistake.what}."),
    RateLimited: lambda mistake: ErrorResponse(
        429, "SLOW_DOWN", "Wait.", headers=(("Retry-After", str(whole_seconds(mistake.retry_after))),)
    ),
    NotTaken: lambda mistake: ErrorResponse(409, f"IS_{mistake.order.state.upper()}", "No more."),
    Sealed: lambda mistake: ErrorResponse(409, "SEALED", f"The seal is {mistake.order.facts['seal']}."),
    TooEarly: lambda mistake: ErrorResponse(409, "TOO_EARLY", f"Wait {whole_seconds(mistake.left)}s."),
}


def acme(**changes: Any) -> Provider:
    declared: dict[str, Any] = {
        "name": "acme",
        "title": "Acme API",
        "mounts": (Mount("api.acme.example", "/v1"),),
        "endpoints": ENDPOINTS,
        "identify": nothing,
        "mistakes": MISTAKES,
        "wrap": nothing,
        "refuse": nothing,
        "failure_schema": "acme/failure",
        "rules": cast(Any, None),
        "webhooks": {"order.done": "acme/done.webhook"},
        "common_mistakes": (MissingCredential, ApiError),
    }
    return Provider(**declared | changes)


@pytest.fixture
def schemas(tmp_path: Path) -> SchemaStore:
    (tmp_path / "acme").mkdir()
    for name, schema in SCHEMAS.items():
        whole = {"$schema": DRAFT, "$id": f"mockserver:acme/{name}", **schema}
        (tmp_path / "acme" / f"{name}.schema.json").write_text(json.dumps(whole))
    return SchemaStore(tmp_path)


@pytest.fixture
def found(schemas: SchemaStore) -> dict[str, Any]:
    return document(acme(), schemas, origin="http://localhost:7460")


def test_the_document_is_valid_openapi(found: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(json.loads(json.dumps(found))).validate()


def test_the_document_is_self_contained(found: dict[str, Any]) -> None:
    text = json.dumps(found)
    assert "mockserver:" not in text
    assert '"$id"' not in text
    components = found["components"]["schemas"]
    assert list(components) == sorted(f"acme.{name}" for name in SCHEMAS if not name.endswith((".query", ".path")))
    assert components["acme.order"]["properties"]["price"] == {"$ref": "#/components/schemas/acme.money/$defs/amount"}
    assert components["acme.order"]["$defs"]["parts"]["items"] == {"$ref": "#/components/schemas/acme.order"}
    assert components["acme.order.request"]["examples"] == SCHEMAS["order.request"]["examples"]


def test_the_same_declaration_gives_the_same_text(schemas: SchemaStore, found: dict[str, Any]) -> None:
    again = document(acme(), schemas, origin="http://localhost:7460")
    assert json.dumps(again) == json.dumps(found)


def test_an_operation_tells_all_that_the_endpoint_declares(found: dict[str, Any]) -> None:
    placing = found["paths"]["/orders"]["post"]
    assert placing["operationId"] == "place_order"
    assert placing["x-provenance"] == "observed"
    assert placing["x-rate-limit"] == {"calls": 10, "seconds": 60}
    schema = placing["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/acme.order.request"}
    assert list(placing["responses"]) == sorted(["201", "401", "422", "429", "500", *KIT])
    assert list(placing["responses"]["429"]["headers"]) == ["Retry-After"]


def test_query_fields_become_parameters(found: dict[str, Any]) -> None:
    assert found["paths"]["/orders"]["get"]["parameters"] == [
        {
            "name": "page",
            "in": "query",
            "required": False,
            "description": "Number of the page.",
            "schema": {"type": "integer", "default": 1},
        },
        {"name": "since", "in": "query", "required": True, "schema": {"type": "string"}},
    ]


def test_path_fields_become_parameters_without_their_converters(found: dict[str, Any]) -> None:
    [parameter] = found["paths"]["/orders/{order_id}"]["delete"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("order_id", "path", True)
    order, number = found["paths"]["/orders/{order_id}/parts/{number}"]["get"]["parameters"]
    assert order["schema"] == {"type": "string"}
    assert number["schema"] == {"type": "integer"}


def test_mistakes_are_grouped_by_status_in_the_providers_words(found: dict[str, Any]) -> None:
    responses = found["paths"]["/orders/{order_id}"]["delete"]["responses"]
    assert list(responses) == sorted(["200", "401", "404", "409", "500", *KIT])
    assert responses["404"]["description"] == "- `UNKNOWN`: No such resource."
    assert [one["code"] for one in responses["409"]["x-codes"]] == [
        "IS_COMPLETED",
        "IS_CANCELLED",
        "TOO_EARLY",
        "SEALED",
    ]
    assert responses["409"]["x-codes"][-1]["text"] == "The seal is 123456."


def test_a_public_endpoint_needs_no_credential(found: dict[str, Any]) -> None:
    operation = found["paths"]["/orders/{order_id}/parts/{number}"]["get"]
    assert operation["security"] == []
    assert list(operation["responses"]) == sorted(["200", "422", "500", *KIT])


def test_given_samples_replace_those_of_the_kit(schemas: SchemaStore) -> None:
    [full, _empty] = samples_of(NotTaken)
    assert isinstance(full, NotTaken)
    orders = [full.order._replace(state=state) for state in ("shipped", "paid")]
    found = document(acme(), schemas, origin="", samples={NotTaken: [NotTaken("cancel", one) for one in orders]})
    codes = found["paths"]["/orders/{order_id}"]["delete"]["responses"]["409"]["x-codes"]
    assert [one["code"] for one in codes] == ["IS_SHIPPED", "IS_PAID", "TOO_EARLY", "SEALED"]


def test_examples_of_refusals_come_from_the_given_envelope(schemas: SchemaStore) -> None:
    found = document(acme(), schemas, origin="", failure=lambda wording: {"code": wording.code})
    content = found["paths"]["/orders"]["get"]["responses"]["422"]["content"]["application/json"]
    assert content["examples"] == {"INVALID": {"value": {"code": "INVALID"}}}


def test_webhooks_are_described(found: dict[str, Any]) -> None:
    hook = found["webhooks"]["order.done"]["post"]
    assert hook["summary"] == "Done"
    assert hook["x-provenance"] == "observed"


def test_the_document_says_that_it_describes_an_emulation(found: dict[str, Any]) -> None:
    assert "emulation" in found["info"]["description"]
    assert found["security"] == [{"bearer": []}]


def test_a_mistake_that_cannot_be_built_needs_a_sample(schemas: SchemaStore) -> None:
    provider = acme(common_mistakes=(Picky,))
    with pytest.raises(ValueError, match="no sample of mistake Picky can be built"):
        document(provider, schemas, origin="")
    assert document(provider, schemas, origin="", samples={Picky: [Picky(1, 2)]})


def test_a_mistake_that_cannot_be_worded_is_named(schemas: SchemaStore) -> None:
    provider = acme(mistakes={ApiError: lambda mistake: mistake.absent})
    with pytest.raises(ValueError, match="acme cannot word a sample of"):
        document(provider, schemas, origin="")


def test_a_reference_out_of_the_bundle_is_refused(schemas: SchemaStore, tmp_path: Path) -> None:
    broken = {"properties": {"price": {"$ref": "https://acme.example/schema"}}}
    (tmp_path / "acme" / "order.schema.json").write_text(json.dumps(broken))
    with pytest.raises(ValueError, match=r"'https://acme\.example/schema', which is not one of the bundled schemas"):
        document(acme(), schemas, origin="")


def test_limits_are_told_in_seconds(schemas: SchemaStore) -> None:
    endpoint = Endpoint("GET", "/a", nothing, "a", "A", "acme/order", limit=Limit(5, timedelta(hours=1)))
    found = document(acme(endpoints=(endpoint,)), schemas, origin="")
    assert found["paths"]["/a"]["get"]["x-rate-limit"] == {"calls": 5, "seconds": 3600}


def test_a_form_is_a_request_body_of_its_own_media_type(schemas: SchemaStore) -> None:
    endpoint = ENDPOINTS[0]._replace(takes=None, form="acme/order.request")
    operation = document(acme(endpoints=(endpoint,)), schemas, origin="")["paths"]["/orders"]["post"]
    reference = {"schema": {"$ref": "#/components/schemas/acme.order.request"}}
    assert operation["requestBody"] == {"required": True, "content": {"application/x-www-form-urlencoded": reference}}
    assert "INVALID" in operation["responses"]["422"]["description"]


def test_a_refusal_with_the_status_of_the_answer_stands_beside_it(schemas: SchemaStore) -> None:
    mistakes = {**MISTAKES, NotFound: ErrorResponse(200, "NOTHING", "Nothing here.")}
    endpoint = ENDPOINTS[2]._replace(mistakes=(NotFound,))
    data = document(acme(endpoints=(endpoint,), mistakes=mistakes), schemas, origin="")
    found = data["paths"]["/orders/{order_id}"]["delete"]["responses"]["200"]
    assert found["description"] == "Done. Or:\n- `NOTHING`: Nothing here."
    names = [schema["$ref"].rpartition(".")[2] for schema in found["content"]["application/json"]["schema"]["anyOf"]]
    assert names == ["order", "failure"]
    assert [row["code"] for row in found["x-codes"]] == ["NOTHING"]


def test_credentials_in_parts_are_asked_for_together(schemas: SchemaStore) -> None:
    key, secret = ({"type": "apiKey", "in": "header", "name": name} for name in ("KEY", "SECRET"))
    found = document(acme(security=({"key": key, "secret": secret},)), schemas, origin="")
    assert found["security"] == [{"key": [], "secret": []}]
    assert found["components"]["securitySchemes"] == {"key": key, "secret": secret}


SHOP = (
    Endpoint(
        "POST", "/token", nothing, "token", "Ask for a token", "acme/order", form="acme/order.request",
        public=True, checked=False, mistakes=(NotFound,),
        security=({}, {"client": {"type": "http", "scheme": "basic"}}),
    ),
    Endpoint(
        "GET", "/parts/{number}.pdf", nothing, "sheet", "A sheet", "acme/order", path_fields="acme/order.path",
        public=True, media="application/pdf", outcomes=(Outcome(302, "Elsewhere.", headers=("Location",)),),
    ),
    Endpoint("DELETE", "/token", nothing, "forget", "Forget a token", "acme/order", media=None, public=True),
)  # fmt: skip


def annexed(*endpoints: Endpoint, prefix: str = "/shop", **more: Any) -> Provider:
    mount = Mount("www.acme.example", prefix)
    return acme(annexes=(Annex(mount, endpoints, cast(Any, nothing), cast(Any, nothing), **more),))


def test_an_annex_is_in_the_document_with_its_own_host_and_envelope(schemas: SchemaStore) -> None:
    provider = annexed(*SHOP, failure_schema="acme/money", code=lambda wording: wording.code.lower())
    data = document(provider, schemas, origin="http://localhost:7460/~w")
    OpenAPIV31SpecValidator(json.loads(json.dumps(data))).validate()
    assert data["servers"] == [{"url": "http://localhost:7460/~w/api.acme.example/v1"}]
    assert "servers" not in data["paths"]["/orders"]
    item = data["paths"]["/shop/token"]
    assert item["servers"] == [{"url": "http://localhost:7460/~w/www.acme.example"}]
    assert list(item["post"]["requestBody"]["content"]) == ["application/x-www-form-urlencoded"]
    assert item["post"]["security"] == [{}, {"client": []}]
    assert set(data["components"]["securitySchemes"]) == {"bearer", "client"}
    # Without the kit's own checks of fields there are none of their refusals.
    assert list(item["post"]["responses"]) == sorted(["200", "404", "500", *KIT])
    refusal = item["post"]["responses"]["404"]
    assert refusal["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/acme.money"}
    assert [one["code"] for one in refusal["x-codes"]] == ["unknown"]
    assert item["delete"]["responses"]["200"] == {"description": "Done."}


def test_an_answer_can_be_a_file_or_a_redirect(schemas: SchemaStore) -> None:
    responses = document(annexed(*SHOP), schemas, origin="")["paths"]["/shop/parts/{number}.pdf"]["get"]["responses"]
    assert list(responses["200"]["content"]) == ["application/pdf"]
    assert responses["302"] == {"description": "Elsewhere.", "headers": {"Location": {"schema": {"type": "string"}}}}
    assert list(responses["500"]["content"]) == ["application/json"]


def twinned(*endpoints: Endpoint, times: int = 1) -> Provider:
    """Annexes of two hosts with the same endpoints, the second one so many times."""
    provider = annexed(*endpoints)
    twin = provider.annexes[0]._replace(mount=Mount("twin.acme.example", "/shop"))
    return replace(provider, annexes=(*provider.annexes, *[twin] * times))


def test_an_endpoint_that_two_hosts_have_alike_is_one_operation_of_both(schemas: SchemaStore) -> None:
    path = "/shop/parts/{number}.pdf"
    alone = document(annexed(SHOP[1]), schemas, origin="")["paths"][path]
    both = document(twinned(SHOP[1]), schemas, origin="")["paths"][path]
    assert both == {**alone, "servers": [*alone["servers"], {"url": "/twin.acme.example"}]}


def test_hosts_that_have_a_path_only_in_part_or_twice_cannot_be_told_apart(schemas: SchemaStore) -> None:
    for provider in (twinned(SHOP[1], times=2), twinned(SHOP[0], SHOP[2])):
        with pytest.raises(ValueError, match="has the path of another endpoint"):
            document(provider, schemas, origin="")


def test_two_endpoints_cannot_have_the_same_path(schemas: SchemaStore) -> None:
    with pytest.raises(ValueError, match="POST /orders of token has the path of another endpoint"):
        document(annexed(SHOP[0]._replace(path="/orders"), prefix=""), schemas, origin="")


def test_another_way_to_an_operation_is_told_apart_in_the_document_and_nowhere_else(schemas: SchemaStore) -> None:
    usual = ENDPOINTS[0]
    alias = usual.aliased("/new/shop", provenance="assumed")
    assert (alias.name, alias.path, alias.operation_id) == ("place_order", "/new/shop/orders", "new_shop_place_order")
    assert (usual.operation_id, usual.alias) == ("place_order", "")
    found = document(acme(endpoints=(usual, alias)), schemas, origin="")
    OpenAPIV31SpecValidator(json.loads(json.dumps(found))).validate()
    told, other = found["paths"]["/orders"]["post"], found["paths"]["/new/shop/orders"]["post"]
    assert (other.pop("operationId"), other.pop("x-alias-of")) == ("new_shop_place_order", "place_order")
    assert other.pop("summary") == "Place an order (the same as /orders)"
    assert (other.pop("x-provenance"), told.pop("x-provenance")) == ("assumed", "observed")
    assert {name: told[name] for name in other} == other
    assert told.keys() - other.keys() == {"operationId", "summary"}


def test_scopes_and_headers_are_told(schemas: SchemaStore) -> None:
    read = ENDPOINTS[1]._replace(scope="orders:read", request_headers="acme/part.path")
    declared = acme(endpoints=(read,), answer_headers="acme/order.path")
    found = document(declared, schemas, origin="")
    OpenAPIV31SpecValidator(json.loads(json.dumps(found))).validate()
    operation = found["paths"]["/orders"]["get"]
    assert operation["x-scope"] == "orders:read"
    assert operation["parameters"][-1] == {
        "name": "number",
        "in": "header",
        "required": False,
        "schema": {"type": "integer"},
    }
    assert found["components"]["headers"] == {"order_id": {"description": "Its id.", "schema": {"type": "string"}}}
    reference = {"$ref": "#/components/headers/order_id"}
    assert all(one["headers"]["order_id"] == reference for one in operation["responses"].values())
    assert operation["responses"]["401"]["headers"].keys() == {"order_id", "WWW-Authenticate"}
