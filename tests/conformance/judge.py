"""Checks that any answer of a provider has its declared shape, the usual headers and a documented status."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from mockserver.domain.errors import ApiError
from mockserver.http.openapi import document
from mockserver.http.provider import Endpoint, Provider, word
from mockserver.http.replies import ErrorResponse
from mockserver.http.samples import samples_of
from mockserver.http.schemas import ID_PREFIX, SUFFIX, SchemaStore
from mockserver.providers.discovery import data_roots
from tests.served import asked

JSON = "application/json"
REQUEST_ID = re.compile(r"req_[0-9]{8}")


def exact(text: str | bytes) -> Any:
    """JSON with its decimals as they are written."""
    return json.loads(text, parse_float=Decimal)


@cache
def schema_store() -> SchemaStore:
    """The schemas of all providers that are asked."""
    return SchemaStore(*data_roots("schemas", asked()))


@cache
def document_of(name: str) -> Mapping[str, Any]:
    """The OpenAPI document of the provider with this name."""
    provider = next(one for one in asked() if one.name == name)
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
    media = answer.headers["content-type"]
    assert media == JSON or (not answer.is_success and media in medias_of(provider)), answer.headers
    assert REQUEST_ID.fullmatch(answer.headers["x-mock-request-id"])
    assert "date" in answer.headers
    assert len(answer.headers.get_list("content-length")) == 1
    if answer.is_success:
        assert endpoint is not None, f"{answer.request.url} is served by no endpoint"
        assert answer.status_code == endpoint.status
    elif endpoint is not None:
        assert media in responses_of(provider, endpoint)[str(answer.status_code)]["content"], answer.text
    if answer.request.method == "HEAD":
        assert answer.content == b""
        return
    assert answer.headers["content-length"] == str(len(answer.content))
    if answer.is_success and endpoint is not None:
        _validate(endpoint.gives, answer.content)
    else:
        judge_refusal(provider, answer)


def is_json(answer: httpx.Response) -> bool:
    """Whether a body is JSON by its content type, such as `application/problem+json`."""
    essence = answer.headers["content-type"].partition(";")[0].strip().lower()
    return essence == JSON or essence.endswith("+json")


def judge_refusal(provider: Provider, answer: httpx.Response) -> None:
    """Raises AssertionError or ValidationError when the body is no refusal of the provider's."""
    media = answer.headers["content-type"]
    if is_json(answer):
        _validate(provider.failure_schema, answer.content)
    else:
        assert media in medias_of(provider)
        assert answer.text.strip()


def medias_of(provider: Provider) -> frozenset[str]:
    """The content types that its refusals may have."""
    worded = [one for kind in provider.mistakes for one in _wordings(provider, kind)]
    return frozenset({provider.failure_media, *(one.media for one in worded if one.media is not None)})


def _wordings(provider: Provider, kind: type[ApiError]) -> list[ErrorResponse]:
    found = []
    for sample in samples_of(kind):
        with suppress(Exception):
            found.append(word(provider, sample))
    return found


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
    files = [root / f"{uri.removeprefix(ID_PREFIX)}{SUFFIX}" for root in data_roots("schemas", asked())]
    return exact(next(file for file in files if file.is_file()).read_bytes())


_REGISTRY: Registry[Any] = Registry(retrieve=_retrieved)  # type: ignore[call-arg]
