"""Errors of a body are explained field by field."""

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from mockserver.http.checking import Checker, QueryReader, Schema, read_query

ORDER: Schema = {
    "type": "object",
    "required": ["country", "price"],
    "properties": {
        "country": {"type": "integer", "minimum": 1, "maximum": 999},
        "price": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.0001},
        "label": {"type": ["string", "null"], "minLength": 1, "maxLength": 5},
        "speed": {"enum": ["slow", "fast"]},
        "lines": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {"count": {"type": "integer"}, "digits": {"type": "string", "pattern": "^[0-9]+$"}},
                "additionalProperties": False,
            },
        },
    },
}
GOOD: dict[str, Any] = {"country": 6, "price": 1.14}
QUERY: Schema = {
    "type": "object",
    "required": ["until"],
    "properties": {
        "page": {"type": "integer", "minimum": 1, "default": 1},
        "until": {"type": "string"},
        "limit": {"type": ["number", "null"]},
        "all": {"type": "boolean"},
        "id": {"type": "array", "items": {"type": "integer"}},
    },
}


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"country": "6"}, {"country": ["The country field must be an integer."]}),
        ({"country": True}, {"country": ["The country field must be an integer."]}),
        ({"country": 0}, {"country": ["The country field must be at least 1."]}),
        ({"country": 1000}, {"country": ["The country field must not be greater than 999."]}),
        ({"price": 0}, {"price": ["The price field must be greater than 0."]}),
        ({"price": 1.00001}, {"price": ["The price field must be a multiple of 0.0001."]}),
        ({"price": float("nan")}, {"price": ["The price field must be a number."]}),
        ({"label": ""}, {"label": ["The label field must not be empty."]}),
        ({"label": "abcdef"}, {"label": ["The label field must not have more than 5 characters."]}),
        ({"label": 5}, {"label": ["The label field must be a string or null."]}),
        ({"speed": "warp"}, {"speed": ["The speed field must be one of: slow, fast."]}),
        ({"lines": [{}, {}, {}, {}]}, {"lines": ["The lines field must not have more than 3 items."]}),
        ({"lines": [{}, {"count": 1.5}]}, {"lines.1.count": ["The lines.1.count field must be an integer."]}),
        ({"lines": [{"digits": "12\n"}]}, {"lines.0.digits": ["The lines.0.digits field has the wrong format."]}),
        ({"lines": [{"more": 1}]}, {"lines.0.more": ["The lines.0.more field is not allowed."]}),
    ],
)
def test_a_broken_rule_is_explained_at_its_field(change: dict[str, Any], errors: dict[str, list[str]]) -> None:
    assert Checker(ORDER).check(GOOD | change) == errors


def test_every_missing_field_is_named() -> None:
    assert Checker(ORDER).check({}) == {
        "country": ["The country field is required."],
        "price": ["The price field is required."],
    }


@pytest.mark.parametrize("body", [None, [], "text", 5, True])
def test_a_body_that_is_no_object_is_explained_as_the_body(body: object) -> None:
    assert Checker(ORDER).check(body) == {"body": ["The body must be an object."]}


@pytest.mark.parametrize("price", [1.14, Decimal("1.1400"), 1, 0.3, 100.0003, Decimal("12345678.1234"), 1e300])
def test_money_is_judged_in_decimal_arithmetic(price: object) -> None:
    checker = Checker(ORDER)
    assert checker.check(GOOD | {"price": price}) == {}
    assert checker.explain(GOOD | {"price": price}) == {}


@pytest.mark.parametrize(
    "odd",
    [
        {"label": "a\0b"},
        {"label": "\ud800"},
        {"\ud800": 1},
        {"unknown": {"\ud800": ["\udfff"]}},
        {1: "a key that is no text"},
        {"unknown": 10**5000},
    ],
)
def test_odd_texts_and_unknown_fields_are_harmless(odd: dict[Any, Any]) -> None:
    assert Checker(ORDER).check(GOOD | odd) == {}


def test_field_names_of_clients_can_always_be_encoded_and_are_cut() -> None:
    schema: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    errors = Checker(schema).check({"\ud800": 1, "x" * 1000: 1})
    assert list(errors) == ["\\ud800", "x" * 100]
    assert errors["\\ud800"][0].encode() == b"The \\ud800 field is not allowed."


@pytest.mark.parametrize("value", [10**5000, Decimal("1E+5000"), -(10**5000)], ids=["long", "decimal", "negative"])
def test_a_number_too_long_to_print_is_refused_without_a_crash(value: object) -> None:
    assert Checker(ORDER).check(GOOD | {"country": value})


def test_deep_nesting_is_refused_without_a_crash() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert Checker(ORDER).check(GOOD | {"country": deep})


def test_a_body_broken_in_very_many_places_gets_a_bounded_answer() -> None:
    schema: Schema = {"type": "array", "items": {"type": "integer"}}
    assert len(Checker(schema).check(["x"] * 10_000)) == 100


def test_one_of_several_shapes_is_explained_by_its_nearest_miss() -> None:
    shape: Schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    errors = Checker({"anyOf": [shape, {"type": "integer"}]}).check({"name": 5})
    assert errors == {"name": ["The name field must be a string."]}


def test_normalised_numbers_have_one_type_each() -> None:
    body = {"country": 6.0, "price": 1.14, "lines": [{"count": Decimal("2.0")}], "unknown": 1.5, "label": None}
    found = Checker(ORDER).normalise(body)
    assert found == {
        "country": 6, "price": Decimal("1.14"), "lines": [{"count": 2}], "unknown": 1.5, "label": None,
    }  # fmt: skip
    assert [type(value) for value in (found["country"], found["price"], found["lines"][0]["count"])] == [
        int,
        Decimal,
        int,
    ]
    assert type(Checker(ORDER).normalise({"price": 2})["price"]) is Decimal
    assert type(body["country"]) is float


def test_schemas_refer_to_each_other_and_to_themselves() -> None:
    files: dict[str, Schema] = {
        "mockserver:acme/money": {"$defs": {"amount": {"type": "number", "minimum": 0}}},
        "mockserver:acme/tree": {
            "$id": "mockserver:acme/tree",
            "type": "object",
            "properties": {
                "cost": {"$ref": "mockserver:acme/money#/$defs/amount"},
                "child": {"$ref": "#"},
                "size": {"$ref": "#/$defs/size"},
            },
            "$defs": {"size": {"type": "integer"}},
        },
    }
    checker = Checker(files["mockserver:acme/tree"], retrieve=files.__getitem__)
    assert checker.check({"child": {"child": {"cost": -1}}}) == {
        "child.child.cost": ["The child.child.cost field must be at least 0."]
    }
    assert checker.normalise({"cost": 1, "size": 2.0, "child": {"size": 3.0}})["size"] == 2
    assert type(checker.normalise({"cost": 0.5})["cost"]) is Decimal


def test_query_texts_become_typed_values() -> None:
    pairs = [("page", "2"), ("page", "03"), ("until", "7"), ("limit", "1.50"), ("all", "true"), ("other", "x")]
    values, errors = read_query(QUERY, [*pairs, ("id", "4"), ("id[]", "-5")])
    assert errors == {}
    assert values == {"page": 3, "until": "7", "limit": Decimal("1.50"), "all": True, "id": [4, -5]}
    assert type(values["limit"]) is Decimal


def test_defaults_are_filled_and_missing_names_reported() -> None:
    assert read_query(QUERY, []) == ({"page": 1}, {"until": ["The until field is required."]})


@pytest.mark.parametrize(
    "text", ["", " 1", "1.0", "+1", "1e3", "0x1", "1_0", "\u0661", "9" * 19, "true", "\ud800", "1\n"]
)
def test_only_plain_digits_are_an_integer(text: str) -> None:
    _, errors = read_query(QUERY, [("until", "x"), ("page", text)])
    assert errors == {"page": ["The page field must be an integer."]}


def test_a_name_with_brackets_is_no_scalar() -> None:
    values, errors = QueryReader(Checker(QUERY)).read([("until", "x"), ("page[]", "5")])
    assert (values, errors) == ({"until": "x", "page": 1}, {})


def test_validators_are_imported_only_when_something_is_checked() -> None:
    program = (
        "import sys; from mockserver.http.checking import Checker\n"
        "checker = Checker({'type': 'object'})\n"
        "assert not {'jsonschema', 'jsonschema_rs'} & set(sys.modules)\n"
        "assert checker.check({}) == {}\n"
        "assert 'jsonschema' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


NUMERALS = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 1, "maximum": 999, "x-numeric-strings": True},
        "price": {"type": "number", "x-numeric-strings": True},
        "plain": {"type": "integer"},
    },
}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"id": "6", "price": "1.14"}, {"id": 6, "price": Decimal("1.14")}),
        ({"id": " +999\n", "price": ".5"}, {"id": 999, "price": Decimal("0.5")}),
        ({"price": "-1E+3"}, {"price": Decimal(-1000)}),
        ({"id": 6, "price": 2}, {"id": 6, "price": Decimal(2)}),
    ],
)
def test_a_text_may_stand_for_a_number_where_the_schema_says_so(given: Any, read: Any) -> None:
    checker = Checker(NUMERALS)
    before = dict(given)
    assert checker.check(given) == {}
    assert checker.explain(given) == {}
    assert checker.normalise(given) == read
    assert given == before


@pytest.mark.parametrize(
    "given",
    [
        *[{"id": text} for text in ("0", "1000", "6.0", "06", "", "six", "\uff16", "1" * 500)],
        *[{"price": text} for text in ("", "x", "1e", "1e99999", "Infinity", "NaN", "1_0", "0x1", "1" * 500)],
        {"plain": "6"},
    ],
)
def test_a_text_that_stands_for_no_such_number_is_refused(given: Any) -> None:
    checker = Checker(NUMERALS)
    assert list(checker.check(given)) == list(given)
    assert not checker.accepts(given)


@pytest.mark.parametrize("data", [None, [], "6", 6])
def test_what_is_no_object_has_no_texts_to_read(data: Any) -> None:
    assert Checker(NUMERALS).check(data)
    assert Checker(NUMERALS).normalise(data) == data
