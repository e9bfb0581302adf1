"""The schemas of providers: valid, described, each property with its provenance."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mockserver.http.schemas import SchemaStore
from mockserver.providers.discovery import data_roots
from tests.served import ACME, PROVIDERS

STORE = SchemaStore(*data_roots("schemas", [*PROVIDERS, ACME]))
NAMES = [name for name in STORE.all_names() if "/" in name]
REQUESTS = [name for name in NAMES if name.endswith((".request", ".query", ".path", ".headers"))]
ANSWERS = [name for name in NAMES if name not in REQUESTS]
PROVENANCES = {"documented", "observed", "assumed"}


def properties(schema: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every declared property with its path; conditions (`if`) only repeat them."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from properties(field, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from properties(schema["items"], f"{path}[*]")


def test_daisysim_has_a_schema_for_each_part_of_its_contract() -> None:
    answers = {"balance", "countries", "services", "prices", "purchase", "check", "cancel", "history"}
    refusals = {"error", "validation-error", "code-received"}
    requests = {"prices.request", "purchase.request", "history.query", "country.path", "activation.path"}
    found = {name.removeprefix("daisysim/") for name in NAMES if name.startswith("daisysim/")}
    assert found == answers | refusals | requests | {"code-received.webhook"}


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_says_what_it_is(name: str) -> None:
    schema = STORE.load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"mockserver:{name}"
    assert schema["title"]
    assert schema["description"]
    assert schema["x-provenance"] in PROVENANCES


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_valid(name: str) -> None:
    examples = STORE.load(name)["examples"]
    assert examples
    for example in examples:
        assert STORE.checker(name).explain(example) == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_property_is_described_with_its_provenance(name: str) -> None:
    for path, field in properties(STORE.load(name)):
        described = field if path != "$.data" or "description" in field else STORE.load(name)
        assert described.get("description"), path
        assert field.get("x-provenance") in PROVENANCES, path


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_leave_no_room_for_extra_fields(name: str) -> None:
    schema = STORE.load(name)
    for path, field in [("$", schema), *properties(schema)]:
        if "properties" in field:
            assert field["additionalProperties"] is False, path
        if "properties" in field.get("items", {}):
            assert field["items"]["additionalProperties"] is False, path


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_ignore_unknown_fields(name: str) -> None:
    example = STORE.load(name)["examples"][0]
    assert STORE.checker(name).check(example | {"unheard_of": {"of": [1.5, None]}}) == {}


@pytest.mark.parametrize("name", [name for name in REQUESTS if name.endswith(".request")])
def test_integers_of_a_body_are_bounded(name: str) -> None:
    for path, field in properties(STORE.load(name)):
        if "integer" in field.get("type", ()):
            assert "maximum" in field, path


def test_a_purchase_needs_country_service_and_price() -> None:
    errors = STORE.checker("daisysim/purchase.request").check(
        {"country": 1000, "service": "", "service_name": "x" * 256}
    )
    assert errors == {
        "price": ["The price field is required."],
        "country": ["The country field must not be greater than 999."],
        "service": ["The service field must not be empty."],
        "service_name": ["The service_name field must not have more than 255 characters."],
    }


def test_history_reads_its_query() -> None:
    reader = STORE.query_reader("daisysim/history.query")
    assert reader.read([]) == ({"page": 1, "per_page": 20}, {})
    assert reader.read([("per_page", "101"), ("status", "Waiting"), ("page", "0")])[1] == {
        "per_page": ["The per_page field must not be greater than 100."],
        "status": ["The status field must be one of: waiting, completed, cancelled."],
        "page": ["The page field must be at least 1."],
    }


@pytest.mark.parametrize(
    ("code", "extra", "valid"),
    [
        ("NOT_FOUND", {}, True),
        ("NOT_FOUND", {"data": {"activation_id": "1", "code": "2"}}, False),
        ("CODE_RECEIVED", {"data": {"activation_id": "1", "code": "2"}}, True),
        ("CODE_RECEIVED", {}, False),
        ("VALIDATION_ERROR", {"message": "m", "errors": {"price": ["e"]}}, True),
        ("VALIDATION_ERROR", {"message": "m"}, False),
        ("TEAPOT", {}, False),
    ],
)
def test_each_refusal_carries_the_fields_of_its_code(code: str, extra: dict[str, Any], valid: bool) -> None:
    body = {"success": False, "error": "Refused.", "code": code, **extra}
    assert STORE.checker("daisysim/error").accepts(body) is valid


@pytest.mark.parametrize("name", ["daisysim/check", "daisysim/history"])
def test_only_a_completed_activation_has_a_code(name: str) -> None:
    order = {"status": "Waiting", "code": "730164"}
    [*_, example] = STORE.load(name)["examples"]
    data = example["data"]
    broken = data | order if name.endswith("check") else data | {"orders": [data["orders"][0] | order]}
    assert not STORE.checker(name).accepts({"success": True, "data": broken})


def test_provenance_lists_every_property_by_its_path() -> None:
    found = dict(STORE.provenance("daisysim/prices"))
    assert found["$"] == "documented"
    assert found["$.data.country"] == "observed"
    assert found["$.data.tiers[*].price"] == "documented"


@pytest.mark.parametrize("name", ["daisysim/nothing", "../pyproject", "/etc/passwd", "", "daisysim"])
def test_an_unknown_schema_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError, match="no schema is named"):
        STORE.load(name)
