"""The OpenAPI documents: `/_mock/openapi.json`, `/_mock/openapi/{provider}.json`; a page: `/_mock/docs/{provider}`."""

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
    """Show the OpenAPI document of an emulated API, made from its endpoints and schemas."""
    return Answer(_document_of(call))


def _document_of(call: ControlCall) -> dict[str, Any]:
    return document(call.provider(), call.server.schemas, origin=f"{call.origin}{sandbox_prefix(call.name)}")


async def page_of_provider(call: ControlCall) -> Answer:
    """Show the OpenAPI document of an emulated API to people. Imported lazily to keep start-up fast."""
    from mockserver.control.docs_page import HEADERS, page

    source = f"{sandbox_prefix(call.name)}/_mock/openapi/{call.provider().name}.json"
    return Answer(page(_document_of(call), source=source), media="text/html; charset=utf-8", headers=HEADERS)


async def of_control(call: ControlCall) -> Answer:
    """Show the OpenAPI document of the control API."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in call.operations:
        paths.setdefault(f"/_mock{operation.path}", {})[operation.method.lower()] = _operation(operation)
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


def _operation(operation: Operation) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": _parameter(schema)}
        for name, schema in operation.query.items()
    ]
    success: dict[str, Any] = {"description": operation.summary}
    if operation.status != 204:
        success["content"] = {media: {"schema": _answer_schema(operation, media)} for media in operation.produces}
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    data: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            **{str(status): success for status in (operation.status, *operation.statuses)},
            "default": {"description": "A problem document.", "content": {"application/problem+json": problem}},
        },
    }
    takes = operation.takes if operation.takes is not None else operation.reads
    if takes is not None or operation.media != "application/json":
        schema = dict(takes) if takes is not None else {"type": "string"}
        data["requestBody"] = {"required": operation.needs_body, "content": {operation.media: {"schema": schema}}}
    if operation.open or operation.tokenless:
        data["security"] = [{}]
    return data


def _parameter(schema: str | Schema) -> dict[str, Any]:
    return {"type": "string", "description": schema} if isinstance(schema, str) else dict(schema)


def _answer_schema(operation: Operation, media: str) -> dict[str, Any]:
    return dict(operation.gives) if media.endswith("json") else {"type": "string"}


OPERATIONS = (
    Operation("GET", "/openapi.json", of_control, name="openapi", summary="The OpenAPI document of the control API"),
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
