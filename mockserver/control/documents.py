"""`/_mock/openapi.json`, `/_mock/openapi/{provider}.json`, and the latter as a page: `/_mock/docs/{provider}`."""

import re
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, Schema, sandbox_prefix
from mockserver.http.openapi import document

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


async def of_provider(call: ControlCall) -> Answer:
    """The OpenAPI document of an emulated API, made from its endpoints and schemas."""
    return Answer(_document_of(call))


def _document_of(call: ControlCall) -> dict[str, Any]:
    return document(call.provider(), call.server.schemas, origin=f"{call.origin}{sandbox_prefix(call.name)}")


async def page_of_provider(call: ControlCall) -> Answer:
    """The OpenAPI document of an emulated API for people. Imported lazily to keep start-up fast."""
    from mockserver.control.docs_page import HEADERS, page

    source = f"{sandbox_prefix(call.name)}/_mock/openapi/{call.provider().name}.json"
    return Answer(page(_document_of(call), source=source), media="text/html; charset=utf-8", headers=HEADERS)


async def of_control(call: ControlCall) -> Answer:
    """The OpenAPI document of the control API."""
    paths: dict[str, dict[str, Any]] = {}
    for one in call.operations:
        paths.setdefault(f"/_mock{one.path}", {})[one.method.lower()] = _operation(one)
    return Answer(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "mockserver control API",
                "version": call.server.version,
                "description": "Steers one sandbox. Put `/~NAME` in front of every path for a sandbox of that name.",
            },
            "servers": [{"url": f"{call.origin}{sandbox_prefix(call.name)}"}],
            "security": [{}, {"bearer": []}, {"header": []}],
            "paths": paths,
            "components": {
                "schemas": {"Problem": PROBLEM},
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "header": {"type": "apiKey", "in": "header", "name": "X-Mock-Token"},
                },
            },
        }
    )


def _operation(one: Operation) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", one.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": _parameter(schema)}
        for name, schema in one.query.items()
    ]
    good: dict[str, Any] = {"description": one.summary}
    if one.status != 204:
        good["content"] = {media: {"schema": _given(one, media)} for media in one.produces}
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    data: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": parameters,
        "responses": {
            **{str(status): good for status in (one.status, *one.statuses)},
            "default": {"description": "A problem document.", "content": {"application/problem+json": problem}},
        },
    }
    takes = one.takes if one.takes is not None else one.reads
    if takes is not None or one.media != "application/json":
        schema = dict(takes) if takes is not None else {"type": "string"}
        data["requestBody"] = {"required": one.needs_body, "content": {one.media: {"schema": schema}}}
    if one.open or one.tokenless:
        data["security"] = [{}]
    return data


def _parameter(schema: str | Schema) -> dict[str, Any]:
    return {"type": "string", "description": schema} if isinstance(schema, str) else dict(schema)


def _given(one: Operation, media: str) -> dict[str, Any]:
    return dict(one.gives) if media.endswith("json") else {"type": "string"}


OPERATIONS = (
    Operation("GET", "/openapi.json", of_control, name="openapi", summary="This document"),
    Operation(
        "GET",
        "/openapi/{provider}.json",
        of_provider,
        name="providerOpenapi",
        summary="The OpenAPI document of an emulated API",
    ),
    Operation(
        "GET",
        "/docs/{provider}",
        page_of_provider,
        name="providerDocs",
        summary="The endpoints of an emulated API as an HTML page",
        produces=("text/html",),
    ),
)
