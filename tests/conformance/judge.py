"""What any answer of any provider must be: its declared shape, the usual headers, a status of its document."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from mockserver.http.openapi import document
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.schemas import ID_PREFIX, SUFFIX, SchemaStore
from mockserver.providers import PROVIDERS
from mockserver.resources import bundled

REQUEST_ID = re.compile(r"req_[0-9]{8}")


def exact(text: str | bytes) -> Any:
    """JSON with its decimals as they are written."""
    return json.loads(text, parse_float=Decimal)


@cache
def schema_store() -> SchemaStore:
    """The bundled schemas."""
    return SchemaStore(bundled("schemas"))


@cache
def document_of(name: str) -> Mapping[str, Any]:
    """The OpenAPI document of the provider with this name."""
    provider = next(one for one in PROVIDERS if one.name == name)
    return document(provider, schema_store(), origin="http://localhost:7460")


@cache
def validator(name: str) -> Draft202012Validator:
    """A jsonschema validator of a bundled schema, whose decimals are exact too."""
    return Draft202012Validator(_schema(f"{ID_PREFIX}{name}"), registry=_REGISTRY)


def endpoint_of(provider: Provider, method: str, path: str) -> Endpoint | None:
    """The endpoint that a method and a decoded path below the base URL belong to."""
    wanted = "GET" if method == "HEAD" else method
    for endpoint in provider.endpoints:
        pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(endpoint.path))
        if endpoint.method == wanted and re.fullmatch(pattern, path, re.DOTALL):
            return endpoint
    return None


def judge(provider: Provider, endpoint: Endpoint | None, answer: httpx.Response) -> None:
    """Raises AssertionError when the answer is not as the provider declares it; HEAD has no body to judge."""
    assert answer.headers["content-type"] == "application/json", answer.headers
    assert REQUEST_ID.fullmatch(answer.headers["x-mock-request-id"])
    assert "date" in answer.headers
    assert len(answer.headers.get_list("content-length")) == 1
    if answer.is_success:
        assert endpoint is not None, f"{answer.request.url} is served by no endpoint"
        assert answer.status_code == endpoint.status
    elif endpoint is not None:
        assert str(answer.status_code) in responses_of(provider, endpoint), answer.text
    if answer.request.method == "HEAD":
        assert answer.content == b""
        return
    assert answer.headers["content-length"] == str(len(answer.content))
    name = endpoint.gives if answer.is_success and endpoint is not None else provider.failure_schema
    _validate(name, answer.content)


@cache
def _validate(name: str, content: bytes) -> None:
    """Raises ValidationError. Thousands of answers are the same bytes: those that were valid are so again."""
    validator(name).validate(exact(content))


def judge_annex(provider: Provider, method: str, path: str, answer: httpx.Response) -> set[str]:
    """Raises AssertionError when an answer of an annex is not as the document says; `path` has the annex's prefix.

    Returns the codes of which the document says that the answer, where it is a refusal, has one.
    """
    item = document_of(provider.name)["paths"].get(path, {})
    if method.lower() not in item:
        assert answer.status_code in (404, 405)
        return set()
    response = item[method.lower()]["responses"][str(answer.status_code)]
    media = answer.headers["content-type"]
    assert not answer.content or media in response["content"], (media, response)
    if answer.content and media == "application/json":
        reference = response["content"][media]["schema"]["$ref"].rpartition("/")[2]
        validator(reference.replace(".", "/", 1)).validate(exact(answer.content))
    assert set(response.get("headers", ())) - {"WWW-Authenticate"} <= {name.title() for name in answer.headers}
    return {one["code"] for one in response.get("x-codes", ())}


def responses_of(provider: Provider, endpoint: Endpoint) -> Mapping[str, Any]:
    """The responses of an operation in the OpenAPI document, by status."""
    responses: Mapping[str, Any] = document_of(provider.name)["paths"][endpoint.path][endpoint.method.lower()][
        "responses"
    ]
    return responses


def _retrieved(uri: str) -> Resource[Any]:
    return Resource.from_contents(_schema(uri), default_specification=DRAFT202012)


def _schema(uri: str) -> Any:
    file = bundled("schemas") / f"{uri.removeprefix(ID_PREFIX)}{SUFFIX}"
    return exact(file.read_bytes())


_REGISTRY: Registry[Any] = Registry(retrieve=_retrieved)  # type: ignore[call-arg]
